/** The wording and the codes of refusals, as kubectl and client libraries match on them. */
import { expect, test } from 'vitest';
import { invalid, notSupported, required, tooLong } from '../../../src/api/field-error.ts';
import { StatusError, statusErrorOf } from '../../../src/api/status.ts';
import * as errors from '../../../src/api/status-errors.ts';

const deployments = { group: 'apps', resource: 'deployments' };
const pods = { group: '', resource: 'pods' };

const cases: readonly {
  name: string;
  error: StatusError;
  code: number;
  message: string;
  is: (e: unknown) => boolean;
}[] = [
  {
    name: 'an absent object',
    error: errors.notFound(deployments, 'web'),
    code: 404,
    message: 'deployments.apps "web" not found',
    is: errors.isNotFound,
  },
  {
    name: 'a taken name',
    error: errors.alreadyExists(pods, 'a'),
    code: 409,
    message: 'pods "a" already exists',
    is: errors.isAlreadyExists,
  },
  {
    name: 'a stale write',
    error: errors.conflict(pods, 'x'),
    code: 409,
    message:
      'Operation cannot be fulfilled on pods "x": the object has been modified; please apply your changes to the latest version and try again',
    is: errors.isConflict,
  },
  {
    name: 'one finding of validation',
    error: errors.invalidObject({ group: 'apps', kind: 'Deployment' }, 'web', [
      invalid('spec.replicas', -1, 'must be greater than or equal to 0'),
    ]),
    code: 422,
    message: 'Deployment.apps "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    is: errors.isInvalid,
  },
  {
    name: 'several findings of validation',
    error: errors.invalidObject({ group: '', kind: 'Pod' }, 'p', [
      required('spec.containers'),
      notSupported('spec.dnsPolicy', 'X', ['ClusterFirst', 'None']),
      tooLong('metadata.annotations', 10),
    ]),
    code: 422,
    message:
      'Pod "p" is invalid: [spec.containers: Required value, spec.dnsPolicy: Unsupported value: "X": supported values: "ClusterFirst", "None", metadata.annotations: Too long: may not be more than 10 bytes]',
    is: errors.isInvalid,
  },
  {
    name: 'a forbidden object',
    error: errors.forbidden(pods, 'x', 'no'),
    code: 403,
    message: 'pods "x" is forbidden: no',
    is: errors.isForbidden,
  },
  {
    name: 'a forbidden path',
    error: errors.forbidden(undefined, '', 'no'),
    code: 403,
    message: 'forbidden: no',
    is: errors.isForbidden,
  },
  {
    name: 'a verb that is not served',
    error: errors.methodNotAllowed(pods, 'deletecollection'),
    code: 405,
    message: 'deletecollection is not supported on resources of kind "pods"',
    is: errors.isMethodNotAllowed,
  },
  {
    name: 'an unknown outcome',
    error: errors.timeout('request did not complete within the allotted timeout', 1),
    code: 504,
    message: 'Timeout: request did not complete within the allotted timeout',
    is: errors.isTimeout,
  },
  {
    name: 'an unknown body format',
    error: errors.unsupportedMediaType(['application/json']),
    code: 415,
    message: 'the body of the request was in an unknown format - accepted media types include: application/json',
    is: errors.isUnsupportedMediaType,
  },
];

test.each(cases)('$name has its code, its message and its predicate', ({ error, code, message, is }) => {
  expect(error.status).toMatchObject({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, message });
  expect(is(error)).toBe(true);
  expect(errors.isGone(error)).toBe(false);
});

test('details name the object, and causes name the fields', () => {
  const { status } = errors.invalidObject({ group: 'apps', kind: 'Deployment' }, 'web', [
    required('spec.selector', 'why'),
  ]);
  expect(status.details).toEqual({
    name: 'web',
    group: 'apps',
    kind: 'Deployment',
    causes: [{ reason: 'FieldValueRequired', message: 'Required value: why', field: 'spec.selector' }],
  });
  expect(errors.notFound(pods, 'x').status.details).toEqual({ name: 'x', kind: 'pods' });
  expect(errors.tooManyRequests('slow down', 3).status.details).toEqual({ retryAfterSeconds: 3 });
});

test('a status that travelled as data becomes the same error', () => {
  const error = errors.expired('too old resource version: 1 (5)');
  expect(statusErrorOf(JSON.parse(JSON.stringify(error.status)))).toEqual(error);
  expect(errors.isExpired(new Error('x'))).toBe(false);
});

test('a predicate is true of its own reason only', () => {
  const all = [
    errors.notFound(pods, 'x'),
    errors.badRequest('x'),
    errors.unauthorized(),
    errors.notAcceptable([]),
    errors.requestEntityTooLarge('x'),
    errors.gone('x'),
    errors.expired('x'),
    errors.serviceUnavailable('x', 1),
    errors.serverTimeout(pods, 'list', 1),
    errors.internalError('x'),
    errors.tooManyRequests('x', 1),
  ];
  const predicates = [
    errors.isNotFound,
    errors.isBadRequest,
    errors.isUnauthorized,
    errors.isNotAcceptable,
    errors.isRequestEntityTooLarge,
    errors.isGone,
    errors.isExpired,
    errors.isServiceUnavailable,
    errors.isServerTimeout,
    errors.isInternalError,
    errors.isTooManyRequests,
  ];
  const table = all.map((error) => predicates.map((predicate) => predicate(error)));
  expect(table).toEqual(all.map((_, row) => predicates.map((_, column) => row === column)));
  expect(all.map((error) => error.status.code)).toEqual([404, 400, 401, 406, 413, 410, 410, 503, 500, 500, 429]);
});
