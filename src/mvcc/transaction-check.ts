/**
 * Checks the shape of a transaction: within one branch no key is put twice, nor put and deleted. So each key changes at most
 * once per revision, and the order of events within a revision never matters to a reader of one key.
 * Models etcd server/etcdserver/api/v3rpc/key.go checkIntervals.
 */
import { containsKey, type KeyRange } from './key-range.ts';
import type { Operation, Transaction } from './transaction.ts';

interface Written {
  readonly puts: Set<string>;
  readonly deletes: KeyRange[];
}

/** Returns a key that one branch would change twice, or null when there is none. */
export function findDuplicateKey(transaction: Transaction): string | null {
  if (transaction.success.length <= 1 && transaction.failure.length <= 1 && !hasNested(transaction)) return null;
  const success = collect(transaction.success);
  if (typeof success === 'string') return success;
  const failure = collect(transaction.failure);
  return typeof failure === 'string' ? failure : null;
}

function hasNested(transaction: Transaction): boolean {
  return transaction.success[0]?.type === 'transaction' || transaction.failure[0]?.type === 'transaction';
}

/** Returns what the operations may write, or the key that they would write twice. */
function collect(operations: readonly Operation[]): Written | string {
  const written: Written = { puts: new Set(), deletes: [] };
  for (const operation of operations) {
    const added = collectOperation(operation);
    if (typeof added === 'string') return added;
    const clash = findClash(written, added);
    if (clash !== null) return clash;
    merge(written, added);
  }
  return written;
}

/** The two branches of a nested transaction exclude each other, so they are joined without comparing them. */
function collectOperation(operation: Operation): Written | string {
  if (operation.type === 'put') return { puts: new Set([operation.key]), deletes: [] };
  if (operation.type === 'deleteRange') return { puts: new Set(), deletes: [operation.range] };
  if (operation.type === 'range') return { puts: new Set(), deletes: [] };
  const success = collect(operation.transaction.success);
  if (typeof success === 'string') return success;
  const failure = collect(operation.transaction.failure);
  if (typeof failure === 'string') return failure;
  merge(success, failure);
  return success;
}

function merge(target: Written, source: Written): void {
  for (const key of source.puts) target.puts.add(key);
  target.deletes.push(...source.deletes);
}

function findClash(left: Written, right: Written): string | null {
  for (const key of right.puts) if (left.puts.has(key) || isDeleted(left, key)) return key;
  if (right.deletes.length > 0) for (const key of left.puts) if (isDeleted(right, key)) return key;
  return null;
}

function isDeleted(written: Written, key: string): boolean {
  return written.deletes.some((range) => containsKey(range, key));
}
