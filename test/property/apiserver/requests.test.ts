/**
 * Whatever is asked, the answer is an object, a list or a Status, and never our fault: no request makes an API server stumble. Requests come
 * from good objects that are spoilt in a place or two, so that they get as far as a handler can let them.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { translateRequest } from '../../../src/apiserver/gateway/translate.ts';
import { utf8 } from '../../../src/base/bytes.ts';
import { builtInRegistry } from '../../../src/kinds/registry.ts';
import type { Credentials, PatchType, ResourceRequest } from '../../../src/protocol/apiserver.ts';
import { type Ask, Harness, resourceRequest, type Tree } from '../../unit/apiserver/harness.ts';
import { httpRequest } from './http-requests.ts';
import { definition, type Seed, seeds, spoilt } from './seeds.ts';

const registry = builtInRegistry();
const parameters = fc.dictionary(
  fc.constantFrom(
    'resourceVersion',
    'resourceVersionMatch',
    'limit',
    'continue',
    'labelSelector',
    'fieldSelector',
    'dryRun',
    'fieldValidation',
    'gracePeriodSeconds',
    'propagationPolicy',
    'includeObject',
    'force',
  ),
  fc.constantFrom(
    '',
    '0',
    '1',
    '-1',
    'x',
    'a=b',
    'metadata.name=x',
    'All',
    'Strict',
    'Ignore',
    'Exact',
    'Orphan',
    '%',
    '!a',
  ),
  { maxKeys: 2 },
);
const name = fc.constantFrom(
  'x',
  'x',
  'x',
  'x',
  'y',
  'default',
  'Not Valid',
  '../x',
  'é',
  '__proto__',
  '',
  'a'.repeat(300),
);
const namespace = fc.constantFrom('default', 'default', 'default', 'default', 'kube-system', 'missing', '');
const output = fc.constantFrom('object' as const, 'object' as const, 'table' as const, 'metadata' as const);
const credentials: fc.Arbitrary<Credentials> = fc.oneof(
  { weight: 1, arbitrary: fc.constant<Credentials>({ type: 'certificate', user: 'jane', groups: ['dev'] }) },
  { weight: 18, arbitrary: fc.constant<Credentials>({ type: 'component', user: 'test', groups: ['system:masters'] }) },
  { weight: 1, arbitrary: fc.constant<Credentials>({ type: 'anonymous' }) },
);

function near(seed: Seed): fc.Arbitrary<ResourceRequest> {
  const subresources = registry.resource(seed)?.subresources ?? [{ name: 'status' }, { name: 'scale' }];
  const all = [
    'get',
    'list',
    'create',
    'update',
    'patch',
    'delete',
    'deletecollection',
    'create',
    'patch',
    'update',
  ] as const;
  const subresource = fc.constantFrom('', '', '', 'nonsense', ...subresources.map((each) => each.name));
  const bytes = fc.oneof(
    { weight: 8, arbitrary: spoilt(seed.tree).map((tree) => utf8(JSON.stringify(tree))) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) },
    { weight: 1, arbitrary: fc.jsonValue().map((tree) => utf8(JSON.stringify(tree))) },
    { weight: 1, arbitrary: jsonPatch },
    {
      weight: 2,
      arbitrary: fc
        .constantFrom('{"target":{"name":"n"},"metadata":{"name":"x"}}', '{"spec":{"replicas":2}}')
        .map(utf8),
    },
  );
  const patch = fc.constantFrom<PatchType>('json', 'merge', 'merge', 'strategic', 'strategic', 'apply');
  const encoding = fc.constantFrom(
    'json' as const,
    'json' as const,
    'json' as const,
    'yaml' as const,
    'protobuf' as const,
  );
  return fc
    .record({
      verb: fc.constantFrom(...all),
      subresource,
      bytes,
      patch,
      encoding,
      name,
      namespace,
      output,
      parameters,
      credentials,
    })
    .map(({ verb, bytes: body, patch: type, ...rest }) => {
      const isCollection =
        rest.subresource === '' && (verb === 'create' || verb === 'list' || verb === 'deletecollection');
      const ask: Ask = { ...rest, body, ...(verb === 'patch' ? { patch: type } : {}) };
      const request = resourceRequest(verb, `${seed.group || 'core'}/v1/-/${seed.resource}`, ask);
      return {
        ...request,
        name: isCollection ? '' : rest.name,
        subresource: rest.subresource,
        namespace: seed.isNamespaced ? rest.namespace : '',
        body: verb === 'get' || verb === 'list' ? null : request.body,
      };
    });
}

const jsonPatch = fc
  .array(
    fc.record({
      op: fc.constantFrom('add', 'remove', 'replace', 'test', 'copy', 'move', 'x'),
      path: fc.constantFrom(
        '',
        '/metadata',
        '/metadata/name',
        '/spec',
        '/spec/containers/0',
        '/spec/template/spec',
        '/data/a',
        '/status',
        '/kind',
      ),
      from: fc.constantFrom('/metadata/labels', '/spec', '/nothing'),
      value: fc.jsonValue({ maxDepth: 2 }),
    }),
    { maxLength: 3 },
  )
  .map((operations) => utf8(JSON.stringify(operations)));

/** A cluster with a custom kind, and with a user who may do much in one namespace and nothing elsewhere. */
function prepared(): Harness {
  const harness = new Harness();
  harness.create('apiextensions.k8s.io/v1/-/customresourcedefinitions', definition);
  harness.create('rbac.authorization.k8s.io/v1/default/rolebindings', {
    metadata: { name: 'dev' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'admin' },
    subjects: [{ kind: 'Group', name: 'dev', apiGroup: 'rbac.authorization.k8s.io' }],
  });
  harness.create('core/v1/default/serviceaccounts', { metadata: { name: 'default' } });
  harness.settle(1_000);
  return harness;
}

