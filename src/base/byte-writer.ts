/**
 * Builds a byte string piece by piece: unsigned variable-length integers (LEB128, up to 2^53 - 1), fixed 32-bit words, and
 * length-prefixed bytes. Deterministic: equal calls give equal bytes. The reader is byte-reader.ts.
 */
import { assert } from './assert.ts';

/** Appends to a buffer that doubles when full. */
export class ByteWriter {
  #buffer: Uint8Array;
  #length = 0;

  constructor(capacity = 256) {
    assert(Number.isSafeInteger(capacity) && capacity > 0, 'writer capacity', { capacity });
    this.#buffer = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length] = value;
    this.#length += 1;
  }

  /** Appends a non-negative safe integer in one to eight bytes, seven bits each, the lowest first. */
  varint(value: number): void {
    assert(Number.isSafeInteger(value) && value >= 0, 'varint', { value });
    this.#reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#buffer[this.#length] = (rest % 0x80) | 0x80;
      this.#length += 1;
      rest = rest < 0x8000_0000 ? rest >>> 7 : Math.floor(rest / 0x80);
    }
    this.#buffer[this.#length] = rest;
    this.#length += 1;
  }

  /** Appends an unsigned 32-bit word, little end first. */
  uint32(value: number): void {
    this.#reserve(4);
    writeUint32(this.#buffer, this.#length, value);
    this.#length += 4;
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Appends the length, then the bytes. */
  bytes(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.raw(bytes);
  }

  /** Appends the length, then one byte per character; characters above 255 are a bug of the caller. */
  binaryString(text: string): void {
    this.varint(text.length);
    this.#reserve(text.length);
    for (let index = 0; index < text.length; index += 1) {
      const unit = text.charCodeAt(index);
      assert(unit <= 0xff, 'binary string');
      this.#buffer[this.#length + index] = unit;
    }
    this.#length += text.length;
  }

  /** Overwrites four bytes that were written before. */
  patchUint32(offset: number, value: number): void {
    assert(offset >= 0 && offset + 4 <= this.#length, 'patch inside the written bytes', { offset });
    writeUint32(this.#buffer, offset, value);
  }

  /** Returns a view of what was written from `start` on; it is valid until the next append. */
  view(start = 0): Uint8Array {
    return this.#buffer.subarray(start, this.#length);
  }

  /** Returns an array that owns exactly what was written; the writer may be used on. */
  finish(): Uint8Array {
    return this.#buffer.slice(0, this.#length);
  }

  /** Forgets what was written and keeps the buffer. */
  clear(): void {
    this.#length = 0;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#buffer.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = grown;
  }
}

function writeUint32(target: Uint8Array, offset: number, value: number): void {
  target[offset] = value & 0xff;
  target[offset + 1] = (value >>> 8) & 0xff;
  target[offset + 2] = (value >>> 16) & 0xff;
  target[offset + 3] = (value >>> 24) & 0xff;
}
