/**
 * The informers of one actor and their watches: opens each against one of several API servers, gives credit as it reads, and moves on when
 * a stream ends, is refused, says nothing for too long, or its server dies or stops answering. The first server of the list is the
 * preferred one (the own master's): a watch that ended of itself goes back to it, one that failed goes to the next; when all have failed in
 * a row, a growing pause follows. Subscriptions are numbered afresh at each opening, so an item of a former stream is never taken for one of
 * the present.
 *
 * An actor passes its inputs to `handle`, performs the effects, and looks at the changes.
 */

import type { Effect } from '../actor/effect.ts';
import type { ActorStatus } from '../actor/failure.ts';
import type { Input } from '../actor/input.ts';
import type { Memo } from '../actor/memo.ts';
import type { KubeObject } from '../api/object-meta.ts';
import { assert, must } from '../base/assert.ts';
import type { MonotonicMs } from '../base/brand.ts';
import type { Random } from '../base/random.ts';
import type { ApiStreamItem, Credentials } from '../protocol/apiserver.ts';
import { type Change, Informer, type InformerOptions } from './informer.ts';
import {
  reconnectMaxMs,
  reconnectMinMs,
  watchCreditBatch,
  watchCreditItems,
  watchOpenTimeoutMs,
  watchSilenceMs,
} from './limits.ts';
import { watchRequest } from './watch-event.ts';

/** On whose behalf informers watch, and where. */
export interface InformerClient {
  /** Paths of API servers, the preferred one first. */
  readonly servers: readonly string[];
  readonly credentials: Credentials;
  readonly userAgent: string;
  /** Of the actor's thread. */
  readonly memo: Memo;
  /** A watch that brought nothing for so long is taken for dead. */
  readonly silenceMs?: number;
}

/** What one input led to. `changes` belong to `informer`; read them with `changesOf`. */
export interface InformerTurn {
  readonly informer: Informer | null;
  readonly changes: readonly Change[];
  readonly effects: readonly Effect[];
}

interface Slot {
  readonly informer: Informer;
  readonly timer: string;
  /** Position in the list of servers. */
  server: number;
  /** The open subscription, or 0 while waiting to reconnect. */
  subscription: number;
  hasHead: boolean;
  /** The present watch brought an event or a bookmark. */
  isFruitful: boolean;
  heardAtMs: MonotonicMs;
  unreturnedCredit: number;
  /** Watches in a row that brought nothing. */
  failures: number;
  readonly isOptional: boolean;
}

/** An optional informer whose watch has failed so often is not waited for any more. */
const optionalFailuresMax = 6;

const timerPrefix = 'informer:';

export class InformerSet {
  readonly #client: InformerClient;
  readonly #random: Random;
  readonly #silenceMs: number;
  readonly #slots: Slot[] = [];
  #servers: readonly string[];
  #lastSlot = -1;
  readonly #slotOf = new Map<number, Slot>();
  #lastSubscription: number;
  #isStarted = false;

  /** `subscriptionMin`: subscription ids below it are free for the actor's own streams. */
  constructor(client: InformerClient, random: Random, subscriptionMin = 1_000_000) {
    assert(client.servers.length > 0, 'informers need an API server');
    this.#client = client;
    this.#servers = client.servers;
    this.#random = random;
    this.#silenceMs = client.silenceMs ?? watchSilenceMs;
    this.#lastSubscription = subscriptionMin;
  }

