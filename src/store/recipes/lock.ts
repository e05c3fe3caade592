/**
 * A fair lock as pure builders of transactions. Everyone who wants it puts a key of his own under the lock's prefix, on his own
 * lease; the key with the lowest createRevision holds the lock. A waiter watches only the key right before his own, so a release
 * wakes one of them. When that key goes, the waiter asks again, because it may be a waiter who gave up; and it also finds out
 * whether its own key is still there, for its lease may have ended while it waited (the flaw that Jepsen found in etcd 3.4).
 * The fence of the holder is his own key; see election.ts. Models etcd client/v3/concurrency/mutex.go.
 */
import { assert } from '../../base/assert.ts';
import { emptyBytes } from '../../base/bytes.ts';
import { prefixRange, singleKey } from '../../mvcc/key-range.ts';
import { type KeyValue, type LeaseId, noLease } from '../../mvcc/key-value.ts';
import { type OperationResult, putOperation, rangeQuery, type Transaction } from '../../mvcc/transaction.ts';
import type { Fence } from './election.ts';

/** `waiting`: watch `behind` from the revision of the answer on, and ask again when it is deleted. `lost`: the own key is gone. */
export type LockOutcome =
  | { readonly type: 'held'; readonly fence: Fence }
  | { readonly type: 'waiting'; readonly behind: KeyValue }
  | { readonly type: 'lost' };

/** The key of one contender: the prefix, and his lease, which nobody else has. */
export function lockKey(prefix: string, lease: LeaseId): string {
  assert(lease !== noLease, 'a lock hangs on a lease', { prefix });
  return `${prefix}/${lease.toString(16)}`;
}

/** Joins the queue, or finds the place taken before, and reads the queue. */
export function enqueue(prefix: string, lease: LeaseId): Transaction {
  const key = lockKey(prefix, lease);
  const queue = { type: 'range', query: rangeQuery(prefixRange(`${prefix}/`), { keysOnly: true }) } as const;
  return {
    compares: [{ type: 'createRevision', range: singleKey(key), operator: '=', operand: 0 }],
    success: [putOperation(key, emptyBytes, { lease }), queue],
    failure: [queue],
  };
}

/** Reads the queue without joining it: what a waiter does when the key before his own is gone. */
export function inspect(prefix: string): Transaction {
  return {
    compares: [],
    success: [{ type: 'range', query: rangeQuery(prefixRange(`${prefix}/`), { keysOnly: true }) }],
    failure: [],
  };
}

/** Reads the result of `enqueue` or `inspect`. */
export function readQueue(prefix: string, lease: LeaseId, results: readonly OperationResult[]): LockOutcome {
  const last = results[results.length - 1];
  assert(last?.type === 'range', 'the queue is read last', { prefix });
  const own = last.range.keyValues.find((keyValue) => keyValue.key === lockKey(prefix, lease));
  if (own === undefined) return { type: 'lost' };
  let behind: KeyValue | null = null;
  for (const other of last.range.keyValues) {
    if (other.createRevision >= own.createRevision) continue;
    if (behind === null || other.createRevision > behind.createRevision) behind = other;
  }
  if (behind !== null) return { type: 'waiting', behind };
  return { type: 'held', fence: { key: own.key, createRevision: own.createRevision } };
}

/** Leaves the queue, or releases the lock. */
export function release(prefix: string, lease: LeaseId): Transaction {
  return {
    compares: [],
    success: [{ type: 'deleteRange', range: singleKey(lockKey(prefix, lease)), previous: false }],
    failure: [],
  };
}
