/** Whatever is asked, the answer is an object, a list or a Status, and never our fault: no request makes an API server stumble. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import { builtInRegistry } from '../../../src/kinds/registry.ts';
import type { ApiRequest, Credentials } from '../../../src/protocol/apiserver.ts';
import { Harness } from '../../unit/apiserver/harness.ts';

const registry = builtInRegistry();
const resources = registry.resources.filter(({ verbs }) => verbs.length > 0);
const verbs = ['get', 'list', 'create', 'update', 'patch', 'delete', 'deletecollection'] as const;
const subresources = ['', '', '', 'status', 'scale', 'binding', 'eviction', 'finalize', 'approval', 'nonsense'];
const parameterNames = [
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
];
const parameterValues = [
  '',
  '0',
  '1',
  '7',
  '-1',
  'x',
  'a=b',
  'metadata.name=x',
  'All',
  'Strict',
  'Exact',
  'Orphan',
  '%',
  '!a',
];

const name = fc.constantFrom('x', 'y', 'default', 'Not Valid', '../x', 'é', '__proto__', '', 'a'.repeat(300));
const json = fc.jsonValue({ maxDepth: 3 });

/** Trees that look like objects of some kind, with any value in any of the places where handlers look. */
const object = fc.record(
  {
    kind: fc.constantFrom('Pod', 'ConfigMap', 'Nonsense', 3),
    apiVersion: fc.constantFrom('v1', 'apps/v1', '', null),
    metadata: fc.oneof(
      json,
      fc.record(
        {
          name,
          namespace: name,
          generateName: name,
          resourceVersion: fc.constantFrom('1', '5', 'x', 7),
          uid: fc.oneof(fc.string(), json),
          labels: fc.oneof(fc.dictionary(fc.string(), fc.string()), json),
          annotations: json,
          finalizers: fc.oneof(fc.array(fc.string()), json),
          ownerReferences: json,
          deletionTimestamp: fc.constantFrom('2020-01-01T00:00:00Z', 'soon', 3),
        },
        { requiredKeys: [] },
      ),
    ),
    spec: fc.oneof(
      json,
      fc.record(
        {
          replicas: json,
          selector: json,
          template: fc.oneof(json, fc.record({ metadata: json, spec: fc.record({ containers: json }) })),
          containers: fc.oneof(json, fc.array(fc.record({ name, image: fc.string() }))),
          ports: fc.oneof(json, fc.array(fc.record({ port: fc.integer(), nodePort: fc.integer() }))),
          type: fc.constantFrom('NodePort', 'ClusterIP', 'ExternalName', 4),
          clusterIP: fc.constantFrom('None', '10.96.0.7', 'x'),
          finalizers: json,
          tolerations: json,
          priorityClassName: json,
        },
        { requiredKeys: [] },
      ),
    ),
    status: json,
    data: json,
    target: json,
    deleteOptions: json,
    propagationPolicy: json,
    preconditions: json,
  },
  { requiredKeys: [] },
);
const body = fc.oneof(
  { weight: 5, arbitrary: object.map((tree) => utf8(JSON.stringify(tree))) },
  json.map((tree) => utf8(JSON.stringify(tree))),
  fc.array(json).map((operations) => utf8(JSON.stringify(operations))),
  fc.uint8Array({ maxLength: 40 }),
);
const credentials: fc.Arbitrary<Credentials> = fc.oneof(
  { weight: 9, arbitrary: fc.constant({ type: 'component', user: 'test', groups: ['system:masters'] } as Credentials) },
  fc.constant({ type: 'anonymous' } as Credentials),
  fc.string().map((token): Credentials => ({ type: 'bearer', token })),
);

const request: fc.Arbitrary<ApiRequest> = fc
  .record({
    info: fc.constantFrom(...resources),
    verb: fc.constantFrom(...verbs),
    subresource: fc.constantFrom(...subresources),
    namespace: fc.constantFrom('default', 'default', 'kube-system', 'missing', ''),
    name,
    parameters: fc.dictionary(fc.constantFrom(...parameterNames), fc.constantFrom(...parameterValues), { maxKeys: 2 }),
    output: fc.constantFrom('object' as const, 'table' as const, 'metadata' as const),
    bytes: body,
    hasBody: fc.boolean(),
    encoding: fc.constantFrom('json' as const, 'json' as const, 'yaml' as const, 'protobuf' as const),
    patch: fc.constantFrom('json' as const, 'merge' as const, 'strategic' as const, 'apply' as const, null),
    credentials,
  })
  .map(({ info, bytes, hasBody, encoding, patch, verb, name, ...rest }): ApiRequest => {
    const isCollection = verb === 'list' || verb === 'create' || verb === 'deletecollection';
    return {
      type: 'resource',
      group: info.group,
      version: info.version,
      resource: info.resource,
      verb,
      ...rest,
      name: isCollection && rest.subresource === '' ? '' : name,
      body: hasBody || verb === 'create' || verb === 'patch' || verb === 'update' ? { encoding, patch, bytes } : null,
      userAgent: 'test',
      fence: null,
    };
  });

test('any request is answered with JSON, and never with an internal error', () => {
  const harness = new Harness();
  fc.assert(
    fc.property(fc.array(request, { minLength: 10, maxLength: 10 }), (requests) => {
      const calls = requests.map((each) => ({ each, id: harness.begin(each) }));
      for (const { each, id } of calls) {
        const { status, body } = harness.finish(id);
        const shown = JSON.stringify({ ...each, body: null, answer: body }).slice(0, 2_000);
        expect(body.kind, shown).toEqual(expect.any(String));
        if (status >= 400) expect(body, shown).toMatchObject({ kind: 'Status', status: 'Failure', code: status });
        expect(body.reason === 'InternalError', shown).toBe(false);
      }
    }),
    { numRuns: 150, seed: 7 },
  );
});
