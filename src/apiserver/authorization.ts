/**
 * What a user may do: members of system:masters all, others what their roles say. Whoever is no master waits until the roles that every
 * cluster has are there, since without them nobody can be told what he lacks.
 */
import type { Flow } from '../actor/flow.ts';
import { parseFieldSelector, pinnedField } from '../api/field-selector.ts';
import { forbidden } from '../api/status-errors.ts';
import type { NonResourceRequest, ResourceRequest } from '../protocol/apiserver.ts';
import type { User } from './authentication.ts';
import { awaitRights } from './await-bootstrap.ts';
import type { Environment } from './environment.ts';
import type { Verdict } from './rbac/rights.ts';
import type { Attributes, ResourceAttributes } from './rbac/rule.ts';

const mastersGroup = 'system:masters';
/** Paths that are answered before anybody is asked who he is; `--authorization-always-allow-paths` of kube-apiserver. */
const openPaths = /^\/(healthz|livez|readyz)\/?$/;
const mastersVerdict: Verdict = { isAllowed: true, reason: '' };

export function isMaster(user: User): boolean {
  return user.groups.includes(mastersGroup);
}

/** Decides once rights are known. */
export function* decide(environment: Environment, user: User, attributes: Attributes): Flow<Verdict> {
  if (isMaster(user)) return mastersVerdict;
  yield* awaitRights(environment);
  return environment.rights.decide(user, attributes);
}

/** Throws StatusError Forbidden. */
export function* authorize(environment: Environment, user: User, attributes: Attributes): Flow<void> {
  if (isMaster(user)) return;
  const { isAllowed, reason } = yield* decide(environment, user, attributes);
  if (isAllowed) return;
  const suffix = reason === '' ? '' : `: ${reason}`;
  if (attributes.type === 'path') {
    const { verb, path } = attributes;
    throw forbidden(
      undefined,
      '',
      `User ${JSON.stringify(user.name)} cannot ${verb} path ${JSON.stringify(path)}${suffix}`,
    );
  }
  const { group, resource, name } = attributes;
  throw forbidden({ group, resource }, name, refusalOf(user, attributes) + suffix);
}

/** Throws StatusError Forbidden for a resource request. */
export function* authorizeRequest(environment: Environment, user: User, request: ResourceRequest): Flow<void> {
  if (isMaster(user)) return;
  yield* authorize(environment, user, attributesOf(request));
}

/** Throws StatusError Forbidden. */
export function* authorizePath(environment: Environment, user: User, request: NonResourceRequest): Flow<void> {
  if (isMaster(user)) return;
  yield* authorize(environment, user, { type: 'path', verb: request.verb ?? 'get', path: request.path });
}

/** Tells whether a path is for everybody, whatever credentials come with it. */
export function isOpenPath(path: string): boolean {
  return openPaths.test(path);
}

function refusalOf(user: User, { verb, group, resource, subresource, namespace }: ResourceAttributes): string {
  const path = subresource === '' ? resource : `${resource}/${subresource}`;
  const scope = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  return (
    `User ${JSON.stringify(user.name)} cannot ${verb} resource ${JSON.stringify(path)} ` +
    `in API group ${JSON.stringify(group)} ${scope}`
  );
}

/** A list or watch that selects one name is about that name, so that a rule with resourceNames may allow it. */
function attributesOf(request: ResourceRequest): ResourceAttributes {
  const { verb, group, resource, subresource, namespace, name, parameters } = request;
  const selector = name === '' ? parameters['fieldSelector'] : undefined;
  const selected = selector === undefined ? undefined : pinnedField(parseFieldSelector(selector), 'metadata.name');
  return { type: 'resource', verb, group, resource, subresource, namespace, name: selected ?? name };
}
