/** Memory that runs short: who goes, in which words, and for how long the node tells of it. */
import { expect, test } from 'vitest';
import type { Pod, PodSpec } from '../../../src/kinds/pod/types.ts';
import { evictedFirst } from '../../../src/kubelet/eviction.ts';
import { NodeBench } from './node-bench.ts';

const mebibyte = 1_048_576;
const asking = (memory: string, rest: Partial<PodSpec> = {}): Partial<PodSpec> => ({
  ...rest,
  containers: [{ name: 'main', image: 'app', imagePullPolicy: 'IfNotPresent', resources: { requests: { memory } } }],
});
const pod = (name: string, spec: Partial<PodSpec>): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [], ...spec },
});

const ranks: readonly (readonly [
  string,
  readonly (readonly [string, Partial<PodSpec>, number])[],
  string | undefined,
])[] = [
  [
    'who exceeds its request',
    [
      ['big', asking('900Mi'), 800],
      ['small', asking('10Mi'), 20],
    ],
    'small',
  ],
  [
    'who is least important',
    [
      ['vip', asking('1Mi', { priority: 10 }), 900],
      ['plain', asking('1Mi'), 20],
    ],
    'plain',
  ],
  [
    'who exceeds it most',
    [
      ['one', asking('100Mi'), 150],
      ['two', asking('10Mi'), 70],
    ],
    'two',
  ],
  ['nobody critical', [['vital', asking('1Mi', { priority: 2_000_001_000 }), 900]], undefined],
  ['nobody who uses nothing', [['idle', asking('1Mi'), 0]], undefined],
];
test.each(ranks)('%s goes first', (_what, candidates, expected) => {
  const first = evictedFirst(
    candidates.map(([name, spec, used]) => ({ pod: pod(name, spec), usedBytes: used * mebibyte })),
  );
  expect(first?.pod.metadata.name).toBe(expected);
});

test('a node short of memory evicts a pod, refuses those that ask for nothing, and recovers after a while', () => {
  const bench = new NodeBench({
    node: { allocatable: { memory: '1Gi', pods: '10' } },
    limits: { pressureTransitionMs: 60_000 },
  });
  bench.add('fat', asking('100Mi'));
  bench.add('slim', asking('100Mi'));
  bench.measure({ fat: 600 * mebibyte, slim: 90 * mebibyte });
  expect(bench.kubelet.hasMemoryPressure).toBe(false);
  bench.measure({ fat: 900 * mebibyte, slim: 90 * mebibyte });
  expect(bench.kubelet.hasMemoryPressure).toBe(true);
  const message =
    'The node was low on resource: memory. Threshold quantity: 102400Ki, available: 34816Ki. ' +
    'Container main was using 921600Ki, request is 102400Ki, has larger consumption of memory. ';
  expect(bench.status('fat')).toMatchObject({ phase: 'Failed', reason: 'Evicted', message });
  expect(bench.status('fat').conditions).toContainEqual(
    expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet' }),
  );
  expect(bench.events).toContain(`Evicted: ${message}`);
  expect(bench.status('slim').phase).toBe('Running');
  bench.add('greedy');
  expect(bench.status('greedy')).toMatchObject({ phase: 'Failed', reason: 'Evicted' });
  bench.measure({ slim: 90 * mebibyte });
  expect(bench.kubelet.hasMemoryPressure).toBe(true);
  bench.runFor(61_000);
  bench.measure({ slim: 90 * mebibyte });
  expect(bench.kubelet.hasMemoryPressure).toBe(false);
  bench.restartKubelet();
  expect(bench.status('fat')).toMatchObject({ phase: 'Failed', reason: 'Evicted', message });
});
