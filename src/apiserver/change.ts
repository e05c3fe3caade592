/**
 * Changes one object: takes the version in the cache, computes the next one and commits it if the version is still the current one. A cache
 * may be behind, so whatever is concluded from it (a refusal, an absence, that nothing changes) is concluded again from the store
 * before the client hears of it. Models apiserver pkg/storage/etcd3/store.go GuaranteedUpdate.
 */
import type { Flow } from '../actor/flow.ts';
import { equalJson } from '../api/json.ts';
import type { AnyObject } from '../api/object-meta.ts';
import { StatusError } from '../api/status.ts';
import { conflict, notFound } from '../api/status-errors.ts';
import { equalBytes, utf8 } from '../base/bytes.ts';
import type { KeyValue } from '../mvcc/key-value.ts';
import type { Compare } from '../mvcc/transaction.ts';
import type { Fence } from '../protocol/apiserver.ts';
import { allocationError } from './allocation.ts';
import { CacheEntry } from './cache-entry.ts';
import { type ServedResource, storageKey } from './catalog.ts';
import type { Environment } from './environment.ts';
import { changeAttemptsMax } from './limits.ts';
import { lengthWithVersion, withResourceVersion } from './splice.ts';
import { readKey, waitForCache } from './store-client.ts';
import { commit } from './write.ts';

export interface Target {
  readonly served: ServedResource;
  readonly namespace: string;
  readonly name: string;
  readonly fence: Fence | null;
  readonly isDryRun: boolean;
  /** What else must hold when the decision is committed; asked in the same step as the decision. */
  readonly guards?: () => readonly Compare[];
}

/** What becomes of the object. */
export type Decision =
  /** In the stored version; a resourceVersion in it is dropped. */
  | { readonly type: 'write'; readonly object: AnyObject }
  | { readonly type: 'remove' }
  /** Writes `object` as the last state of an object that goes away with this request. */
  | { readonly type: 'finish'; readonly object: AnyObject }
  | { readonly type: 'keep' };

export type Changed =
  | { readonly type: 'written' | 'kept' | 'removed'; readonly bytes: Uint8Array }
  /** Only when `orAbsent` was given. */
  | { readonly type: 'absent' };

/** Decides from the current version; may throw StatusError. Must not change `current`: `object` is shared, `decode()` gives a tree of its own. */
export type Decide = (current: CacheEntry) => Decision;

/** Changes an object that must exist. Throws StatusError NotFound, Conflict or what `decide` throws. */
export function* change(environment: Environment, target: Target, decide: Decide): Flow<Changed> {
  const changed = yield* changeIfPresent(environment, target, decide);
  if (changed.type === 'absent') throw notFound(target.served.info, target.name);
  return changed;
}

/** As `change`, but an object that does not exist is an outcome. */
export function* changeIfPresent(environment: Environment, target: Target, decide: Decide): Flow<Changed> {
  const { stored } = target.served;
  const key = storageKey(stored, target.namespace, target.name);
  let entry: CacheEntry | null = environment.cache.get(stored, target.namespace, target.name) ?? null;
  let isFresh = false;
  for (let attempt = 0; attempt < changeAttemptsMax; attempt += 1) {
    const conclusion = conclude(entry, decide, isFresh);
    if (conclusion.type === 'lookAgain') {
      const found = entryOf(target, yield* readKey(environment, key));
      isFresh = true;
      if (conclusion.isSettled && found !== null && found.revision === entry?.revision) return kept(found);
      entry = found;
      continue;
    }
    if (conclusion.type === 'absent') return conclusion;
    const current = entry as CacheEntry;
    if (conclusion.type === 'keep') return kept(current);
    if (target.isDryRun) return dryRun(current, conclusion);
    const next = conclusion.type === 'write' ? conclusion.next : null;
    const guards = target.guards?.();
    const written = yield* commit(environment, {
      stored,
      key,
      previous: current,
      next,
      fence: target.fence,
      ...(guards === undefined ? {} : { guards }),
    });
    if (written.type === 'committed') {
      if (conclusion.type === 'finish') {
        const bytes = withResourceVersion(encoded(conclusion.object).bytes, written.revision);
        return { type: 'removed', bytes };
      }
      return { type: next === null ? 'removed' : 'written', bytes: written.bytes };
    }
    if (written.type === 'addressTaken') throw allocationError((next as Encoded).object, written.key);
    // Something is newer than what the guards were made from: the cache will show it.
    if (written.type === 'refused') yield* waitForCache(environment, environment.cache.revision + 1);
    entry = entryOf(target, written.current);
    isFresh = true;
  }
  throw conflict(target.served.info, target.name);
}

