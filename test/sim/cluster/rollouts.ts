/**
 * maxSurge and maxUnavailable, as the controller's own actions must keep them: at each change that it makes to the size of a ReplicaSet, the
 * sizes together stay within the surge, and what it takes away leaves enough available pods, by what it could know. Nodes that die make
 * pods unavailable too, and that is nobody's action; nor is a Deployment that was scaled down held to what it had.
 */

import { annotationsOf, controllerOf, nameOf, uidOf } from '../../../src/api/object-meta.ts';
import { maxSurge, maxUnavailable, replicasOf } from '../../../src/controllers/deployment/sizes.ts';
import type { Deployment } from '../../../src/kinds/deployment/types.ts';
import type { ReplicaSet } from '../../../src/kinds/replicaset/types.ts';
import type { Chronicle } from './chronicle.ts';

const desiredReplicas = 'deployment.kubernetes.io/desired-replicas';

/** A controller may act on a state this old: its cache lags, until its elected time runs out. */
const staleMs = 3_000;

/** Values of the last seconds. */
class Recent {
  readonly #values: { readonly atMs: number; readonly value: number }[] = [];

  add(atMs: number, value: number): void {
    this.#values.push({ atMs, value });
    // The value before the first within the window still stood when the window began.
    while ((this.#values[1]?.atMs ?? atMs) < atMs - staleMs) this.#values.shift();
  }

  max(atMs: number): number {
    return Math.max(0, ...this.#within(atMs));
  }

  min(atMs: number): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.#within(atMs));
  }

  #within(atMs: number): number[] {
    return this.#values
      .filter((_, index) => (this.#values[index + 1]?.atMs ?? Number.POSITIVE_INFINITY) >= atMs - staleMs)
      .map(({ value }) => value);
  }
}

interface Rollout {
  /** Most pods allowed, and fewest available ones. */
  readonly ceiling: Recent;
  readonly floor: Recent;
  readonly sizes: Map<string, number>;
  /** Size of the Deployment that each ReplicaSet was last scaled for. */
  readonly scaledFor: Map<string, string | undefined>;
  readonly available: Map<string, Recent>;
}

/** Returns what a controller did beyond maxSurge and maxUnavailable. */
export function checkRollouts(chronicle: Chronicle): readonly string[] {
  const rollouts = new Map<string, Rollout>();
  const violations: string[] = [];
  for (const { object, previous, atMs, resource, revision } of chronicle.entries) {
    if (resource === 'deployments' && object !== null) noteDeployment(rollouts, object as Deployment, atMs);
    if (resource !== 'replicasets') continue;
    const set = (object ?? previous) as ReplicaSet;
    const rollout = rollouts.get(controllerOf(set)?.uid ?? '');
    if (rollout === undefined) continue;
    const wrong = noteReplicaSet(rollout, set, object === null, atMs);
    if (wrong !== null) violations.push(`${nameOf(set)} at ${revision}: ${wrong}`);
  }
  return violations;
}

function noteDeployment(rollouts: Map<string, Rollout>, deployment: Deployment, atMs: number): void {
  const known = rollouts.get(uidOf(deployment));
  const rollout = known ?? {
    ceiling: new Recent(),
    floor: new Recent(),
    sizes: new Map(),
    scaledFor: new Map(),
    available: new Map(),
  };
  rollouts.set(uidOf(deployment), rollout);
  rollout.ceiling.add(atMs, replicasOf(deployment) + maxSurge(deployment));
  rollout.floor.add(atMs, replicasOf(deployment) - maxUnavailable(deployment));
}

function noteReplicaSet(rollout: Rollout, set: ReplicaSet, isGone: boolean, atMs: number): string | null {
  const uid = uidOf(set);
  if (isGone) {
    // With its Deployment, or as history that nobody needs.
    rollout.sizes.delete(uid);
    return null;
  }
  const size = replicasOf(set);
  const before = rollout.sizes.get(uid) ?? 0;
  const availableBefore = beliefs.map((belief) => availableOf(rollout, atMs, belief));
  rollout.sizes.set(uid, size);
  const available = rollout.available.get(uid) ?? new Recent();
  rollout.available.set(uid, available);
  available.add(atMs, set.status?.availableReplicas ?? 0);
  const scaledFor = annotationsOf(set)[desiredReplicas];
  const isScaling = scaledFor !== rollout.scaledFor.get(uid);
  rollout.scaledFor.set(uid, scaledFor);
  if (size > before) {
    const total = [...rollout.sizes.values()].reduce((sum, one) => sum + one, 0);
    const ceiling = rollout.ceiling.max(atMs);
    return total > ceiling ? `grew from ${before} to ${size}, which makes ${total} of at most ${ceiling}` : null;
  }
  const floor = rollout.floor.min(atMs);
  const lefts = beliefs.map((belief) => availableOf(rollout, atMs, belief));
  const left = Math.max(...lefts);
  if (size === before || isScaling || left >= floor) return null;
  // What was unavailable by something it could know, it may take away.
  if (lefts.some((after, index) => after >= (availableBefore[index] ?? 0))) return null;
  return `shrank from ${before} to ${size}, which leaves ${left} available of at least ${floor}`;
}

/** The most and the fewest available pods that were known of late: a controller may have believed either. */
const beliefs = ['max', 'min'] as const;

/** Available pods that the sizes leave, by one belief. */
function availableOf({ sizes, available }: Rollout, atMs: number, belief: (typeof beliefs)[number]): number {
  let sum = 0;
  for (const [uid, size] of sizes) {
    const known = available.get(uid);
    sum += known === undefined ? 0 : Math.min(size, known[belief](atMs));
  }
  return sum;
}
