/** Pods of controllers whose RuntimeClass is not there: refused, told, and made when it comes, whichever master does it. */
import { expect, test } from 'vitest';
import type { GroupVersionResource } from '../../../src/api/group-version.ts';
import { eventResource, podResource } from '../../../src/controllers/resources.ts';
import type { Event } from '../../../src/kinds/event/types.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import { SimulatedCluster } from './simulated-cluster.ts';
import { addNodes, tendUntil } from './stand-in.ts';

const nodes = ['node-0'];
const classes = { group: 'node.k8s.io', version: 'v1', resource: 'runtimeclasses' };
const labels = { app: 'web' };
const template = {
  metadata: { labels },
  spec: { runtimeClassName: 'later', containers: [{ name: 'web', image: 'web:1' }] },
};
const selected = { selector: { matchLabels: labels }, template };
const owners: readonly (readonly [string, string, string, object, number])[] = [
  ['apps', 'Deployment', 'deployments', { replicas: 2, ...selected }, 2],
  ['apps', 'StatefulSet', 'statefulsets', { replicas: 2, serviceName: 'web', ...selected }, 2],
  ['apps', 'DaemonSet', 'daemonsets', selected, 1],
  ['batch', 'Job', 'jobs', { template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } } }, 1],
];

test.each(owners)(
  '%s %s: pods of a missing class are told of, and made when it comes',
  (group, kind, resource, spec, count) => {
    const cluster = new SimulatedCluster(3, count);
    addNodes(cluster, nodes);
    const owner: GroupVersionResource = { group, version: 'v1', resource };
    const metadata = { name: 'web', namespace: 'default' };
    cluster.create(owner, { apiVersion: `${group}/v1`, kind, metadata, spec } as never);
    const told = (): readonly string[] =>
      (cluster.list(eventResource) as unknown as readonly Event[])
        .filter(({ reason }) => reason === 'FailedCreate')
        .map(({ message = '' }) => message);
    tendUntil(cluster, { nodes }, () => told().length > 0);
    expect(told()[0]).toContain('is forbidden: pod rejected: RuntimeClass "later" not found');
    expect(cluster.list(podResource)).toEqual([]);
    const [active = ''] = cluster.activeMasters();
    cluster.killMaster(active);
    const overhead = { podFixed: { cpu: '250m' } };
    const runtimeClass = { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name: 'later' } };
    cluster.create(classes, { ...runtimeClass, handler: 'simulated', overhead } as never);
    tendUntil(cluster, { nodes }, () => cluster.list(podResource).length === count, 60_000);
    for (const pod of cluster.list(podResource) as readonly Pod[]) expect(pod.spec.overhead).toEqual(overhead.podFixed);
  },
);
