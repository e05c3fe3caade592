/** Keeps the cache in step with the store and lets everybody know who waits for it: watchers first, then flows. */
import type { Effect } from '../actor/effect.ts';
import type { FlowEnd, FlowRunner } from '../actor/flow-runner.ts';
import type { WatchItem } from '../protocol/store.ts';
import { bootstrapSignal, rightsSignal } from './await-bootstrap.ts';
import { bootstrap, bootstrapRights } from './bootstrap.ts';
import { DefinitionUpkeep } from './definition-upkeep.ts';
import type { Environment } from './environment.ts';
import { followRetryMs, requestTimeoutMs, storeRetryMs } from './limits.ts';
import { cacheSignal, probeReplicas } from './store-client.ts';
import { readStore, type StoreFeed } from './store-feed.ts';
import type { WatchHub } from './watch-hub.ts';

/** The first read of the store may be long; it is given up only to be begun again. */
const synchronizeTimeoutMs = 60_000;
const resyncMs = 10 * storeRetryMs;

export class CacheUpkeep {
  readonly #environment: Environment;
  readonly #runner: FlowRunner;
  readonly #feed: StoreFeed;
  readonly #hub: WatchHub;
  readonly #definitions: DefinitionUpkeep;
  #isBootstrapping = false;
  /** A state of the store was read, and the watch goes on from there. */
  #isRead = false;
  #isProbing = false;
  /** The cache is complete when it has reached this revision. */
  #target = 0;
  /** The revision that was announced last. */
  #announced = 0;

  constructor(environment: Environment, runner: FlowRunner, feed: StoreFeed, hub: WatchHub) {
    this.#environment = environment;
    this.#runner = runner;
    this.#feed = feed;
    this.#hub = hub;
    this.#definitions = new DefinitionUpkeep(environment, runner, hub);
  }

  /** Reads everything anew; every watch ends, because what it missed is not known. */
  synchronize(): readonly Effect[] {
    const { cache } = this.#environment;
    cache.unsync();
    this.#isRead = false;
    const ended = this.#hub.endAll();
    const { effects } = this.#runner.start(readStore(this.#environment), synchronizeTimeoutMs, (end) => {
      if (end.type !== 'returned') return [{ type: 'timer', key: 'resync', afterMs: resyncMs }];
      cache.replace(end.result.keyValues, end.result.revision);
      this.#isRead = true;
      this.#target = end.result.current;
      return [...this.#feed.follow(), ...this.#announce(), ...this.#definitions.work()];
    });
    return [...ended, ...effects];
  }

  item(id: number, item: WatchItem): readonly Effect[] {
    const fed = this.#feed.take(id, item);
    if (fed.type === 'lost') return this.synchronize();
    this.#hub.dispatch(fed.changes);
    return [...this.#definitions.observe(fed.changes), ...this.#announce()];
  }

  /** What is due for definitions, after a pause. */
  workOnDefinitions(): readonly Effect[] {
    return this.#definitions.work();
  }

  /** The store's watch ended: goes on elsewhere, at once if there is a replica that may answer. */
  ended(id: number): readonly Effect[] {
    if (!this.#feed.ended(id)) return [];
    const { replicas, stamp } = this.#environment;
    const next = replicas.current(stamp.monotonicMs);
    if (replicas.isTrusted(next, stamp.monotonicMs)) return this.follow();
    return [{ type: 'timer', key: 'follow', afterMs: followRetryMs }];
  }

  /** Opens the store's watch if it is due: a state was read, and nothing is followed. */
  follow(): readonly Effect[] {
    return this.#isRead && !this.#feed.isFollowing ? this.#feed.follow() : [];
  }

  reconsider(): readonly Effect[] {
    return this.#isRead ? this.#feed.reconsider() : [];
  }

  probe(): readonly Effect[] {
    if (this.#isProbing) return [];
    this.#isProbing = true;
    const { effects } = this.#runner.start(probeReplicas(this.#environment), requestTimeoutMs, () => {
      this.#isProbing = false;
      return [];
    });
    return [...effects, ...this.reconsider()];
  }

  flush(): readonly Effect[] {
    return [...this.#feed.credit(), ...this.reconsider()];
  }

  #announce(): readonly Effect[] {
    const { cache } = this.#environment;
    if (!this.#isRead || cache.revision < this.#target) return [];
    if (cache.isSynced && cache.revision === this.#announced) return [];
    cache.markSynced();
    this.#announced = cache.revision;
    return [...this.#runner.signal(cacheSignal), ...this.bootstrap()];
  }

  /** Makes the first objects once the cache is complete for the first time, and then the default roles. */
  bootstrap(): readonly Effect[] {
    const environment = this.#environment;
    if (environment.hasRights || this.#isBootstrapping) return [];
    this.#isBootstrapping = true;
    const { isBootstrapped } = environment;
    const flow = isBootstrapped ? bootstrapRights(environment) : bootstrap(environment);
    const { effects } = this.#runner.start(flow, requestTimeoutMs, (end) => {
      this.#isBootstrapping = false;
      if (end.type !== 'returned') return retryBootstrap(end);
      if (isBootstrapped) {
        environment.hasRights = true;
        return this.#runner.signal(rightsSignal);
      }
      environment.isBootstrapped = true;
      // Whoever waited goes first: the roles can wait longer than the first node.
      return [...this.#runner.signal(bootstrapSignal), { type: 'timer', key: 'bootstrap', afterMs: 0 }];
    });
    return effects;
  }
}

function retryBootstrap(end: Exclude<FlowEnd<void>, { readonly type: 'returned' }>): readonly Effect[] {
  const message = end.type === 'threw' && end.error instanceof Error ? end.error.message : end.type;
  return [
    { type: 'log', level: 'warn', message: 'the first objects are not there yet', fields: { message } },
    { type: 'timer', key: 'bootstrap', afterMs: resyncMs },
  ];
}
