/** A range of keys: start <= key < end. A single key is the range that ends at its immediate successor. */

export interface KeyRange {
  readonly start: string;
  /** The first key behind the range; null when the range has no end. */
  readonly end: string | null;
}

/** The whole keyspace. */
export const everyKey: KeyRange = { start: '', end: null };

/** Returns the range that holds `key` alone. */
export function singleKey(key: string): KeyRange {
  return { start: key, end: `${key}\0` };
}

/** Returns the range of all keys that begin with `prefix`: its end is the prefix with the last byte below 0xff raised by one. */
export function prefixRange(prefix: string): KeyRange {
  for (let index = prefix.length - 1; index >= 0; index -= 1) {
    const unit = prefix.charCodeAt(index);
    if (unit < 0xff) return { start: prefix, end: prefix.slice(0, index) + String.fromCharCode(unit + 1) };
  }
  return { start: prefix, end: null };
}

/** Tells whether the range can hold only its start. */
export function isSingleKey(range: KeyRange): boolean {
  const { start, end } = range;
  return end !== null && end.length === start.length + 1 && end.endsWith('\0') && end.startsWith(start);
}

export function containsKey(range: KeyRange, key: string): boolean {
  return key >= range.start && (range.end === null || key < range.end);
}
