/**
 * Keys that wait to be reconciled. Three collections, as in client-go's workqueue:
 *
 *   queue       keys that may be taken, oldest first
 *   dirty       keys that need work: all of `queue`, and those of `processing` that were added again meanwhile
 *   processing  keys that were taken and are not done
 *
 * So a key is never worked on twice at once, and however often it is added before it is taken, it is worked on once. `queue` and `processing`
 * never share a key. A key may also be added later: after a delay, or after a back-off that doubles with each failure until it is forgotten.
 * Time is handed in; whoever owns the queue sets a timer for `nextAtMs`. Models client-go util/workqueue queue.go, delaying_queue.go and
 * default_rate_limiters.go.
 */
import { assert } from '../base/assert.ts';
import type { MonotonicMs } from '../base/brand.ts';
import type { Random } from '../base/random.ts';
import { RingBuffer } from '../base/ring-buffer.ts';
import { type CancelTimer, TimerQueue } from '../base/timer-queue.ts';
import { backoffMaxMs, backoffMinMs, workQueueKeysMax } from './limits.ts';

/** Share of a back-off that is drawn at random, so that keys that failed together do not come back together. */
const backoffJitter = 0.1;

interface Delayed {
  readonly atMs: MonotonicMs;
  readonly cancel: CancelTimer;
}

export class WorkQueue {
  readonly #random: Random;
  readonly #queue = new RingBuffer<string>(workQueueKeysMax);
  readonly #dirty = new Set<string>();
  readonly #processing = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #delayed = new Map<string, Delayed>();
  readonly #delays = new TimerQueue<string>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** Keys that may be taken now. */
  get length(): number {
    return this.#queue.length;
  }

  /** Keys that were taken and are not done. */
  get processing(): number {
    return this.#processing.size;
  }

  /** Keys that come back at a later time. */
  get delayed(): number {
    return this.#delayed.size;
  }

  /** Marks `key` as in need of work. */
  add(key: string): void {
    if (this.#dirty.has(key)) return;
    this.#dirty.add(key);
    if (!this.#processing.has(key)) this.#push(key);
  }

  /** Takes the oldest key, which must be given back with `done`; undefined when there is none. */
  take(): string | undefined {
    const key = this.#queue.shift();
    if (key === undefined) return undefined;
    assert(!this.#processing.has(key), 'a key is taken once at a time', { key });
    this.#dirty.delete(key);
    this.#processing.add(key);
    return key;
  }

  /** Gives back a key that was taken. It waits again if it was added meanwhile. */
  done(key: string): void {
    assert(this.#processing.delete(key), 'only a key that was taken can be done', { key });
    if (this.#dirty.has(key)) this.#push(key);
  }

  /** Adds `key` after `delayMs`. Of several delays the earliest counts. */
  addAfter(key: string, delayMs: number, nowMs: MonotonicMs): void {
    if (delayMs <= 0) {
      this.add(key);
      return;
    }
    const atMs = (nowMs + delayMs) as MonotonicMs;
    const former = this.#delayed.get(key);
    if (former !== undefined && former.atMs <= atMs) return;
    former?.cancel();
    this.#delayed.set(key, { atMs, cancel: this.#delays.add(atMs, key) });
  }

  /** Adds `key` after a back-off that doubles with each call until `forget`; returns the back-off. */
  addAfterFailure(key: string, nowMs: MonotonicMs): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const fullMs = Math.min(backoffMaxMs, backoffMinMs * 2 ** Math.min(failures, 30));
    const delayMs = fullMs * (1 - backoffJitter * this.#random.fraction());
    this.addAfter(key, delayMs, nowMs);
    return delayMs;
  }

  /** How often `key` failed since it was last forgotten. */
  failuresOf(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** The next back-off of `key` is the shortest again. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** When the next delayed key is due. */
  nextAtMs(): MonotonicMs | undefined {
    return this.#delays.nextAtMs();
  }

  /** Adds the delayed keys that are due. */
  advance(nowMs: MonotonicMs): void {
    for (let key = this.#delays.takeDue(nowMs); key !== undefined; key = this.#delays.takeDue(nowMs)) {
      this.#delayed.delete(key);
      this.add(key);
    }
  }

  #push(key: string): void {
    assert(this.#queue.push(key), 'work queue is full', { length: this.#queue.length });
  }
}
