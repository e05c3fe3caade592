/** What becomes of a body: known fields in order, canonical values, clear refusals. */
import { expect, test } from 'vitest';
import type { Json, JsonObject } from '../../../src/api/json.ts';
import type { FieldValidationMode } from '../../../src/api/request.ts';
import { must } from '../../../src/base/assert.ts';
import { decodeObject, decodeStruct } from '../../../src/kinds/decode.ts';
import { builtInSchemas } from '../../../src/kinds/schema.ts';

const pod = { group: '', version: 'v1', kind: 'Pod' };
const deployment = { group: 'apps', version: 'v1', kind: 'Deployment' };
const service = { group: '', version: 'v1', kind: 'Service' };
const decode = (tree: Json, kind = pod, validation: FieldValidationMode = 'Strict') =>
  decodeObject(tree, kind, builtInSchemas, validation).object as unknown as JsonObject;

test('fields come in canonical order, with the structs that are always there', () => {
  const object = decode({ spec: { containers: [{ image: 'nginx', name: 'a' }] }, metadata: { name: 'p' } });
  expect(JSON.stringify(object)).toBe(
    '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"p"},"spec":{"containers":[{"name":"a","image":"nginx","resources":{}}]},"status":{}}',
  );
});

test('nulls and empty values go, zeros behind pointers stay', () => {
  const object = decode(
    {
      metadata: { name: 'x', generation: 0, labels: {}, creationTimestamp: null },
      spec: { replicas: 0, paused: false, selector: {}, minReadySeconds: 0 },
    },
    deployment,
  );
  expect(object['metadata']).toEqual({ name: 'x' });
  expect(object['spec']).toMatchObject({ replicas: 0, selector: {} });
  expect(object['spec']).not.toHaveProperty('paused');
  expect(object['spec']).not.toHaveProperty('minReadySeconds');
});

test('quantities and times take their canonical spelling', () => {
  const object = decode({
    metadata: { creationTimestamp: '2024-01-02T05:04:05+02:00' },
    spec: { containers: [{ name: 'a', resources: { limits: { cpu: 0.5, memory: '1024Mi' } } }] },
  });
  expect(object['metadata']).toEqual({ creationTimestamp: '2024-01-02T03:04:05Z' });
  expect(JSON.stringify(object['spec'])).toContain('"limits":{"cpu":"500m","memory":"1Gi"}');
  const lease = decode(
    { spec: { renewTime: '2024-01-02T03:04:05.123456Z' } },
    { group: 'coordination.k8s.io', version: 'v1', kind: 'Lease' },
  );
  expect(lease['spec']).toEqual({ renewTime: '2024-01-02T03:04:05.123456Z' });
});

const withUnknown: Json = { spec: { foo: 1, containers: [{ name: 'a', bar: {} }] } };

test('unknown fields are refused, reported or ignored as asked', () => {
  expect(() => decode(withUnknown)).toThrow(
    'Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.containers[0].bar", unknown field "spec.foo"',
  );
  const warned = decodeObject(withUnknown, pod, builtInSchemas, 'Warn');
  expect(warned.warnings).toEqual(['unknown field "spec.containers[0].bar"', 'unknown field "spec.foo"']);
  const ignored = decodeObject(withUnknown, pod, builtInSchemas, 'Ignore');
  expect(ignored.warnings).toEqual([]);
  expect(JSON.stringify(ignored.object)).not.toContain('foo');
});

test.each<[string, Json, string]>([
  [
    'a text for a number',
    { spec: { replicas: '3' } },
    'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
  ],
  [
    'a fraction for an integer',
    { spec: { replicas: 1.5 } },
    'json: cannot unmarshal number into Go struct field DeploymentSpec.spec.replicas of type int32',
  ],
  ['a number beyond its range', { spec: { replicas: 2 ** 31 } }, 'of type int32'],
  [
    'a list for an object',
    { spec: [] },
    'json: cannot unmarshal array into Go struct field Deployment.spec of type v1.DeploymentSpec',
  ],
  [
    'an object for a list',
    { spec: { template: { spec: { containers: {} } } } },
    'PodSpec.spec.template.spec.containers of type []v1.Container',
  ],
  [
    'a number for a label',
    { metadata: { labels: { a: 1 } } },
    'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels.a of type string',
  ],
  [
    'a malformed quantity',
    { spec: { template: { spec: { overhead: { cpu: 'x' } } } } },
    'quantities must match the regular expression',
  ],
  ['a malformed time', { metadata: { creationTimestamp: 'yesterday' } }, 'parsing time "yesterday"'],
])('%s is a bad request that names the field', (_, tree, message) => {
  expect(() => decode(tree, deployment)).toThrow(message);
  expect(() => decode(tree, deployment)).toThrow('Deployment in version "v1" cannot be handled as a Deployment: ');
});

test('secrets must be base64', () => {
  const secret = { group: '', version: 'v1', kind: 'Secret' };
  expect(decode({ data: { a: 'YWJj' } }, secret)['data']).toEqual({ a: 'YWJj' });
  expect(() => decode({ data: { a: '!' } }, secret)).toThrow('illegal base64 data at input byte 0');
});

test('a body of another kind or version is refused, one without gets both', () => {
  expect(decode({}, service)).toMatchObject({ kind: 'Service', apiVersion: 'v1' });
  expect(() => decode({ kind: 'Pod', apiVersion: 'v1' }, service)).toThrow('cannot be handled as a Service');
  expect(() => decode({ kind: 'Service', apiVersion: 'v2' }, service)).toThrow(
    'the API version in the data (v2) does not match the expected API version (v1)',
  );
  expect(() => decode([], service)).toThrow('cannot unmarshal array');
});

test('a field named __proto__ is unknown, and as a label it is a label', () => {
  const tree = JSON.parse('{"__proto__": {"a": 1}, "metadata": {"labels": {"__proto__": "x"}}}') as Json;
  expect(() => decode(tree)).toThrow('unknown field \\"__proto__\\"'.replaceAll('\\', ''));
  const labelled = decode(
    (tree as JsonObject)['metadata'] === undefined ? {} : { metadata: (tree as JsonObject)['metadata'] as Json },
  );
  expect(JSON.stringify(labelled['metadata'])).toBe('{"labels":{"__proto__":"x"}}');
});

test('options are decoded as structs of their own', () => {
  const options = must(builtInSchemas.struct('meta.v1.DeleteOptions'), 'DeleteOptions');
  expect(decodeStruct({ propagationPolicy: 'Background', gracePeriodSeconds: 0 }, options, builtInSchemas)).toEqual({
    propagationPolicy: 'Background',
    gracePeriodSeconds: 0,
  });
  expect(() => decodeStruct({ gracePeriodSeconds: 'x' }, options, builtInSchemas)).toThrow(
    'DeleteOptions.gracePeriodSeconds of type int64',
  );
});
