/**
 * The addresses that a node gives to its pods: those of its podCIDR but the first (the network), the second (the gateway) and the last
 * (broadcast). Each allocation goes on behind the previous one, so an address rests as long as possible before it is used again.
 */
import { assert } from '../base/assert.ts';

export class AddressPool {
  readonly #first: number;
  readonly #count: number;
  readonly #taken = new Set<number>();
  #next = 0;

  /** `cidr` is an IPv4 range such as `10.244.3.0/24`, with room for at least one pod. */
  constructor(cidr: string) {
    const [base = '', bits = ''] = cidr.split('/');
    const size = 2 ** (32 - Number(bits));
    assert(Number.isInteger(size) && size >= 4, 'a podCIDR with room for pods', { cidr });
    const start = numberOf(base);
    this.#first = start - (start % size) + 2;
    this.#count = size - 3;
  }

  /** Returns a free address, or null when all are taken. */
  allocate(): string | null {
    for (let step = 0; step < this.#count; step += 1) {
      const offset = (this.#next + step) % this.#count;
      if (this.#taken.has(offset)) continue;
      this.#taken.add(offset);
      this.#next = (offset + 1) % this.#count;
      return textOf(this.#first + offset);
    }
    return null;
  }

  /** Marks an address as taken that a pod holds already; one outside the range is none of this pool's. */
  reserve(address: string): void {
    const offset = numberOf(address) - this.#first;
    if (offset >= 0 && offset < this.#count) this.#taken.add(offset);
  }

  release(address: string): void {
    this.#taken.delete(numberOf(address) - this.#first);
  }
}

function numberOf(address: string): number {
  return address.split('.').reduce((value, part) => value * 256 + Number(part), 0);
}

function textOf(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}
