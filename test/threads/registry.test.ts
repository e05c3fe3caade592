/**
 * Images from registries (rows A31 and A32): the cluster's own registry, images of layers that are pushed to it and run as pods, what a registry
 * may do wrong, and who may pull.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { Exec, KubeConfig, type V1Status } from '@kubernetes/client-node';
import { afterEach, describe, expect, test } from 'vitest';
import { Cluster, type ClusterOptions } from '../../actors/cluster/index.ts';
import type { Node } from '../../src/kinds/node/types.ts';
import type { Pod } from '../../src/kinds/pod/types.ts';

let cluster: Cluster;

afterEach(() => cluster?.stop());

async function start(options: ClusterOptions = {}): Promise<string> {
  cluster = await Cluster.start({ masters: 1, nodes: 1, runtime: 'worker', registry: true, ...options });
  return cluster.access.registry ?? '';
}

function pod(name: string, container: object, spec: object = {}): string {
  const containers = [{ name: 'main', ...container }];
  return JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers, ...spec } });
}

async function statusOf(name: string): Promise<Pod['status']> {
  return ((await cluster.api.get(`pod/${name}`)) as unknown as Pod).status;
}

async function imagesOfNode(): Promise<unknown> {
  return ((await cluster.api.get('node/node-0')) as unknown as Node).status?.images;
}

async function waitingOf(name: string): Promise<string> {
  const { reason = '', message = '' } = (await statusOf(name))?.containerStatuses?.[0]?.state?.waiting ?? {};
  return `${reason}: ${message}`;
}

async function eventsOf(name: string): Promise<string> {
  const events = (await cluster.api.list('events')) as unknown as readonly {
    readonly regarding: { readonly name: string };
    readonly reason: string;
    readonly note: string;
  }[];
  return events
    .filter(({ regarding }) => regarding.name === name)
    .map(({ reason, note }) => `${reason}: ${note}`)
    .join('\n');
}

/** Runs a command in a pod as kubectl does; resolves with all that it wrote. */
async function exec(name: string, ...command: string[]): Promise<string> {
  const config = new KubeConfig();
  config.loadFromOptions(cluster.kubeConfig());
  let text = '';
  const sink = (): Writable =>
    new Writable({
      write: (part: Buffer, _encoding, done) => {
        text += part.toString();
        done();
      },
    });
  await new Promise<V1Status>((resolve, reject) => {
    new Exec(config)
      .exec('default', name, 'main', command, sink(), sink(), new PassThrough().end(), false, resolve)
      .catch(reject);
  });
  return text;
}

const server = `export default (container) => {
  console.log('serving ' + container.env.NAME + ' ' + container.args.join(','));
  container.onSignal(() => container.exit(0));
  setInterval(() => {}, 1000);
}`;

test('a pod runs an image of two layers: the upper one shadows files of the lower one and hides others', async () => {
  const registry = await start();
  const pushed = await cluster.pushImage('shop/web:v1', {
    layers: [
      {
        files: {
          'app/main.mjs': server,
          'etc/motd': 'from layer 1\n',
          'etc/gone': 'still here\n',
          'data/old/a': 'a\n',
          'data/b': 'b\n',
        },
      },
    ],
    files: { 'etc/motd': 'from layer 2\n', 'data/.wh..wh..opq': '', 'data/c': 'c\n' },
    removed: ['/etc/gone'],
    entrypoint: ['node', 'main.mjs'],
    command: ['x', 'y'],
    env: { NAME: 'image', OTHER: 'image' },
    workingDirectory: '/app',
  });
  expect(pushed.image).toBe(`${registry}/shop/web:v1`);
  await cluster.apply(pod('web', { image: pushed.image, env: [{ name: 'OTHER', value: 'pod' }] }));
  await cluster.waitFor('pod/web', 'Ready');
  expect(await exec('web', 'cat', '/etc/motd')).toBe('from layer 2\n');
  expect(await exec('web', 'cat', '/etc/gone')).toContain('No such file or directory');
  expect(await exec('web', 'ls', '/data')).toBe('c\n');
  expect(await exec('web', 'sh', '-c', 'pwd; echo $NAME $OTHER')).toBe('/app\nimage pod\n');
  const [status] = (await statusOf('web'))?.containerStatuses ?? [];
  expect(status?.imageID).toBe(pushed.imageId);
  expect(status?.imageID).toMatch(new RegExp(`^${registry}/shop/web@sha256:[0-9a-f]{64}$`));
  const pulled = /Successfully pulled image .*shop\/web:v1" in .* Image size: (\d+) bytes\./.exec(
    await eventsOf('web'),
  );
  const names = [pushed.imageId, pushed.image];
  await expect.poll(imagesOfNode, { timeout: 10_000 }).toEqual([{ names, sizeBytes: Number(pulled?.[1]) }]);
});

