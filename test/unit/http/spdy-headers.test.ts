/** Header blocks of SPDY/3.1 against zlib itself, which is what the clients use. */
import { constants, createDeflate, type Deflate, inflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { concatBytes } from '../../../src/base/bytes.ts';
import { adler32, HeaderReader, HeaderWriter, spdyDictionary, uint32 } from '../../../src/http/spdy-headers.ts';

function blockOf(headers: Readonly<Record<string, string>>): Uint8Array {
  const entries = Object.entries(headers);
  const texts = entries.flat().map((text) => Buffer.from(text));
  return concatBytes([uint32(entries.length), ...texts.flatMap((text) => [uint32(text.length), text])]);
}

/** Compresses one block and flushes, as a client does for each frame. */
function compress(deflate: Deflate, block: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    const collect = (part: Buffer): number => parts.push(part);
    deflate.on('data', collect);
    deflate.write(block);
    deflate.flush(constants.Z_SYNC_FLUSH, () => {
      deflate.off('data', collect);
      resolve(concatBytes(parts));
    });
  });
}

test('the dictionary is that of the specification', () => {
  expect([spdyDictionary.length, adler32(spdyDictionary).toString(16)]).toEqual([1423, 'e3c6a7c2']);
});

test('blocks of one connection are read one after another', async () => {
  const deflate = createDeflate({ dictionary: Buffer.from(spdyDictionary) });
  const reader = new HeaderReader();
  for (let request = 0; request < 200; request += 1) {
    const headers = { streamtype: request % 2 === 0 ? 'error' : 'data', port: '80', requestid: String(request >> 1) };
    const read = reader.read(await compress(deflate, blockOf(headers)));
    expect(Object.fromEntries(read ?? [])).toEqual(headers);
  }
});

test('what we write is a zlib stream with that dictionary', () => {
  const writer = new HeaderWriter();
  const bytes = concatBytes([writer.write(new Map([['a', 'b']])), writer.write(new Map())]);
  const options = { dictionary: Buffer.from(spdyDictionary), finishFlush: constants.Z_SYNC_FLUSH };
  expect(new Uint8Array(inflateSync(bytes, options))).toEqual(concatBytes([blockOf({ a: 'b' }), blockOf({})]));
});

test('garbage is no block, and neither is one that would fill the memory', async () => {
  expect(new HeaderReader().read(Uint8Array.of(0x78, 0x20, 1, 2, 3, 4, 7, 7, 7, 7))).toBeNull();
  const deflate = createDeflate({ dictionary: Buffer.from(spdyDictionary) });
  const huge = await compress(deflate, blockOf({ name: 'x'.repeat(10_000_000) }));
  expect(new HeaderReader().read(huge)).toBeNull();
});
