/**
 * Requests to ports of pods through the API, by `kubectl get --raw`, by `kubectl proxy` and by @kubernetes/client-node; and what a node's kubelet
 * says of itself by the same way. The server is a real one: a worker thread. Row A90 of the mission.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { pathToFileURL } from 'node:url';
import * as clientNode from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificates } from '../../actors/cluster/certificates.ts';
import { Cluster } from '../../actors/cluster/index.ts';
import { type Binary, kubectlBinaries } from './binaries.ts';
import { Kubectl, printed } from './kubectl.ts';

const binaries = kubectlBinaries().slice(-1);
const none: Binary = { path: '', version: '(skipped: there is no kubectl on this machine)' };

const server = `
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
let written = 0;
export default async function main(container) {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://pod');
    if (pathname === '/copy') return request.pipe(response.writeHead(200, { 'content-type': 'application/octet-stream' }));
    if (pathname === '/moved') return response.writeHead(302, { location: '/there?x=1' }).end();
    if (pathname === '/forever') {
      response.writeHead(200, { 'content-length': 1e9 });
      written = 0;
      const write = () => { do written += 65536; while (response.write(Buffer.alloc(65536))); };
      response.on('drain', write).on('close', () => (written = -1));
      return write();
    }
    if (pathname === '/switching') return request.socket.write('HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: echo\\r\\n\\r\\n');
    if (pathname === '/written') return response.end(String(written));
    const { method, url, headers } = request;
    const status = Number(searchParams.get('status') ?? 200);
    response.writeHead(status, { 'content-type': 'application/json', 'set-cookie': ['a=1', 'b=2'], 'keep-alive': 'timeout=1', constructor: 'own' });
    response.end(JSON.stringify({ method, url, headers, who: container.hostname }));
  });
  server.on('upgrade', (request, socket, head) => {
    if (request.url !== '/echo') return socket.end('HTTP/1.1 426 Upgrade Required\\r\\nContent-Length: 2\\r\\n\\r\\nno');
    socket.write('HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: echo\\r\\nconstructor: own\\r\\n\\r\\n');
    socket.write(head);
    socket.pipe(socket);
  });
  const secure = createSecureServer(identity, (request, response) => response.end(\`secret \${request.url}\`));
  await container.listen(server, 8080);
  await container.listen(secure, 8443);
  container.onSignal(() => container.exit(0));
}
`;

const folder = mkdtempSync(join(tmpdir(), 'threemaster-proxy-'));
const pods = '/api/v1/namespaces/default/pods';
const services = '/api/v1/namespaces/default/services';

/** Ready once its program listens. */
function podNamed(name: string): string {
  const image = pathToFileURL(join(folder, 'server.mjs')).href;
  const readinessProbe = { tcpSocket: { port: 8080 }, periodSeconds: 1 };
  const containers = [{ name: 'main', image, ports: [{ containerPort: 8080 }], readinessProbe }];
  const metadata = { name, labels: { app: 'web' } };
  return JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata, spec: { runtimeClassName: 'worker', containers } });
}

const more = `
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ name: http, port: 80, targetPort: 8080 }, { name: shut, port: 81, targetPort: 9 }] }
---
apiVersion: v1
kind: Service
metadata: { name: empty }
spec: { selector: { app: nothing }, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: simulated }
spec: { containers: [{ name: main, image: nginx }] }
`;

let cluster: Cluster;

beforeAll(async () => {
  const { server: cert, serverKey: key } = await makeCertificates();
  writeFileSync(join(folder, 'server.mjs'), `${server}\nconst identity = ${JSON.stringify({ cert, key })};\n`);
  cluster = await Cluster.start({ masters: 1, nodes: 1 });
  await cluster.apply(more);
  for (const name of ['web', 'simulated']) {
    if (name === 'web') await cluster.apply(podNamed(name));
    await cluster.waitFor(`pod/${name}`, 'Ready');
  }
});

