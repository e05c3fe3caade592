/** A priority queue of deadlines: the earliest first, and of equal deadlines the one that was added first. */
import type { MonotonicMs } from './brand.ts';

interface Entry<T> {
  readonly atMs: MonotonicMs;
  readonly order: number;
  readonly item: T;
  cancelled: boolean;
}

/** Cancels one entry of a TimerQueue; a second call does nothing. */
export type CancelTimer = () => void;

/**
 * Binary heap over (deadline, insertion order). The order makes ties deterministic, which simulation depends on.
 * Cancelled entries stay until they surface, so cancelling costs nothing.
 */
export class TimerQueue<T> {
  readonly #heap: Entry<T>[] = [];
  #nextOrder = 0;
  #live = 0;

  /** How many entries are neither taken nor cancelled. */
  get length(): number {
    return this.#live;
  }

  add(atMs: MonotonicMs, item: T): CancelTimer {
    const entry: Entry<T> = { atMs, order: this.#nextOrder, item, cancelled: false };
    this.#nextOrder += 1;
    this.#live += 1;
    this.#heap.push(entry);
    this.#siftUp(this.#heap.length - 1);
    return () => {
      if (entry.cancelled) return;
      entry.cancelled = true;
      this.#live -= 1;
    };
  }

  /** The earliest deadline, or undefined when the queue is empty. */
  nextAtMs(): MonotonicMs | undefined {
    this.#dropCancelled();
    return this.#heap[0]?.atMs;
  }

  /** Removes and returns the first item whose deadline is at or before `nowMs`. */
  takeDue(nowMs: MonotonicMs): T | undefined {
    this.#dropCancelled();
    const first = this.#heap[0];
    if (first === undefined || first.atMs > nowMs) return undefined;
    this.#removeFirst();
    first.cancelled = true;
    this.#live -= 1;
    return first.item;
  }

  #dropCancelled(): void {
    while (this.#heap[0]?.cancelled === true) this.#removeFirst();
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#siftDown();
  }

  #siftUp(from: number): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(this.#at(index), this.#at(parent))) return;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #siftDown(): void {
    let index = 0;
    for (;;) {
      let least = index;
      for (const child of [2 * index + 1, 2 * index + 2]) {
        if (child < this.#heap.length && isBefore(this.#at(child), this.#at(least))) least = child;
      }
      if (least === index) return;
      this.#swap(index, least);
      index = least;
    }
  }

  #at(index: number): Entry<T> {
    return this.#heap[index] as Entry<T>;
  }

  #swap(left: number, right: number): void {
    const held = this.#at(left);
    this.#heap[left] = this.#at(right);
    this.#heap[right] = held;
  }
}

function isBefore<T>(left: Entry<T>, right: Entry<T>): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
}
