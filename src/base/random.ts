/**
 * Seeded chance. Every random choice in a core comes from a Random that was derived from the cluster seed, so that a seed
 * replays a run. Keys and tokens never come from here: they need the Entropy port.
 */
import { assert } from './assert.ts';
import { fnv1a } from './hash.ts';

/** A deterministic generator (xoshiro128**, Blackman and Vigna 2018), seeded by a number and any number of labels. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: number, ...labels: readonly (string | number)[]) {
    let state = (seed ^ Math.imul(Math.floor(seed / 0x1_0000_0000), 0x9e3779b1)) >>> 0;
    for (const label of labels) state = mix(state ^ fnv1a(String(label)));
    const next = (): number => {
      state = (state + 0x9e3779b9) >>> 0;
      return mix(state);
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next() | 1;
  }

  /** Returns an unsigned 32-bit integer. */
  uint32(): number {
    const scrambled = Math.imul(rotateLeft(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotateLeft(this.#d, 11);
    return scrambled;
  }

  /** Returns a number in [0, 1) with 32 bits of resolution. */
  fraction(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  /** Returns an integer in [min, max], both included. */
  integer(min: number, max: number): number {
    assert(Number.isSafeInteger(min) && Number.isSafeInteger(max) && min <= max, 'integer bounds', { min, max });
    return min + Math.floor(this.fraction() * (max - min + 1));
  }

  /** Returns true with the given probability (0 to 1). */
  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** Returns one element of a non-empty array. */
  pick<T>(items: readonly T[]): T {
    assert(items.length > 0, 'pick from an empty array');
    return items[this.integer(0, items.length - 1)] as T;
  }

  /** Returns a shuffled copy (Fisher and Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const result = [...items];
    for (let index = result.length - 1; index > 0; index -= 1) {
      const other = this.integer(0, index);
      const held = result[index] as T;
      result[index] = result[other] as T;
      result[other] = held;
    }
    return result;
  }

  /** Returns `length` characters drawn from `alphabet`. */
  text(length: number, alphabet: string): string {
    let result = '';
    for (let index = 0; index < length; index += 1) result += alphabet[this.integer(0, alphabet.length - 1)] as string;
    return result;
  }

  /** Returns an independent generator whose seed is drawn from this one. */
  fork(label: string): Random {
    return new Random(this.uint32(), label);
  }
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function mix(value: number): number {
  let mixed = value >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
