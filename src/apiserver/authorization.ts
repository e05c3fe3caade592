/** What a user may do. Members of system:masters may do all; the seam for RBAC is `Authorizer`. */
import { forbidden, unauthorized } from '../api/status-errors.ts';
import type { NonResourceRequest, ResourceRequest } from '../protocol/apiserver.ts';
import { anonymousUser, type User } from './authentication.ts';

/** Returns true when the request is allowed. Further authorizers are asked only if the ones before them did not allow it. */
export type Authorizer = (user: User, request: ResourceRequest) => boolean;

const mastersGroup = 'system:masters';
export const mastersAuthorizer: Authorizer = (user) => user.groups.includes(mastersGroup);

/** Paths that anybody may read, as clients do before they know who they are. */
const publicPaths = /^\/(healthz|livez|readyz|version|api|apis)(\/|$)/;

/** Throws StatusError Unauthorized for nobody in particular, Forbidden for somebody without the right. */
export function authorize(user: User, request: ResourceRequest, authorizers: readonly Authorizer[]): void {
  if (authorizers.some((isAllowed) => isAllowed(user, request))) return;
  if (user === anonymousUser) throw unauthorized();
  const { group, resource, subresource, namespace, name, verb } = request;
  const path = subresource === '' ? resource : `${resource}/${subresource}`;
  const scope = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  const cause =
    `User ${JSON.stringify(user.name)} cannot ${verb} resource ${JSON.stringify(path)} ` +
    `in API group ${JSON.stringify(group)} ${scope}`;
  throw forbidden({ group, resource }, name, cause);
}

/** Throws StatusError Unauthorized or Forbidden. */
export function authorizePath(user: User, request: NonResourceRequest): void {
  if (publicPaths.test(request.path) || user.groups.includes(mastersGroup)) return;
  if (user === anonymousUser) throw unauthorized();
  throw forbidden(undefined, '', `User ${JSON.stringify(user.name)} cannot get path ${JSON.stringify(request.path)}`);
}