test('containers of one image change nothing for each other, and images share the layers that they have in common', async () => {
  await start();
  const base = { files: { 'app/main.mjs': server, 'etc/motd': 'as built\n' } };
  const entrypoint = ['/app/main.mjs'];
  const one = await cluster.pushImage('one', { layers: [base], entrypoint });
  const two = await cluster.pushImage('two', { layers: [base], files: { 'etc/second': 'yes\n' }, entrypoint });
  for (const [name, { image }] of Object.entries({ a: one, b: one, c: two })) await cluster.apply(pod(name, { image }));
  for (const name of ['a', 'b', 'c']) await cluster.waitFor(`pod/${name}`, 'Ready');
  await exec('a', 'sh', '-c', 'echo changed > /etc/motd');
  expect(await exec('a', 'cat', '/etc/motd')).toBe('changed\n');
  expect(await exec('b', 'cat', '/etc/motd')).toBe('as built\n');
  expect(await exec('c', 'cat', '/etc/motd', '/etc/second')).toBe('as built\nyes\n');
});

test('volumes are where the image has links, and scripts of the image are commands', async () => {
  await start();
  const directory = await mkdtemp(join(tmpdir(), 'threemaster-image-'));
  await mkdir(join(directory, 'usr/bin'), { recursive: true });
  await mkdir(join(directory, 'var'));
  await symlink('/run', join(directory, 'var/run'));
  await symlink('usr/bin', join(directory, 'bin'));
  await writeFile(join(directory, 'usr/bin/start'), '#!/usr/bin/env node\nsetInterval(() => {}, 1000);\n', {
    mode: 0o755,
  });
  await writeFile(join(directory, 'usr/bin/say'), '#!/bin/sh\necho said $1\n', { mode: 0o755 });
  const { image } = await cluster.pushImage('linked', { directory, entrypoint: ['start'] });
  await cluster.apply(pod('linked', { image }));
  await cluster.waitFor('pod/linked', 'Ready');
  const account = 'secrets/kubernetes.io/serviceaccount/namespace';
  expect(await exec('linked', 'cat', `/var/run/${account}`)).toBe('default');
  expect(await exec('linked', 'cat', `/run/${account}`)).toBe('default');
  expect(await exec('linked', 'say', 'hello')).toBe('said hello\n');
  await rm(directory, { recursive: true });
});

test('an image that is not there backs off, and runs once it is pushed', async () => {
  const registry = await start();
  await cluster.apply(pod('late', { image: `${registry}/late:v1` }));
  await expect.poll(() => waitingOf('late'), { timeout: 20_000 }).toMatch(/^ImagePullBackOff: Back-off pulling image/);
  const events = await eventsOf('late');
  expect(events).toContain(`${registry}/late:v1: not found: ${registry} answered 404 MANIFEST_UNKNOWN`);
  expect(events).toContain('Failed: Error: ErrImagePull');
  await cluster.pushImage('late:v1', { files: { 'main.mjs': server }, entrypoint: ['/main.mjs'] });
  await cluster.waitFor('pod/late', 'Ready', { timeoutMs: 60_000 });
});

