/** The tables of resources and the discovery documents made of them. */
import { expect, test } from 'vitest';
import { must } from '../../../src/base/assert.ts';
import * as discovery from '../../../src/kinds/discovery.ts';
import { builtInRegistry, hasStatus, subresourceOf } from '../../../src/kinds/registry.ts';
import { builtInSchemas } from '../../../src/kinds/schema.ts';

const registry = builtInRegistry();
const everyVersion = builtInRegistry({ includesUnstable: true });

test('resources are found by name and by kind', () => {
  const deployment = must(registry.resource({ group: 'apps', version: 'v1', resource: 'deployments' }), 'deployments');
  expect(deployment).toMatchObject({
    kind: 'Deployment',
    isNamespaced: true,
    singular: 'deployment',
    shortNames: ['deploy'],
    categories: ['all'],
  });
  expect(registry.kind({ group: 'apps', version: 'v1', kind: 'Deployment' })).toBe(deployment);
  expect(subresourceOf(deployment, 'scale')?.kind).toEqual({ group: 'autoscaling', version: 'v1', kind: 'Scale' });
  expect(hasStatus(deployment)).toBe(true);
  expect(registry.resource({ group: 'apps', version: 'v2', resource: 'deployments' })).toBeUndefined();
});

test('alpha and beta versions are served only when asked for', () => {
  expect(registry.versions('resource.k8s.io')).toEqual(['v1']);
  expect(everyVersion.versions('resource.k8s.io')).toEqual(['v1', 'v1beta2', 'v1beta1', 'v1alpha3']);
  expect(registry.preferredVersion('autoscaling')).toBe('v2');
  expect(registry.preferredResource({ group: 'autoscaling', resource: 'horizontalpodautoscalers' })?.version).toBe(
    'v2',
  );
});

test('namespaces cannot be deleted as a collection, bindings can only be created', () => {
  expect(registry.kind({ group: '', version: 'v1', kind: 'Namespace' })?.verbs).not.toContain('deletecollection');
  expect(registry.kind({ group: '', version: 'v1', kind: 'Binding' })?.verbs).toEqual(['create']);
});

test('every kind that is served, and every kind of a subresource body, has a schema', () => {
  const missing = everyVersion.resources.filter((info) => builtInSchemas.kind(info) === undefined);
  expect(missing).toEqual([]);
  for (const name of builtInSchemas.names()) expect(builtInSchemas.struct(name)?.name).toBe(name);
});

test('every struct that a field names is in the table', () => {
  const missing: string[] = [];
  const visit = (type: { type: string; name?: string; item?: unknown; value?: unknown }): void => {
    if (type.type === 'struct' && builtInSchemas.struct(type.name as string) === undefined)
      missing.push(type.name as string);
    if (type.type === 'list') visit(type.item as { type: string });
    if (type.type === 'map') visit(type.value as { type: string });
  };
  for (const name of builtInSchemas.names())
    for (const field of builtInSchemas.struct(name)?.fields ?? []) visit(field.type);
  expect(missing).toEqual([]);
});

test('a field carries its list and patch semantics', () => {
  const containers = must(builtInSchemas.struct('core.v1.PodSpec'), 'PodSpec').byName.get('containers');
  expect(containers).toMatchObject({ listType: 'map', listMapKeys: ['name'], strategies: ['merge'], mergeKey: 'name' });
  const volumes = must(builtInSchemas.struct('core.v1.PodSpec'), 'PodSpec').byName.get('volumes');
  expect(volumes?.strategies).toEqual(['merge', 'retainKeys']);
  expect(must(builtInSchemas.struct('core.v1.ServicePort'), 'ServicePort').byName.get('protocol')?.default).toBe('TCP');
});

test('the legacy documents list groups, versions, resources and subresources', () => {
  expect(discovery.coreVersionsDocument(registry, '127.0.0.1:6443')).toMatchObject({
    kind: 'APIVersions',
    versions: ['v1'],
  });
  const groups = discovery.groupListDocument(registry)['groups'] as { name: string }[];
  expect(groups.slice(0, 3).map(({ name }) => name)).toEqual(['apiregistration.k8s.io', 'apps', 'events.k8s.io']);
  expect(groups.map(({ name }) => name)).not.toContain('');
  expect(discovery.groupDocument(registry, 'nowhere')).toBeUndefined();
  const core = discovery.resourceListDocument(registry, { group: '', version: 'v1' });
  const resources = (core as { resources: { name: string }[] }).resources;
  expect(resources.find(({ name }) => name === 'pods/eviction')).toEqual({
    name: 'pods/eviction',
    singularName: '',
    namespaced: true,
    group: 'policy',
    version: 'v1',
    kind: 'Eviction',
    verbs: ['create'],
  });
  expect(resources.map(({ name }) => name)).toEqual(resources.map(({ name }) => name).sort());
});

test('the aggregated documents keep the core group apart', () => {
  const core = discovery.aggregatedDocument(registry, '/api', 'v2') as { items: { metadata: { name: string } }[] };
  expect(core.items.map(({ metadata }) => metadata.name)).toEqual(['']);
  const rest = discovery.aggregatedDocument(registry, '/apis', 'v2beta1');
  expect(rest['apiVersion']).toBe('apidiscovery.k8s.io/v2beta1');
  expect(JSON.stringify(rest)).toContain(
    '{"resource":"deployments","responseKind":{"group":"apps","version":"v1","kind":"Deployment"},"scope":"Namespaced","singularResource":"deployment"',
  );
});

test('custom resources join at the end', () => {
  const widget = {
    ...must(registry.kind({ group: '', version: 'v1', kind: 'Pod' }), 'Pod'),
    group: 'example.com',
    resource: 'widgets',
    kind: 'Widget',
  };
  const extended = registry.with([widget]);
  expect(extended.groups().at(-1)).toBe('example.com');
  expect(registry.groups()).not.toContain('example.com');
});
