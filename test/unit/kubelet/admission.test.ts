/** Which pods a node refuses though they were bound to it, and in which words. */
import { expect, test } from 'vitest';
import type { StringMap } from '../../../src/api/object-meta.ts';
import type { Taint } from '../../../src/kinds/pod/scheduling-types.ts';
import type { Pod, PodSpec } from '../../../src/kinds/pod/types.ts';
import { refusalOf } from '../../../src/kubelet/admission.ts';
import { NodeBench } from './node-bench.ts';

const image = { image: 'app', imagePullPolicy: 'IfNotPresent' as const };
const asking = (requests: Record<string, string>): Partial<PodSpec> => ({
  containers: [{ name: 'main', ...image, resources: { requests } }],
});
const onPort = (hostPort: number, hostIP?: string): Partial<PodSpec> => ({
  containers: [
    { name: 'main', ...image, ports: [{ containerPort: 80, hostPort, ...(hostIP === undefined ? {} : { hostIP }) }] },
  ],
});

const refusals: readonly (readonly [string, Partial<PodSpec>, Partial<PodSpec>, string, string])[] = [
  [
    'cpu',
    asking({ cpu: '3' }),
    asking({ cpu: '1500m' }),
    'OutOfcpu',
    "Node didn't have enough resource: cpu, requested: 1500, used: 3000, capacity: 4000",
  ],
  [
    'memory',
    asking({ memory: '8Gi' }),
    asking({ memory: '1' }),
    'OutOfmemory',
    "Node didn't have enough resource: memory, requested: 1, used: 8589934592, capacity: 8589934592",
  ],
  [
    'node',
    {},
    { nodeSelector: { disk: 'fast' } },
    'NodeAffinity',
    "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
  ],
  [
    'port',
    onPort(8080, '127.0.0.1'),
    onPort(8080),
    'NodePorts',
    "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
  ],
];
test.each(refusals)(
  'a pod that asks for %s that the node does not have is refused',
  (_what, first, second, reason, message) => {
    const bench = new NodeBench();
    bench.add('first', first);
    bench.add('second', second);
    expect(bench.status('first').phase).toBe('Running');
    expect(bench.status('second')).toMatchObject({ phase: 'Failed', reason, message: `Pod was rejected: ${message}` });
    expect(bench.status('second').containerStatuses).toBeUndefined();
    expect(bench.events).toContain(`${reason}: ${message}`);
    bench.restartKubelet();
    expect(bench.status('second')).toMatchObject({ phase: 'Failed', reason });
    expect(bench.status('second').containerStatuses).toBeUndefined();
  },
);

test('a node runs as many pods as it has room for, 110 unless it says otherwise, and takes others when some are gone', () => {
  const bench = new NodeBench({ node: { allocatable: {} } });
  for (let n = 0; n <= 110; n += 1)
    bench.add(`p${n}`, n === 0 ? { restartPolicy: 'Never' } : {}, n === 0 ? { runMs: 1_000 } : {});
  const running = (): number =>
    Array.from({ length: 111 }, (_, n) => bench.status(`p${n}`).phase).filter((phase) => phase === 'Running').length;
  expect(running()).toBe(110);
  expect(bench.status('p110')).toMatchObject({
    reason: 'OutOfpods',
    message: "Pod was rejected: Node didn't have enough resource: pods, requested: 1, used: 110, capacity: 110",
  });
  bench.runFor(2_000);
  expect(bench.status('p0').phase).toBe('Succeeded');
  bench.add('next');
  expect(bench.status('next').phase).toBe('Running');
});

test('a restarted kubelet refuses nothing that has run', () => {
  const bench = new NodeBench();
  bench.add('old', asking({ cpu: '4' }));
  bench.restartKubelet();
  expect(bench.status('old').phase).toBe('Running');
});

test('labels that the node has got meanwhile count', () => {
  const bench = new NodeBench({ node: { labels: { disk: 'fast' } } });
  bench.add('one', { nodeSelector: { disk: 'fast' } });
  expect(bench.status('one').phase).toBe('Running');
  bench.setNode({});
  bench.add('two', { nodeSelector: { disk: 'fast' } });
  expect(bench.status('two').reason).toBe('NodeAffinity');
});

test('a taint that drives pods out keeps those away that do not tolerate it, be they critical; one that only keeps them away does not', () => {
  const bench = new NodeBench();
  const taint = (effect: Taint['effect']): void =>
    bench.setNode({}, { taints: [{ key: 'gone', value: 'soon', effect }] });
  taint('NoSchedule');
  bench.add('scheduled', { tolerations: [] });
  expect(bench.status('scheduled').phase).toBe('Running');
  taint('NoExecute');
  expect(bench.status('scheduled').phase).toBe('Running');
  bench.add('for-a-while', { tolerations: [{ key: 'gone', operator: 'Exists', tolerationSeconds: 5 }] });
  expect(bench.status('for-a-while').phase).toBe('Running');
  for (const [name, spec] of [
    ['plain', {}],
    ['otherwise', { tolerations: [{ key: 'gone', value: 'later' }] }],
    ['critical', { priority: 2_000_000_000 }],
  ] as const) {
    bench.add(name, spec);
    expect(bench.status(name)).toMatchObject({
      phase: 'Failed',
      reason: 'TaintToleration',
      message: "Pod was rejected: Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate",
    });
  }
  bench.setNode({});
  bench.add('later');
  expect(bench.status('later').phase).toBe('Running');
});

test('a static pod heeds no taint', () => {
  const pod = (annotations: StringMap): Pod => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'own', namespace: 'default', annotations },
    spec: { containers: [{ name: 'main', ...image }] },
  });
  const node = {
    name: 'node-0',
    labels: {},
    allocatable: { pods: '110' },
    taints: [{ key: 'gone', effect: 'NoExecute' as const }],
  };
  expect(refusalOf(pod({}), [], node)?.reason).toBe('TaintToleration');
  expect(refusalOf(pod({ 'kubernetes.io/config.source': 'file' }), [], node)).toBeNull();
});
