/** Token secrets and aggregated roles on a real store and API server: what is taken comes back, what has no owner goes. */
import { expect, test } from 'vitest';
import type { KubeObject } from '../../../src/api/object-meta.ts';
import {
  configMapResource,
  namespaceResource,
  secretResource,
  serviceAccountResource,
} from '../../../src/controllers/resources.ts';
import type { ClusterRole } from '../../../src/kinds/role/types.ts';
import type { Secret } from '../../../src/kinds/secret/types.ts';
import { SimulatedCluster } from './simulated-cluster.ts';

const account = (name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name, namespace: 'default' },
});
const secretFor = (name: string, owner: string): KubeObject =>
  ({
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/service-account-token',
    metadata: { name, namespace: 'default', annotations: { 'kubernetes.io/service-account.name': owner } },
  }) as KubeObject;
const until = (cluster: SimulatedCluster, condition: () => boolean): void => {
  for (let turn = 0; turn < 200 && !condition(); turn += 1) cluster.universe.runFor(50);
  expect(condition()).toBe(true);
};

test('a token that is taken from its secret comes back, and the secret goes with its account', () => {
  const cluster = new SimulatedCluster(1, 1);
  cluster.create(serviceAccountResource, account('robot'));
  cluster.create(secretResource, secretFor('robot-token', 'robot'));
  const secret = (): Secret | null => cluster.get(secretResource, 'robot-token') as unknown as Secret | null;
  until(cluster, () => (secret()?.data?.['token'] ?? '') !== '');
  cluster.patch(secretResource, 'robot-token', { data: { token: null, namespace: null } });
  until(cluster, () => (secret()?.data?.['token'] ?? '') !== '');
  expect(secret()?.data?.['namespace']).toBe('ZGVmYXVsdA==');
  cluster.remove(serviceAccountResource, 'robot');
  until(cluster, () => secret() === null);
  expect(cluster.complaints).toEqual([]);
});

test('a secret whose account never was goes', () => {
  const cluster = new SimulatedCluster(1, 2);
  cluster.create(secretResource, secretFor('lost', 'nobody'));
  until(cluster, () => cluster.get(secretResource, 'lost') === null);
});

test('every namespace has the certificate of the authority', () => {
  const cluster = new SimulatedCluster(1, 3);
  cluster.create(namespaceResource, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'new' } });
  const found = (): unknown => cluster.get(configMapResource, 'kube-root-ca.crt', 'new');
  until(cluster, () => found() !== null);
  cluster.remove(configMapResource, 'kube-root-ca.crt', 'new');
  until(cluster, () => found() !== null);
});

test('the rules of a role that is labelled for it are in the role that aggregates, until they are gone', () => {
  const cluster = new SimulatedCluster(1, 4);
  const resource = { group: 'rbac.authorization.k8s.io', version: 'v1', resource: 'clusterroles' };
  const role = (name: string, more: object): KubeObject =>
    ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name, labels: { for: 'crew' } },
      ...more,
    }) as KubeObject;
  const rule = (name: string) => ({ apiGroups: ['example.com'], resources: [name], verbs: ['get'] });
  cluster.create(resource, role('sails', { rules: [rule('sails'), rule('ropes')] }));
  const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { for: 'crew' } }] };
  const captain = { ...role('captain', { aggregationRule, rules: [] }), metadata: { name: 'captain' } };
  cluster.create(resource, captain);
  const names = (): string =>
    ((cluster.get(resource, 'captain', '') as ClusterRole | null)?.rules ?? [])
      .map(({ resources }) => resources?.[0])
      .join(' ');
  until(cluster, () => names() === 'sails ropes');
  cluster.create(resource, role('anchor', { rules: [rule('anchors'), rule('ropes')] }));
  until(cluster, () => names() === 'anchors ropes sails');
  cluster.remove(resource, 'sails', '');
  until(cluster, () => names() === 'anchors ropes');
  // The default roles are as they were made: nobody writes them again and again.
  const view = (): string | undefined => cluster.get(resource, 'view', '')?.metadata.resourceVersion;
  const before = view();
  cluster.universe.runFor(2_000);
  expect(view()).toBe(before);
});
