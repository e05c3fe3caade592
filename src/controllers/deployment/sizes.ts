/**
 * How large each replica set of a deployment ought to be next. All functions return the sizes to change, by replica set; what they leave out
 * stays. A rolling update never has more than replicas + maxSurge pods, and leaves at least replicas - maxUnavailable available.
 * Models kubernetes pkg/controller/deployment/{rolling,sync}.go and util/deployment_util.go.
 */
import { scaledValue } from '../../api/int-or-string.ts';
import { nameOf } from '../../api/object-meta.ts';
import type { Deployment } from '../../kinds/deployment/types.ts';
import type { ReplicaSet } from '../../kinds/replicaset/types.ts';
import { desiredReplicas, maxReplicas } from './annotations.ts';

export type Sizes = ReadonlyMap<ReplicaSet, number>;

/** The replica sets of a deployment: the one of its present template, and the others, oldest first. */
export interface ReplicaSets {
  readonly current: ReplicaSet | null;
  readonly old: readonly ReplicaSet[];
}

export function replicasOf({ spec }: Deployment | ReplicaSet): number {
  return spec.replicas ?? 1;
}

export function allOf({ current, old }: ReplicaSets): readonly ReplicaSet[] {
  return current === null ? old : [...old, current];
}

export function totalReplicas(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + replicasOf(set), 0);
}

export function isRolling(deployment: Deployment): boolean {
  return (deployment.spec.strategy?.type ?? 'RollingUpdate') === 'RollingUpdate';
}

/** Pods above the wanted number that may exist during an update. */
export function maxSurge(deployment: Deployment): number {
  return isRolling(deployment) ? fenceposts(deployment).surge : 0;
}

/** Pods below the wanted number that may be unavailable during an update. */
export function maxUnavailable(deployment: Deployment): number {
  if (!isRolling(deployment) || replicasOf(deployment) === 0) return 0;
  return Math.min(fenceposts(deployment).unavailable, replicasOf(deployment));
}

