/** JSON Web Tokens in their compact form, RFC 7519 and 7515: three base64url parts, of which the last signs the first two. */
import { isJsonObject, type Json, type JsonObject } from '../../api/json.ts';
import { decodeBase64UrlBytes, encodeBase64Url } from '../../base/base64-url.ts';
import { utf8, utf8TextStrict } from '../../base/bytes.ts';

export interface ParsedToken {
  readonly header: JsonObject;
  readonly claims: JsonObject;
  /** What the signature is of. */
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
}

/** Returns the first two parts of a token, joined. */
export function signingInput(keyId: string, claims: object): string {
  const header = { alg: 'ES256', kid: keyId };
  return `${encodePart(header)}.${encodePart(claims)}`;
}

/** Returns the whole token. */
export function completeToken(input: string, signature: Uint8Array): string {
  return `${input}.${encodeBase64Url(signature)}`;
}

/** Returns the parts of a token, unverified, or undefined when `text` is none. */
export function parseToken(text: string): ParsedToken | undefined {
  const [first = '', second = '', third = '', ...rest] = text.split('.');
  if (rest.length > 0 || third === '') return undefined;
  const header = decodePart(first);
  const claims = decodePart(second);
  const signature = decodeBase64UrlBytes(third);
  if (header === undefined || claims === undefined || signature === undefined) return undefined;
  return { header, claims, signed: utf8(`${first}.${second}`), signature };
}

function encodePart(part: object): string {
  return encodeBase64Url(utf8(JSON.stringify(part)));
}

function decodePart(text: string): JsonObject | undefined {
  const bytes = decodeBase64UrlBytes(text);
  if (bytes === undefined) return undefined;
  try {
    const value = JSON.parse(utf8TextStrict(bytes)) as Json;
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
