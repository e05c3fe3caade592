/** Checksums and hashes: CRC-32C guards stored bytes, the trace hash tells whether two runs were the same run. */

/** Eight tables of 256 words, one after another; table k advances a byte over k further bytes (Intel's slicing-by-8). */
const crc32cTables = makeCrc32cTables();

/** Returns the CRC-32C (Castagnoli) of `bytes` as an unsigned 32-bit number; pass an earlier result to continue it. */
export function crc32c(bytes: Uint8Array, previous = 0): number {
  const table = crc32cTables;
  const length = bytes.length;
  const sliced = length - (length % 8);
  let crc = ~previous;
  let at = 0;
  for (; at < sliced; at += 8) {
    crc ^= wordAt(bytes, at);
    crc =
      (table[1792 + (crc & 0xff)] as number) ^
      (table[1536 + ((crc >>> 8) & 0xff)] as number) ^
      (table[1280 + ((crc >>> 16) & 0xff)] as number) ^
      (table[1024 + (crc >>> 24)] as number) ^
      (table[768 + byteAt(bytes, at + 4)] as number) ^
      (table[512 + byteAt(bytes, at + 5)] as number) ^
      (table[256 + byteAt(bytes, at + 6)] as number) ^
      (table[byteAt(bytes, at + 7)] as number);
  }
  for (; at < length; at += 1) crc = (crc >>> 8) ^ (table[(crc ^ byteAt(bytes, at)) & 0xff] as number);
  return ~crc >>> 0;
}

function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] as number;
}

/** Returns the 32-bit FNV-1a hash of the UTF-16 units of `text`: quick and well spread, not for adversaries. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/** A running 64-bit hash (two lanes after FNV-1a, each of which feeds the other): equal digests mean equal histories for every practical purpose of a test. */
export class RunningHash {
  #low = 0x811c9dc5;
  #high = 0x9747b28c;
  readonly #number = new Float64Array(1);
  readonly #words = new Int32Array(this.#number.buffer);

  addBytes(bytes: Uint8Array): void {
    const whole = bytes.length & ~7;
    for (let index = 0; index < whole; index += 8) this.#add(wordAt(bytes, index), wordAt(bytes, index + 4));
    for (let index = whole; index < bytes.length; index += 1) this.#add(bytes[index] as number, index);
  }

  addText(text: string): void {
    for (let index = 0; index < text.length; index += 1) this.#add(text.charCodeAt(index), index);
    this.#add(0xffff, text.length);
  }

  addNumber(value: number): void {
    this.#number[0] = value;
    this.#add(this.#words[0] as number, this.#words[1] as number);
  }

  /** Sixteen hexadecimal digits. The hash may be continued afterwards. */
  digest(): string {
    return hex32(this.#high) + hex32(this.#low);
  }

  #add(first: number, second: number): void {
    this.#low = Math.imul(this.#low ^ first ^ (this.#high >>> 13), 0x01000193);
    this.#high = Math.imul(this.#high ^ second ^ (this.#low >>> 15), 0x85ebca6b);
  }
}

function wordAt(bytes: Uint8Array, index: number): number {
  return (
    byteAt(bytes, index) |
    (byteAt(bytes, index + 1) << 8) |
    (byteAt(bytes, index + 2) << 16) |
    (byteAt(bytes, index + 3) << 24)
  );
}

function hex32(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}

function makeCrc32cTables(): Int32Array {
  const tables = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    tables[byte] = crc;
  }
  for (let index = 256; index < tables.length; index += 1) {
    const before = tables[index - 256] as number;
    tables[index] = (before >>> 8) ^ (tables[before & 0xff] as number);
  }
  return tables;
}
