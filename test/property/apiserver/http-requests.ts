/** HTTP requests that nearly make sense: good paths with odd ends, good headers with odd values, bodies in the wrong language. */
import fc from 'fast-check';
import type { HttpRequest } from '../../../src/actor/listener-port.ts';
import { concatBytes, utf8 } from '../../../src/base/bytes.ts';
import { type Seed, seeds, spoilt } from './seeds.ts';

const protobufPrefix = new Uint8Array([0x6b, 0x38, 0x73, 0]);

const paths = [
  '/',
  '/api',
  '/apis',
  '/api/v1',
  '/api/v2/pods',
  '/apis/apps',
  '/apis/apps/v1',
  '/version',
  '/metrics',
  '/healthz',
  '/livez',
  '/readyz',
  '/openapi/v2',
  '/openapi/v3',
  '/openapi/v3/api/v1',
  '/.well-known/openid-configuration',
  '/api/v1/pods',
  '/api/v1/watch/pods',
  '/api/v1/watch/namespaces/default/pods/x',
  '/api/v1/namespaces',
  '/api/v1/namespaces/default/finalize',
  '/api/v1/namespaces/default/pods/x/log',
  '/api/v1/namespaces/default/pods/x/exec',
  '/api/v1/namespaces/default/pods/x/eviction',
  '/api/v1/namespaces/default/pods/x/binding',
  '/api/v1/namespaces/default/serviceaccounts/default/token',
  '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
  '/apis/authentication.k8s.io/v1/tokenreviews',
  '/apis/apps/v1/namespaces/default/deployments/x/scale',
  ...seeds.flatMap(pathsOf),
];
const path = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...paths) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom(...paths),
        fc.constantFrom('/', '//', '/..', '/%', '/%2e%2e', '/%00', '/é', '/a/b/c/d', '%zz'),
      )
      .map(([start, end]) => start + end),
  },
  { weight: 1, arbitrary: fc.webPath() },
);
const parameter = fc.constantFrom(
  'watch=true',
  'watch=true&resourceVersion=0&timeoutSeconds=1',
  'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true',
  'watch=true&resourceVersion=x',
  'limit=1',
  'limit=x',
  'continue=eyJ2Ijoi',
  'labelSelector=a%20in%20(b,c)',
  'labelSelector=%3D',
  'fieldSelector=metadata.name%3Dx',
  'fieldSelector=spec.nothing!%3Dx',
  'fieldManager=me',
  'fieldManager=me&force=true',
  'fieldValidation=Strict',
  'dryRun=All',
  'resourceVersion=1',
  'resourceVersion=1&resourceVersionMatch=Exact',
  'propagationPolicy=Foreground',
  'gracePeriodSeconds=-1',
  'includeObject=Object',
  'pretty=true&timeout=32s',
  'verbose',
  '%',
  '=&=&&',
);
const query = fc.array(parameter, { maxLength: 2 }).map((parts) => (parts.length === 0 ? '' : `?${parts.join('&')}`));

const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
const accept = fc.constantFrom(
  undefined,
  undefined,
  'application/json',
  `${table},application/json`,
  table,
  'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
  'application/vnd.kubernetes.protobuf,application/json',
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json',
  'application/yaml',
  'text/html',
  'application/json;as=Chair;v=v1;g=meta.k8s.io',
  ';;;,,,q=',
);
const contentType = fc.constantFrom(
  undefined,
  'application/json',
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
  'text/plain',
  'application/json; charset=utf-8',
  '/',
);
const authorization = fc.constantFrom(
  ...Array.from({ length: 12 }, () => 'Bearer secret'),
  'Bearer wrong',
  'Bearer a.b.c',
  'Basic YTpi',
  '',
  undefined,
);
const headers = fc
  .record({
    accept,
    'content-type': contentType,
    authorization,
    'user-agent': fc.constantFrom('kubectl/v1.33.1', '', 'é'),
    'if-none-match': fc.constantFrom(undefined, undefined, '"x"'),
  })
  .map(
    (all) =>
      Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as HttpRequest['headers'],
  );
const lists = fc.constantFrom<NonNullable<HttpRequest['lists']>>(
  {},
  {},
  {},
  {},
  { 'impersonate-user': ['jane'], 'impersonate-group': ['dev', 'ops, night'] },
  { 'impersonate-group': ['dev'] },
  { 'impersonate-user': ['system:serviceaccount:default:default'] },
  { 'impersonate-user': [''], 'impersonate-extra-%zz': ['x'] },
);

const json = fc
  .constantFrom(...seeds)
  .chain(({ tree }) => spoilt(tree))
  .map((tree) => utf8(JSON.stringify(tree)));
const body: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 6, arbitrary: json },
  { weight: 1, arbitrary: fc.constant(new Uint8Array(0)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }).map((bytes) => concatBytes([protobufPrefix, bytes])) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(
        'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\ndata:\n  a: "1"\n',
        'a: &a [*a]\n',
        '- {op: add, path: /data/a, value: "1"}\n',
        '[{"op":"add","path":"/metadata/labels/a","value":"b"}]',
        '{"metadata":{"labels":{"a":"b"}}}',
        '{"kind":"DeleteOptions","apiVersion":"v1","preconditions":{"uid":"u"}}',
        '{"spec":{"$patch":"replace"}}',
        '{"metadata":{"name":"x"},"metadata":{"name":"x"}}',
        '{',
        'null',
      )
      .map((text) => utf8(text)),
  },
);

const method = fc.constantFrom<string>(
  'GET',
  'GET',
  'GET',
  'POST',
  'POST',
  'PUT',
  'PATCH',
  'PATCH',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'FOO',
);

/** Path, query and body have nothing to do with each other. */
const stray = fc.record({ method, path, query, headers, lists, body });

/** What a client means to send: the body fits the path, and the header the body. */
const meant = fc.constantFrom(...seeds).chain((seed) => {
  const [collection = '', object = ''] = pathsOf(seed);
  const plain = fc.constant<HttpRequest['headers']>({
    authorization: 'Bearer secret',
    'content-type': 'application/json',
  });
  const merge = fc.constant<HttpRequest['headers']>({
    authorization: 'Bearer secret',
    'content-type': 'application/merge-patch+json',
  });
  const spoiltBody = spoilt(seed.tree).map((tree) => utf8(JSON.stringify(tree)));
  const request = (name: string, target: string, sent: typeof plain): typeof stray =>
    fc.record({ method: fc.constant(name), path: fc.constant(target), query, headers: sent, lists, body: spoiltBody });
  return fc.oneof(
    request('POST', collection, plain),
    request('PUT', object, plain),
    request('PATCH', object, merge),
    request('GET', object, plain),
  );
});

/** As the listener hands it over: a GET has no body. */
export const httpRequest: fc.Arbitrary<HttpRequest> = fc
  .oneof({ weight: 2, arbitrary: stray }, { weight: 1, arbitrary: meant })
  .map(({ path: start, query: end, ...rest }) => ({
    ...rest,
    target: start + end,
    body: rest.method === 'GET' || rest.method === 'HEAD' ? new Uint8Array(0) : rest.body,
    certificate: null,
  }));

/** The paths of a seed's collection, of its object, and of the object's status. */
function pathsOf({ group, resource, isNamespaced }: Seed): readonly string[] {
  const root = `${group === '' ? '/api/v1' : `/apis/${group}/v1`}${isNamespaced ? '/namespaces/default' : ''}`;
  return [`${root}/${resource}`, `${root}/${resource}/x`, `${root}/${resource}/x/status`];
}
