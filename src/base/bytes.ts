/** Small operations on Uint8Array that the language lacks. */

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const strictDecoder = new TextDecoder('utf-8', { fatal: true });

export const emptyBytes: Uint8Array = new Uint8Array(0);

/** Encodes `text` as UTF-8 into a fresh array. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Decodes UTF-8; malformed sequences become U+FFFD. */
export function utf8Text(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Decodes UTF-8; throws TypeError on malformed sequences. */
export function utf8TextStrict(bytes: Uint8Array): string {
  return strictDecoder.decode(bytes);
}

/** Returns one fresh array that holds `parts` one after another. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const result = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    result.set(part, offset);
    offset += part.length;
  }
  return result;
}

/**
 * Returns a copy that owns its memory. What an actor keeps of a decoded message is a view into the whole batch
 * it came in; keeping the view would retain the batch.
 */
export function ownBytes(bytes: Uint8Array): Uint8Array {
  return Uint8Array.prototype.slice.call(bytes);
}

/** Tells whether both arrays hold the same bytes. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index += 1) if (left[index] !== right[index]) return false;
  return true;
}

/** Orders arrays byte by byte, a prefix first: negative, zero or positive, as Array.prototype.sort wants it. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const difference = (left[index] as number) - (right[index] as number);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
