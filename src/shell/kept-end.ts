/**
 * The end of a stream: its last lines or bytes, and no more of it in memory. What comes is copied into blocks, so that a stream of small pieces
 * costs what its bytes cost; blocks whose bytes have all been left behind are dropped.
 *
 *   lines: 2    a\nb\nc  ->  b\nc        the last line may be without its end
 *   bytes: 2    abc      ->  bc
 */
import { assert } from '../base/assert.ts';
import { heldBytesMax, readBytesMax } from './limits.ts';
import type { CommandMemory } from './memory.ts';

const newline = 0x0a;

export type KeptAmount =
  | { readonly type: 'lines'; readonly count: number }
  | { readonly type: 'bytes'; readonly count: number };

export class KeptEnd {
  readonly #amount: KeptAmount;
  readonly #memory: CommandMemory;
  readonly #blocks: Uint8Array[] = [];
  /** Where what is kept begins in the first block, and ends in the last one. */
  #start = 0;
  #end = readBytesMax;
  #newlines = 0;
  #bytes = 0;

  /** `count`: not negative. `memory` pays for the blocks until `drop`. */
  constructor(amount: KeptAmount, memory: CommandMemory) {
    assert(amount.count >= 0, 'an amount is not negative', amount);
    this.#amount = amount;
    this.#memory = memory;
  }

  /** How much is kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes what comes next. Throws when the lines or bytes that are asked for are more than a command may hold. */
  push(bytes: Uint8Array): void {
    this.#append(bytes);
    if (this.#amount.type === 'bytes') this.#leave(this.#bytes - this.#amount.count);
    else this.#leaveLines(this.#amount.count);
    if (this.#bytes > heldBytesMax) throw new Error('out of memory');
  }

  /** Returns what is kept, in pieces; they stay those of this object. */
  *pieces(): Generator<Uint8Array> {
    for (const [index, block] of this.#blocks.entries()) {
      const end = index === this.#blocks.length - 1 ? this.#end : block.length;
      yield block.subarray(index === 0 ? this.#start : 0, end);
    }
  }

  /** Gives back everything: nothing is kept any more. */
  drop(): void {
    this.#memory.give(this.#blocks.length * readBytesMax);
    this.#blocks.length = 0;
    this.#start = 0;
    this.#end = readBytesMax;
    this.#newlines = 0;
    this.#bytes = 0;
  }

  #append(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      if (this.#end === readBytesMax) {
        this.#memory.take(readBytesMax);
        this.#blocks.push(new Uint8Array(readBytesMax));
        this.#end = 0;
      }
      const piece = bytes.subarray(at, at + readBytesMax - this.#end);
      this.#blocks.at(-1)?.set(piece, this.#end);
      this.#end += piece.length;
      this.#bytes += piece.length;
      at += piece.length;
    }
    if (this.#amount.type === 'lines') this.#newlines += newlinesIn(bytes);
  }

  /** Leaves whole lines behind until no more than `count` are left. */
  #leaveLines(count: number): void {
    // What is behind the last newline is a line too.
    const isOpen = this.#bytes > 0 && this.#blocks.at(-1)?.[this.#end - 1] !== newline;
    for (let left = this.#newlines + (isOpen ? 1 : 0) - count; left > 0; ) {
      const [block] = this.#blocks;
      if (block === undefined) return;
      const last = this.#blocks.length === 1 ? this.#end : block.length;
      const at = block.indexOf(newline, this.#start);
      const hasEnd = at >= 0 && at < last;
      this.#leave((hasEnd ? at + 1 : last) - this.#start);
      if (!hasEnd) continue;
      this.#newlines -= 1;
      left -= 1;
    }
  }

  #leave(count: number): void {
    for (let left = count; left > 0; ) {
      const isLast = this.#blocks.length === 1;
      const there = (isLast ? this.#end : readBytesMax) - this.#start;
      const leaves = Math.min(left, there);
      left -= leaves;
      this.#bytes -= leaves;
      this.#start += leaves;
      if (leaves < there) return;
      this.#blocks.shift();
      this.#memory.give(readBytesMax);
      this.#start = 0;
      if (isLast) this.#end = readBytesMax;
    }
  }
}

function newlinesIn(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) count += 1;
  return count;
}
