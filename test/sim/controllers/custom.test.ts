/** Controllers that have to know all resources learn of custom ones: garbage collection and namespaces; and masters die in between. */
import { expect, test } from 'vitest';
import { type AnyObject, type KubeObject, ownerReferencesOf } from '../../../src/api/object-meta.ts';
import { configMapResource, namespaceResource } from '../../../src/controllers/resources.ts';
import { SimulatedCluster } from './simulated-cluster.ts';

const definitionResource = { group: 'apiextensions.k8s.io', version: 'v1', resource: 'customresourcedefinitions' };
const widgetResource = { group: 'shop.example.com', version: 'v1', resource: 'widgets' };

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.shop.example.com' },
  spec: {
    group: 'shop.example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
} as KubeObject;

function widget(name: string, namespace: string, extra: object = {}): KubeObject {
  return { apiVersion: 'shop.example.com/v1', kind: 'Widget', metadata: { name, namespace, ...extra } };
}

function defined(masters: number, seed: number): SimulatedCluster {
  const cluster = new SimulatedCluster(masters, seed);
  cluster.create(definitionResource, definition);
  cluster.universe.runFor(500);
  return cluster;
}

function ownedBy(owner: AnyObject, name: string): KubeObject {
  const { apiVersion, kind, metadata } = owner;
  const reference = { apiVersion, kind, name: metadata.name ?? '', uid: metadata.uid ?? '' };
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default', ownerReferences: [reference] },
  };
}

test('what a custom resource owned goes with it', () => {
  const cluster = defined(1, 11);
  const owner = cluster.create(widgetResource, widget('owner', 'default'));
  const child = cluster.create(configMapResource, ownedBy(owner, 'child'));
  expect(ownerReferencesOf(child)).toHaveLength(1);
  cluster.universe.runFor(1_000);
  expect(cluster.get(configMapResource, 'child')).not.toBeNull();
  cluster.remove(widgetResource, 'owner', 'default', { propagationPolicy: 'Background' });
  cluster.universe.runFor(3_000);
  expect(cluster.get(configMapResource, 'child')).toBeNull();
  expect(cluster.complaints).toEqual([]);
});

test('a namespace waits for the finalizers of custom resources in it, and then goes', () => {
  const cluster = defined(1, 12);
  cluster.create(namespaceResource, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } });
  cluster.create(widgetResource, widget('plain', 'team'));
  cluster.create(widgetResource, widget('held', 'team', { finalizers: ['test/hold'] }));
  cluster.remove(namespaceResource, 'team', '');
  cluster.universe.runFor(3_000);
  expect(cluster.list(widgetResource, 'team').map(({ metadata }) => metadata.name)).toEqual(['held']);
  expect(cluster.get(namespaceResource, 'team', '')).not.toBeNull();
  cluster.patch(widgetResource, 'held', { metadata: { finalizers: null } }, 'team');
  cluster.universe.runFor(3_000);
  expect(cluster.get(namespaceResource, 'team', '')).toBeNull();
});

test('a definition and its objects outlive the master that made them', () => {
  const cluster = defined(3, 13);
  cluster.create(widgetResource, widget('one', 'default'));
  cluster.killMaster('master-0');
  cluster.universe.runFor(2_000);
  expect(cluster.get(widgetResource, 'one')).not.toBeNull();
  cluster.create(widgetResource, widget('two', 'default'));
  cluster.restartMaster('master-0');
  cluster.universe.runFor(2_000);
  expect(cluster.list(widgetResource).map(({ metadata }) => metadata.name)).toEqual(['one', 'two']);
});

test('a definition whose deletion began goes with all its objects although the master that began it dies', () => {
  const cluster = defined(3, 14);
  for (let index = 0; index < 20; index += 1) cluster.create(widgetResource, widget(`w-${index}`, 'default'));
  cluster.remove(definitionResource, 'widgets.shop.example.com', '');
  cluster.killMaster('master-0');
  cluster.universe.runFor(8_000);
  expect(cluster.get(definitionResource, 'widgets.shop.example.com', '')).toBeNull();
  cluster.create(definitionResource, definition);
  cluster.universe.runFor(2_000);
  expect(cluster.list(widgetResource)).toEqual([]);
});
