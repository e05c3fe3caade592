/** Forms of answers and of bodies, frames, headers and kubeconfig files. */
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { serviceUnavailable, unauthorized } from '../../../src/api/status-errors.ts';
import { utf8, utf8Text } from '../../../src/base/bytes.ts';
import { objectFormatOf, patchFormatOf } from '../../../src/http/content-type.ts';
import { formatKubeconfig, kubeconfig } from '../../../src/http/kubeconfig.ts';
import { contentTypeOf, negotiate } from '../../../src/http/negotiation.ts';
import { statusHeaders, successCode, warningHeader } from '../../../src/http/status-code.ts';
import { watchFrame } from '../../../src/http/watch-frame.ts';

const table =
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json';
const aggregated =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json';

test.each([
  ['no header', undefined, { format: 'json', shape: { type: 'object' } }],
  ['kubectl get', table, { format: 'json', shape: { type: 'table', version: 'v1' } }],
  [
    'kubectl create',
    'application/vnd.kubernetes.protobuf,application/json',
    { format: 'json', shape: { type: 'object' } },
  ],
  ['metrics', 'application/vnd.kubernetes.protobuf, */*', { format: 'json', shape: { type: 'object' } }],
  ['yaml preferred', 'application/json;q=0.5, application/yaml', { format: 'yaml', shape: { type: 'object' } }],
  ['a watch', 'application/json;stream=watch', { format: 'json', shape: { type: 'object' } }],
  [
    'metadata only',
    'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
    { format: 'json', shape: { type: 'partialMetadata', version: 'v1', isList: true } },
  ],
  [
    'an unknown form, then a known one',
    'application/json;as=Picture;g=x;v=v1,application/json',
    { format: 'json', shape: { type: 'object' } },
  ],
])('%s is answered as asked', (_, header, want) => {
  expect(negotiate(header, 'resource')).toEqual(want);
});

test('what cannot be served is not acceptable', () => {
  expect(() => negotiate('application/vnd.kubernetes.protobuf', 'resource')).toThrow(
    'only the following media types are accepted: application/json, application/yaml',
  );
  expect(() => negotiate('application/json;q=0', 'resource')).toThrow('only the following');
});

test('protobuf can be offered', () => {
  expect(
    negotiate('application/vnd.kubernetes.protobuf,application/json', 'resource', ['json', 'protobuf']).format,
  ).toBe('protobuf');
});

test('discovery is aggregated for those who ask', () => {
  const form = negotiate(aggregated, 'discovery');
  expect(form.shape).toEqual({ type: 'aggregatedDiscovery', version: 'v2' });
  expect(contentTypeOf(form)).toBe('application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList');
  expect(negotiate('application/json', 'discovery').shape).toEqual({ type: 'object' });
});

test('bodies are told apart by content type', () => {
  expect(objectFormatOf(undefined)).toBe('json');
  expect(objectFormatOf('Application/JSON; charset=utf-8')).toBe('json');
  expect(objectFormatOf('application/yaml')).toBe('yaml');
  expect(objectFormatOf('application/vnd.kubernetes.protobuf')).toBe('protobuf');
  expect(patchFormatOf('application/strategic-merge-patch+json')).toBe('strategicMergePatch');
  expect(patchFormatOf('application/apply-patch+yaml')).toBe('applyPatch');
  expect(() => objectFormatOf('text/plain')).toThrow('the body of the request was in an unknown format');
  expect(() => patchFormatOf('application/json')).toThrow('accepted media types include: application/json-patch+json');
});

test('a watch frame is one line', () => {
  expect(utf8Text(watchFrame('ADDED', utf8('{"kind":"Pod"}')))).toBe('{"type":"ADDED","object":{"kind":"Pod"}}\n');
});

test('codes and headers go with outcomes', () => {
  expect([successCode('create', true), successCode('update', true), successCode('patch', false)]).toEqual([
    201, 201, 200,
  ]);
  expect(statusHeaders(serviceUnavailable('x', 2).status)).toEqual({ 'Retry-After': '2' });
  expect(statusHeaders(unauthorized().status)).toHaveProperty('WWW-Authenticate');
  expect(warningHeader('unknown field "spec.foo"')).toBe('299 - "unknown field \\"spec.foo\\""');
});

test('a kubeconfig names server, user and context', () => {
  const config = kubeconfig({
    name: 'c',
    server: 'https://127.0.0.1:1',
    userName: 'admin',
    authorityCertificate: 'CA',
    token: 't',
  });
  expect(parse(formatKubeconfig(config))).toEqual({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1', 'certificate-authority-data': 'Q0E=' } }],
    users: [{ name: 'c-admin', user: { token: 't' } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'c-admin' } }],
    'current-context': 'c',
  });
});

test('over plain HTTP a kubeconfig says not to verify', () => {
  const [entry] = kubeconfig({ name: 'c', server: 'http://127.0.0.1:1', userName: 'admin' }).clusters;
  expect(entry?.cluster).toEqual({ server: 'http://127.0.0.1:1', 'insecure-skip-tls-verify': true });
});
