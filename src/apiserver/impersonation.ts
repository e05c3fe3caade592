/**
 * Acting as somebody else, which whoever may `impersonate` may. Each part of the other identity is a right of its own.
 * Models apiserver pkg/endpoints/filters/impersonation.
 */
import type { Flow } from '../actor/flow.ts';
import { badRequest } from '../api/status-errors.ts';
import type { Credentials, Impersonation } from '../protocol/apiserver.ts';
import { anonymousName, authenticate, authenticatedGroup, type User, unauthenticatedGroup } from './authentication.ts';
import { authorize } from './authorization.ts';
import type { Environment } from './environment.ts';
import type { ResourceAttributes } from './rbac/rule.ts';
import { serviceAccountGroups, splitServiceAccountUser } from './tokens/claims.ts';

interface Requester {
  readonly credentials: Credentials;
  readonly impersonation?: Impersonation;
}

const authenticationGroup = 'authentication.k8s.io';

/** Returns as whom a request acts. Throws StatusError Unauthorized, Forbidden or BadRequest. */
export function* identify(environment: Environment, { credentials, impersonation }: Requester): Flow<User> {
  const user = yield* authenticate(environment, credentials);
  return impersonation === undefined ? user : yield* impersonate(environment, user, impersonation);
}

function* impersonate(environment: Environment, user: User, other: Impersonation): Flow<User> {
  if (other.user === '') throw badRequest('requested groups, uid or extra without impersonating a user');
  for (const attributes of rightsFor(other)) yield* authorize(environment, user, attributes);
  const account = splitServiceAccountUser(other.user);
  const given =
    other.groups.length === 0 && account !== undefined ? serviceAccountGroups(account.namespace) : other.groups;
  return {
    name: other.user,
    groups: withStanding(other.user, given),
    ...(other.uid === '' ? {} : { uid: other.uid }),
    ...(Object.keys(other.extra).length === 0 ? {} : { extra: other.extra }),
  };
}

/** Everybody is either authenticated or not, also those whom others act as. */
function withStanding(name: string, groups: readonly string[]): readonly string[] {
  if (groups.includes(authenticatedGroup) || groups.includes(unauthenticatedGroup)) return groups;
  return [...groups, name === anonymousName ? unauthenticatedGroup : authenticatedGroup];
}

function rightsFor({ user, groups, uid, extra }: Impersonation): readonly ResourceAttributes[] {
  const account = splitServiceAccountUser(user);
  const who =
    account === undefined
      ? right('', 'users', user)
      : { ...right('', 'serviceaccounts', account.name), namespace: account.namespace };
  const extras = Object.entries(extra).flatMap(([key, values]) =>
    values.map((value) => ({ ...right(authenticationGroup, 'userextras', value), subresource: key })),
  );
  return [
    who,
    ...groups.map((group) => right('', 'groups', group)),
    ...extras,
    ...(uid === '' ? [] : [right(authenticationGroup, 'uids', uid)]),
  ];
}

function right(group: string, resource: string, name: string): ResourceAttributes {
  return { type: 'resource', verb: 'impersonate', group, resource, subresource: '', namespace: '', name };
}
