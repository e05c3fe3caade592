/** What bad input gets: always a Status, with the code, reason and wording that clients know. */
import { expect, test } from 'vitest';
import type { Credentials, Verb } from '../../../src/protocol/apiserver.ts';
import { type Ask, configMap, Harness, resourceRequest } from './harness.ts';

const harness = new Harness();
harness.create('core/v1/default/configmaps', configMap('taken'));
const maps = 'core/v1/default/configmaps';
const anonymous: Credentials = { type: 'anonymous' };

interface Row {
  readonly name: string;
  readonly verb: Verb;
  readonly path: string;
  readonly ask?: Ask;
  readonly code: number;
  readonly reason: string;
  readonly message: string | RegExp;
}

const rows: readonly Row[] = [
  {
    name: 'no body',
    verb: 'create',
    path: maps,
    code: 400,
    reason: 'BadRequest',
    message: 'the body of the request was empty',
  },
  {
    name: 'malformed JSON',
    verb: 'create',
    path: maps,
    ask: { body: '{"metadata":' },
    code: 400,
    reason: 'BadRequest',
    message: "couldn't get version/kind; json parse error: unexpected end of JSON input",
  },
  {
    name: 'a wrong JSON type',
    verb: 'create',
    path: maps,
    ask: { body: { metadata: { name: 'x' }, data: 'text' } },
    code: 400,
    reason: 'BadRequest',
    message: /cannot be handled as a ConfigMap: json: cannot unmarshal string into Go struct field ConfigMap.data/,
  },
  {
    name: 'an array instead of an object',
    verb: 'create',
    path: maps,
    ask: { body: [] },
    code: 400,
    reason: 'BadRequest',
    message: /cannot unmarshal array/,
  },
  {
    name: 'another kind',
    verb: 'create',
    path: maps,
    ask: { body: { kind: 'Secret', apiVersion: 'v1', metadata: { name: 'x' } } },
    code: 400,
    reason: 'BadRequest',
    message: /Secret in version "v1" cannot be handled as a ConfigMap/,
  },
  {
    name: 'an unknown field under strict validation',
    verb: 'create',
    path: maps,
    ask: { body: { ...configMap('x'), datum: {} }, parameters: { fieldValidation: 'Strict' } },
    code: 400,
    reason: 'BadRequest',
    message: /strict decoding error: unknown field "datum"/,
  },
  {
    name: 'a field that stands twice under strict validation',
    verb: 'create',
    path: maps,
    ask: {
      body: '{"metadata":{"name":"x"},"data":{"a":"1","a":"2"}}',
      parameters: { fieldValidation: 'Strict' },
    },
    code: 400,
    reason: 'BadRequest',
    message:
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: duplicate field "data.a"',
  },
  {
    name: 'an invalid name',
    verb: 'create',
    path: maps,
    ask: { body: configMap('Not_Valid') },
    code: 422,
    reason: 'Invalid',
    message:
      /^ConfigMap "Not_Valid" is invalid: metadata.name: Invalid value: "Not_Valid": a lowercase RFC 1123 subdomain/,
  },
  {
    name: 'no name at all',
    verb: 'create',
    path: maps,
    ask: { body: { data: {} } },
    code: 422,
    reason: 'Invalid',
    message: 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
  },
  {
    name: 'a name that is taken',
    verb: 'create',
    path: maps,
    ask: { body: configMap('taken') },
    code: 409,
    reason: 'AlreadyExists',
    message: 'configmaps "taken" already exists',
  },
  {
    name: 'a namespace that does not exist',
    verb: 'create',
    path: 'core/v1/nowhere/configmaps',
    ask: { body: configMap('x') },
    code: 404,
    reason: 'NotFound',
    message: 'namespaces "nowhere" not found',
  },
  {
    name: 'another namespace in the object than in the path',
    verb: 'create',
    path: maps,
    ask: { body: { metadata: { name: 'x', namespace: 'kube-system' } } },
    code: 400,
    reason: 'BadRequest',
    message: 'the namespace of the provided object does not match the namespace sent on the request',
  },
  {
    name: 'a resourceVersion on a new object',
    verb: 'create',
    path: maps,
    ask: { body: { metadata: { name: 'x', resourceVersion: '5' } } },
    code: 400,
    reason: 'BadRequest',
    message: 'resourceVersion should not be set on objects to be created',
  },
  {
    name: 'an unknown resource',
    verb: 'list',
    path: 'core/v1/default/gadgets',
    code: 404,
    reason: 'NotFound',
    message: 'the server could not find the requested resource',
  },
  {
    name: 'an unknown group',
    verb: 'list',
    path: 'example.com/v1/default/gadgets',
    code: 404,
    reason: 'NotFound',
    message: 'the server could not find the requested resource',
  },
  {
    name: 'an unknown subresource',
    verb: 'get',
    path: `${maps}/taken/status`,
    code: 404,
    reason: 'NotFound',
    message: 'the server could not find the requested resource',
  },
  {
    name: 'a verb that the resource lacks',
    verb: 'deletecollection',
    path: 'core/v1/-/namespaces',
    code: 405,
    reason: 'MethodNotAllowed',
    message: 'deletecollection is not supported on resources of kind "namespaces"',
  },
  {
    name: 'an object that is not there',
    verb: 'get',
    path: 'apps/v1/default/deployments/none',
    code: 404,
    reason: 'NotFound',
    message: 'deployments.apps "none" not found',
  },
  {
    name: 'an update of what is not there',
    verb: 'update',
    path: `${maps}/none`,
    ask: { body: configMap('none') },
    code: 404,
    reason: 'NotFound',
    message: 'configmaps "none" not found',
  },
  {
    name: 'another name in the object than in the path',
    verb: 'update',
    path: `${maps}/taken`,
    ask: { body: configMap('other') },
    code: 400,
    reason: 'BadRequest',
    message: 'the name of the object (other) does not match the name on the URL (taken)',
  },
  {
    name: 'a stale resourceVersion',
    verb: 'update',
    path: `${maps}/taken`,
    ask: { body: { metadata: { name: 'taken', resourceVersion: '1' } } },
    code: 409,
    reason: 'Conflict',
    message:
      'Operation cannot be fulfilled on configmaps "taken": the object has been modified; please apply your changes to the latest version and try again',
  },
  {
    name: 'a JSON patch that does not fit',
    verb: 'patch',
    path: `${maps}/taken`,
    ask: { patch: 'json', body: [{ op: 'remove', path: '/data/none' }] },
    code: 422,
    reason: 'Invalid',
    message: 'the server rejected our request due to an error in our request',
  },
  {
    name: 'a JSON patch that is no patch',
    verb: 'patch',
    path: `${maps}/taken`,
    ask: { patch: 'json', body: { data: {} } },
    code: 400,
    reason: 'BadRequest',
    message: /./,
  },
  {
    name: 'server-side apply by nobody',
    verb: 'patch',
    path: `${maps}/taken`,
    ask: { patch: 'apply', body: configMap('taken') },
    code: 422,
    reason: 'Invalid',
    message: 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
  },
  {
    name: 'a protobuf body that is none',
    verb: 'create',
    path: maps,
    ask: { encoding: 'protobuf', body: 'k8s' },
    code: 400,
    reason: 'BadRequest',
    message: 'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
  },
  {
    name: 'a resourceVersion that is no number',
    verb: 'list',
    path: maps,
    ask: { parameters: { resourceVersion: 'soon' } },
    code: 400,
    reason: 'BadRequest',
    message: /invalid resource version/,
  },
  {
    name: 'a resourceVersion from the future',
    verb: 'get',
    path: `${maps}/taken`,
    ask: { parameters: { resourceVersion: '99999999' } },
    code: 504,
    reason: 'Timeout',
    message: /^Timeout: Too large resource version: 99999999, current: \d+$/,
  },
  {
    name: 'a continue token that is none',
    verb: 'list',
    path: maps,
    ask: { parameters: { continue: 'abc' } },
    code: 400,
    reason: 'BadRequest',
    message: 'continue key is not valid: "abc"',
  },
  {
    name: 'a label selector that does not parse',
    verb: 'list',
    path: maps,
    ask: { parameters: { labelSelector: 'a in (' } },
    code: 400,
    reason: 'BadRequest',
    message: /unable to parse requirement/,
  },
  {
    name: 'a field that cannot be selected by',
    verb: 'list',
    path: maps,
    ask: { parameters: { fieldSelector: 'data.a=b' } },
    code: 400,
    reason: 'BadRequest',
    message:
      'Unable to find "/v1, Resource=configmaps" that match label selector "", field selector "data.a=b": field label not supported: data.a',
  },
  {
    name: 'a limit that is no number',
    verb: 'list',
    path: maps,
    ask: { parameters: { limit: 'all' } },
    code: 400,
    reason: 'BadRequest',
    message: 'strconv.ParseInt: parsing "all": invalid syntax',
  },
  {
    name: 'a dry run of another sort',
    verb: 'create',
    path: maps,
    ask: { body: configMap('x'), parameters: { dryRun: 'Some' } },
    code: 422,
    reason: 'Invalid',
    message: /dryRun: Unsupported value/,
  },
  {
    name: 'a token that nobody has',
    verb: 'get',
    path: `${maps}/taken`,
    ask: { credentials: { type: 'bearer', token: 'wrong' } },
    code: 401,
    reason: 'Unauthorized',
    message: 'Unauthorized',
  },
  {
    name: 'nobody in particular',
    verb: 'get',
    path: `${maps}/taken`,
    ask: { credentials: anonymous },
    code: 403,
    reason: 'Forbidden',
    message:
      'configmaps "taken" is forbidden: User "system:anonymous" cannot get resource "configmaps" in API group "" in the namespace "default"',
  },
  {
    name: 'somebody without the right',
    verb: 'get',
    path: `${maps}/taken`,
    ask: { credentials: { type: 'certificate', user: 'jane', groups: [] } },
    code: 403,
    reason: 'Forbidden',
    message:
      'configmaps "taken" is forbidden: User "jane" cannot get resource "configmaps" in API group "" in the namespace "default"',
  },
  {
    name: 'the deletion of a namespace that the cluster lives in',
    verb: 'delete',
    path: 'core/v1/-/namespaces/kube-system',
    code: 403,
    reason: 'Forbidden',
    message: 'namespaces "kube-system" is forbidden: this namespace may not be deleted',
  },
  {
    name: 'a priority class that does not exist',
    verb: 'create',
    path: 'core/v1/default/pods',
    ask: {
      body: { metadata: { name: 'x' }, spec: { priorityClassName: 'vip', containers: [{ name: 'a', image: 'b' }] } },
    },
    code: 403,
    reason: 'Forbidden',
    message: 'pods "x" is forbidden: no PriorityClass with name vip was found',
  },
  {
    name: 'a uid that the object does not have',
    verb: 'delete',
    path: `${maps}/taken`,
    ask: { body: { preconditions: { uid: 'other' } } },
    code: 409,
    reason: 'Conflict',
    message:
      /^Operation cannot be fulfilled on ConfigMap "taken": the UID in the precondition \(other\) does not match/,
  },
  {
    name: 'a propagation policy that there is not',
    verb: 'delete',
    path: `${maps}/taken`,
    ask: { body: { propagationPolicy: 'Sideways' } },
    code: 422,
    reason: 'Invalid',
    message: /propagationPolicy: Unsupported value: "Sideways"/,
  },
  {
    name: 'a deletion with options of another kind',
    verb: 'delete',
    path: `${maps}/taken`,
    ask: { body: { kind: 'Pod', apiVersion: 'v1' } },
    code: 400,
    reason: 'BadRequest',
    message: /^no kind "Pod" is registered/,
  },
  {
    name: 'a continue token together with a resourceVersion',
    verb: 'list',
    path: maps,
    ask: { parameters: { continue: 'abc', resourceVersion: '5' } },
    code: 400,
    reason: 'BadRequest',
    message: 'specifying resource version is not allowed when using continue',
  },
  {
    name: 'a patch that makes a field of a wrong type',
    verb: 'patch',
    path: `${maps}/taken`,
    ask: { patch: 'merge', body: { data: 5 } },
    code: 422,
    reason: 'Invalid',
    message:
      /^ "" is invalid: patch: Invalid value: .*: json: cannot unmarshal number into Go struct field ConfigMap.data/,
  },
];

