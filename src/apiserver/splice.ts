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
const quote = 0x22;
/** Kind and apiVersion stand before it. */
const searchBytesMax = 512;

/** Returns a copy of `bytes`, stored or spliced before, with `revision` as its resourceVersion. */
export function withResourceVersion(bytes: Uint8Array, revision: number): Uint8Array {
  const at = metadataStart(bytes);
  const version = utf8(`"resourceVersion":"${revision}",`);
  const rest = behindVersion(bytes, at);
  const result = new Uint8Array(at + version.length + bytes.length - rest);
  result.set(bytes.subarray(0, at), 0);
  result.set(version, at);
  result.set(bytes.subarray(rest), at + version.length);
  return result;
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
