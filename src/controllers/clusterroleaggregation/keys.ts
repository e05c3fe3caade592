/**
 * Collects the rules of cluster roles into those that aggregate them, by label. Keys are aggregating roles.
 * Models kubernetes pkg/controller/clusterroleaggregation.
 */
import { equalSemantic, sortedJson } from '../../api/json.ts';
import { compileLabelSelector, matchesLabels } from '../../api/label-selector.ts';
import { labelsOf, nameOf, objectKey } from '../../api/object-meta.ts';
import { type ClusterRole, type PolicyRule, rbacGroup } from '../../kinds/role/types.ts';
import type { Cache, Caches, Controller } from '../controller.ts';
import { nothingToDo, type Plan, plan, update } from '../plan.ts';

export interface AggregationKinds {
  readonly roles: ClusterRole;
}

export interface AggregationObserved {
  readonly role: ClusterRole;
  /** Those that it selects, ascending by name. */
  readonly selected: readonly ClusterRole[];
}

const clusterRoleResource = { group: rbacGroup, version: 'v1', resource: 'clusterroles' };

export const clusterRoleAggregationController: Controller<AggregationKinds, AggregationObserved> = {
  name: 'clusterrole-aggregation-controller',
  watches: { roles: { resource: clusterRoleResource, output: 'object', indexes: {} } },
  remember: () => null,
  // Whatever changes may be selected by any of the few that aggregate, or have been.
  keys: (_change, { roles }) => [...roles.values()].filter(isAggregating).map(objectKey),
  observe: observeAggregation,
  reconcile: reconcileAggregation,
};

function isAggregating({ aggregationRule }: ClusterRole): boolean {
  return aggregationRule !== undefined;
}

function observeAggregation(key: string, { roles }: Caches<AggregationKinds>): AggregationObserved | null {
  const role = roles.get(key);
  return role === undefined || !isAggregating(role) ? null : { role, selected: selectedBy(role, roles) };
}

function selectedBy(role: ClusterRole, roles: Cache<ClusterRole>): readonly ClusterRole[] {
  const selectors = (role.aggregationRule?.clusterRoleSelectors ?? []).map(compileLabelSelector);
  return [...roles.values()]
    .filter((each) => nameOf(each) !== nameOf(role))
    .filter((each) => selectors.some((selector) => matchesLabels(selector, labelsOf(each))))
    .sort((left, right) => (nameOf(left) < nameOf(right) ? -1 : 1));
}

/** Each rule once, in the order of the roles. */
function reconcileAggregation({ role, selected }: AggregationObserved): Plan {
  const rules = new Map<string, PolicyRule>();
  for (const each of selected) for (const rule of each.rules ?? []) rules.set(sortedJson(rule as never), rule);
  const wanted = [...rules.values()];
  if (equalSemantic(role.rules ?? [], wanted)) return nothingToDo;
  return plan([[update(clusterRoleResource, { ...role, rules: wanted } as ClusterRole)]]);
}
