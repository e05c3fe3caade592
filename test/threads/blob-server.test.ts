/** The port BlobServer by itself: what clients and commands may do to it. */
import { pbkdf2 } from 'node:crypto';
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openBlobServer } from '../../actors/io/blob-server.ts';
import type { Address } from '../../src/actor/address.ts';
import type { BlobServerCommand, BlobServerEvent } from '../../src/actor/blob-server-port.ts';
import type { Port } from '../../src/actor/ports.ts';
import { utf8 } from '../../src/base/bytes.ts';

const hex = 'a'.repeat(64);

let folder: string;
let port: Port;
let events: BlobServerEvent[];
let url: string;

const perform = (command: BlobServerCommand): void => port.handle(command);

/** Waits for an event that did not happen before. */
async function next<Type extends BlobServerEvent['type']>(
  type: Type,
): Promise<Extract<BlobServerEvent, { type: Type }>> {
  await expect.poll(() => events.some((event) => event.type === type), { timeout: 20_000 }).toBe(true);
  const at = events.findIndex((event) => event.type === type);
  return events.splice(at, 1)[0] as Extract<BlobServerEvent, { type: Type }>;
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'threemaster-blobs-'));
  events = [];
  port = openBlobServer((event) => events.push(event as BlobServerEvent), 'registry' as unknown as Address, { folder });
  perform({ type: 'load' });
  await next('loaded');
  perform({ type: 'listen', host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${(await next('listening')).port}/`;
});
afterEach(() => {
  port.close();
  rmSync(folder, { recursive: true });
});

/** How many files of the folder this process has open. */
function openFiles(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder);
    } catch {
      return false;
    }
  }).length;
}

test('a head that cannot be written ends its exchange, and nothing else', async () => {
  perform({ type: 'putBlob', id: 1, hex, bytes: utf8('hello') });
  await next('done');
  const headers = { 'content-type': 'a\nb' };
  for (const method of ['HEAD', 'GET']) {
    const answered = fetch(url, { method }).then(
      () => 'answered',
      () => 'cut',
    );
    const { exchange } = await next('request');
    if (method === 'HEAD') perform({ type: 'respond', exchange, status: 200, headers, body: utf8('') });
    else perform({ type: 'sendBlob', exchange, status: 200, headers, hex, start: 0, length: 5 });
    expect(await answered).toBe('cut');
    expect((await next('closed')).exchange).toBe(exchange);
  }
  await expect.poll(openFiles).toBe(0);
});

test.each([
  ['before its body came', '9', false],
  ['after its body came', '3', true],
])('the upload of a client that goes at once, %s, is told', async (_name, length, isWhole) => {
  const client = httpRequest(url, { method: 'PATCH', headers: { 'content-length': length } });
  client.on('error', () => {});
  if (isWhole) client.end('abc');
  else client.write('abc');
  const { exchange } = await next('request');
  // Whatever asks for files waits for these, and so the connection closes while the upload is being looked at.
  for (let job = 0; job < 4; job += 1) pbkdf2('', '', 100_000, 64, 'sha512', () => {});
  perform({ type: 'appendBody', exchange, upload: 'u', bytesMax: 100 });
  client.destroy();
  await next('closed');
  expect(await next('bodyFailed')).toMatchObject({ exchange });
});
