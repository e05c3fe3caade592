/**
 * How the resourceVersion gets into stored bytes. They are JSON that begins with kind, apiVersion and metadata, and hold no
 * resourceVersion, because it is the revision of the very transaction that writes them. It goes first into metadata:
 *
 *   stored   {"kind":"Pod","apiVersion":"v1","metadata":{"name":"web",…
 *   spliced  {"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"42","name":"web",…
 *
 * metadata always has a name, so a comma behind the splice is always right.
 */
import { assert } from '../base/assert.ts';
import { utf8 } from '../base/bytes.ts';

const metadataOpening = utf8('"metadata":{');
const versionOpening = utf8('"resourceVersion":"');
const managedFieldsName = utf8('"managedFields"');
const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
/** Kind and apiVersion stand before it. */
const searchBytesMax = 512;

/** Returns a copy of `bytes`, stored or spliced before, with `revision` as its resourceVersion. */
export function withResourceVersion(bytes: Uint8Array, revision: number): Uint8Array {
  const at = metadataStart(bytes);
  const version = utf8(versionField(revision));
  const rest = behindVersion(bytes, at);
  const result = new Uint8Array(at + version.length + bytes.length - rest);
  result.set(bytes.subarray(0, at), 0);
  result.set(version, at);
  result.set(bytes.subarray(rest), at + version.length);
  return result;
}

/** Returns how many bytes stored bytes, which hold no resourceVersion, have with `revision` as theirs. */
export function lengthWithVersion(stored: Uint8Array, revision: number): number {
  return stored.length + versionField(revision).length;
}

function versionField(revision: number): string {
  return `"resourceVersion":"${revision}",`;
}

/**
 * Returns spliced bytes without metadata.managedFields, a third of a pod which only clients that apply ever read; the same bytes when
 * there are none.
 */
export function withoutManagedFields(bytes: Uint8Array): Uint8Array {
  // The resourceVersion comes first, so a comma stands before every other field.
  for (let at = metadataStart(bytes); bytes[at] === quote; ) {
    const behindName = endOfString(bytes, at);
    const end = endOfValue(bytes, behindName + 1);
    if (behindName - at === managedFieldsName.length && startsAt(bytes, at, managedFieldsName)) {
      assert(bytes[at - 1] === comma, 'managedFields come behind the resourceVersion', { at });
      const result = new Uint8Array(bytes.length - (end - at) - 1);
      result.set(bytes.subarray(0, at - 1), 0);
      result.set(bytes.subarray(end), at - 1);
      return result;
    }
    at = end + 1;
  }
  return bytes;
}

/** Returns the position behind the string that opens at `at`. */
function endOfString(bytes: Uint8Array, at: number): number {
  for (let end = bytes.indexOf(quote, at + 1); end >= 0; end = bytes.indexOf(quote, end + 1)) {
    let escapes = 0;
    while (bytes[end - 1 - escapes] === backslash) escapes += 1;
    if (escapes % 2 === 0) return end + 1;
  }
  assert(false, 'a string of a stored object ends', { at });
}

/** Returns the position behind the value that begins at `at`, in JSON without white space. */
function endOfValue(bytes: Uint8Array, at: number): number {
  let depth = 0;
  for (let place = at; place < bytes.length; place += 1) {
    const byte = bytes[place];
    if (byte === quote) place = endOfString(bytes, place) - 1;
    else if (byte === openBrace || byte === openBracket) depth += 1;
    else if (byte === closeBrace || byte === closeBracket) depth -= 1;
    // What closes here is the value itself, or, behind a number, what it stands in.
    if (depth < 0) return place;
    const next = bytes[place + 1];
    if (depth === 0 && (next === comma || next === closeBrace || next === closeBracket)) return place + 1;
  }
  assert(false, 'a value of a stored object ends', { at });
}

/** Returns the position just inside metadata. */
function metadataStart(bytes: Uint8Array): number {
  const last = Math.min(bytes.length, searchBytesMax) - metadataOpening.length;
  for (let at = 0; at <= last; at += 1) {
    if (startsAt(bytes, at, metadataOpening)) return at + metadataOpening.length;
  }
  assert(false, 'a stored object has metadata near its start', { length: bytes.length });
}

/** Returns the position behind a resourceVersion and its comma, or `at` when none is there. */
function behindVersion(bytes: Uint8Array, at: number): number {
  if (!startsAt(bytes, at, versionOpening)) return at;
  const end = bytes.indexOf(quote, at + versionOpening.length);
  return end + 2;
}

function startsAt(bytes: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let index = 0; index < expected.length; index += 1) if (bytes[at + index] !== expected[index]) return false;
  return true;
}
