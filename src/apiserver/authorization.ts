/** What a user may do. Members of system:masters may do all; the seam for RBAC is `Authorizer`. */
import { forbidden, unauthorized } from '../api/status-errors.ts';
import type { NonResourceRequest } from '../protocol/apiserver.ts';
import { anonymousUser, type User } from './authentication.ts';

/** What is asked for, as far as rights go. */
export interface ResourceAttributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
}

/** Returns true when it is allowed. Further authorizers are asked only if the ones before them did not allow it. */
export type Authorizer = (user: User, attributes: ResourceAttributes) => boolean;

const mastersGroup = 'system:masters';
/** What anybody who is somebody may ask about himself; system:basic-user in Kubernetes. */
const ownReviews: ReadonlySet<string> = new Set([
  'authentication.k8s.io/selfsubjectreviews',
  'authorization.k8s.io/selfsubjectaccessreviews',
  'authorization.k8s.io/selfsubjectrulesreviews',
]);

const authorizers: readonly Authorizer[] = [
  (user) => user.groups.includes(mastersGroup),
  (user, { verb, group, resource }) =>
    user !== anonymousUser && verb === 'create' && ownReviews.has(`${group}/${resource}`),
];

/** Paths that anybody may read, as clients do before they know who they are. */
const publicPaths = /^\/(healthz|livez|readyz|version|api|apis)(\/|$)/;
/** Paths that anybody who is somebody may read; with the ones above, system:discovery in Kubernetes. */
const discoveryPaths = /^\/openapi(\/|$)/;

export function isAllowed(user: User, attributes: ResourceAttributes): boolean {
  return authorizers.some((allows) => allows(user, attributes));
}

/** Throws StatusError Unauthorized for nobody in particular, Forbidden for somebody without the right. */
export function authorize(user: User, attributes: ResourceAttributes): void {
  if (isAllowed(user, attributes)) return;
  if (user === anonymousUser) throw unauthorized();
  const { group, resource, subresource, namespace, name, verb } = attributes;
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
  if (discoveryPaths.test(request.path)) return;
  throw forbidden(undefined, '', `User ${JSON.stringify(user.name)} cannot get path ${JSON.stringify(request.path)}`);
}
