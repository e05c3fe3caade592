/** Stateful sets on a naive cluster whose caches lag, whose pods die and whose controller is replaced: the order holds, and there is an end. */
import { expect, test } from 'vitest';
import { isBeingDeleted } from '../../../src/api/object-meta.ts';
import { statefulSetController } from '../../../src/controllers/statefulset/keys.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import type { StatefulSet, StatefulSetSpec } from '../../../src/kinds/statefulset/types.ts';
import { NaiveCluster } from './naive-cluster.ts';

const seeds = Array.from({ length: 20 }, (_, index) => index + 1);
const labels = { app: 'web' };
const templateOf = (image: string): StatefulSetSpec['template'] => ({
  metadata: { labels },
  spec: { containers: [{ name: 'web', image }] },
});

function start(seed: number, spec: Partial<StatefulSetSpec>): NaiveCluster {
  const cluster = new NaiveCluster(seed, { controllers: [statefulSetController] });
  cluster.put('statefulsets', {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: { matchLabels: labels }, template: templateOf('web:1'), revisionHistoryLimit: 2, ...spec },
  } as StatefulSet);
  return cluster;
}

const setOf = (cluster: NaiveCluster): StatefulSet => cluster.all('statefulsets')[0] as StatefulSet;

function change(cluster: NaiveCluster, spec: Partial<StatefulSetSpec>): void {
  const set = setOf(cluster);
  cluster.put('statefulsets', { ...set, spec: { ...set.spec, ...spec } } as StatefulSet);
}

const ordinal = (pod: Pod): number => Number(pod.metadata.name?.replace('web-', ''));
const isReady = (pod: Pod): boolean => pod.status?.phase === 'Running' && !isBeingDeleted(pod);

/** A step in which no pod dies. */
function turn(cluster: NaiveCluster): void {
  if (cluster.random.chance(0.3)) cluster.advanceOne();
  else cluster.stepControllers();
}

function isAtRest(cluster: NaiveCluster): void {
  const { spec, status, metadata } = setOf(cluster);
  const pods = [...cluster.pods()].sort((left, right) => ordinal(left) - ordinal(right));
  expect(pods.map(ordinal)).toEqual(Array.from({ length: spec.replicas ?? 1 }, (_, index) => index));
  const image = spec.template.spec.containers[0]?.image;
  expect(pods.every((pod) => pod.spec.containers[0]?.image === image)).toBe(true);
  expect(status).toMatchObject({
    observedGeneration: metadata.generation,
    replicas: pods.length,
    readyReplicas: pods.length,
    updatedReplicas: pods.length,
    currentRevision: status?.updateRevision,
  });
}

test.each(seeds)(
  'seed %i: whatever dies and lags, and whoever takes over, all pods come to be as asked for',
  (seed) => {
    const podManagementPolicy = seed % 2 === 0 ? 'Parallel' : 'OrderedReady';
    const cluster = start(seed, { replicas: seed % 6, podManagementPolicy });
    for (let phase = 0; phase < 4; phase += 1) {
      for (let step = 0; step < 250; step += 1) {
        cluster.step();
        if (cluster.random.chance(0.01)) cluster.changeOffice();
      }
      if (cluster.random.chance(0.5)) change(cluster, { replicas: cluster.random.integer(0, 6) });
      if (cluster.random.chance(0.6)) change(cluster, { template: templateOf(`web:${cluster.random.integer(1, 3)}`) });
    }
    expect(cluster.settle()).toBe(true);
    isAtRest(cluster);
  },
);

test.each(seeds)(
  'seed %i: in order, a pod is never made before all lower ones are ready, nor removed after a lower one',
  (seed) => {
    const cluster = start(seed, { replicas: 4, podManagementPolicy: 'OrderedReady' });
    let known = new Set<string>();
    for (let step = 0; step < 600; step += 1) {
      const readyBefore = new Set(cluster.pods().filter(isReady).map(ordinal));
      turn(cluster);
      if (step === 300) change(cluster, { replicas: 1 });
      const pods = cluster.pods();
      for (const pod of pods.filter(({ metadata }) => !known.has(metadata.uid ?? ''))) {
        for (let lower = 0; lower < ordinal(pod); lower += 1) expect(readyBefore.has(lower)).toBe(true);
      }
      known = new Set(pods.map(({ metadata }) => metadata.uid ?? ''));
      const going = pods.filter(isBeingDeleted).map(ordinal);
      expect(going.length).toBeLessThanOrEqual(1);
      for (const each of going) expect(each).toBe(Math.max(...pods.map(ordinal)));
    }
    expect(cluster.pods().map(ordinal)).toEqual([0]);
  },
);

test.each(seeds)('seed %i: an update never takes away more pods than it may', (seed) => {
  const max = 1 + (seed % 3);
  const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition: 0, maxUnavailable: max } } as const;
  const cluster = start(seed, { replicas: 6, podManagementPolicy: 'Parallel', updateStrategy });
  expect(cluster.settle()).toBe(true);
  for (const image of ['web:2', 'web:3']) {
    change(cluster, { template: templateOf(image) });
    for (let step = 0; step < 400; step += 1) {
      turn(cluster);
      expect(cluster.pods().filter(isReady).length).toBeGreaterThanOrEqual(6 - max);
    }
  }
  expect(cluster.settle()).toBe(true);
  isAtRest(cluster);
});