  /** All informers hold a whole list, but for optional ones that cannot get any. */
  get hasSynced(): boolean {
    return this.#slots.every(
      (slot) => slot.informer.hasSynced || (slot.isOptional && slot.failures >= optionalFailuresMax),
    );
  }

  informers(): readonly Informer[] {
    return this.#slots.map((slot) => slot.informer);
  }

  /**
   * Adds an informer. `start` opens its watch; `startAdded` does if the set runs already. `isOptional`: what it watches may not be
   * there at all.
   */
  add<T extends KubeObject>(options: InformerOptions<T>, isOptional = false): Informer<T> {
    const informer = new Informer<T>(options, this.#client.memo);
    this.#lastSlot += 1;
    this.#slots.push({
      informer: informer as unknown as Informer,
      timer: timerPrefix + this.#lastSlot,
      isOptional,
      server: 0,
      subscription: 0,
      hasHead: false,
      isFruitful: false,
      heardAtMs: 0 as MonotonicMs,
      unreturnedCredit: 0,
      failures: 0,
    });
    return informer;
  }

  /** Opens the watches. Call once, in the actor's `started`. */
  start(nowMs: MonotonicMs): readonly Effect[] {
    assert(!this.#isStarted, 'informers are started once');
    this.#isStarted = true;
    const watches = this.#servers.map((path): Effect => ({ type: 'watch', path }));
    return [...watches, ...this.#slots.flatMap((slot) => this.#open(slot, nowMs))];
  }

  /** Knows these servers from now on, the preferred one first. A watch stays where it is unless its server is none of them. */
  replaceServers(servers: readonly string[]): readonly Effect[] {
    assert(servers.length > 0, 'informers need an API server');
    const former = this.#servers;
    this.#servers = servers;
    const moves = this.#slots.flatMap((slot): readonly Effect[] => {
      const position = servers.indexOf(must(former[slot.server % former.length], 'no API server'));
      slot.server = Math.max(0, position);
      return position >= 0 || slot.subscription === 0 ? [] : [...this.#close(slot), ...this.#retry(slot, true)];
    });
    if (!this.#isStarted) return moves;
    const added = servers.filter((path) => !former.includes(path)).map((path): Effect => ({ type: 'watch', path }));
    const gone = former.filter((path) => !servers.includes(path)).map((path): Effect => ({ type: 'unwatch', path }));
    return [...added, ...gone, ...moves];
  }

  /** Opens the watch of an informer that was added after `start`. */
  startAdded(informer: Informer<never> | Informer, nowMs: MonotonicMs): readonly Effect[] {
    const slot = must(
      this.#slots.find((candidate) => candidate.informer === informer),
      'an informer of another set',
    );
    return this.#isStarted && slot.subscription === 0 ? this.#open(slot, nowMs) : [];
  }

  /** Ends an informer for good. */
  remove(informer: Informer<never> | Informer): readonly Effect[] {
    const index = this.#slots.findIndex((candidate) => candidate.informer === informer);
    const [slot] = this.#slots.splice(index, 1);
    if (slot === undefined) return [];
    return [...this.#close(slot), { type: 'cancelTimer', key: slot.timer }];
  }

  /** Closes the watches; caches stay as they are. */
  stop(): readonly Effect[] {
    return this.#slots.flatMap((slot) => [
      ...this.#close(slot),
      { type: 'cancelTimer', key: slot.timer } satisfies Effect,
    ]);
  }

  /**
   * Takes an input; null when it is none of the informers'. `watched` concerns them when it names an API server, and may concern
   * others as well.
   */
  handle(input: Input): InformerTurn | null {
    switch (input.type) {
      case 'item': {
        const slot = this.#slotOf.get(input.id);
        return slot === undefined ? null : this.#readItem(slot, input.body as ApiStreamItem, input.monotonicMs);
      }
      case 'ended': {
        const slot = this.#slotOf.get(input.id);
        if (slot === undefined) return null;
        this.#forget(slot);
        return quiet(slot, this.#retry(slot, input.reason === 'completed'));
      }
      case 'timer': {
        if (!input.key.startsWith(timerPrefix)) return null;
        const slot = this.#slots.find(({ timer }) => timer === input.key);
        return slot === undefined ? null : quiet(slot, this.#checkTime(slot, input.monotonicMs));
      }
      case 'watched':
        return this.#serverChanged(input.path, input.status);
      default:
        return null;
    }
  }

  #open(slot: Slot, nowMs: MonotonicMs): readonly Effect[] {
    const servers = this.#servers;
    this.#lastSubscription += 1;
    const id = this.#lastSubscription;
    slot.subscription = id;
    this.#slotOf.set(id, slot);
    slot.hasHead = false;
    slot.isFruitful = false;
    slot.unreturnedCredit = 0;
    slot.heardAtMs = nowMs;
    // Five to ten minutes, as client-go: ends are spread, and each is a chance to go back to the preferred server.
    const start = slot.informer.begin(this.#random.integer(300, 600));
    const request = watchRequest(slot.informer.selection, start, this.#client);
    const to = must(servers[slot.server % servers.length], 'no API server');
    return [
      { type: 'subscribe', to, id, body: { type: 'open', request }, credit: watchCreditItems },
      { type: 'timer', key: slot.timer, afterMs: watchOpenTimeoutMs },
    ];
  }

  #readItem(slot: Slot, item: ApiStreamItem, nowMs: MonotonicMs): InformerTurn {
    slot.heardAtMs = nowMs;
    const effects: Effect[] = this.#returnCredit(slot);
    if (item.type === 'head') {
      slot.hasHead = true;
      if (item.status === 200) {
        effects.push({ type: 'timer', key: slot.timer, afterMs: this.#silenceMs });
        return { informer: slot.informer, changes: [], effects };
      }
      if (item.status === 410) slot.informer.forgetHistory();
      effects.push(...this.#close(slot), ...this.#retry(slot, false));
      return { informer: slot.informer, changes: [], effects };
    }
    const changes: Change[] = [];
    const outcome = slot.informer.read(item.bytes, changes);
    if (outcome === 'reading') {
      slot.isFruitful = true;
      slot.failures = 0;
    } else {
      effects.push(...this.#close(slot), ...this.#retry(slot, outcome === 'relist'));
    }
    return { informer: slot.informer, changes, effects };
  }

  #returnCredit(slot: Slot): Effect[] {
    slot.unreturnedCredit += 1;
    if (slot.unreturnedCredit < watchCreditBatch) return [];
    const messages = slot.unreturnedCredit;
    slot.unreturnedCredit = 0;
    return [{ type: 'credit', id: slot.subscription, messages }];
  }

  #checkTime(slot: Slot, nowMs: MonotonicMs): readonly Effect[] {
    if (slot.subscription === 0) return this.#open(slot, nowMs);
    const patienceMs = slot.hasHead ? this.#silenceMs : watchOpenTimeoutMs;
    const leftMs = slot.heardAtMs + patienceMs - nowMs;
    if (leftMs > 0) return [{ type: 'timer', key: slot.timer, afterMs: leftMs }];
    return [...this.#close(slot), ...this.#retry(slot, false)];
  }

  #serverChanged(path: string, status: ActorStatus): InformerTurn | null {
    const servers = this.#servers;
    if (!servers.includes(path)) return null;
    if (status !== 'unresponsive') return { informer: null, changes: [], effects: [] };
    const effects: Effect[] = [];
    for (const slot of this.#slots) {
      if (slot.subscription === 0 || servers[slot.server % servers.length] !== path) continue;
      effects.push(...this.#close(slot), ...this.#retry(slot, false));
    }
    return { informer: null, changes: [], effects };
  }

  /** Sets the time of the next opening. `isOrderly`: the server ended the watch and is well. */
  #retry(slot: Slot, isOrderly: boolean): readonly Effect[] {
    slot.server = isOrderly ? 0 : slot.server + 1;
    const delayMs = slot.isFruitful ? 0 : this.#backoffMs(slot.failures);
    slot.failures += 1;
    return [{ type: 'timer', key: slot.timer, afterMs: delayMs }];
  }

  #backoffMs(failures: number): number {
    const rounds = Math.floor(failures / this.#servers.length);
    if (rounds === 0) return 0;
    const fullMs = Math.min(reconnectMaxMs, reconnectMinMs * 2 ** Math.min(rounds - 1, 20));
    return fullMs * (0.5 + 0.5 * this.#random.fraction());
  }

  #close(slot: Slot): readonly Effect[] {
    const id = slot.subscription;
    if (id === 0) return [];
    this.#forget(slot);
    return [{ type: 'unsubscribe', id }];
  }

  #forget(slot: Slot): void {
    this.#slotOf.delete(slot.subscription);
    slot.subscription = 0;
  }
}

/** Returns the changes of `turn` that belong to `informer`, with their type. */
export function changesOf<T extends KubeObject>(turn: InformerTurn, informer: Informer<T>): readonly Change<T>[] {
  return (turn.informer as unknown) === informer ? (turn.changes as unknown as readonly Change<T>[]) : [];
}

function quiet(slot: Slot, effects: readonly Effect[]): InformerTurn {
  return { informer: slot.informer, changes: [], effects };
}