type Conclusion =
  | Exclude<Decision, { readonly type: 'write' }>
  | { readonly type: 'write'; readonly next: Encoded }
  | { readonly type: 'absent' }
  /** `isSettled`: if the version turns out to be current, nothing is to be done. */
  | { readonly type: 'lookAgain'; readonly isSettled: boolean };

function conclude(entry: CacheEntry | null, decide: Decide, isFresh: boolean): Conclusion {
  if (entry === null) return isFresh ? { type: 'absent' } : { type: 'lookAgain', isSettled: false };
  let decision: Decision;
  try {
    decision = decide(entry);
  } catch (error: unknown) {
    // A refusal that rests on an old version is no refusal yet; a bug is one at once.
    if (isFresh || !(error instanceof StatusError)) throw error;
    return { type: 'lookAgain', isSettled: false };
  }
  if (decision.type === 'write') {
    const next = encoded(decision.object);
    if (!isSame(next, entry)) return { type: 'write', next };
    decision = { type: 'keep' };
  }
  return decision.type === 'keep' && !isFresh ? { type: 'lookAgain', isSettled: true } : decision;
}

export interface Encoded {
  readonly object: AnyObject;
  readonly bytes: Uint8Array;
}

/** Makes the bytes that are stored: JSON without resourceVersion. */
export function encoded(object: AnyObject): Encoded {
  const stored = withoutResourceVersion(object);
  return { object: stored, bytes: utf8(JSON.stringify(stored)) };
}

function withoutResourceVersion(object: AnyObject): AnyObject {
  const { resourceVersion, ...metadata } = object.metadata;
  return resourceVersion === undefined ? object : { ...object, metadata };
}

/**
 * Tells whether an object is what is stored. The order of fields is no difference: a default stands last when it is filled in, and in its place when
 * the client sends it back. Fields in another order are the same bytes in another order, so only then trees are compared.
 */
function isSame({ object, bytes: stored }: Encoded, entry: CacheEntry): boolean {
  if (lengthWithVersion(stored, entry.revision) !== entry.bytes.length) return false;
  const bytes = withResourceVersion(stored, entry.revision);
  if (equalBytes(bytes, entry.bytes)) return true;
  if (sumOf(bytes) !== sumOf(entry.bytes)) return false;
  return equalJson(object, withoutResourceVersion(entry.object));
}

function sumOf(bytes: Uint8Array): number {
  let sum = 0;
  for (let index = 0; index < bytes.length; index += 1) sum += bytes[index] as number;
  return sum;
}

function kept(entry: CacheEntry): Changed {
  return { type: 'kept', bytes: entry.bytes };
}

function dryRun(current: CacheEntry, decision: Exclude<Conclusion, { type: 'absent' | 'lookAgain' }>): Changed {
  if (decision.type === 'remove' || decision.type === 'keep') return { type: 'removed', bytes: current.bytes };
  const next = decision.type === 'write' ? decision.next : encoded(decision.object);
  const bytes = withResourceVersion(next.bytes, current.revision);
  return { type: decision.type === 'finish' ? 'removed' : 'written', bytes };
}

function entryOf({ served, namespace, name }: Target, keyValue: KeyValue | null): CacheEntry | null {
  return keyValue === null ? null : new CacheEntry({ stored: served.stored, namespace, name }, keyValue);
}
