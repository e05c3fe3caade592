/** Deleting owners: in the background, in the foreground, leaving orphans; and namespaces with finalizers in them. */
import { expect, test } from 'vitest';
import type { KubeObject, OwnerReference } from '../../../src/api/object-meta.ts';
import { configMapResource, namespaceResource } from '../../../src/controllers/resources.ts';
import { SimulatedCluster } from './simulated-cluster.ts';

function owned(name: string, owners: readonly KubeObject[], extra: object = {}): KubeObject {
  const ownerReferences = owners.map(
    ({ metadata }): OwnerReference => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: metadata.name ?? '',
      uid: metadata.uid ?? '',
      blockOwnerDeletion: true,
    }),
  );
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default', ownerReferences, ...extra } };
}

const names = (cluster: SimulatedCluster): readonly (string | undefined)[] =>
  cluster
    .list(configMapResource)
    .map(({ metadata }) => metadata.name)
    .filter((name) => name !== 'kube-root-ca.crt');

test('what a deleted object owned goes in the background, to the last generation', () => {
  const cluster = new SimulatedCluster(1, 1);
  const grandmother = cluster.create(configMapResource, owned('grandmother', []));
  const mother = cluster.create(configMapResource, owned('mother', [grandmother]));
  cluster.create(configMapResource, owned('daughter', [mother]));
  cluster.universe.runFor(1_000);
  cluster.remove(configMapResource, 'grandmother', 'default', { propagationPolicy: 'Background' });
  cluster.universe.runFor(2_000);
  expect(names(cluster)).toEqual([]);
  expect(cluster.complaints).toEqual([]);
});

test('an object with another living owner stays and forgets the dead one', () => {
  const cluster = new SimulatedCluster(1, 2);
  const mother = cluster.create(configMapResource, owned('mother', []));
  const father = cluster.create(configMapResource, owned('father', []));
  cluster.create(configMapResource, owned('child', [mother, father]));
  cluster.universe.runFor(1_000);
  cluster.remove(configMapResource, 'mother', 'default', { propagationPolicy: 'Background' });
  cluster.universe.runFor(2_000);
  const child = cluster.get(configMapResource, 'child');
  expect(child?.metadata.ownerReferences?.map(({ name }) => name)).toEqual(['father']);
});

test('an owner that is deleted in the foreground goes after all that blocks it', () => {
  const cluster = new SimulatedCluster(1, 3);
  const mother = cluster.create(configMapResource, owned('mother', []));
  cluster.create(configMapResource, owned('child', [mother], { finalizers: ['test/hold'] }));
  cluster.universe.runFor(1_000);
  cluster.remove(configMapResource, 'mother', 'default', { propagationPolicy: 'Foreground' });
  cluster.universe.runFor(2_000);
  expect(names(cluster)).toEqual(['child', 'mother']);
  expect(cluster.get(configMapResource, 'child')?.metadata.deletionTimestamp).toBeDefined();
  cluster.patch(configMapResource, 'child', { metadata: { finalizers: null } });
  cluster.universe.runFor(2_000);
  expect(names(cluster)).toEqual([]);
  expect(cluster.complaints).toEqual([]);
});

test('orphans lose their owner and stay', () => {
  const cluster = new SimulatedCluster(1, 4);
  const mother = cluster.create(configMapResource, owned('mother', []));
  cluster.create(configMapResource, owned('child', [mother]));
  cluster.universe.runFor(1_000);
  cluster.remove(configMapResource, 'mother', 'default', { propagationPolicy: 'Orphan' });
  cluster.universe.runFor(2_000);
  expect(names(cluster)).toEqual(['child']);
  expect(cluster.get(configMapResource, 'child')?.metadata.ownerReferences ?? []).toEqual([]);
});

test('an object whose owner never existed goes', () => {
  const cluster = new SimulatedCluster(1, 5);
  const ghost = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'ghost', uid: 'no-such-uid' } };
  cluster.create(configMapResource, owned('child', [ghost]));
  cluster.universe.runFor(3_000);
  expect(names(cluster)).toEqual([]);
});

test('a namespace waits for finalizers in it, says so, and then goes', () => {
  const cluster = new SimulatedCluster(1, 6);
  cluster.create(namespaceResource, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } });
  const held = owned('held', [], { namespace: 'team', finalizers: ['test/hold'] });
  cluster.create(configMapResource, held);
  cluster.remove(namespaceResource, 'team', '');
  cluster.universe.runFor(3_000);
  const namespace = cluster.get(namespaceResource, 'team', '') as {
    status?: { conditions?: { type: string; message: string }[] };
  };
  const remaining = namespace.status?.conditions?.find(({ type }) => type === 'NamespaceFinalizersRemaining');
  expect(remaining?.message).toBe(
    'Some content in the namespace has finalizers remaining: test/hold in 1 resource instances',
  );
  cluster.patch(configMapResource, 'held', { metadata: { finalizers: null } }, 'team');
  cluster.universe.runFor(3_000);
  expect(cluster.get(namespaceResource, 'team', '')).toBeNull();
  expect(cluster.complaints).toEqual([]);
});
