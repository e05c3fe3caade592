/** Decoding of base64url text, RFC 4648 section 5, as continue tokens use it. */
import { utf8TextStrict } from '../base/bytes.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Returns the UTF-8 text that `text` stands for, or undefined when it is malformed. Padding is optional. */
export function decodeBase64Url(text: string): string | undefined {
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
  try {
    return utf8TextStrict(bytes);
  } catch {
    return undefined;
  }
}
