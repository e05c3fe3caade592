/**
 * Replica sets and deployments together on a naive cluster whose caches lag and whose pods die: what never happens, and where it ends.
 * The bounds of a rolling update hold for what the controllers wish (the sizes of the replica sets); pods lag behind the wishes.
 */
import { expect, test } from 'vitest';
import { maxSurge, maxUnavailable, replicasOf } from '../../../src/controllers/deployment/sizes.ts';
import type { Deployment, DeploymentSpec } from '../../../src/kinds/deployment/types.ts';
import { activePods, NaiveCluster } from './naive-cluster.ts';

const seeds = Array.from({ length: 15 }, (_, index) => index + 1);
const stepsPerPhase = 300;

function deployed(cluster: NaiveCluster, spec: Partial<DeploymentSpec>): void {
  const labels = { app: 'web' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'web:1' }] } };
  cluster.put('deployments', {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: { matchLabels: labels }, template, ...spec },
  } as Deployment);
}

function change(cluster: NaiveCluster, spec: Partial<DeploymentSpec>): void {
  const { deployment } = cluster;
  cluster.put('deployments', { ...deployment, spec: { ...deployment.spec, ...spec } } as Deployment);
}

function withImage(cluster: NaiveCluster, image: string): Partial<DeploymentSpec> {
  const { template } = cluster.deployment.spec;
  return { template: { ...template, spec: { containers: [{ name: 'web', image }] } } };
}

function wishedPods(cluster: NaiveCluster): number {
  return cluster.replicaSets().reduce((sum, set) => sum + (set.spec.replicas ?? 0), 0);
}

function isAtRest(cluster: NaiveCluster): void {
  const { deployment } = cluster;
  const image = deployment.spec.template.spec.containers[0]?.image;
  const active = activePods(cluster);
  expect(active).toHaveLength(replicasOf(deployment));
  expect(active.every((pod) => pod.spec.containers[0]?.image === image)).toBe(true);
  expect(deployment.status).toMatchObject({
    replicas: replicasOf(deployment),
    updatedReplicas: replicasOf(deployment),
    availableReplicas: replicasOf(deployment),
    unavailableReplicas: 0,
    observedGeneration: deployment.metadata.generation,
  });
}

test.each(seeds)('seed %i: whatever dies and lags, the cluster comes to what was asked for', (seed) => {
  const cluster = new NaiveCluster(seed);
  deployed(cluster, { replicas: cluster.random.integer(1, 8), progressDeadlineSeconds: 600 });
  for (let phase = 0; phase < 4; phase += 1) {
    for (let step = 0; step < stepsPerPhase; step += 1) cluster.step();
    if (cluster.random.chance(0.5)) change(cluster, { replicas: cluster.random.integer(0, 8) });
    if (cluster.random.chance(0.6)) change(cluster, withImage(cluster, `web:${cluster.random.integer(1, 3)}`));
  }
  expect(cluster.settle()).toBe(true);
  isAtRest(cluster);
  expect(cluster.replicaSets().filter((set) => (set.spec.replicas ?? 0) > 0).length).toBeLessThanOrEqual(1);
});

test.each(seeds)('seed %i: a rolling update never wishes for more pods than the surge allows', (seed) => {
  const cluster = new NaiveCluster(seed);
  const replicas = cluster.random.integer(1, 8);
  const rollingUpdate = { maxSurge: cluster.random.integer(0, 3), maxUnavailable: cluster.random.integer(1, 3) };
  deployed(cluster, { replicas, strategy: { type: 'RollingUpdate', rollingUpdate }, progressDeadlineSeconds: 600 });
  cluster.settle();
  for (let phase = 0; phase < 3; phase += 1) {
    change(cluster, withImage(cluster, `web:${phase + 2}`));
    for (let step = 0; step < stepsPerPhase; step += 1) {
      cluster.step();
      expect(wishedPods(cluster)).toBeLessThanOrEqual(replicas + maxSurge(cluster.deployment));
    }
  }
  expect(cluster.settle()).toBe(true);
  isAtRest(cluster);
});

test.each(seeds)('seed %i: with pods that never get ready the old ones stay, as many as must be available', (seed) => {
  const cluster = new NaiveCluster(seed);
  const replicas = cluster.random.integer(2, 8);
  const rollingUpdate = { maxSurge: cluster.random.integer(0, 3), maxUnavailable: cluster.random.integer(1, 2) };
  deployed(cluster, { replicas, strategy: { type: 'RollingUpdate', rollingUpdate }, progressDeadlineSeconds: 600 });
  cluster.settle();
  cluster.broken.add('web:bad');
  change(cluster, withImage(cluster, 'web:bad'));
  cluster.settle(60);
  const { deployment } = cluster;
  const available = activePods(cluster).filter(({ status }) => status?.phase === 'Running').length;
  expect(available).toBeGreaterThanOrEqual(replicas - maxUnavailable(deployment));
  expect(wishedPods(cluster)).toBeLessThanOrEqual(replicas + maxSurge(deployment));
  change(cluster, withImage(cluster, 'web:good'));
  expect(cluster.settle()).toBe(true);
  isAtRest(cluster);
});

test.each(seeds)(
  'seed %i: a replica set never makes more pods than it wants, however far its caches are behind',
  (seed) => {
    const cluster = new NaiveCluster(seed);
    const replicas = cluster.random.integer(1, 8);
    deployed(cluster, { replicas });
    for (let step = 0; step < stepsPerPhase; step += 1) {
      cluster.step();
      expect(activePods(cluster).length).toBeLessThanOrEqual(replicas);
    }
  },
);
