/**
 * Nobody grants more than he has: who writes a role must hold its rules, who binds a role must hold them too, unless he may `escalate` or
 * `bind`. Models kubernetes pkg/registry/rbac/{role,clusterrole,rolebinding,clusterrolebinding}/policybased.
 */
import { equalSemantic } from '../../api/json.ts';
import { type AnyObject, nameOf } from '../../api/object-meta.ts';
import { forbidden, notFound } from '../../api/status-errors.ts';
import { type Binding, type ClusterRole, type PolicyRule, type RoleRef, rbacGroup } from '../../kinds/role/types.ts';
import { isMaster } from '../authorization.ts';
import type { Call } from '../call.ts';
import type { Environment } from '../environment.ts';
import { formatList, formatRule, rulesNotHeld } from './escalation.ts';

const everything: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

/**
 * Throws StatusError Forbidden when the caller would grant what he does not hold, NotFound when he would bind a role that is not there.
 * `old` is null for a new object. The caller has been authorized, so rights are known.
 */
export function checkGrant(environment: Environment, call: Call, next: AnyObject, old: AnyObject | null): void {
  const { group, resource } = call.request;
  if (group !== rbacGroup || isMaster(call.user)) return;
  if (old !== null && !changesGrant(next, old)) return;
  if (resource === 'roles' || resource === 'clusterroles') checkRole(environment, call, next as ClusterRole);
  else checkBinding(environment, call, next as unknown as Binding);
}

/** Owners and finalizers grant nothing: the garbage collector may change them. */
const holds: ReadonlySet<string> = new Set(['ownerReferences', 'finalizers', 'resourceVersion', 'managedFields']);

function changesGrant(next: AnyObject, old: AnyObject): boolean {
  return !equalSemantic(withoutHolds(next), withoutHolds(old));
}

function withoutHolds(object: AnyObject): object {
  const kept = Object.entries(object.metadata).filter(([field]) => !holds.has(field));
  return { ...object, metadata: Object.fromEntries(kept) };
}

function checkRole(environment: Environment, call: Call, role: ClusterRole): void {
  const name = call.request.name === '' ? nameOf(role) : call.request.name;
  if (isAllowed(environment, call, 'escalate', call.request.resource, name)) return;
  if (role.aggregationRule !== undefined) {
    const complaint = complaintOf(environment, call, everything);
    if (complaint !== null) {
      throw forbidden(
        call.served.info,
        name,
        `must have cluster-admin privileges to use the aggregationRule: ${complaint}`,
      );
    }
  }
  refuseExcess(environment, call, name, role.rules ?? []);
}

function checkBinding(environment: Environment, call: Call, binding: Binding): void {
  const name = call.request.name === '' ? nameOf(binding) : call.request.name;
  const { roleRef } = binding;
  const resource = resourceOf(roleRef);
  if (isAllowed(environment, call, 'bind', resource, roleRef.name)) return;
  const rules = environment.rights.rulesOfRole(roleRef, call.request.namespace);
  if (rules === undefined) throw notFound({ group: rbacGroup, resource }, roleRef.name);
  refuseExcess(environment, call, name, rules);
}

function resourceOf({ kind }: RoleRef): string {
  return kind === 'ClusterRole' ? 'clusterroles' : 'roles';
}

function isAllowed(environment: Environment, call: Call, verb: string, resource: string, name: string): boolean {
  const { namespace } = call.request;
  const attributes = { type: 'resource', verb, group: rbacGroup, resource, subresource: '', namespace, name } as const;
  return environment.rights.decide(call.user, attributes).isAllowed;
}

function refuseExcess(environment: Environment, call: Call, name: string, rules: readonly PolicyRule[]): void {
  const complaint = complaintOf(environment, call, rules);
  if (complaint !== null) throw forbidden(call.served.info, name, complaint);
}

/** Says which of the rules the caller lacks, or null when he holds all of them. */
function complaintOf(environment: Environment, { user, request }: Call, rules: readonly PolicyRule[]): string | null {
  const held = environment.rights.rulesOf(user, request.namespace);
  const missing = rulesNotHeld(held.rules, rules);
  if (missing.length === 0) return null;
  const texts = [...new Set(missing.map(formatRule))].sort();
  const errors = held.errors.length === 0 ? '' : `; resolution errors: [${held.errors.join(', ')}]`;
  return (
    `user ${JSON.stringify(user.name)} (groups=${formatList(user.groups)}) ` +
    `is attempting to grant RBAC permissions not currently held:\n${texts.join('\n')}${errors}`
  );
}
