/**
 * Keeps the cache fed: one complete read of the store, then one watch over every key from the next revision on. When the watch ends, or
 * its replica is no longer trusted, it goes on at another replica behind the last revision that is complete; when history there
 * is compacted, everything is read anew.
 */
import type { Effect } from '../actor/effect.ts';
import type { Flow } from '../actor/flow.ts';
import { isExpired } from '../api/status-errors.ts';
import { everyKey } from '../mvcc/key-range.ts';
import { firstRevision, type KeyValue, type Revision } from '../mvcc/key-value.ts';
import { rangeQuery } from '../mvcc/transaction.ts';
import type { WatchItem, WatchRequest } from '../protocol/store.ts';
import type { Environment } from './environment.ts';
import { historyRevisions, storeWatchCredit, storeWatchCreditBatch, syncPageKeys } from './limits.ts';
import { readRange, readRevision } from './store-client.ts';
import type { CacheEvent } from './watch-cache.ts';

/** What an item of the store's watch meant. */
export type Fed =
  | { readonly type: 'changes'; readonly changes: readonly CacheEvent[] }
  /** History is gone: read everything anew. */
  | { readonly type: 'lost' };

export interface StoreState {
  readonly keyValues: readonly KeyValue[];
  /** What `keyValues` is the state at. */
  readonly revision: Revision;
  /** The store's revision when it was read: the cache is complete when it has come so far. */
  readonly current: Revision;
}

const nothing: Fed = { type: 'changes', changes: [] };

export class StoreFeed {
  readonly #environment: Environment;
  #lastSubscription = 0;
  /** The replica that is followed; null while none is. */
  #replica: string | null = null;
  #consumed = 0;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  get isFollowing(): boolean {
    return this.#replica !== null;
  }

  /** Follows the replica of choice from behind the cache's revision on, and no other. */
  follow(): readonly Effect[] {
    const { cache, replicas, stamp } = this.#environment;
    const effects: Effect[] = this.#leave();
    this.#replica = replicas.current(stamp.monotonicMs);
    this.#lastSubscription += 1;
    this.#consumed = 0;
    const startRevision = (cache.revision + 1) as Revision;
    const request: WatchRequest = { options: { range: everyKey, startRevision, fragment: true }, progressMs: 0 };
    effects.push({
      type: 'subscribe',
      to: this.#replica,
      id: this.#lastSubscription,
      body: { type: 'watch', request },
      credit: storeWatchCredit,
    });
    return effects;
  }

  /** Moves to the replica of choice when that is another now. */
  reconsider(): readonly Effect[] {
    const { replicas, stamp } = this.#environment;
    if (this.#replica === null || replicas.current(stamp.monotonicMs) === this.#replica) return [];
    return this.follow();
  }

  /** Takes an item of the watch. Items of an earlier subscription are passed over. */
  take(id: number, item: WatchItem): Fed {
    if (id !== this.#lastSubscription || this.#replica === null) return nothing;
    const { cache } = this.#environment;
    this.#consumed += 1;
    switch (item.type) {
      case 'watching':
        return nothing;
      case 'events': {
        const changes = cache.apply(item.events);
        cache.advance(item.throughRevision);
        return { type: 'changes', changes };
      }
      case 'progress':
        cache.advance(item.revision);
        return nothing;
      case 'compacted':
        this.#replica = null;
        return { type: 'lost' };
    }
  }

  /** Gives the store new credit for what was consumed, when that has become worth a message; to be called once in a turn. */
  credit(): readonly Effect[] {
    if (this.#replica === null || this.#consumed < storeWatchCreditBatch) return [];
    const messages = this.#consumed;
    this.#consumed = 0;
    return [{ type: 'credit', id: this.#lastSubscription, messages }];
  }

  /** Tells whether the end of a subscription concerns the watch that is followed; then nothing is followed any more. */
  ended(id: number): boolean {
    if (id !== this.#lastSubscription || this.#replica === null) return false;
    this.#environment.replicas.suspect(this.#replica, this.#environment.stamp.monotonicMs);
    this.#replica = null;
    return true;
  }

  #leave(): Effect[] {
    return this.#replica === null ? [] : [{ type: 'unsubscribe', id: this.#lastSubscription }];
  }
}

/**
 * Reads the store as it was a while ago, from where the watch replays what has happened since: so a watch of a client of another API server
 * can go on here. If that revision is compacted, the store is read as it is now.
 */
export function* readStore(environment: Environment): Flow<StoreState> {
  const current = yield* readRevision(environment);
  const past = Math.max(current - historyRevisions, environment.cache.revision, firstRevision) as Revision;
  try {
    return { ...(yield* readAt(environment, past)), current };
  } catch (error: unknown) {
    if (!isExpired(error)) throw error;
    return { ...(yield* readAt(environment, 0 as Revision)), current };
  }
}

/** Reads all keys at a revision (0: now), in pages. Values may be views of messages: copy what is kept. */
function* readAt(environment: Environment, at: Revision): Flow<Omit<StoreState, 'current'>> {
  const keyValues: KeyValue[] = [];
  let revision = at;
  let start = '';
  for (;;) {
    const query = rangeQuery({ start, end: null }, { revision, limit: syncPageKeys });
    const reply = yield* readRange(environment, query);
    if (revision === 0) revision = reply.revision;
    for (const keyValue of reply.keyValues) keyValues.push(keyValue);
    const last = reply.keyValues.at(-1);
    if (!reply.more || last === undefined) return { keyValues, revision };
    start = `${last.key}\0`;
  }
}
