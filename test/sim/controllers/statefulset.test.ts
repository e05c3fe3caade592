/** Stateful sets on a real store and real API servers while the master that runs the controllers dies: order, names and claims hold. */
import { expect, test } from 'vitest';
import { persistentVolumeClaimResource, podResource, statefulSetResource } from '../../../src/controllers/resources.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import type { StatefulSet } from '../../../src/kinds/statefulset/types.ts';
import { SimulatedCluster } from './simulated-cluster.ts';
import { addNodes, tendUntil } from './stand-in.ts';

const nodes = ['node-0', 'node-1'];
const labels = { app: 'db' };

function statefulSet(replicas: number): StatefulSet {
  const template = { metadata: { labels }, spec: { containers: [{ name: 'db', image: 'db:1' }] } };
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db', namespace: 'default' },
    spec: {
      replicas,
      serviceName: 'db',
      selector: { matchLabels: labels },
      template,
      volumeClaimTemplates: [{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data' }, spec }],
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Retain' },
    },
  };
}

const names = (cluster: SimulatedCluster): readonly (string | undefined)[] =>
  cluster.list(podResource).map(({ metadata }) => metadata.name);

function isDone(cluster: SimulatedCluster, replicas: number): boolean {
  const found = cluster.get(statefulSetResource, 'db') as StatefulSet | null;
  const { status, metadata } = found ?? {};
  return (
    status?.observedGeneration === metadata?.generation &&
    status?.updatedReplicas === replicas &&
    status.availableReplicas === replicas &&
    status.currentRevision === status.updateRevision &&
    cluster.list(podResource).length === replicas
  );
}

test.each([1, 2, 3])(
  'seed %i: pods come in order, are updated and scaled through the death of a master, and keep their claims',
  (seed) => {
    const cluster = new SimulatedCluster(3, seed);
    addNodes(cluster, nodes);
    const uids = new Map<string, string>();
    const seen: string[] = [];
    const watch = (): void => {
      const pods = cluster.list(podResource) as readonly Pod[];
      // One pod of an ordinal at a time: the name holds that, and a new one never comes before the last is gone.
      for (const { metadata } of pods) {
        const { name = '', uid = '' } = metadata;
        if (uids.get(name) === uid) continue;
        uids.set(name, uid);
        seen.push(name);
      }
    };
    cluster.create(statefulSetResource, statefulSet(3));
    const until = (condition: () => boolean): void =>
      tendUntil(
        cluster,
        { nodes },
        () => {
          watch();
          return condition();
        },
        60_000,
      );
    until(() => cluster.list(podResource).length === 2);
    const [active = ''] = cluster.activeMasters();
    cluster.killMaster(active);
    until(() => isDone(cluster, 3));
    expect(seen).toEqual(['db-0', 'db-1', 'db-2']);

    cluster.patch(statefulSetResource, 'db', {
      spec: { template: { spec: { containers: [{ name: 'db', image: 'db:2' }] } } },
    });
    cluster.universe.runFor(40 * seed);
    cluster.restartMaster(active);
    until(() => isDone(cluster, 3));
    expect(seen.slice(3)).toEqual(['db-2', 'db-1', 'db-0']);

    cluster.patch(statefulSetResource, 'db', { spec: { replicas: 1 } });
    until(() => isDone(cluster, 1));
    expect(names(cluster)).toEqual(['db-0']);
    const claims = (): readonly (string | undefined)[] =>
      cluster.list(persistentVolumeClaimResource).map(({ metadata }) => metadata.name);
    expect(claims()).toEqual(['data-db-0', 'data-db-1', 'data-db-2']);
    cluster.remove(statefulSetResource, 'db');
    until(() => cluster.list(podResource).length === 0 && claims().length === 0);
    expect(cluster.complaints.filter((complaint) => complaint.includes('Error'))).toEqual([]);
  },
);
