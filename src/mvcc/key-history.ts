/**
 * The versions of one key that are still held, ascending by modRevision. Models etcd server/storage/mvcc/key_index.go.
 *
 * Deviates from etcd: there are no generations. A transaction changes a key at most once, so a main revision names a version,
 * and a tombstone among the versions ends one life of the key. Example, key put at 2 and 4, deleted at 5, put at 9:
 *
 *   [ v1@2, v2@4, tombstone@5, v1@9 ]     compact(4) drops v1@2;  compact(5) drops v2@4 and keeps the tombstone, which a
 *                                         watch from revision 5 must still deliver;  compact(6) drops the tombstone.
 */
import { assert } from '../base/assert.ts';
import { isTombstone, type KeyValue, type Revision } from './key-value.ts';

export type KeyHistory = KeyValue[];

/** Returns the live version of the key now, or null when the key is deleted. */
export function liveVersion(history: KeyHistory): KeyValue | null {
  const last = history[history.length - 1];
  return last === undefined || isTombstone(last) ? null : last;
}

/** Returns the live version that the key had at `revision`, or null when it did not exist then. */
export function versionAt(history: KeyHistory, revision: Revision): KeyValue | null {
  const index = firstAfter(history, revision) - 1;
  const found = history[index];
  return found === undefined || isTombstone(found) ? null : found;
}

/** Returns the revision of the first change at or after `revision`, or null when there is none. */
export function nextChange(history: KeyHistory, revision: Revision): Revision | null {
  return history[firstAfter(history, (revision - 1) as Revision)]?.modRevision ?? null;
}

/** Adds the newest version. */
export function appendVersion(history: KeyHistory, keyValue: KeyValue): void {
  const last = history[history.length - 1];
  assert(last === undefined || last.modRevision < keyValue.modRevision, 'a key changes once per revision', {
    key: keyValue.key,
    last: last?.modRevision,
    next: keyValue.modRevision,
  });
  history.push(keyValue);
}

/** The index of the first version that is newer than `revision`. The newest versions are asked for most, so they come first. */
function firstAfter(history: KeyHistory, revision: Revision): number {
  let high = history.length;
  if (high === 0 || (history[high - 1] as KeyValue).modRevision <= revision) return high;
  let low = 0;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((history[middle] as KeyValue).modRevision <= revision) low = middle + 1;
    else high = middle;
  }
  return low;
}
