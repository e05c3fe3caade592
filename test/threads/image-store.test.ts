/** What a node fetches from registries that have nothing to do with each other. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { digestOf, packLayer } from '../../actors/io/images/image-archive.ts';
import { ImageStore } from '../../actors/io/images/image-store.ts';
import { timeoutMsOf } from '../../actors/io/images/registry-client.ts';
import { type ImageReference, parseReference } from '../../src/registry/reference.ts';

const type = 'application/vnd.oci.image';
const alice = { username: 'alice', password: 'a' };

let folder: string;
let store: ImageStore;
/** Registries that have sent the configuration of their image. */
const configs = new Set<string>();
const ends: (() => void)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'threemaster-store-'));
  store = new ImageStore(() => folder);
});
afterEach(() => {
  store.close();
  for (const end of ends.splice(0)) end();
  rmSync(folder, { recursive: true, force: true });
});

type Layer = Awaited<ReturnType<typeof packLayer>>;

/** Serves one image of one layer; the layer as `sendLayer` has it. */
async function registry(
  { digest, diffId, bytes }: Layer,
  sendLayer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<ImageReference> {
  const config = Buffer.from(JSON.stringify({ config: {}, rootfs: { type: 'layers', diff_ids: [diffId] } }));
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      config: { mediaType: `${type}.config.v1+json`, digest: digestOf(config), size: config.length },
      layers: [{ mediaType: `${type}.layer.v1.tar+gzip`, digest, size: bytes.length }],
    }),
  );
  const server = createServer((request, response) => {
    const { url = '' } = request;
    if (url.endsWith(digestOf(config))) {
      response.on('close', () => configs.add(request.headers.host ?? ''));
      return response.end(config);
    }
    if (!url.includes('/manifests/')) return sendLayer(request, response);
    response.setHeader('content-type', `${type}.manifest.v1+json`);
    return response.end(manifest);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => server.close().closeAllConnections());
  return parseReference(`127.0.0.1:${(server.address() as AddressInfo).port}/app:v1`) as ImageReference;
}

test('a layer that one registry refuses is asked of the other one, and no password goes astray', async () => {
  const layer = await packLayer({ files: { a: '1' } });
  const shown: (string | undefined)[] = [];
  const held: ServerResponse[] = [];
  const evil = await registry(layer, ({ url = '', headers }, response) => {
    shown.push(headers.authorization);
    if (url.startsWith('/token')) response.end('{"token":"t"}');
    else if (headers.authorization === undefined) held.push(response);
    else response.writeHead(401).end();
  });
  const good = await registry(layer, (_request, response) => response.end(layer.bytes));
  const refused = store.pull(evil, []);
  await expect.poll(() => held.length).toBe(1);
  const [response] = held as [ServerResponse];
  const asked = once(response, 'close');
  const pulled = store.pull(good, [alice]);
  // The second pull is where it wants the layer once its configuration has been read.
  await expect.poll(() => configs.has(good.registry)).toBe(true);
  const realm = `http://${evil.registry}/token`;
  response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}"` }).end();
  await asked;
  expect((await pulled).type).toBe('pulled');
  // By now the layer may be there for both.
  await refused;
  expect(shown.filter((authorization) => authorization?.startsWith('Basic'))).toEqual([]);
});

test('a request has the longer to be answered the more it brings', () => {
  const none = timeoutMsOf(undefined);
  expect(timeoutMsOf(new Uint8Array(0))).toBe(none);
  // A layer of 100 MB over a line of 8 Mbit/s takes 100 s.
  expect(timeoutMsOf(new Uint8Array(100_000_000))).toBeGreaterThan(none + 100_000);
});
