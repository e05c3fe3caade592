/** Base64url, RFC 4648 section 5, without padding: the spelling of continue tokens and of JSON Web Tokens. */
import { encodeBase64 } from './base64.ts';
import { utf8TextStrict } from './bytes.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Encodes `bytes`. */
export function encodeBase64Url(bytes: Uint8Array): string {
  return encodeBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** Returns the bytes that `text` stands for, or undefined when it is malformed. Padding is optional. */
export function decodeBase64UrlBytes(text: string): Uint8Array | undefined {
  const digits = text.replace(/=+$/, '');
  if (digits.length % 4 === 1) return undefined;
  const bytes = new Uint8Array((digits.length * 3) >> 2);
  let buffer = 0;
  let bits = 0;
  let length = 0;
  for (const digit of digits) {
    const value = alphabet.indexOf(digit);
    if (value === -1) return undefined;
    buffer = ((buffer << 6) | value) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[length] = (buffer >> bits) & 255;
    length += 1;
  }
  return bytes;
}

/** Returns the UTF-8 text that `text` stands for, or undefined when it is malformed. */
export function decodeBase64Url(text: string): string | undefined {
  const bytes = decodeBase64UrlBytes(text);
  if (bytes === undefined) return undefined;
  try {
    return utf8TextStrict(bytes);
  } catch {
    return undefined;
  }
}
