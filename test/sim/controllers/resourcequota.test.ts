/** Quotas on a real store, with several API servers: never more than allowed, and what goes is given back, whoever dies. */
import { expect, test } from 'vitest';
import { deploymentResource, podResource, resourceQuotaResource } from '../../../src/controllers/resources.ts';
import type { ResourceQuota } from '../../../src/kinds/resourcequota/types.ts';
import { SimulatedCluster } from './simulated-cluster.ts';
import { addNodes, tendUntil } from './stand-in.ts';

const nodes = ['node-0'];

function setUp(masters: number, seed: number, hard: Record<string, string>): SimulatedCluster {
  const cluster = new SimulatedCluster(masters, seed);
  addNodes(cluster, nodes);
  const metadata = { name: 'small', namespace: 'default' };
  cluster.create(resourceQuotaResource, { apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec: { hard } } as never);
  tendUntil(cluster, { nodes }, () => quotaOf(cluster).status?.used !== undefined);
  return cluster;
}

const quotaOf = (cluster: SimulatedCluster): ResourceQuota =>
  cluster.get(resourceQuotaResource, 'small') as unknown as ResourceQuota;

const deployment = (replicas: number): never =>
  ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web:1' }] } },
    },
  }) as never;

test.each([1, 2, 3])('seed %i: masters die, and there are never more pods than the quota allows', (seed) => {
  const cluster = setUp(3, seed, { pods: '4', 'count/deployments.apps': '1' });
  const { random } = cluster.universe;
  cluster.create(deploymentResource, deployment(3));
  let most = 0;
  let tries = 0;
  for (let round = 0; round < 3; round += 1) {
    const master = random.pick(cluster.masters);
    cluster.killMaster(master);
    tendUntil(
      cluster,
      { nodes },
      () => {
        // Somebody else wants the room as well, of whichever API server answers.
        tries += 1;
        const intruder = { metadata: { name: `intruder-${tries}` }, spec: { containers: [{ name: 'a', image: 'a' }] } };
        cluster.call({ verb: 'create', resource: podResource, namespace: 'default', body: intruder });
        const count = cluster.list(podResource).length;
        most = Math.max(most, count);
        return count === 4;
      },
      60_000,
    );
    cluster.restartMaster(master);
    for (const { metadata } of cluster.list(podResource).slice(0, random.integer(1, 3))) {
      cluster.remove(podResource, metadata.name ?? '', 'default', { gracePeriodSeconds: 0 });
    }
  }
  expect(most).toBe(4);
  const agrees = (): boolean => quotaOf(cluster).status?.used?.['pods'] === String(cluster.list(podResource).length);
  tendUntil(cluster, { nodes }, agrees, 60_000);
  expect(quotaOf(cluster).status?.used?.['count/deployments.apps']).toBe('1');
});

test('what is gone is given back, and what changes its size is counted anew', () => {
  const cluster = setUp(1, 4, { pods: '10' });
  cluster.create(deploymentResource, deployment(3));
  const used = (): string | undefined => quotaOf(cluster).status?.used?.['pods'];
  tendUntil(cluster, { nodes }, () => used() === '3');
  cluster.patch(deploymentResource, 'web', { spec: { replicas: 1 } });
  tendUntil(cluster, { nodes }, () => used() === '1');
  const { resourceVersion } = quotaOf(cluster).metadata;
  cluster.universe.runFor(5_000);
  expect(quotaOf(cluster).metadata.resourceVersion).toBe(resourceVersion);
});