function checkAnswer(status: number, body: Tree, shown: string): void {
  expect(body.kind, shown).toEqual(expect.any(String));
  if (status >= 400) expect(body, shown).toMatchObject({ kind: 'Status', status: 'Failure', code: status });
  expect(body.reason === 'InternalError' || status === 500, shown).toBe(false);
}

test('any of 7,000 requests is answered with JSON, never with an internal error, and many of them succeed', () => {
  const harness = prepared();
  const succeeded = new Set<string>();
  const request = fc.constantFrom(...seeds).chain(near);
  fc.assert(
    fc.property(fc.array(request, { minLength: 10, maxLength: 10 }), (requests) => {
      const calls = requests.map((each) => ({ each, id: harness.begin(each) }));
      for (const { each, id } of calls) {
        const { status, body } = harness.finish(id);
        const sent = new TextDecoder().decode(each.body?.bytes);
        const shown = JSON.stringify({ ...each, body: { ...each.body, bytes: sent }, answer: body }).slice(0, 3_000);
        checkAnswer(status, body, shown);
        if (status < 400) succeeded.add(`${each.resource} ${each.verb}`);
      }
    }),
    { numRuns: 700, seed: 7 },
  );
  expect(succeeded.size).toBeGreaterThan(80);
});

test('any of 3,000 HTTP requests, whatever its URL, headers and body, is answered', () => {
  const harness = prepared();
  const statuses = new Set<number>();
  fc.assert(
    fc.property(fc.array(httpRequest, { minLength: 10, maxLength: 10 }), (requests) => {
      for (const request of requests) {
        const shown = JSON.stringify({ ...request, body: new TextDecoder().decode(request.body) }).slice(0, 3_000);
        const translation = translateRequest(request);
        if (translation.type === 'refuse') statuses.add(translation.response.status);
        else if (translation.type === 'open') statuses.add(openedStatus(harness, translation.request, shown));
        else {
          const { status, response, body } = harness.call(translation.request);
          statuses.add(status);
          expect(status, `${shown} ${JSON.stringify(body).slice(0, 500)}`).not.toBe(500);
          const isJson = response.contentType.startsWith('application/json') && translation.request.type === 'resource';
          if (isJson) checkAnswer(status, body, shown);
        }
      }
    }),
    { numRuns: 300, seed: 11 },
  );
  for (const code of [200, 201, 400, 401, 403, 404, 405, 406, 409, 415, 422]) expect([...statuses]).toContain(code);
});

/** Opens a stream, closes it, and returns what its head said; 0 when there was none yet. */
function openedStatus(harness: Harness, request: ResourceRequest, shown: string): number {
  const watch = harness.open(request);
  const [head] = watch.items;
  const status = head?.type === 'head' ? head.status : 0;
  harness.close(harness.lastId);
  expect(status, shown).not.toBe(500);
  return status;
}
