/** The controllers on a real store and real API servers, in simulation: what users would see. */
import { expect, test } from 'vitest';
import {
  configMapResource,
  deploymentResource,
  endpointSliceResource,
  endpointsResource,
  eventResource,
  namespaceResource,
  podResource,
  replicaSetResource,
  serviceAccountResource,
  serviceResource,
} from '../../../src/controllers/resources.ts';
import type { Deployment } from '../../../src/kinds/deployment/types.ts';
import type { EndpointSlice } from '../../../src/kinds/endpointslice/types.ts';
import { SimulatedCluster } from './simulated-cluster.ts';
import { tendUntil } from './stand-in.ts';

const nodes = ['node-0', 'node-1'];

const deployment = (name: string, replicas: number, image = 'web:1'): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'default' },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'web', image }] } },
  },
});

function condition(cluster: SimulatedCluster, name: string, type: string): string | undefined {
  const found = cluster.get(deploymentResource, name) as Deployment | null;
  return found?.status?.conditions?.find((each) => each.type === type)?.reason;
}

function isAvailable(cluster: SimulatedCluster, name: string, replicas: number): boolean {
  const found = cluster.get(deploymentResource, name) as Deployment | null;
  const { status, metadata } = found ?? {};
  return (
    status?.observedGeneration === metadata?.generation &&
    status?.availableReplicas === replicas &&
    status.updatedReplicas === replicas &&
    status.replicas === replicas
  );
}

function names(objects: readonly { readonly metadata: { readonly name?: string } }[]): readonly (string | undefined)[] {
  return objects.map(({ metadata }) => metadata.name);
}

test('a deployment comes up, is scaled, rolled over and deleted with all it owns', () => {
  const cluster = new SimulatedCluster(1, 1);
  cluster.create(deploymentResource, deployment('web', 3));
  tendUntil(cluster, { nodes }, () => isAvailable(cluster, 'web', 3));
  expect(cluster.list(podResource)).toHaveLength(3);
  expect(condition(cluster, 'web', 'Available')).toBe('MinimumReplicasAvailable');
  expect(condition(cluster, 'web', 'Progressing')).toBe('NewReplicaSetAvailable');

  cluster.patch(deploymentResource, 'web', { spec: { replicas: 6 } });
  tendUntil(cluster, { nodes }, () => isAvailable(cluster, 'web', 6));

  cluster.patch(deploymentResource, 'web', {
    spec: { template: { spec: { containers: [{ name: 'web', image: 'web:2' }] } } },
  });
  tendUntil(cluster, { nodes }, () => isAvailable(cluster, 'web', 6));
  const sets = cluster.list(replicaSetResource);
  expect(sets).toHaveLength(2);
  const rolled = cluster.get(deploymentResource, 'web');
  expect(rolled?.metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('2');

  cluster.remove(deploymentResource, 'web');
  tendUntil(cluster, { nodes }, () => [...cluster.list(podResource), ...cluster.list(replicaSetResource)].length === 0);
  expect(cluster.complaints).toEqual([]);
});

test('a service has slices and endpoints of the ready pods that it selects', () => {
  const cluster = new SimulatedCluster(1, 2);
  cluster.create(serviceResource, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  } as never);
  cluster.create(deploymentResource, deployment('web', 2));
  tendUntil(cluster, { nodes }, () => {
    const slices = cluster.list(endpointSliceResource) as readonly EndpointSlice[];
    return slices.flatMap((slice) => slice.endpoints ?? []).filter((each) => each.conditions?.ready).length === 2;
  });
  const slice = (cluster.list(endpointSliceResource) as readonly EndpointSlice[]).find(
    ({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === 'web',
  );
  expect(slice?.ports).toEqual([{ name: 'http', protocol: 'TCP', port: 8080 }]);
  const endpoints = cluster.get(endpointsResource, 'web') as { subsets?: readonly { addresses?: unknown[] }[] } | null;
  expect(endpoints?.subsets?.[0]?.addresses).toHaveLength(2);
  expect(cluster.complaints).toEqual([]);
});

test('a namespace gets its service account and certificate, and goes with all that is in it', () => {
  const cluster = new SimulatedCluster(1, 3);
  cluster.create(namespaceResource, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } });
  cluster.universe.runFor(2_000);
  expect(names(cluster.list(serviceAccountResource, 'team'))).toEqual(['default']);
  expect(names(cluster.list(configMapResource, 'team'))).toEqual(['kube-root-ca.crt']);
  cluster.remove(namespaceResource, 'team', '');
  cluster.universe.runFor(3_000);
  expect(cluster.get(namespaceResource, 'team', '')).toBeNull();
  expect(cluster.list(configMapResource, 'team')).toEqual([]);
  expect(cluster.complaints).toEqual([]);
});

test('when the master that runs the controllers dies another one carries on', () => {
  const cluster = new SimulatedCluster(3, 4);
  cluster.create(deploymentResource, deployment('web', 2));
  tendUntil(cluster, { nodes }, () => isAvailable(cluster, 'web', 2));
  const [active = ''] = cluster.activeMasters();
  expect(cluster.activeMasters()).toHaveLength(1);
  cluster.killMaster(active);
  cluster.patch(deploymentResource, 'web', { spec: { replicas: 4 } });
  tendUntil(cluster, { nodes }, () => isAvailable(cluster, 'web', 4));
  expect(cluster.activeMasters()).toHaveLength(1);
  expect(cluster.list(podResource)).toHaveLength(4);
});

test('a pod that is refused again and again is told by an event of its owner', () => {
  const cluster = new SimulatedCluster(1, 5);
  const refused = deployment('web', 1);
  const spec = { ...refused.spec.template.spec, priorityClassName: 'missing' };
  cluster.create(deploymentResource, {
    ...refused,
    spec: { ...refused.spec, template: { ...refused.spec.template, spec } },
  } as Deployment);
  cluster.universe.runFor(5_000);
  const told = cluster.list(eventResource) as readonly { readonly reason?: string; readonly message?: string }[];
  expect(told.find(({ reason }) => reason === 'FailedCreate')?.message).toContain('no PriorityClass with name missing');
});
