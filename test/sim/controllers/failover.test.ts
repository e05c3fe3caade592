/** Deployments while masters die, come back and lose their links: what is asked for is there in the end, once. */
import { expect, test } from 'vitest';
import {
  deploymentResource,
  leaseResource,
  podResource,
  replicaSetResource,
} from '../../../src/controllers/resources.ts';
import type { Deployment } from '../../../src/kinds/deployment/types.ts';
import type { Lease } from '../../../src/kinds/lease/types.ts';
import { SimulatedCluster } from './simulated-cluster.ts';
import { tendPods, tendUntil } from './stand-in.ts';

const nodes = ['node-0', 'node-1'];

function deployment(replicas: number): Deployment {
  const labels = { app: 'web' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'web:0' }] } };
  const metadata = { name: 'web', namespace: 'default' };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: { replicas, selector: { matchLabels: labels }, template },
  };
}

function isDone(cluster: SimulatedCluster, replicas: number): boolean {
  const found = cluster.get(deploymentResource, 'web') as Deployment | null;
  const { status, metadata } = found ?? {};
  return (
    status?.observedGeneration === metadata?.generation &&
    status?.availableReplicas === replicas &&
    status.updatedReplicas === replicas &&
    status.replicas === replicas
  );
}

function disturb(cluster: SimulatedCluster): () => void {
  const { random } = cluster.universe;
  const master = random.pick(cluster.masters);
  const other = random.pick(cluster.masters.filter((each) => each !== master));
  switch (random.integer(0, 2)) {
    case 0:
      cluster.killMaster(master);
      return () => cluster.restartMaster(master);
    case 1:
      cluster.universe.setFaults([
        { from: master, to: '*', drop: 1 },
        { from: '*', to: master, drop: 1 },
      ]);
      return () => cluster.universe.setFaults([]);
    default:
      cluster.universe.setFaults([
        { from: master, to: other, drop: 1 },
        { from: other, to: master, delayMinMs: 5, delayMaxMs: 200 },
      ]);
      return () => cluster.universe.setFaults([]);
  }
}

test.each([1, 2, 3, 4])('seed %i: the deployment ends as it was last asked for', (seed) => {
  const cluster = new SimulatedCluster(3, seed);
  cluster.create(deploymentResource, deployment(2));
  let replicas = 2;
  for (let round = 1; round <= 4; round += 1) {
    const repair = disturb(cluster);
    replicas = cluster.universe.random.integer(1, 6);
    cluster.patch(deploymentResource, 'web', {
      spec: { replicas, template: { spec: { containers: [{ name: 'web', image: `web:${round}` }] } } },
    });
    for (let turn = 0; turn < 20; turn += 1) {
      tendPods(cluster, { nodes });
      cluster.universe.runFor(100);
    }
    repair();
  }
  // A pod that is being deleted counts for nothing in the status, and is still listed until its kubelet is done with it.
  const isSettled = (): boolean => isDone(cluster, replicas) && cluster.list(podResource).length === replicas;
  tendUntil(cluster, { nodes }, isSettled, 60_000);
  const sized = cluster.list(replicaSetResource).filter((set) => (set.spec as { replicas?: number }).replicas !== 0);
  expect(sized).toHaveLength(1);
  expect(cluster.activeMasters()).toHaveLength(1);
  expect(cluster.complaints.filter((complaint) => complaint.includes('Error'))).toEqual([]);
});

test('the Lease in kube-system names who runs the controllers', () => {
  const cluster = new SimulatedCluster(3, 9);
  cluster.universe.runFor(4_000);
  const [active = ''] = cluster.activeMasters();
  const before = cluster.get(leaseResource, 'kube-controller-manager', 'kube-system') as Lease | null;
  expect(before?.spec?.holderIdentity).toBe(active);
  cluster.killMaster(active);
  cluster.universe.runFor(8_000);
  const after = cluster.get(leaseResource, 'kube-controller-manager', 'kube-system') as Lease | null;
  expect(after?.spec?.holderIdentity).toBe(cluster.activeMasters()[0]);
  expect(after?.spec?.leaseTransitions).toBe(1);
});

test('a master that was cut off stops its controllers before another one starts its own', () => {
  const cluster = new SimulatedCluster(3, 10);
  cluster.universe.runFor(3_000);
  const [active = ''] = cluster.activeMasters();
  cluster.universe.setFaults([
    { from: active, to: '*', drop: 1 },
    { from: '*', to: active, drop: 1 },
  ]);
  let most = 0;
  for (let turn = 0; turn < 200; turn += 1) {
    cluster.universe.runFor(50);
    most = Math.max(most, cluster.activeMasters().length);
  }
  expect(most).toBe(1);
  expect(cluster.activeMasters()).not.toContain(active);
});
