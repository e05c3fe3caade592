/**
 * Questions that look like objects: who am I, whose is this token, may somebody do something. Nothing is stored; the answer is the question
 * with its status filled in. Models kubernetes pkg/registry/{authentication,authorization}.
 */
import type { Flow } from '../actor/flow.ts';
import { type FieldError, invalid } from '../api/field-error.ts';
import type { Mutable } from '../api/json.ts';
import type { AnyObject } from '../api/object-meta.ts';
import { badRequest, invalidObject } from '../api/status-errors.ts';
import { utf8 } from '../base/bytes.ts';
import { writeOptions } from '../http/options.ts';
import { decodeObject } from '../kinds/decode.ts';
import type { PolicyRule } from '../kinds/role/types.ts';
import { type Answer, complete } from './answer.ts';
import { staticUser, type User } from './authentication.ts';
import { decide, isMaster } from './authorization.ts';
import { awaitRights } from './await-bootstrap.ts';
import { bodyOf, type Call } from './call.ts';
import type { Environment } from './environment.ts';
import type { Attributes } from './rbac/rule.ts';
import { authenticateToken } from './tokens/authenticate-token.ts';
import { apiAudiences } from './tokens/claims.ts';

interface ReviewSpec {
  readonly user?: string;
  readonly uid?: string;
  readonly groups?: readonly string[] | null;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
  readonly token?: string;
  readonly audiences?: readonly string[] | null;
  readonly namespace?: string;
  readonly resourceAttributes?: Readonly<Record<string, string | undefined>>;
  readonly nonResourceAttributes?: { readonly path?: string; readonly verb?: string };
}

const reviewed: ReadonlySet<string> = new Set([
  'selfsubjectreviews',
  'selfsubjectaccessreviews',
  'subjectaccessreviews',
  'localsubjectaccessreviews',
  'selfsubjectrulesreviews',
  'tokenreviews',
]);

export function isReview(group: string, resource: string): boolean {
  return (group === 'authentication.k8s.io' || group === 'authorization.k8s.io') && reviewed.has(resource);
}

export function* handleReview(environment: Environment, call: Call): Flow<Answer> {
  const options = writeOptions(call.query, 'CreateOptions');
  const { info } = call.served;
  const { object, warnings } = decodeObject(bodyOf(call), info, environment.schemas, options.fieldValidation);
  const status = yield* statusOf(environment, call, (object.spec ?? {}) as ReviewSpec);
  (object as Mutable<AnyObject>).status = status;
  return complete(201, utf8(JSON.stringify(object)), warnings);
}

function* statusOf(environment: Environment, call: Call, spec: ReviewSpec): Flow<object> {
  switch (call.served.info.resource) {
    case 'selfsubjectreviews':
      return { userInfo: userInfo(call.user) };
    case 'selfsubjectaccessreviews':
      return yield* selfAccess(environment, call, spec);
    case 'subjectaccessreviews':
      return yield* access(environment, call, spec);
    case 'localsubjectaccessreviews':
      return yield* localAccess(environment, call, spec);
    case 'selfsubjectrulesreviews':
      return yield* rulesStatus(environment, call, spec);
    default:
      return yield* tokenStatus(environment, spec);
  }
}

function* selfAccess(environment: Environment, call: Call, spec: ReviewSpec): Flow<object> {
  refuse(call, attributeErrors(spec));
  return yield* decision(environment, call.user, spec);
}

function* access(environment: Environment, call: Call, spec: ReviewSpec): Flow<object> {
  refuse(call, [...attributeErrors(spec), ...subjectErrors(spec)]);
  return yield* decision(environment, subjectOf(spec), spec);
}

