/** A disruption budget and a replication controller on a real store: what they say settles, and stays as it is. */
import { expect, test } from 'vitest';
import {
  podDisruptionBudgetResource,
  podResource,
  replicationControllerResource,
} from '../../../src/controllers/resources.ts';
import type { PodDisruptionBudget } from '../../../src/kinds/poddisruptionbudget/types.ts';
import { SimulatedCluster } from './simulated-cluster.ts';
import { addNodes, tendUntil } from './stand-in.ts';

const nodes = ['node-0'];
const labels = { app: 'web' };

test('a budget over the pods of a replication controller tells what may go, and writes nothing without need', () => {
  const cluster = new SimulatedCluster(1, 1);
  addNodes(cluster, nodes);
  cluster.create(podDisruptionBudgetResource, {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'web', namespace: 'default' },
    spec: { maxUnavailable: '34%', selector: { matchLabels: labels } },
  } as never);
  cluster.create(replicationControllerResource, {
    apiVersion: 'v1',
    kind: 'ReplicationController',
    metadata: { name: 'web', namespace: 'default' },
    spec: { replicas: 3, template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'web:1' }] } } },
  } as never);
  const budget = (): PodDisruptionBudget => cluster.get(podDisruptionBudgetResource, 'web') as PodDisruptionBudget;
  tendUntil(cluster, { nodes }, () => budget().status?.currentHealthy === 3);
  expect(budget().status).toMatchObject({ expectedPods: 3, desiredHealthy: 1, disruptionsAllowed: 2 });
  const { resourceVersion } = budget().metadata;
  for (const { metadata } of cluster.list(podResource)) {
    cluster.patch(podResource, metadata.name ?? '', { metadata: { annotations: { touched: 'yes' } } });
  }
  cluster.universe.runFor(3_000);
  expect(budget().metadata.resourceVersion).toBe(resourceVersion);
  expect(cluster.get(replicationControllerResource, 'web')?.status).toMatchObject({ replicas: 3, readyReplicas: 3 });
  expect(cluster.complaints).toEqual([]);
});
