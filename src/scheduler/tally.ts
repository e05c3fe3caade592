/** How often each of some names occurs; a name that does not occur takes no room. */
export class Tally {
  readonly #counts = new Map<string, number>();

  get size(): number {
    return this.#counts.size;
  }

  count(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  change(name: string, difference: number): void {
    const count = this.count(name) + difference;
    if (count === 0) this.#counts.delete(name);
    else this.#counts.set(name, count);
  }
}
