/** OpenAPI documents: that they hold together, and that they say what kubectl looks for. */
import { expect, test } from 'vitest';
import { openapiDocument, openapiHashes, openapiIndex } from '../../../src/kinds/openapi.ts';
import { builtInRegistry } from '../../../src/kinds/registry.ts';
import { builtInSchemas } from '../../../src/kinds/schema.ts';

/** Any document, typed as JSON.parse types it. */
type Tree = ReturnType<typeof JSON.parse>;

const registry = builtInRegistry();

const documents = new Map<string, Tree>();

function documentOf(group: string, version: string): Tree {
  const key = `${group}/${version}`;
  const document = documents.get(key) ?? openapiDocument(registry, builtInSchemas, { group, version });
  documents.set(key, document);
  return document;
}

const core = documentOf('', 'v1');
const apps = documentOf('apps', 'v1');

test('every reference of every document leads to a schema of the same document', () => {
  for (const { group, version } of registry.resources) documentOf(group, version);
  for (const document of documents.values()) {
    const names = new Set(Object.keys(document.components.schemas));
    const references = JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g);
    for (const [, name = ''] of references) expect(names, name).toContain(name);
    expect(names.size).toBeGreaterThan(0);
  }
});

test('a patch of every kind that can be patched takes fieldValidation', () => {
  for (const info of registry.resources.filter(({ verbs }) => verbs.includes('patch'))) {
    const { group, version, kind } = info;
    const { paths }: { paths: Record<string, Tree> } = documentOf(group, version);
    const patches = Object.values(paths).map(({ patch }) => patch);
    const found = patches.find((patch) => patch?.['x-kubernetes-group-version-kind'].kind === kind);
    expect(found['x-kubernetes-group-version-kind']).toEqual({ group, version, kind });
    expect(found['x-kubernetes-action']).toBe('patch');
    expect(found.parameters.map(({ name }: Tree) => name)).toContain('fieldValidation');
  }
});

test('a schema has the types and formats of its fields, and what patches need to know', () => {
  const container = core.components.schemas['io.k8s.api.core.v1.Container'];
  expect(container.required).toEqual(['name']);
  expect(container.properties.name).toEqual({ type: 'string' });
  expect(container.properties.ports).toEqual({
    type: 'array',
    items: { default: {}, allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.ContainerPort' }] },
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['containerPort', 'protocol'],
    'x-kubernetes-patch-merge-key': 'containerPort',
    'x-kubernetes-patch-strategy': 'merge',
  });
  expect(container.properties.livenessProbe).toEqual({
    allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.Probe' }],
  });
  const secret = core.components.schemas['io.k8s.api.core.v1.Secret'];
  expect(secret.properties.data.additionalProperties).toEqual({ type: 'string', format: 'byte' });
  const deployment = apps.components.schemas['io.k8s.api.apps.v1.DeploymentSpec'];
  expect(deployment.properties.replicas).toEqual({ type: 'integer', format: 'int32' });
});

test('a kind and its list say which kind they are', () => {
  const { schemas } = apps.components;
  expect(schemas['io.k8s.api.apps.v1.Deployment']['x-kubernetes-group-version-kind']).toEqual([
    { group: 'apps', version: 'v1', kind: 'Deployment' },
  ]);
  expect(schemas['io.k8s.api.apps.v1.DeploymentList']['x-kubernetes-group-version-kind']).toEqual([
    { group: 'apps', version: 'v1', kind: 'DeploymentList' },
  ]);
  expect(schemas['io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta']).not.toHaveProperty(
    'x-kubernetes-group-version-kind',
  );
});

test('paths name their scope, and subresources hang below objects', () => {
  expect(Object.keys(apps.paths['/apis/apps/v1/namespaces/{namespace}/deployments'])).toEqual([
    'get',
    'post',
    'delete',
    'parameters',
  ]);
  expect(apps.paths['/apis/apps/v1/deployments']).toHaveProperty('get');
  expect(core.paths['/api/v1/nodes/{name}']).toHaveProperty('put');
  const scale = apps.paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale'].patch;
  expect(scale['x-kubernetes-group-version-kind']).toEqual({ group: 'autoscaling', version: 'v1', kind: 'Scale' });
  expect(core.paths['/api/v1/namespaces/{namespace}/pods/{name}/eviction']).toHaveProperty('post');
});

test('the index leads to each document by its hash, which is the same on every server', () => {
  const hashes = openapiHashes(registry, builtInSchemas);
  const { paths } = openapiIndex(hashes) as Tree;
  expect(paths['apis/apps/v1'].serverRelativeURL).toMatch(/^\/openapi\/v3\/apis\/apps\/v1\?hash=[0-9A-F]{16}$/);
  expect(paths['api/v1'].serverRelativeURL).toMatch(/^\/openapi\/v3\/api\/v1\?hash=[0-9A-F]{16}$/);
  expect(openapiHashes(builtInRegistry(), builtInSchemas)).toEqual(hashes);
  expect(new Set(hashes.values()).size).toBe(hashes.size);
});

test('a version of which nothing is served has no document', () => {
  expect(documentOf('apps', 'v2')).toBeUndefined();
});

test('what is said of kinds and fields stands in the schemas; a field that refers to a struct has the words of the struct', () => {
  const descriptions = {
    'apps.v1.Deployment': ['A Deployment.', { kind: 'What it is.' }],
    'apps.v1.DeploymentSpec': ['What is wanted.', { replicas: 'How many pods.' }],
  } as const;
  const groupVersion = { group: 'apps', version: 'v1' };
  const document = openapiDocument(registry, builtInSchemas, groupVersion, descriptions) as {
    components: { schemas: Record<string, { description?: string; properties: Record<string, object> }> };
  };
  const { schemas } = document.components;
  expect(schemas['io.k8s.api.apps.v1.Deployment']).toMatchObject({
    description: 'A Deployment.',
    properties: { kind: { description: 'What it is.' }, spec: { description: 'What is wanted.' } },
  });
  const replicas = schemas['io.k8s.api.apps.v1.DeploymentSpec']?.properties['replicas'];
  expect(replicas).toEqual({ description: 'How many pods.', type: 'integer', format: 'int32' });
  expect(openapiHashes(registry, builtInSchemas, descriptions).get('apis/apps/v1')).not.toBe(
    openapiHashes(registry, builtInSchemas).get('apis/apps/v1'),
  );
});
