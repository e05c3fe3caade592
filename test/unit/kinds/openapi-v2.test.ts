/** OpenAPI v2: that the one document holds together, and that its protobuf says the same. */
import protobuf from 'protobufjs';
import { expect, test } from 'vitest';
import type { JsonObject } from '../../../src/api/json.ts';
import { openapiDocument } from '../../../src/kinds/openapi.ts';
import { openapiV2 } from '../../../src/kinds/openapi-v2.ts';
import { openapiV2Bytes } from '../../../src/kinds/openapi-v2-protobuf.ts';
import { builtInRegistry } from '../../../src/kinds/registry.ts';
import { builtInSchemas } from '../../../src/kinds/schema.ts';

/** Any document, typed as JSON.parse types it. */
type Tree = ReturnType<typeof JSON.parse>;

const registry = builtInRegistry();
const versions = new Map(registry.resources.map(({ group, version }) => [`${group}/${version}`, { group, version }]));
const documents = [...versions.values()].map((groupVersion) => openapiDocument(registry, builtInSchemas, groupVersion));
const document: Tree = openapiV2(documents as JsonObject[]);

/** The part of the format that kubectl reads, written down a second time. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Any { string yaml = 2; }
  message NamedAny { string name = 1; Any value = 2; }
  message Types { repeated string value = 1; }
  message Items { repeated Schema schema = 1; }
  message Additional { Schema schema = 1; }
  message Named { string name = 1; Schema value = 2; }
  message Schemas { repeated Named named = 1; }
  message Schema {
    string ref = 1; string format = 2; string description = 4; repeated string required = 19;
    Additional additional = 21; Types type = 22; Items items = 23; Schemas properties = 25; repeated NamedAny extensions = 31;
  }
  message Query { bool required = 1; string in = 2; string name = 4; string type = 6; }
  message NonBody { Query query = 3; }
  message Parameter { NonBody nonBody = 2; }
  message ParameterItem { Parameter parameter = 1; }
  message Operation { repeated ParameterItem parameters = 8; repeated NamedAny extensions = 13; }
  message Path { Operation patch = 8; }
  message NamedPath { string name = 1; Path value = 2; }
  message Paths { repeated NamedPath path = 2; }
  message Document { string swagger = 1; Paths paths = 8; Schemas definitions = 9; }
`);

test('every reference leads to a definition, and nothing is left of version 3', () => {
  const text = JSON.stringify(document);
  const names = new Set(Object.keys(document.definitions));
  for (const [, name = ''] of text.matchAll(/"#\/definitions\/([^"]+)"/g)) expect(names, name).toContain(name);
  expect(text.match(/#\/components|"(allOf|oneOf)":\[|"requestBody"/)?.[0]).toBeUndefined();
  expect(document.definitions['io.k8s.api.core.v1.Pod'].properties.spec).toEqual({
    $ref: '#/definitions/io.k8s.api.core.v1.PodSpec',
  });
  expect(document.definitions['io.k8s.apimachinery.pkg.util.intstr.IntOrString']).toEqual({
    format: 'int-or-string',
    type: 'string',
  });
});

test('operations have their body among the parameters', () => {
  const { post, parameters } = document.paths['/apis/apps/v1/namespaces/{namespace}/deployments'];
  expect(parameters).toEqual([{ name: 'namespace', in: 'path', required: true, type: 'string', uniqueItems: true }]);
  expect(post.parameters[0]).toEqual({
    in: 'body',
    name: 'body',
    required: true,
    schema: { $ref: '#/definitions/io.k8s.api.apps.v1.Deployment' },
  });
  expect(post.parameters.map(({ name }: Tree) => name)).toContain('fieldValidation');
  expect(post.responses['201'].schema).toEqual({ $ref: '#/definitions/io.k8s.api.apps.v1.Deployment' });
});

test('a reader of the protobuf finds all definitions, patch keys, kinds and parameters', () => {
  const read = root.lookupType('Document').decode(openapiV2Bytes(document)).toJSON() as Tree;
  const definitions = new Map<string, Tree>(read.definitions.named.map(({ name, value }: Tree) => [name, value]));
  expect([...definitions.keys()]).toEqual(Object.keys(document.definitions));
  const container = definitions.get('io.k8s.api.core.v1.Container');
  const ports = container.properties.named.find(({ name }: Tree) => name === 'ports').value;
  expect(ports.type.value).toEqual(['array']);
  expect(ports.items.schema[0].ref).toBe('#/definitions/io.k8s.api.core.v1.ContainerPort');
  const extensions = new Map(ports.extensions.map(({ name, value }: Tree) => [name, JSON.parse(value.yaml)]));
  expect(extensions.get('x-kubernetes-patch-merge-key')).toBe('containerPort');
  const kinds = definitions.get('io.k8s.api.apps.v1.Deployment').extensions[0];
  expect(JSON.parse(kinds.value.yaml)).toEqual([{ group: 'apps', kind: 'Deployment', version: 'v1' }]);
  const path = read.paths.path.find(({ name }: Tree) => name === '/api/v1/namespaces/{namespace}/pods/{name}');
  const names = path.value.patch.parameters.map(({ parameter }: Tree) => parameter.nonBody?.query?.name);
  expect(names).toContain('fieldValidation');
});