function* localAccess(environment: Environment, call: Call, spec: ReviewSpec): Flow<object> {
  const errors = [...attributeErrors(spec), ...subjectErrors(spec)];
  const { namespace } = call.request;
  const asked = spec.resourceAttributes?.['namespace'] ?? '';
  if (spec.resourceAttributes !== undefined && asked !== namespace) {
    errors.push(invalid('spec.resourceAttributes.namespace', asked, 'must match metadata.namespace'));
  }
  if (spec.nonResourceAttributes !== undefined) {
    const detail = 'disallowed on this kind of request';
    errors.push(invalid('spec.nonResourceAttributes', spec.nonResourceAttributes, detail));
  }
  refuse(call, errors);
  return yield* decision(environment, subjectOf(spec), spec);
}

function attributeErrors({ resourceAttributes, nonResourceAttributes }: ReviewSpec): FieldError[] {
  if (resourceAttributes !== undefined && nonResourceAttributes !== undefined) {
    const detail = 'cannot be specified in combination with resourceAttributes';
    return [invalid('spec.nonResourceAttributes', nonResourceAttributes, detail)];
  }
  if (resourceAttributes !== undefined || nonResourceAttributes !== undefined) return [];
  const detail = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  return [invalid('spec.resourceAttributes', undefined, detail)];
}

function subjectErrors({ user = '', groups }: ReviewSpec): FieldError[] {
  if (user !== '' || (groups ?? []).length > 0) return [];
  return [invalid('spec.user', user, 'at least one of user or group must be specified')];
}

function refuse(call: Call, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalidObject(call.served.info, '', errors);
}

function* decision(environment: Environment, user: User, spec: ReviewSpec): Flow<object> {
  const { isAllowed, reason } = yield* decide(environment, user, attributesOf(spec));
  return { allowed: isAllowed, ...(reason === '' ? {} : { reason }) };
}

function attributesOf({ resourceAttributes: asked, nonResourceAttributes }: ReviewSpec): Attributes {
  if (asked === undefined) {
    return { type: 'path', verb: nonResourceAttributes?.verb ?? '', path: nonResourceAttributes?.path ?? '' };
  }
  const { verb = '', group = '', resource = '', subresource = '', namespace = '', name = '' } = asked;
  return { type: 'resource', verb, group, resource, subresource, namespace, name };
}

function subjectOf({ user = '', uid = '', groups, extra = {} }: ReviewSpec): User {
  return { name: user, uid, groups: groups ?? [], extra };
}

function userInfo({ name, uid = '', groups, extra = {} }: User): object {
  return {
    username: name,
    ...(uid === '' ? {} : { uid }),
    groups,
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
}

/** Masters may do all, whatever roles say; what is allowed so comes first, as that authorizer is asked first. */
function* rulesStatus(environment: Environment, call: Call, { namespace = '' }: ReviewSpec): Flow<object> {
  if (namespace === '') throw badRequest('no namespace on request');
  const everything: readonly PolicyRule[] = [
    { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
    { verbs: ['*'], nonResourceURLs: ['*'] },
  ];
  yield* awaitRights(environment);
  const held = environment.rights.rulesOf(call.user, namespace);
  const rules = isMaster(call.user) ? [...everything, ...held.rules] : held.rules;
  return {
    resourceRules: rules.filter((rule) => (rule.resources ?? []).length > 0),
    nonResourceRules: rules.filter((rule) => (rule.nonResourceURLs ?? []).length > 0),
    incomplete: false,
    ...(held.errors.length === 0 ? {} : { evaluationError: held.errors.join(', ') }),
  };
}

function* tokenStatus(environment: Environment, { token = '', audiences }: ReviewSpec): Flow<object> {
  if (token === '') throw badRequest('token is required for TokenReview in authentication');
  const asked = (audiences ?? []).length > 0 ? (audiences as readonly string[]) : apiAudiences;
  const known = staticUser(environment.settings.tokens, token);
  if (known !== undefined) return { authenticated: true, user: userInfo(known), audiences: asked };
  const verified = yield* authenticateToken(environment, token, asked);
  if (verified === undefined) return { user: {}, error: 'invalid bearer token' };
  return { authenticated: true, user: userInfo(verified.user), audiences: verified.audiences };
}