test('the pull policy decides whether a tag that has moved is seen', async () => {
  await start();
  const image = async (text: string): Promise<string> => {
    const files = { 'main.mjs': server, said: `${text}\n` };
    return (await cluster.pushImage('moves:v1', { files, entrypoint: ['/main.mjs'] })).image;
  };
  const first = await image('first');
  await cluster.apply(pod('never', { image: first, imagePullPolicy: 'Never' }));
  await expect.poll(() => waitingOf('never')).toContain('ErrImageNeverPull');
  await cluster.apply(pod('first', { image: first }));
  await cluster.waitFor('pod/first', 'Ready');
  await image('second');
  await cluster.apply(pod('present', { image: first, imagePullPolicy: 'IfNotPresent' }));
  await cluster.apply(pod('always', { image: first, imagePullPolicy: 'Always' }));
  for (const name of ['present', 'always']) await cluster.waitFor(`pod/${name}`, 'Ready');
  expect(await exec('present', 'cat', '/said')).toBe('first\n');
  expect(await exec('always', 'cat', '/said')).toBe('second\n');
});

test('a registry with users lets in who has a pull secret, of the pod or of its service account', async () => {
  const registry = await start({ registry: { users: { alice: 'open sesame' } } });
  const { image } = await cluster.pushImage('secret/app', { files: { 'main.mjs': server }, entrypoint: ['/main.mjs'] });
  await cluster.apply(pod('stranger', { image }));
  await expect
    .poll(() => eventsOf('stranger'), { timeout: 20_000 })
    .toContain(`authorization failed: ${registry} answered 401 UNAUTHORIZED: authentication required`);
  const auth = Buffer.from('alice:open sesame').toString('base64');
  const config = Buffer.from(JSON.stringify({ auths: { [registry]: { auth } } })).toString('base64');
  await cluster.apply(`
apiVersion: v1
kind: Secret
metadata: { name: key }
type: kubernetes.io/dockerconfigjson
data: { .dockerconfigjson: ${config} }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: puller }
imagePullSecrets: [{ name: key }]
`);
  await cluster.apply(pod('friend', { image }, { imagePullSecrets: [{ name: 'key' }] }));
  await cluster.apply(pod('account', { image }, { serviceAccountName: 'puller' }));
  for (const name of ['friend', 'account']) await cluster.waitFor(`pod/${name}`, 'Ready');
});

test('what is no module and no tool is told to be a binary that cannot run', async () => {
  await start();
  const { image } = await cluster.pushImage('binary', {
    files: { 'bin/server': '\x7fELF' },
    entrypoint: ['/bin/server'],
  });
  await cluster.apply(pod('binary', { image }, { restartPolicy: 'Never' }));
  await cluster.waitFor('pod/binary', (object) => (object as unknown as Pod).status?.phase === 'Failed');
  const terminated = (await statusOf('binary'))?.containerStatuses?.[0]?.state?.terminated;
  expect(terminated).toMatchObject({ exitCode: 128, message: expect.stringContaining('it cannot run Linux binaries') });
  expect(await eventsOf('binary')).toContain(
    'Failed: Error: exec: "/bin/server": the runtime "worker" runs JavaScript',
  );
});

test('images stay with a data directory, and so does the address of the registry', async () => {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'threemaster-images-'));
  const registry = await start({ dataDirectory });
  const { image } = await cluster.pushImage('kept:v1', { files: { 'main.mjs': server }, entrypoint: ['/main.mjs'] });
  await cluster.stop();
  expect(await start({ dataDirectory })).toBe(registry);
  await cluster.apply(pod('kept', { image }));
  await cluster.waitFor('pod/kept', 'Ready');
  await cluster.stop();
  await rm(dataDirectory, { recursive: true });
});

