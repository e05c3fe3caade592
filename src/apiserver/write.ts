/**
 * One write of one object as one transaction of the store: it commits only if the object is still the version that the change was made
 * from, if every new address is free, and if the election that the request is fenced by still holds. When it does not commit, the
 * same transaction brings back what stands in its way.
 */
import type { Flow } from '../actor/flow.ts';
import type { AnyObject } from '../api/object-meta.ts';
import { StatusError } from '../api/status.ts';
import { assert } from '../base/assert.ts';
import { ownBytes, utf8 } from '../base/bytes.ts';
import { singleKey } from '../mvcc/key-range.ts';
import { type KeyValue, noLease } from '../mvcc/key-value.ts';
import { type Compare, type Operation, type OperationResult, putOperation, rangeQuery } from '../mvcc/transaction.ts';
import type { Fence } from '../protocol/apiserver.ts';
import { fenceLostReason } from '../protocol/fence-refusal.ts';
import { allocationsOf, usesPool } from './allocation.ts';
import type { CacheEntry } from './cache-entry.ts';
import type { StoredResource } from './catalog.ts';
import type { Environment } from './environment.ts';
import { withResourceVersion } from './splice.ts';
import { transact } from './store-client.ts';

export interface Write {
  readonly stored: StoredResource;
  readonly key: string;
  /** The version that the change was made from; null to create. */
  readonly previous: CacheEntry | null;
  /** In the stored version and without resourceVersion; null to remove. */
  readonly next: { readonly object: AnyObject; readonly bytes: Uint8Array } | null;
  readonly fence: Fence | null;
  /** What else must hold. */
  readonly guards?: readonly Compare[];
}

export type Written =
  /** `bytes`: what was written, or removed, with its resourceVersion. */
  | { readonly type: 'committed'; readonly revision: number; readonly bytes: Uint8Array }
  /** The object is another version than the change was made from; `current` is null when it does not exist. */
  | { readonly type: 'stale'; readonly current: KeyValue | null }
  /** Somebody holds an address that the object wants. */
  | { readonly type: 'addressTaken'; readonly key: string }
  /** A guard does not hold, or the definition of a new custom resource is gone. */
  | { readonly type: 'refused'; readonly current: KeyValue | null };

/** Commits a write. Throws StatusError Conflict when the fence no longer holds, and what the store refuses. */
export function* commit(environment: Environment, write: Write): Flow<Written> {
  const { key, previous, next, fence } = write;
  const held = previous === null ? [] : heldBy(write.stored, previous);
  const wanted = next === null ? [] : allocationsOf(write.stored, next.object);
  const added = wanted.filter((each) => !held.includes(each));
  const freed = held.filter((each) => !wanted.includes(each));
  const lease = next === null ? noLease : yield* environment.eventLease.of(environment, write.stored);
  const reply = yield* transact(environment, {
    compares: comparesOf(write, added),
    success: [
      next === null ? deletion(key) : putOperation(key, next.bytes, { lease }),
      ...added.map((each) => putOperation(each, utf8(key))),
      ...freed.map(deletion),
    ],
    failure: [key, ...(fence === null ? [] : [fence.key]), ...added].map(reading),
  });
  if (!reply.succeeded) return obstacleOf(write, added, reply.results);
  const bytes = next === null ? (previous as CacheEntry).bytes : next.bytes;
  return { type: 'committed', revision: reply.revision, bytes: withResourceVersion(bytes, reply.revision) };
}

/** Only Services hold addresses, so the others need not be decoded. */
function heldBy(stored: StoredResource, entry: CacheEntry): readonly string[] {
  return usesPool(stored) ? allocationsOf(stored, entry.object) : [];
}

function comparesOf({ stored, key, previous, fence, guards }: Write, added: readonly string[]): readonly Compare[] {
  const compares: Compare[] = [
    { type: 'modRevision', range: singleKey(key), operator: '=', operand: previous?.revision ?? 0 },
  ];
  if (guards !== undefined) compares.push(...guards);
  if (stored.custom !== null && previous === null) {
    const { definitionKey, definitionRevision: operand } = stored.custom;
    compares.push({ type: 'createRevision', range: singleKey(definitionKey), operator: '=', operand });
  }
  if (fence !== null) {
    compares.push({
      type: 'createRevision',
      range: singleKey(fence.key),
      operator: '=',
      operand: fence.createRevision,
    });
  }
  for (const each of added)
    compares.push({ type: 'createRevision', range: singleKey(each), operator: '=', operand: 0 });
  return compares;
}

function deletion(key: string): Operation {
  return { type: 'deleteRange', range: singleKey(key), previous: false };
}

function reading(key: string): Operation {
  return { type: 'range', query: rangeQuery(singleKey(key)) };
}

/** Says why nothing was written. The results are those of `reading`, in its order. */
function obstacleOf(write: Write, added: readonly string[], results: readonly OperationResult[]): Written {
  const found = results.map((result) => {
    assert(result.type === 'range', 'a failed write reads');
    return result.range.keyValues[0] ?? null;
  });
  const current = found.shift() ?? null;
  if (write.fence !== null) {
    const holder = found.shift() ?? null;
    if (holder?.createRevision !== write.fence.createRevision) throw fenceError(write.fence);
  }
  const owned = current === null ? null : { ...current, value: ownBytes(current.value) };
  if ((current?.modRevision ?? 0) !== (write.previous?.revision ?? 0)) return { type: 'stale', current: owned };
  const taken = added[found.findIndex((keyValue) => keyValue !== null)];
  if (taken === undefined && (write.guards !== undefined || write.stored.custom !== null)) {
    return { type: 'refused', current: owned };
  }
  assert(taken !== undefined, 'a transaction that failed has a reason', { key: write.key });
  return { type: 'addressTaken', key: taken };
}

function fenceError(fence: Fence): StatusError {
  const message = `the election ${JSON.stringify(fence.key)} was lost: the request is fenced by another holder`;
  return new StatusError(409, 'Conflict', message, {
    causes: [{ reason: fenceLostReason, message, field: fence.key }],
  });
}
