/** A binary heap over any order: the first item by `isBefore` comes out first. Ties come out in no particular order. */

export class Heap<T> {
  readonly #items: T[] = [];
  readonly #isBefore: (left: T, right: T) => boolean;

  /** `isBefore` is a strict order; make it total where the order of ties must be deterministic. */
  constructor(isBefore: (left: T, right: T) => boolean) {
    this.#isBefore = isBefore;
  }

  get length(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    let index = this.#items.push(item) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#isBefore(item, this.#items[parent] as T)) break;
      this.#items[index] = this.#items[parent] as T;
      index = parent;
    }
    this.#items[index] = item;
  }

  /** Removes and returns the first item, or undefined when the heap is empty. */
  pop(): T | undefined {
    const first = this.#items[0];
    const last = this.#items.pop();
    if (last !== undefined && this.#items.length > 0) this.#sink(last);
    return first;
  }

  /** Puts `item` in the place of the root and lets it sink to where it belongs. */
  #sink(item: T): void {
    const { length } = this.#items;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= length) break;
      const right = child + 1;
      if (right < length && this.#isBefore(this.#items[right] as T, this.#items[child] as T)) child = right;
      if (!this.#isBefore(this.#items[child] as T, item)) break;
      this.#items[index] = this.#items[child] as T;
      index = child;
    }
    this.#items[index] = item;
  }
}
