/**
 * Header blocks of SPDY/3.1: names and values with lengths, through one zlib stream per direction that starts from a dictionary of the
 * specification. What we send is little, so it goes uncompressed inside that stream (stored blocks).
 */
import { Inflate } from 'fflate';
import { concatBytes, emptyBytes, utf8, utf8Text } from '../base/bytes.ts';

const dictionaryWords =
  'options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow ' +
  'authorization cache-control connection content-base content-encoding content-language content-length content-location ' +
  'content-md5 content-range content-type date etag expect expires from host if-match if-modified-since if-none-match ' +
  'if-range if-unmodified-since last-modified location max-forwards pragma proxy-authenticate proxy-authorization range ' +
  'referer retry-after server te trailer transfer-encoding upgrade user-agent vary via warning www-authenticate method get ' +
  'status 200_OK version HTTP/1.1 url public set-cookie keep-alive origin';
const dictionaryTail =
  '100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505' +
  '203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden' +
  '404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable' +
  'Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT' +
  'chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,' +
  'publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.';

/** The dictionary of SPDY/3 header compression. */
export const spdyDictionary: Uint8Array = concatBytes([
  ...dictionaryWords.split(' ').flatMap((word) => [uint32(word.length), utf8(word.replace('_', ' '))]),
  utf8(dictionaryTail),
]);

const zlibHeaderBytes = 6;
/** An empty block: Go's reader hands out what it has only there, as behind a flush of zlib. */
const flush = Uint8Array.of(0, 0, 0, 0xff, 0xff);
const blockBytesMax = 64 * 1024;
const storedBytesMax = 0xffff;

export type Headers = ReadonlyMap<string, string>;

/** Reads the header blocks of one connection, which must come in order. */
export class HeaderReader {
  readonly #parts: Uint8Array[] = [];
  readonly #inflate: Inflate;
  #bytes = 0;
  #headerLeft = zlibHeaderBytes;

  constructor() {
    this.#inflate = new Inflate({ dictionary: spdyDictionary }, (part) => {
      this.#bytes += part.length;
      if (this.#bytes <= blockBytesMax) this.#parts.push(part);
    });
  }

  /** Returns the headers, names in lower case; null when the block is none, after which the connection is of no use. */
  read(block: Uint8Array): Headers | null {
    const skipped = Math.min(this.#headerLeft, block.length);
    this.#headerLeft -= skipped;
    try {
      this.#inflate.push(block.subarray(skipped));
    } catch {
      return null;
    }
    const isTooLarge = this.#bytes > blockBytesMax;
    const bytes = concatBytes(this.#parts.splice(0));
    this.#bytes = 0;
    return isTooLarge ? null : parseBlock(bytes);
  }
}

/** Writes the header blocks of one connection. */
export class HeaderWriter {
  #hasBegun = false;

  write(headers: Headers): Uint8Array {
    const parts: Uint8Array[] = [uint32(headers.size)];
    for (const [name, value] of headers) {
      for (const bytes of [utf8(name), utf8(value)]) parts.push(uint32(bytes.length), bytes);
    }
    const block = concatBytes(parts).subarray(0, storedBytesMax);
    const size = [block.length & 0xff, block.length >> 8];
    const stored = Uint8Array.of(0, ...size, ...size.map((byte) => byte ^ 0xff));
    const begin = this.#hasBegun
      ? emptyBytes
      : concatBytes([Uint8Array.of(0x78, 0x20), uint32(adler32(spdyDictionary))]);
    this.#hasBegun = true;
    return concatBytes([begin, stored, block, flush]);
  }
}

function parseBlock(bytes: Uint8Array): Headers | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const headers = new Map<string, string>();
  let at = 4;
  const take = (): string | null => {
    const length = at + 4 <= bytes.length ? view.getUint32(at) : -1;
    if (length < 0 || at + 4 + length > bytes.length) return null;
    at += 4 + length;
    return utf8Text(bytes.subarray(at - length, at));
  };
  const count = bytes.length >= 4 ? view.getUint32(0) : -1;
  if (count < 0) return null;
  for (let index = 0; index < count; index += 1) {
    const name = take();
    const value = take();
    if (name === null || value === null) return null;
    headers.set(name.toLowerCase(), value);
  }
  return headers;
}

export function uint32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

/** The checksum of zlib. */
export function adler32(bytes: Uint8Array): number {
  let low = 1;
  let high = 0;
  for (const byte of bytes) {
    low = (low + byte) % 65_521;
    high = (high + low) % 65_521;
  }
  return ((high << 16) | low) >>> 0;
}
