/** Real programs as pods of a whole cluster: RuntimeClasses, addresses, restarts, and what is left when a node or the cluster ends. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { filter, firstValueFrom, timeout } from 'rxjs';
import { afterEach, expect, test } from 'vitest';
import { Cluster } from '../../actors/cluster/index.ts';
import type { Pod } from '../../src/kinds/pod/types.ts';

let cluster: Cluster | undefined;

afterEach(async () => {
  await cluster?.stop();
  cluster = undefined;
});

const isLinux = process.platform === 'linux';

function pod(name: string, container: object, spec: object = {}): string {
  const containers = [{ name: 'main', image: 'busybox', imagePullPolicy: 'IfNotPresent', ...container }];
  return JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers, ...spec } });
}

async function podNamed(name: string): Promise<Pod> {
  return (await cluster?.api.get(`pod/${name}`)) as unknown as Pod;
}

interface SeenEvent {
  readonly regarding: { readonly name: string };
  readonly reason: string;
  readonly note: string;
}

async function eventsOf(name: string): Promise<string> {
  const events = ((await cluster?.api.list('events')) ?? []) as unknown as readonly SeenEvent[];
  const own = events.filter(({ regarding }) => regarding.name === name);
  return own.map(({ reason, note }) => `${reason}: ${note}`).join('\n');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isLinux || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

function speaks(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, address, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

test('a RuntimeClass chooses the runtime; a pod whose class is not there is refused, and taken when it has come', async () => {
  cluster = await Cluster.start({ masters: 1, nodes: 1 });
  const classes = await cluster.api.list('runtimeclasses');
  expect(classes.map(({ metadata }) => metadata.name).toSorted()).toEqual(['process', 'simulated', 'worker']);
  const command = ['sh', '-c', 'exit 5'];
  for (const name of ['worker', 'process']) {
    await cluster.apply(pod(name, { command }, { runtimeClassName: name, restartPolicy: 'Never' }));
    await cluster.waitFor(`pod/${name}`, (object) => (object as unknown as Pod).status?.phase === 'Failed');
    expect((await podNamed(name)).status?.containerStatuses?.[0]?.state?.terminated?.exitCode).toBe(5);
  }
  expect(await eventsOf('worker')).toContain('it stands for the built-in program threemaster/shell');
  const later = pod('later', { command: ['sleep', '1000'] }, { runtimeClassName: 'later' });
  await expect(cluster.apply(later)).rejects.toThrow('pod rejected: RuntimeClass "later" not found');
  await cluster.apply('{ apiVersion: node.k8s.io/v1, kind: RuntimeClass, metadata: { name: later }, handler: worker }');
  await cluster.apply(later);
  await cluster.waitFor('pod/later', 'Ready');
});

test('an image that the runtime does not know is not pulled', async () => {
  cluster = await Cluster.start({ masters: 1, nodes: 1, runtime: 'worker' });
  await cluster.apply(pod('alien', { image: 'postgres:16' }));
  await expect.poll(() => eventsOf('alien'), { timeout: 5_000 }).toContain('there are threemaster/web');
  const waiting = (await podNamed('alien')).status?.containerStatuses?.[0]?.state?.waiting;
  expect(['ErrImagePull', 'ImagePullBackOff']).toContain(waiting?.reason);
});

test.runIf(isLinux)('pods have addresses of their own at which they answer, be it at the same port', async () => {
  cluster = await Cluster.start({ masters: 1, nodes: 2, runtime: 'worker' });
  const web = {
    image: 'threemaster/web',
    args: ['--port=8080'],
    readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 },
  };
  for (const name of ['one', 'two', 'three']) await cluster.apply(pod(name, web));
  for (const name of ['one', 'two', 'three']) await cluster.waitFor(`pod/${name}`, 'Ready');
  const addresses = await Promise.all(
    ['one', 'two', 'three'].map(async (name) => (await podNamed(name)).status?.podIP ?? ''),
  );
  expect(new Set(addresses).size).toBe(3);
  for (const address of addresses) {
    expect(address).toMatch(/^127\./);
    expect(await speaks(address, 8_080)).toBe(true);
  }
});

test('a program that dies is started again, and the kubelet that takes over finds those that run', async () => {
  cluster = await Cluster.start({ masters: 1, nodes: 1, runtime: 'process' });
  await cluster.apply(pod('dies', { command: ['sh', '-c', 'sleep 0.1; exit 1'] }));
  await cluster.waitFor(
    'pod/dies',
    (object) => ((object as unknown as Pod).status?.containerStatuses?.[0]?.restartCount ?? 0) >= 2,
  );
  await cluster.apply(pod('stays', { command: ['sleep', '1000'] }));
  await cluster.waitFor('pod/stays', 'Ready');
  const before = (await podNamed('stays')).status?.containerStatuses?.[0]?.containerID;
  await cluster.kill('node-0/kubelet');
  await cluster.restart('node-0/kubelet');
  await cluster.ready();
  expect((await podNamed('stays')).status?.containerStatuses?.[0]).toMatchObject({
    containerID: before,
    restartCount: 0,
  });
});

test('with a killed node, and with the cluster, end all processes and files', async () => {
  cluster = await Cluster.start({ masters: 1, nodes: 2 });
  const folder = dirname(cluster.kubeconfigPath);
  const started = async (name: string, node: string): Promise<number> => {
    const command = ['sh', '-c', 'echo -n $$$$ > dev/termination-log; cp dev/termination-log $KEPT; sleep 1000'];
    const env = [{ name: 'KEPT', value: join(folder, name) }];
    await cluster?.apply(pod(name, { command, env }, { nodeName: node, runtimeClassName: 'process' }));
    await expect
      .poll(() => existsSync(join(folder, name)) && readFileSync(join(folder, name), 'utf8'), { timeout: 5_000 })
      .toMatch(/^\d+$/);
    return Number(readFileSync(join(folder, name), 'utf8'));
  };
  const first = await started('first', 'node-0');
  const second = await started('second', 'node-1');
  const gone = firstValueFrom(
    cluster.events$.pipe(
      filter(({ type }) => type === 'killed'),
      timeout(5_000),
    ),
  );
  await cluster.kill('node-0');
  await gone;
  await expect.poll(() => isAlive(first), { timeout: 5_000 }).toBe(false);
  expect(isAlive(second)).toBe(true);
  await cluster.stop();
  await expect.poll(() => isAlive(second), { timeout: 5_000 }).toBe(false);
  await expect.poll(() => existsSync(folder)).toBe(false);
});

test('with a process that is killed end its programs and their files', async () => {
  const script = `
    import { Cluster } from '#threemaster';
    const cluster = await Cluster.start({ masters: 1, nodes: 1, runtime: 'process' });
    await cluster.apply(${JSON.stringify(pod('left', { command: ['sh', '-c', 'echo -n $$$$ > $HOME/dev/termination-log; sleep 1000'] }))});
    await cluster.waitFor('pod/left', 'Ready');
    console.log(cluster.kubeconfigPath);
  `.replace('#threemaster', pathToFileURL(resolve('dist/index.js')).href);
  const scripts = await mkdtemp(join(tmpdir(), 'threemaster-script-'));
  const path = join(scripts, 'cluster.mjs');
  await writeFile(path, script);
  const child = spawn(process.execPath, [path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const parts: Buffer[] = [];
  child.stdout.on('data', (bytes: Buffer) => parts.push(bytes));
  const nodes = (): string => join(dirname(Buffer.concat(parts).toString('utf8').trim()), 'nodes');
  await expect.poll(() => parts.length, { timeout: 20_000 }).toBeGreaterThan(0);
  const message = globSync(join(nodes(), '*/containers/*/dev/termination-log'))[0] ?? '';
  const pid = Number(readFileSync(message, 'utf8'));
  expect(isAlive(pid)).toBe(true);
  child.kill('SIGKILL');
  await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
  await expect.poll(() => existsSync(nodes()), { timeout: 10_000 }).toBe(false);
  for (const folder of [dirname(nodes()), scripts]) await rm(folder, { recursive: true, force: true });
});

/** The files that a path with one wildcard per folder means. */
function globSync(pattern: string): string[] {
  return pattern
    .split('/')
    .reduce<string[]>(
      (found, part) =>
        found.flatMap((folder) => {
          if (part !== '*') return [`${folder}${part}/`];
          return existsSync(folder) ? readdirSync(folder).map((name) => `${folder}${name}/`) : [];
        }),
      [''],
    )
    .map((path) => path.slice(0, -1));
}

test('what a real program uses is seen by top and by an autoscaler', async () => {
  cluster = await Cluster.start({ masters: 1, nodes: 1, runtime: 'worker' });
  const burns = 'while true; do i=0; while [ $i -lt 200 ]; do i=$((i+1)); done; sleep 0.01; done';
  const labels = { app: 'burner' };
  const containers = [{ name: 'main', image: 'busybox', command: ['sh', '-c', burns] }];
  await cluster.apply(
    JSON.stringify({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'burner' },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
    }),
  );
  await cluster.waitFor('deployment/burner', 'Available');
  const cpu = { name: 'cpu', target: { type: 'AverageValue', averageValue: '5m' } };
  await cluster.apply(
    JSON.stringify({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'burner' },
      spec: {
        maxReplicas: 2,
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'burner' },
        metrics: [{ type: 'Resource', resource: cpu }],
      },
    }),
  );
  const isGrown = (object: unknown): boolean => (object as { readonly spec: { replicas: number } }).spec.replicas === 2;
  await cluster.waitFor('deployment/burner', isGrown, { timeoutMs: 60_000 });
}, 120_000);