test.each(rows)('$name gets $code $reason', ({ verb, path, ask, code, reason, message }) => {
  const answer = harness.call(resourceRequest(verb, path, ask));
  expect(answer.status).toBe(code);
  expect(answer.body).toMatchObject({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason });
  if (typeof message === 'string') expect(answer.body.message).toBe(message);
  else expect(answer.body.message).toMatch(message);
});

test('no refusal has changed anything', () => {
  const names = harness.list(maps).body.items.map((item: { metadata: { name: string } }) => item.metadata.name);
  expect(names).toEqual(['taken']);
});

test('a field that stands twice is warned of when that is asked for; the last one counts', () => {
  const body = '{"metadata":{"name":"twice"},"data":{"a":"1","a":"2"}}';
  const answer = new Harness().create(maps, body, { parameters: { fieldValidation: 'Warn' } });
  expect([answer.status, answer.warnings, answer.body.data]).toEqual([201, ['duplicate field "data.a"'], { a: '2' }]);
});

test('a refused watch is a head with the code of the refusal, the Status, and an end', () => {
  const watch = harness.watch(maps, { resourceVersion: 'soon' });
  expect(watch.items[0]).toMatchObject({ type: 'head', status: 400 });
  expect(watch.events).toMatchObject([{ kind: 'Status', code: 400 }]);
  expect(watch.endReason).toBe('completed');
});
