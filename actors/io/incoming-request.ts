/** What is read of a request that came in, whatever server took it. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { concatBytes } from '../../src/base/bytes.ts';

/** Headers by lower-case names, those that came again joined by commas; without what HTTP/2 has among them and is none. */
export function headersOf({ headers }: { readonly headers: IncomingHttpHeaders }): Record<string, string> {
  const joined: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !name.startsWith(':')) joined[name] = Array.isArray(value) ? value.join(',') : value;
  }
  return joined;
}

/** Collects a body. One of the two is called, once: `tooLarge` while the rest still comes, to be thrown away; neither if the client goes. */
export function collectBody(
  request: Readable,
  bytesMax: number,
  whole: (body: Uint8Array) => void,
  tooLarge: () => void,
): void {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  request.on('data', (part: Buffer) => {
    bytes += part.length;
    if (bytes <= bytesMax) parts.push(part);
    else if (bytes - part.length <= bytesMax) tooLarge();
  });
  request.on('end', () => {
    if (bytes <= bytesMax) whole(parts.length === 1 ? (parts[0] as Uint8Array) : concatBytes(parts));
  });
}
