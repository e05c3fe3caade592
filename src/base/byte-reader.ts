/**
 * Reads what ByteWriter wrote. Input may be damaged, so nothing here throws on bad bytes: the first impossible read sets
 * `failed`, and from then on every read returns zero or nothing. A decoder checks `failed` once, at its end.
 */
import { emptyBytes } from './bytes.ts';

/** Walks over `bytes` from `offset` to its end. Byte strings that it returns are views unless said otherwise. */
export class ByteReader {
  readonly #source: Uint8Array;
  #offset: number;
  #failed = false;

  constructor(bytes: Uint8Array, offset = 0) {
    this.#source = bytes;
    this.#offset = offset;
  }

  get failed(): boolean {
    return this.#failed;
  }

  get offset(): number {
    return this.#offset;
  }

  /** True when every byte was read and none was missing: what a decoder asks at its end. */
  get isComplete(): boolean {
    return !this.#failed && this.#offset === this.#source.length;
  }

  get remaining(): number {
    return this.#source.length - this.#offset;
  }

  byte(): number {
    if (!this.#has(1)) return 0;
    const value = this.#source[this.#offset] as number;
    this.#offset += 1;
    return value;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 8; count += 1) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return this.#checked(value, byte !== 0 || count === 0);
      scale *= 0x80;
    }
    return this.#checked(0, false);
  }

  uint32(): number {
    if (!this.#has(4)) return 0;
    const value = readUint32(this.#source, this.#offset);
    this.#offset += 4;
    return value;
  }

  /** Returns a view of the next `length` bytes. */
  raw(length: number): Uint8Array {
    if (!this.#has(length)) return emptyBytes;
    this.#offset += length;
    return this.#source.subarray(this.#offset - length, this.#offset);
  }

  /** Returns a view of length-prefixed bytes. */
  bytes(): Uint8Array {
    return this.raw(this.varint());
  }

  /** Returns a copy of length-prefixed bytes, for what outlives the source. */
  ownedBytes(): Uint8Array {
    const view = this.bytes();
    return view.length === 0 ? emptyBytes : Uint8Array.prototype.slice.call(view);
  }

  /** Returns length-prefixed bytes as a string with one character per byte. */
  binaryString(): string {
    const view = this.bytes();
    let text = '';
    for (let start = 0; start < view.length; start += 4096) {
      text += String.fromCharCode.apply(null, view.subarray(start, start + 4096) as unknown as number[]);
    }
    return text;
  }

  /** Marks the input as malformed, for a decoder that finds a value out of its range. */
  fail(): void {
    this.#failed = true;
  }

  #has(count: number): boolean {
    if (this.#failed || count > this.#source.length - this.#offset) {
      this.#failed = true;
      return false;
    }
    return true;
  }

  /** Only the shortest form of a safe integer is accepted, so that equal values have equal bytes. */
  #checked(value: number, isShortest: boolean): number {
    if (this.#failed || !isShortest || !Number.isSafeInteger(value)) {
      this.#failed = true;
      return 0;
    }
    return value;
  }
}

/** Reads an unsigned 32-bit word, little end first; the caller has checked the bounds. */
export function readUint32(source: Uint8Array, offset: number): number {
  return (
    ((source[offset] as number) |
      ((source[offset + 1] as number) << 8) |
      ((source[offset + 2] as number) << 16) |
      ((source[offset + 3] as number) << 24)) >>>
    0
  );
}
