/** What a new version of a pod is to its kubelet: nearly always its own status, which must cost nothing and change nothing; sometimes news. */
import { expect, test } from 'vitest';
import { findCondition } from '../../../src/kinds/condition.ts';
import type { Container, Pod, PodSpec } from '../../../src/kinds/pod/types.ts';
import { PodAllocation } from '../../../src/kubelet/pod-allocation.ts';
import { NodeBench } from './node-bench.ts';

const container = { name: 'main', image: 'app', imagePullPolicy: 'IfNotPresent' } as const;
const withLabels = (rest: Partial<Container> = {}): Partial<PodSpec> => ({
  containers: [{ ...container, ...rest, volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
  volumes: [{ name: 'data', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } }],
});

/** As a watch brings it: nothing of the former version but what is equal. */
function fresh(pod: Pod, metadata: Partial<Pod['metadata']> = {}): Pod {
  const copy = JSON.parse(JSON.stringify(pod)) as Pod;
  return { ...copy, metadata: { ...copy.metadata, ...metadata } };
}

const volumesSet = (bench: NodeBench): number => bench.kubelet.runtimeCalls.get('setVolume') ?? 0;

test('a version with another status alone keeps the spec that is known, and leads to nothing', () => {
  const bench = new NodeBench();
  bench.add('web', withLabels());
  const { spec } = bench.kubelet.find('default', 'web', '')?.pod ?? {};
  const before = [...bench.kubelet.runtimeCalls];
  const { status } = bench.kubelet.find('default', 'web', '') ?? {};
  bench.set(fresh(bench.pod('web'), { resourceVersion: '9' }));
  const machine = bench.kubelet.find('default', 'web', '');
  expect(machine?.pod.metadata.resourceVersion).toBe('9');
  expect(machine?.pod.spec).toBe(spec);
  expect(machine?.status).toBe(status);
  expect([...bench.kubelet.runtimeCalls]).toEqual(before);
});

test('labels that change reach the volume that shows them, as often as they do', () => {
  const bench = new NodeBench();
  bench.add('web', withLabels());
  for (const [index, labels] of [{ app: 'a' }, { app: 'b' }, { app: 'b' }].entries()) {
    bench.set(fresh(bench.pod('web'), { labels, resourceVersion: String(index) }));
  }
  expect(bench.file('web', 'data', 'labels')).toBe('app="b"');
  expect(volumesSet(bench)).toBe(3);
});

test('an ephemeral container that is added brings the objects that it needs', () => {
  const bench = new NodeBench();
  bench.add('web', {});
  const pod = fresh(bench.pod('web'));
  const envFrom = [{ configMapRef: { name: 'settings' } }];
  const ephemeralContainers = [{ name: 'shell', image: 'busybox', envFrom }];
  bench.set({ ...pod, spec: { ...pod.spec, ephemeralContainers } });
  expect(bench.watched).toContain('configmaps/default/settings');
});

test('what a pod was granted in a resize counts against those that come after it', () => {
  const asking = (cpu: string): Partial<PodSpec> => ({
    containers: [{ ...container, resources: { requests: { cpu } } }],
  });
  const bench = new NodeBench();
  bench.add('first', asking('1'));
  bench.add('second', asking('1'));
  const pod = fresh(bench.pod('first'), { generation: 2 });
  bench.set({ ...pod, spec: { ...pod.spec, ...asking('2500m') } });
  bench.add('third', asking('1'));
  expect(bench.status('third')).toMatchObject({
    reason: 'OutOfcpu',
    message: "Pod was rejected: Node didn't have enough resource: cpu, requested: 1000, used: 3500, capacity: 4000",
  });
});

test('an equal spec is kept, another one is taken', () => {
  const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers: [container] } };
  const allocation = new PodAllocation(pod);
  allocation.desired = fresh(pod, { labels: { app: 'web' } });
  expect(allocation.granted.spec).toBe(pod.spec);
  expect(allocation.granted.metadata.labels).toEqual({ app: 'web' });
  const other = { ...pod, spec: { containers: [{ ...container, image: 'app:2' }] } };
  allocation.desired = other;
  expect(allocation.granted).toBe(other);
});

test('a pod without init containers is told as initialized before it has a sandbox, one with them when they are done', () => {
  const bench = new NodeBench();
  bench.isDeaf = true;
  bench.add('plain');
  bench.add('prepared', { initContainers: [{ ...container, name: 'setup' }] });
  const initialized = (name: string) => findCondition(bench.status(name).conditions, 'Initialized');
  expect(initialized('plain')).toMatchObject({ status: 'True' });
  expect(initialized('prepared')).toMatchObject({
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: 'containers with incomplete status: [setup]',
  });
  expect(findCondition(bench.status('plain').conditions, 'PodReadyToStartContainers')?.status).toBe('False');
});

test('a kubelet that starts anew before a pod had a sandbox makes its first', () => {
  const bench = new NodeBench();
  const { runtime } = bench;
  const handle = runtime.handle.bind(runtime);
  let isAway = true;
  runtime.handle = (request, ask, ...now) =>
    isAway && ask.type === 'runPodSandbox' ? { answers: [], changes: [] } : handle(request, ask, ...now);
  bench.add('web');
  isAway = false;
  bench.restartKubelet();
  expect(bench.status('web').phase).toBe('Running');
  expect(bench.sandbox('web').config.attempt).toBe(0);
});