test('any client of registries can push in pieces, and a piece that was cut short leaves nothing', async () => {
  const registry = `http://${await start({ nodes: 0 })}`;
  const bytes = Buffer.alloc(3_000_000, 'registry ');
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const opened = await fetch(`${registry}/v2/big/blobs/uploads/`, { method: 'POST' });
  const place = `${registry}${opened.headers.get('location')}`;
  const patch = (from: number, to: number): Promise<Response> =>
    fetch(place, {
      method: 'PATCH',
      headers: { 'content-range': `${from}-${to - 1}` },
      body: bytes.subarray(from, to),
    });
  expect((await patch(0, 1_000_000)).headers.get('range')).toBe('0-999999');
  expect((await patch(2_000_000, 3_000_000)).status).toBe(416);
  await new Promise<void>((resolve) => {
    const cut = httpRequest(place, { method: 'PATCH', headers: { 'content-length': '1000000' } });
    cut.on('error', () => resolve());
    cut.write(bytes.subarray(0, 500_000), () => cut.destroy(new Error('cut')));
  });
  const size = async (): Promise<string | null> => (await fetch(place)).headers.get('range');
  await expect.poll(size).toBe('0-999999');
  await expect.poll(async () => (await patch(1_000_000, 2_000_000)).headers.get('range')).toBe('0-1999999');
  const done = await fetch(`${place}?digest=${digest}`, { method: 'PUT', body: bytes.subarray(2_000_000) });
  expect([done.status, done.headers.get('docker-content-digest')]).toEqual([201, digest]);
  const whole = Buffer.from(await (await fetch(`${registry}/v2/big/blobs/${digest}`)).arrayBuffer());
  expect(whole.equals(bytes)).toBe(true);
  const part = await fetch(`${registry}/v2/big/blobs/${digest}`, { headers: { range: 'bytes=10-19' } });
  expect([part.status, await part.text()]).toEqual([206, bytes.subarray(10, 20).toString()]);
  const large = await fetch(`${registry}/v2/big/manifests/v1`, { method: 'PUT', body: Buffer.alloc(5_000_000) });
  expect([large.status, await large.text()]).toEqual([413, expect.stringContaining('SIZE_INVALID')]);
  await cluster.kill('registry');
  await cluster.restart('registry');
  const length = async (): Promise<string | null> => {
    const answer = await fetch(`${registry}/v2/big/blobs/${digest}`, { method: 'HEAD' }).catch(() => null);
    return answer?.headers.get('content-length') ?? null;
  };
  await expect.poll(length, { timeout: 10_000 }).toBe('3000000');
});

describe('a registry that is not to be trusted', () => {
  const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

  /** Serves one image, with other bytes for its layer than the manifest tells. */
  async function lyingRegistry(): Promise<{ readonly host: string; close(): void }> {
    const layer = Buffer.alloc(1_024);
    const config = Buffer.from(JSON.stringify({ config: {}, rootfs: { type: 'layers', diff_ids: [digestOf(layer)] } }));
    const type = 'application/vnd.oci.image';
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        config: { mediaType: `${type}.config.v1+json`, digest: digestOf(config), size: config.length },
        layers: [{ mediaType: `${type}.layer.v1.tar`, digest: digestOf(layer), size: layer.length }],
      }),
    );
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      const { url = '' } = request;
      const isLayer = url.endsWith(digestOf(layer));
      response.setHeader(
        'content-type',
        url.includes('/manifests/') ? `${type}.manifest.v1+json` : 'application/octet-stream',
      );
      if (isLayer) response.end(Buffer.alloc(1_024, 1));
      else response.end(url.includes('/manifests/') ? manifest : config);
    };
    const listening = createServer(answer).listen(0, '127.0.0.1');
    await once(listening, 'listening');
    const { port } = listening.address() as AddressInfo;
    return { host: `127.0.0.1:${port}`, close: () => listening.close() };
  }

  test('content with another digest than its name says is refused', async () => {
    await start({ registry: false });
    const liar = await lyingRegistry();
    await cluster.apply(pod('lied', { image: `${liar.host}/app:v1` }));
    await expect
      .poll(() => eventsOf('lied'), { timeout: 20_000 })
      .toMatch(/layer sha256:[0-9a-f]+: the layer is sha256:[0-9a-f]+, which is not the digest sha256/);
    liar.close();
  });

  test('a registry that does not answer is told, with its address', async () => {
    await start({ registry: false });
    const gone = await lyingRegistry();
    gone.close();
    await cluster.apply(pod('nobody', { image: `${gone.host}/app:v1` }));
    await expect.poll(() => eventsOf('nobody'), { timeout: 20_000 }).toContain(`ECONNREFUSED ${gone.host}`);
  });
});