afterAll(async () => {
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(binaries.length === 0).each(binaries.length === 0 ? [none] : binaries)('kubectl $version', (binary) => {
  let kubectl: Kubectl;
  let base: string;

  beforeAll(async () => {
    kubectl = new Kubectl(binary, cluster.kubeconfigPath);
    const child = kubectl.start('proxy --port=0');
    base = `http://127.0.0.1:${/127\.0\.0\.1:(\d+)/.exec(await printed(child, 'Starting to serve'))?.[1]}`;
    return () => child.kill();
  });

  afterAll(() => kubectl?.[Symbol.dispose]());

  test('get --raw reaches a port of a pod and of a service, by number and by name', async () => {
    for (const path of [
      `${pods}/web:8080/proxy/a/b?c=d%2Fe`,
      `${pods}/http:web:8080/proxy/a/b?c=d%2Fe`,
      `${pods}/web/proxy/a/b?c=d%2Fe`,
      `${services}/web:80/proxy/a/b?c=d%2Fe`,
      `${services}/web:http/proxy/a/b?c=d%2Fe`,
    ]) {
      const seen = JSON.parse(await kubectl.ok(`get --raw ${path}`));
      expect(seen).toMatchObject({ method: 'GET', url: '/a/b?c=d%2Fe', who: 'web' });
      expect(seen.headers.authorization).toBeUndefined();
      expect(seen.headers['x-forwarded-uri']).toBe(path.split('?')[0]);
    }
    expect(await kubectl.ok(`get --raw ${pods}/https:web:8443/proxy/x`)).toBe('secret /x');
    expect(await kubectl.ok(`get --raw ${pods}/simulated:80/proxy/x`)).toBe(
      'simulated container main of pod default/simulated: GET /x\n',
    );
  });

  test('what cannot be reached is said as Kubernetes says it', async () => {
    for (const [path, message] of [
      [`${pods}/web:9/proxy/`, 'error trying to reach service: connect ECONNREFUSED'],
      [`${pods}/web:http/proxy/`, 'error trying to reach service: address tcp/http: unknown port'],
      [`${pods}/nobody:80/proxy/`, 'pods "nobody" not found'],
      [`${pods}/a:b:c:d/proxy/`, 'invalid pod request "a:b:c:d"'],
      [`${services}/empty:80/proxy/`, 'no endpoints available for service "empty:80"'],
      [`${services}/web:7/proxy/`, 'no service port 7 found for service "web"'],
      [`${services}/web:shut/proxy/`, 'error trying to reach service'],
      ['/api/v1/nodes/nowhere/proxy/healthz', 'nodes "nowhere" not found'],
      ['/api/v1/nodes/node-0:1/proxy/', 'connection refused'],
    ] as const) {
      const { code, stderr } = await kubectl.run(`get --raw ${path}`);
      expect([path, code === 0, stderr]).toEqual([path, false, expect.stringContaining(message)]);
    }
    for (const path of ['web:9/proxy/', 'web:8080/proxy/switching'])
      expect([path, (await fetch(`${base}${pods}/${path}`)).status]).toEqual([path, 503]);
  });

  test('methods, statuses, headers and redirects pass through', async () => {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      const body = method === 'GET' ? null : 'text';
      const answer = await fetch(`${base}${pods}/web/proxy/x?status=418`, {
        method,
        body,
        headers: { 'x-own': 'yes' },
      });
      expect(answer.status).toBe(418);
      expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
      expect(answer.headers.get('constructor')).toBe('own');
      expect(await answer.json()).toMatchObject({ method, url: '/x?status=418', headers: { 'x-own': 'yes' } });
    }
    const head = await fetch(`${base}${pods}/web/proxy/`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-type'), await head.text()]).toEqual([200, 'application/json', '']);
    const moved = await fetch(`${base}${services}/web:80/proxy/moved`, { redirect: 'manual' });
    expect(moved.headers.get('location')).toBe(`${services}/web:80/proxy/there?x=1`);
    const root = await fetch(`${base}${pods}/web/proxy`, { redirect: 'manual' });
    expect([root.status, root.headers.get('location')]).toEqual([301, `${pods}/web/proxy/`]);
  });

  test('a large body goes both ways, byte for byte', async () => {
    const body = randomBytes(5 * 1024 * 1024);
    for (const path of [`${pods}/web/proxy/copy`, `${services}/web:80/proxy/copy`]) {
      const answer = await fetch(base + path, { method: 'POST', body });
      expect(Buffer.from(await answer.arrayBuffer()).equals(body)).toBe(true);
    }
  });

  test('many requests at once get each their own answer', async () => {
    const numbers = Array.from({ length: 50 }, (_, index) => index);
    const answers = await Promise.all(numbers.map((number) => fetch(`${base}${services}/web:80/proxy/${number}`)));
    const urls = await Promise.all(answers.map(async (answer) => ((await answer.json()) as { url: string }).url));
    expect(urls).toEqual(numbers.map((number) => `/${number}`));
  });

  test('an answer whose pod is killed breaks off', async () => {
    await cluster.apply(podNamed('victim'));
    await cluster.waitFor('pod/victim', 'Ready');
    const ended = new Promise<string>((resolve) => {
      request(`${base}${pods}/victim/proxy/forever`, (answer) => {
        answer.once('data', () => {
          void kubectl.ok('delete pod victim --grace-period=0 --force');
        });
        answer.on('data', () => {});
        answer.on('end', () => resolve(`complete, ${answer.statusCode}`));
        answer.on('error', () => resolve('broken off'));
      })
        .on('error', () => resolve('no answer'))
        .end();
    });
    expect(await ended).toBe('broken off');
    expect((await fetch(`${base}${pods}/web/proxy/after`)).status).toBe(200);
  });

  test('a reader who waits makes the pod wait, and his leaving ends the request', async () => {
    const written = async (): Promise<number> =>
      (await (await fetch(`${base}${pods}/web/proxy/written`)).json()) as number;
    const asked = request(`${base}${pods}/web/proxy/forever`).end();
    const answer = await new Promise<IncomingMessage>((resolve) => asked.once('response', resolve));
    let before = -1;
    const growth = async (): Promise<number> => {
      const now = await written();
      const grown = now - before;
      before = now;
      return grown;
    };
    await expect.poll(growth, { timeout: 20_000, interval: 100 }).toBe(0);
    expect(before).toBeLessThan(64 * 1024 * 1024);
    answer.resume();
    await expect.poll(written, { timeout: 20_000 }).toBeGreaterThan(before);
    asked.destroy();
    await expect.poll(written, { timeout: 20_000 }).toBe(-1);
  });

  test('a connection that the pod upgrades carries whatever both sides say', async () => {
    const headers = { connection: 'Upgrade', upgrade: 'echo' };
    const asked = request(`${base}${pods}/web/proxy/echo`, { headers }).end();
    const [answer, socket] = await new Promise<[IncomingMessage, Duplex]>((resolve, reject) => {
      asked.once('upgrade', (head, stream) => resolve([head, stream]));
      asked.once('error', reject);
    });
    expect([answer.statusCode, answer.headers['upgrade']]).toEqual([101, 'echo']);
    expect(answer.headers).toHaveProperty('constructor', 'own');
    const sent = randomBytes(300_000);
    const echoed: Buffer[] = [];
    socket.write(sent);
    for await (const part of socket) {
      echoed.push(part as Buffer);
      if (echoed.reduce((sum, { length }) => sum + length, 0) >= sent.length) break;
    }
    expect(Buffer.concat(echoed).equals(sent)).toBe(true);
    const refused = request(`${base}${pods}/web/proxy/other`, { headers }).end();
    const status = await new Promise((resolve) => refused.once('response', ({ statusCode }) => resolve(statusCode)));
    expect(status).toBe(426);
  });

  test('a node tells of its kubelet', async () => {
    const page = (path: string): Promise<string> => kubectl.ok(`get --raw /api/v1/nodes/node-0/proxy${path}`);
    expect(await page('/healthz')).toBe('ok');
    const names = JSON.parse(await page('/pods')).items.map((pod: { metadata: { name: string } }) => pod.metadata.name);
    expect(names).toEqual(expect.arrayContaining(['web', 'simulated']));
    expect(JSON.parse(await page('/configz')).kubeletconfig.kind).toBe('KubeletConfiguration');
    await expect
      .poll(async () => JSON.parse(await page('/stats/summary')), { timeout: 10_000 })
      .toMatchObject({
        node: { nodeName: 'node-0', cpu: { usageNanoCores: expect.any(Number) } },
        pods: expect.arrayContaining([
          expect.objectContaining({ podRef: expect.objectContaining({ name: 'simulated', namespace: 'default' }) }),
        ]),
      });
    expect(await page('/metrics/resource')).toContain('node_memory_working_set_bytes ');
    expect(await page('/metrics')).toMatch(/kubelet_runtime_operations_total\{operation_type="start_container"\} \d+/);
    expect((await kubectl.run('get --raw /api/v1/nodes/node-0/proxy/logs')).stderr).toContain('(NotFound)');
  });
});

test('client-node gets through to a pod', async () => {
  const config = new clientNode.KubeConfig();
  config.loadFromFile(cluster.kubeconfigPath);
  const api = config.makeApiClient(clientNode.CoreV1Api);
  const seen = await api.connectGetNamespacedPodProxyWithPath({ name: 'web:8080', namespace: 'default', path: 'a' });
  expect(seen).toMatchObject({ url: '/a', who: 'web' });
});