/** If rounding left both at zero, an update could never begin. */
function fenceposts({ spec }: Deployment): { readonly surge: number; readonly unavailable: number } {
  const { maxSurge = '25%', maxUnavailable = '25%' } = spec.strategy?.rollingUpdate ?? {};
  const desired = spec.replicas ?? 1;
  const surge = scaledValue(maxSurge, desired, 'up') ?? 0;
  const unavailable = scaledValue(maxUnavailable, desired, 'down') ?? 0;
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

/** The size of the current replica set, as far as the surge allows. `size`: what it has; 0 before it exists. */
export function currentSize(deployment: Deployment, sets: ReplicaSets): number {
  const desired = replicasOf(deployment);
  const size = sets.current === null ? 0 : replicasOf(sets.current);
  if (size >= desired || !isRolling(deployment)) return desired;
  const room = desired + maxSurge(deployment) - totalReplicas(allOf(sets));
  return room <= 0 ? size : size + Math.min(room, desired - size);
}

/** The sizes of the old replica sets that make room for the current one: the unhealthy pods go first. */
export function shrunkenOld(deployment: Deployment, sets: ReplicaSets): Sizes {
  const sizes = new Map<ReplicaSet, number>();
  const { current, old } = sets;
  if (current === null || totalReplicas(old) === 0) return sizes;
  const minAvailable = replicasOf(deployment) - maxUnavailable(deployment);
  const currentUnavailable = replicasOf(current) - availableOf(current);
  let budget = totalReplicas(allOf(sets)) - minAvailable - currentUnavailable;
  if (budget <= 0) return sizes;
  for (const set of old) {
    const unhealthy = Math.min(budget, replicasOf(set) - availableOf(set));
    if (unhealthy <= 0) continue;
    sizes.set(set, replicasOf(set) - unhealthy);
    budget -= unhealthy;
  }
  let spare = allOf(sets).reduce((sum, set) => sum + availableOf(set), 0) - minAvailable;
  for (const set of old) {
    const size = sizes.get(set) ?? replicasOf(set);
    const share = Math.min(size, spare);
    if (share <= 0) continue;
    sizes.set(set, size - share);
    spare -= share;
  }
  return sizes;
}

export function emptied(sets: readonly ReplicaSet[]): Sizes {
  return new Map(sets.filter((set) => replicasOf(set) > 0).map((set) => [set, 0]));
}

/** The deployment was scaled since it last scaled its replica sets. */
export function wasScaled(deployment: Deployment, sets: ReplicaSets): boolean {
  return allOf(sets).some((set) => {
    const desired = desiredReplicas(set);
    return replicasOf(set) > 0 && desired !== undefined && desired !== replicasOf(deployment);
  });
}

/** Sizes after scaling, amid an update in proportion: so that a bad template does not get the whole gain. */
export function scaledSizes(deployment: Deployment, sets: ReplicaSets): Sizes {
  const desired = replicasOf(deployment);
  const only = activeOrLatest(sets);
  if (only !== null) return new Map([[only, desired]]);
  if (isSaturated(deployment, sets.current)) return emptied(sets.old);
  if (!isRolling(deployment)) return new Map();
  return proportionalSizes(
    deployment,
    allOf(sets).filter((set) => replicasOf(set) > 0),
  );
}

function proportionalSizes(deployment: Deployment, active: readonly ReplicaSet[]): Sizes {
  const desired = replicasOf(deployment);
  const allowed = desired > 0 ? desired + maxSurge(deployment) : 0;
  const toAdd = allowed - totalReplicas(active);
  const sorted = [...active].sort((left, right) => bySize(left, right) || byAge(left, right, toAdd > 0));
  const sizes = new Map<ReplicaSet, number>();
  let added = 0;
  for (const set of sorted) {
    const share = toAdd === 0 ? 0 : proportion(deployment, set, toAdd, added);
    sizes.set(set, replicasOf(set) + share);
    added += share;
  }
  const [largest] = sorted;
  if (largest !== undefined) sizes.set(largest, Math.max(0, (sizes.get(largest) ?? 0) + toAdd - added));
  return sizes;
}

function proportion(deployment: Deployment, set: ReplicaSet, toAdd: number, added: number): number {
  const left = toAdd - added;
  const share = fraction(deployment, set);
  return toAdd > 0 ? Math.min(share, left) : Math.max(share, left);
}

/** What the replica set would gain if it kept its share of the deployment. */
function fraction(deployment: Deployment, set: ReplicaSet): number {
  const size = replicasOf(set);
  if (replicasOf(deployment) === 0) return -size;
  const former = maxReplicas(set) ?? deployment.status?.replicas ?? 0;
  if (former === 0) return 0;
  return Math.round((size * (replicasOf(deployment) + maxSurge(deployment))) / former) - size;
}

/** The one replica set that has pods, or the newest if none has; null when several have. */
function activeOrLatest({ current, old }: ReplicaSets): ReplicaSet | null {
  const active = allOf({ current, old }).filter((set) => replicasOf(set) > 0);
  if (active.length === 1) return active[0] ?? null;
  return active.length > 1 ? null : (current ?? old.at(-1) ?? null);
}

function isSaturated(deployment: Deployment, current: ReplicaSet | null): boolean {
  if (current === null) return false;
  const desired = replicasOf(deployment);
  return replicasOf(current) === desired && desiredReplicas(current) === desired && availableOf(current) === desired;
}

/** A set that was just made smaller still counts pods in its status that are about to go: they are not there to be relied on. */
function availableOf(set: ReplicaSet): number {
  return Math.min(set.status?.availableReplicas ?? 0, replicasOf(set));
}

function bySize(left: ReplicaSet, right: ReplicaSet): number {
  return replicasOf(right) - replicasOf(left);
}

function byAge(left: ReplicaSet, right: ReplicaSet, newerFirst: boolean): number {
  return newerFirst ? byCreation(right, left) : byCreation(left, right);
}

/** Oldest first. */
export function byCreation(left: ReplicaSet, right: ReplicaSet): number {
  const [leftKey, rightKey] = [left, right].map((set) => `${set.metadata.creationTimestamp ?? ''} ${nameOf(set)}`);
  return (leftKey ?? '') < (rightKey ?? '') ? -1 : Number(leftKey !== rightKey);
}
