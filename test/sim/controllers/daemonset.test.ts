/** Daemon sets on a real store and real API servers, while nodes come and go and the master that runs the controllers dies. */
import { expect, test } from 'vitest';
import {
  controllerRevisionResource,
  daemonSetResource,
  nodeResource,
  podResource,
} from '../../../src/controllers/resources.ts';
import type { DaemonSet, DaemonSetStatus } from '../../../src/kinds/daemonset/types.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import { SimulatedCluster } from './simulated-cluster.ts';
import { addNodes, tendUntil } from './stand-in.ts';

const labels = { app: 'agent' };

function daemonSet(image: string): DaemonSet {
  const template = { metadata: { labels }, spec: { containers: [{ name: 'agent', image }] } };
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'agent', namespace: 'default' },
    spec: { selector: { matchLabels: labels }, template },
  };
}

function isRolledOut(cluster: SimulatedCluster, count: number): boolean {
  const found = cluster.get(daemonSetResource, 'agent') as DaemonSet | null;
  const { observedGeneration, ...status } = found?.status ?? ({} as DaemonSetStatus);
  return (
    observedGeneration === found?.metadata.generation &&
    status.desiredNumberScheduled === count &&
    status.updatedNumberScheduled === count &&
    status.numberAvailable === count &&
    cluster.list(podResource).length === count
  );
}

function nodesOfPods(cluster: SimulatedCluster): readonly string[] {
  return (cluster.list(podResource) as readonly Pod[]).map(({ spec }) => spec.nodeName ?? '').sort();
}

test.each([1, 2, 3])(
  'seed %i: each node has one agent, through an update, a new node, a lost node and a dead master',
  (seed) => {
    const cluster = new SimulatedCluster(3, seed);
    const nodes = ['node-0', 'node-1', 'node-2'];
    addNodes(cluster, nodes);
    cluster.create(daemonSetResource, daemonSet('agent:1'));
    tendUntil(cluster, { nodes }, () => isRolledOut(cluster, 3));
    expect(nodesOfPods(cluster)).toEqual(nodes);

    cluster.patch(daemonSetResource, 'agent', {
      spec: { template: { spec: { containers: [{ name: 'agent', image: 'agent:2' }] } } },
    });
    cluster.universe.runFor(50 * seed);
    const [active = ''] = cluster.activeMasters();
    cluster.killMaster(active);
    addNodes(cluster, ['node-3']);
    tendUntil(cluster, { nodes }, () => isRolledOut(cluster, 4), 60_000);
    expect(nodesOfPods(cluster)).toEqual([...nodes, 'node-3']);
    const images = (cluster.list(podResource) as readonly Pod[]).map(({ spec }) => spec.containers[0]?.image);
    expect(images).toEqual(Array(4).fill('agent:2'));
    expect(cluster.list(controllerRevisionResource).map(({ metadata }) => metadata.ownerReferences?.[0]?.kind)).toEqual(
      ['DaemonSet', 'DaemonSet'],
    );

    cluster.remove(nodeResource, 'node-1', '');
    tendUntil(cluster, { nodes }, () => isRolledOut(cluster, 3), 60_000);
    expect(nodesOfPods(cluster)).toEqual(['node-0', 'node-2', 'node-3']);
    expect(cluster.complaints.filter((complaint) => complaint.includes('Error'))).toEqual([]);
  },
);
