/** A bounded first-in first-out queue that never moves its elements. */
import { assert } from './assert.ts';

/** Holds up to `capacity` items; memory grows by doubling up to that bound, and shifting costs the same at any length. */
export class RingBuffer<T> {
  readonly capacity: number;
  #slots: (T | undefined)[];
  #head = 0;
  #length = 0;

  constructor(capacity: number) {
    assert(Number.isSafeInteger(capacity) && capacity > 0, 'ring buffer capacity', { capacity });
    this.capacity = capacity;
    this.#slots = Array.from({ length: Math.min(capacity, 16) });
  }

  get length(): number {
    return this.#length;
  }

  isFull(): boolean {
    return this.#length === this.capacity;
  }

  /** Appends `item`; returns false, and changes nothing, when the buffer is full. */
  push(item: T): boolean {
    if (this.isFull()) return false;
    if (this.#length === this.#slots.length) this.#grow();
    this.#slots[(this.#head + this.#length) % this.#slots.length] = item;
    this.#length += 1;
    return true;
  }

  /** Removes and returns the oldest item, or undefined when there is none. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) % this.#slots.length;
    this.#length -= 1;
    return item;
  }

  /** Returns the item at `index` counted from the oldest, or undefined outside the buffer. */
  at(index: number): T | undefined {
    if (index < 0 || index >= this.#length) return undefined;
    return this.#slots[(this.#head + index) % this.#slots.length];
  }

  clear(): void {
    this.#slots = Array.from({ length: Math.min(this.capacity, 16) });
    this.#head = 0;
    this.#length = 0;
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (let index = 0; index < this.#length; index += 1) yield this.at(index) as T;
  }

  #grow(): void {
    const slots: (T | undefined)[] = Array.from({ length: Math.min(this.capacity, this.#slots.length * 2) });
    for (let index = 0; index < this.#length; index += 1) slots[index] = this.at(index);
    this.#slots = slots;
    this.#head = 0;
  }
}
