/**
 * Whatever is asked, the answer is an object, a list or a Status, and never our fault: no request makes an API server stumble. Requests come
 * from good objects that are spoilt in a place or two, so that they get as far as a handler can let them.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import { builtInRegistry, type ResourceInfo } from '../../../src/kinds/registry.ts';
import type { Credentials, PatchType, ResourceRequest } from '../../../src/protocol/apiserver.ts';
import { type Ask, Harness, resourceRequest } from '../../unit/apiserver/harness.ts';
import { type Seed, seeds, spoilt } from './seeds.ts';

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
  { weight: 19, arbitrary: fc.constant<Credentials>({ type: 'component', user: 'test', groups: ['system:masters'] }) },
  { weight: 1, arbitrary: fc.constant<Credentials>({ type: 'anonymous' }) },
);

function near(seed: Seed): fc.Arbitrary<ResourceRequest> {
  const info = registry.resource(seed) as ResourceInfo;
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
  const subresource = fc.constantFrom('', '', '', 'nonsense', ...info.subresources.map((each) => each.name));
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

test('any request is answered with JSON, never with an internal error, and many of them succeed', () => {
  const harness = new Harness();
  const succeeded = new Set<string>();
  const request = fc.constantFrom(...seeds).chain(near);
  fc.assert(
    fc.property(fc.array(request, { minLength: 10, maxLength: 10 }), (requests) => {
      const calls = requests.map((each) => ({ each, id: harness.begin(each) }));
      for (const { each, id } of calls) {
        const { status, body } = harness.finish(id);
        const sent = new TextDecoder().decode(each.body?.bytes);
        const shown = JSON.stringify({ ...each, body: { ...each.body, bytes: sent }, answer: body }).slice(0, 3_000);
        expect(body.kind, shown).toEqual(expect.any(String));
        if (status >= 400) expect(body, shown).toMatchObject({ kind: 'Status', status: 'Failure', code: status });
        else succeeded.add(`${each.resource} ${each.verb}`);
        expect(body.reason === 'InternalError', shown).toBe(false);
      }
    }),
    { numRuns: 120, seed: 7 },
  );
  expect(succeeded.size).toBeGreaterThan(40);
});
