/**
 * Questions that look like objects: who am I, whose is this token, may somebody do something. Nothing is stored; the answer is the question
 * with its status filled in. Models kubernetes pkg/registry/{authentication,authorization}.
 */
import type { Flow } from '../actor/flow.ts';
import type { Mutable } from '../api/json.ts';
import type { AnyObject } from '../api/object-meta.ts';
import { StatusError } from '../api/status.ts';
import { utf8 } from '../base/bytes.ts';
import { writeOptions } from '../http/options.ts';
import { decodeObject } from '../kinds/decode.ts';
import { type Answer, complete } from './answer.ts';
import { authenticate, type User } from './authentication.ts';
import { isAllowed } from './authorization.ts';
import { bodyOf, type Call } from './call.ts';
import type { Environment } from './environment.ts';
import { waitForCache } from './store-client.ts';

interface ReviewSpec {
  readonly user?: string;
  readonly groups?: readonly string[];
  readonly token?: string;
  readonly resourceAttributes?: Readonly<Record<string, string | undefined>>;
  readonly nonResourceAttributes?: { readonly path?: string; readonly verb?: string };
}

type StatusOf = (environment: Environment, call: Call, spec: ReviewSpec) => object;

const rulesOfMasters = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  incomplete: false,
};
const rulesOfOthers = { resourceRules: [], nonResourceRules: [], incomplete: false };

const statuses: ReadonlyMap<string, StatusOf> = new Map<string, StatusOf>([
  ['selfsubjectreviews', (_environment, call) => ({ userInfo: userInfo(call.user) })],
  ['selfsubjectaccessreviews', (_environment, call, spec) => decisionOn(call.user, spec)],
  ['subjectaccessreviews', (_environment, _call, spec) => decisionOn(subjectOf(spec), spec)],
  ['localsubjectaccessreviews', (_environment, _call, spec) => decisionOn(subjectOf(spec), spec)],
  ['selfsubjectrulesreviews', (_environment, call) => (mayDoAll(call.user) ? rulesOfMasters : rulesOfOthers)],
  ['tokenreviews', (environment, _call, spec) => tokenStatus(environment, spec.token ?? '')],
]);

export function isReview(group: string, resource: string): boolean {
  return (group === 'authentication.k8s.io' || group === 'authorization.k8s.io') && statuses.has(resource);
}

export function* handleReview(environment: Environment, call: Call): Flow<Answer> {
  const options = writeOptions(call.query, 'CreateOptions');
  const { info } = call.served;
  // Rights are objects: without a complete cache nobody can be told that he lacks them.
  yield* waitForCache(environment, 0);
  const { object, warnings } = decodeObject(bodyOf(call), info, environment.schemas, options.fieldValidation);
  const statusOf = statuses.get(info.resource);
  const spec = (object.spec ?? {}) as ReviewSpec;
  (object as Mutable<AnyObject>).status = statusOf?.(environment, call, spec) ?? {};
  return complete(201, utf8(JSON.stringify(object)), warnings);
}

function decisionOn(user: User, { resourceAttributes: asked, nonResourceAttributes: path }: ReviewSpec): object {
  if (asked === undefined) return { allowed: path !== undefined && mayDoAll(user) };
  const { verb = '', group = '', resource = '', subresource = '', namespace = '', name = '' } = asked;
  return { allowed: isAllowed(user, { verb, group, resource, subresource, namespace, name }) };
}

function mayDoAll(user: User): boolean {
  const everything = { verb: '*', group: '*', resource: '*', subresource: '', namespace: '', name: '' };
  return isAllowed(user, everything);
}

function subjectOf({ user = '', groups = [] }: ReviewSpec): User {
  return { name: user, groups };
}

function userInfo(user: User): object {
  return { username: user.name, groups: user.groups };
}

function tokenStatus(environment: Environment, token: string): object {
  try {
    const user = authenticate({ type: 'bearer', token }, environment.settings.tokens);
    return { authenticated: true, user: userInfo(user) };
  } catch (error: unknown) {
    if (!(error instanceof StatusError)) throw error;
    return { user: {}, error: 'invalid bearer token' };
  }
}
