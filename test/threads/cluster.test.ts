/** The programmatic API on real threads: everything that a cluster starts ends with it, parts die and come back, nodes come and go. */
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CoreV1Api, KubeConfig, Watch } from '@kubernetes/client-node';
import { filter, firstValueFrom, map, type Observable, ReplaySubject, skip, take, toArray } from 'rxjs';
import { afterEach, expect, test } from 'vitest';
import { Cluster, type ClusterEvent, type Leadership } from '../../actors/cluster/index.ts';

let cluster: Cluster | undefined;

afterEach(async () => {
  await cluster?.stop();
  cluster = undefined;
});

const web = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 4
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: web:1 }] }
`;

/** Resources that keep the process alive, by kind. */
function resources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** Folders of clusters of this name, which no other test uses. */
const leftovers = async (): Promise<string[]> =>
  (await readdir(tmpdir())).filter((name) => name.startsWith('threemaster-tidy-'));

function isRefused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(false);
    });
    socket.on('error', () => resolve(true));
  });
}

test('a cluster leaves no thread, socket or file behind', async () => {
  const before = resources();
  const filesBefore = await leftovers();
  const started = await Cluster.start({ name: 'tidy', masters: 3, nodes: 1 });
  await started.apply(web);
  const { ports, kubeconfigPath } = started.access;
  expect((await leftovers()).length).toBe(filesBefore.length + 1);
  expect(existsSync(kubeconfigPath)).toBe(true);
  await started.stop();
  expect(existsSync(dirname(kubeconfigPath))).toBe(false);
  expect(await Promise.all(Object.values(ports).map(isRefused))).toEqual([true, true, true, true]);
  expect(await leftovers()).toEqual(filesBefore);
  const after = resources();
  for (const name of ['MessagePort', 'Worker', 'TCPServerWrap', 'TCPSocketWrap'])
    expect([name, after[name] ?? 0]).toEqual([name, before[name] ?? 0]);
});

test('a start that fails leaves nothing behind either', async () => {
  const before = resources();
  const folder = await mkdtemp(join(tmpdir(), 'threemaster-test-'));
  await writeFile(join(folder, 'file'), 'not a folder');
  await expect(Cluster.start({ dataDirectory: join(folder, 'file') })).rejects.toThrow(/EEXIST|ENOTDIR/);
  expect(resources()['MessagePort'] ?? 0).toBe(before['MessagePort'] ?? 0);
  await rm(folder, { recursive: true });
});

test('with a data directory, what was written, the address and the token survive the end of the cluster', async () => {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'threemaster-test-'));
  cluster = await Cluster.start({ masters: 1, nodes: 0, dataDirectory });
  await cluster.apply('apiVersion: v1\nkind: ConfigMap\nmetadata: { name: kept }\n');
  const { url, token } = cluster.access;
  await cluster.stop();
  cluster = await Cluster.start({ masters: 1, nodes: 0, dataDirectory });
  expect((await cluster.api.get('configmap/kept')).metadata.name).toBe('kept');
  expect([cluster.access.url, cluster.access.token]).toEqual([url, token]);
  await cluster.stop();
  await rm(dataDirectory, { recursive: true });
});

test('a start whose port is taken says so', async () => {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'threemaster-test-'));
  cluster = await Cluster.start({ masters: 1, nodes: 0, dataDirectory });
  const { port } = new URL(cluster.access.url);
  await cluster.stop();
  const squatter = createServer();
  await new Promise<void>((resolve) => void squatter.listen(Number(port), '127.0.0.1', resolve));
  await expect(Cluster.start({ masters: 1, nodes: 0, dataDirectory })).rejects.toThrow(
    `balancer cannot listen: listen EADDRINUSE: address already in use 127.0.0.1:${port}`,
  );
  squatter.close();
  await rm(dataDirectory, { recursive: true });
});

test('at its end a cluster resigns its offices, in the order that lets the store hear it', async () => {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'threemaster-test-'));
  cluster = await Cluster.start({ masters: 1, nodes: 1, dataDirectory });
  const vacated: string[] = [];
  cluster.store.watch('/threemaster/elections/').subscribe(({ type, keyValue }) => {
    if (type === 'delete') vacated.push(keyValue.key);
  });
  const ended: string[] = [];
  cluster.events$.subscribe((event) => {
    if (event.type === 'actorEnded' && event.reason === 'stopped') ended.push(event.path);
  });
  const warnings = firstValueFrom(
    cluster.logs$.pipe(
      filter(({ level }) => level === 'error'),
      toArray(),
    ),
  );
  await cluster.store.revision();
  await cluster.stop();
  expect(vacated.toSorted()).toEqual(['/threemaster/elections/controllers', '/threemaster/elections/scheduler']);
  const order = [
    'balancer',
    'master-0/gateway',
    'master-0/scheduler',
    'node-0/kubelet',
    'master-0/apiserver',
    'master-0/store',
  ];
  expect(ended.filter((path) => order.includes(path))).toEqual(order);
  expect(await warnings).toEqual([]);
  await rm(dataDirectory, { recursive: true });
});

test('a killed kubelet leaves its containers running; a killed node has its pods replaced elsewhere', async () => {
  cluster = await Cluster.start({ masters: 1, nodes: 2 });
  await cluster.apply(web);
  await cluster.waitFor('deployment/web', 'Available');
  const restarts = async (): Promise<number[]> =>
    (await (cluster as Cluster).api.list('pods')).map(
      (pod) =>
        (pod as unknown as { status: { containerStatuses: { restartCount: number }[] } }).status.containerStatuses[0]
          ?.restartCount ?? -1,
    );
  await cluster.kill('node-0/kubelet');
  await cluster.restart('node-0/kubelet');
  await cluster.ready();
  expect(await restarts()).toEqual([0, 0, 0, 0]);
  await cluster.kill('node-0');
  const elsewhere = (pods: ReadonlyMap<string, PodSeen>): boolean => {
    const kept = [...pods.values()].filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    return (
      kept.length === 4 && kept.every(({ spec, status }) => spec.nodeName === 'node-1' && status?.phase === 'Running')
    );
  };
  expect((await firstValueFrom(podsOf(cluster).pipe(filter(elsewhere)))).size).toBeGreaterThanOrEqual(4);
});

interface PodSeen {
  readonly metadata: { readonly uid: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly nodeName?: string };
  readonly status?: { readonly phase?: string };
}

/** The pods by uid, after each change. */
function podsOf(of: Cluster): Observable<ReadonlyMap<string, PodSeen>> {
  const pods = new Map<string, PodSeen>();
  return of.api.watch('pods').pipe(
    map(({ type, object }) => {
      const pod = object as unknown as PodSeen;
      if (type === 'DELETED') pods.delete(pod.metadata.uid);
      else if (type !== 'BOOKMARK') pods.set(pod.metadata.uid, pod);
      return pods;
    }),
  );
}

test('nodes come and go', async () => {
  cluster = await Cluster.start({ masters: 1, nodes: 1 });
  const added = await cluster.addNode();
  await cluster.waitFor(`node/${added.name}`, 'Ready');
  expect(cluster.nodes()).toEqual(['node-0', 'node-1']);
  await cluster.removeNode('node-0');
  expect((await cluster.api.list('nodes')).map(({ metadata }) => metadata.name)).toEqual(['node-1']);
});

test('what happens is told: events, leadership and messages', async () => {
  cluster = await Cluster.start({ masters: 3, nodes: 0 });
  const told: ClusterEvent[] = [];
  cluster.events$.subscribe((event) => told.push(event));
  const leaders = new ReplaySubject<Leadership>();
  const subscription = cluster.leadership$.subscribe(leaders);
  const messages = firstValueFrom(
    cluster.messages$.pipe(
      filter(({ from, to }) => from.endsWith('/store') && to.endsWith('/store')),
      take(3),
      toArray(),
    ),
  );
  expect(await messages).toHaveLength(3);
  const leader = await cluster.leader();
  const first = await firstValueFrom(leaders);
  expect(first.leader).toBe(leader.name);
  await leader.kill();
  const second = await firstValueFrom(leaders.pipe(skip(1)));
  expect(second.leader).not.toBe(leader.name);
  expect(second.term).toBeGreaterThan(first.term);
  subscription.unsubscribe();
  expect(told.map(({ type }) => type)).toContain('killed');
});

test('@kubernetes/client-node works over HTTPS, through the death of the leading master', async () => {
  cluster = await Cluster.start({ masters: 3, nodes: 0 });
  const config = new KubeConfig();
  config.loadFromOptions(cluster.kubeConfig());
  const core = config.makeApiClient(CoreV1Api);
  const seen: string[] = [];
  const abort = await new Watch(config).watch(
    '/api/v1/namespaces/default/configmaps',
    {},
    (type, object: { metadata: { name: string } }) => seen.push(`${type} ${object.metadata.name}`),
    () => {},
  );
  await core.createNamespacedConfigMap({ namespace: 'default', body: { metadata: { name: 'one' }, data: { a: '1' } } });
  await (await cluster.leader()).kill();
  await cluster.store.revision();
  const created = await createThrough(core, 'two');
  expect(created).toBe('two');
  const { items } = await core.listNamespacedConfigMap({ namespace: 'default' });
  expect(items.map(({ metadata }) => metadata?.name)).toEqual(expect.arrayContaining(['one', 'two']));
  expect(seen).toContain('ADDED one');
  abort.abort();
});

test('new connections go around a leading master that is cut off', async () => {
  const started = await Cluster.start({ masters: 3, nodes: 0 });
  cluster = started;
  const leader = (await started.leader()).name;
  await started.partition(
    [leader],
    started.masters().filter((name) => name !== leader),
  );
  const statuses: (number | string)[] = [];
  for (let index = 0; statuses.at(-1) !== 201 && index < 20; index += 1) {
    statuses.push(await createAnew(started, `around-${index}`));
  }
  expect(statuses.at(-1)).toBe(201);
  await started.heal();
  await started.ready();
  expect(await createAnew(started, 'healed')).toBe(201);
});

/** Makes a config map over a connection of its own, with little patience; resolves with the status or what went wrong. */
function createAnew({ access }: Cluster, name: string): Promise<number | string> {
  const path = '/api/v1/namespaces/default/configmaps';
  const headers = { authorization: `Bearer ${access.token}`, 'content-type': 'application/json' };
  const options = { method: 'POST', agent: false, rejectUnauthorized: false, headers, timeout: 2_000 } as const;
  return new Promise((resolve) => {
    const asked = request(new URL(path, access.url), options, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on('timeout', () => asked.destroy(new Error('timeout')));
    asked.on('error', ({ message }) => resolve(message));
    asked.end(JSON.stringify({ metadata: { name } }));
  });
}

/** A connection to the dead master is reset; a client connects again, as clients do. */
async function createThrough(core: CoreV1Api, name: string): Promise<string | undefined> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return (await core.createNamespacedConfigMap({ namespace: 'default', body: { metadata: { name } } })).metadata
        ?.name;
    } catch (error) {
      if ((error as { code?: number }).code === 409) return name;
      if (attempt === 20) throw error;
    }
  }
}
