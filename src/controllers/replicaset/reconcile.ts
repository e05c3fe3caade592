/**
 * Keeps as many pods of a replica set as it wants: creates in batches of 1, 2, 4, … so that a template that is refused costs few requests,
 * deletes those whose loss is felt least, adopts and releases by selector. Models kubernetes pkg/controller/replicaset/replica_set.go.
 */
import type { GroupVersionResource } from '../../api/group-version.ts';
import type { LabelSelector } from '../../api/label-selector.ts';
import { controllerOf, isBeingDeleted, nameOf, uidOf } from '../../api/object-meta.ts';
import { assert } from '../../base/assert.ts';
import type { Random } from '../../base/random.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { ReplicaSet } from '../../kinds/replicaset/types.ts';
import type { Caches, ReconcileContext } from '../controller.ts';
import { generatedName } from '../generated-name.ts';
import { burstReplicas } from '../limits.ts';
import { type Claim, claim, claimWrites, controllerIndex } from '../ownership.ts';
import { create, type EventRecord, type Plan, plan, remove, update, type Write } from '../plan.ts';
import {
  createdEvent,
  deletedEvent,
  podFailure,
  podFailureEvent,
  podFromTemplate,
  slowlyStarted,
} from '../pod-control.ts';
import { isActive, isTerminating, nextAvailableInMs } from '../pod-state.ts';
import { podResource } from '../resources.ts';
import { podsToDelete } from './deletion-order.ts';
import type { ReplicaSetKinds } from './keys.ts';
import { isSameStatus, replicaSetStatus } from './status.ts';

export interface ReplicaSetObserved {
  readonly replicaSet: ReplicaSet;
  readonly claim: Claim<Pod>;
  /** Pods of the replica sets of the same deployment; only when pods have to be deleted. */
  readonly related: readonly Pod[];
}

/** What replica sets and replication controllers differ in. */
export interface ReplicaFlavour {
  /** Names the controller. */
  readonly name: string;
  readonly kind: string;
  readonly resource: GroupVersionResource;
  readonly selectorOf: (replicaSet: ReplicaSet) => LabelSelector;
  /** Whether the status tells the pods that are going. */
  readonly countsTerminating: boolean;
}

export function observeReplicaSet(
  key: string,
  caches: Caches<ReplicaSetKinds>,
  { selectorOf }: ReplicaFlavour,
): ReplicaSetObserved | null {
  const replicaSet = caches.replicaSets.get(key);
  if (replicaSet === undefined) return null;
  const claimed = claim(replicaSet, selectorOf(replicaSet), caches.pods);
  const active = [...claimed.owned, ...claimed.adopted].filter(isActive);
  const hasTooMany = active.length > (replicaSet.spec.replicas ?? 1);
  return { replicaSet, claim: claimed, related: hasTooMany ? relatedPods(replicaSet, caches) : [] };
}

export function reconcileReplicaSet(
  observed: ReplicaSetObserved,
  context: ReconcileContext,
  { resource, countsTerminating }: ReplicaFlavour,
): Plan {
  const { replicaSet, claim } = observed;
  const pods = [...claim.owned, ...claim.adopted];
  const active = pods.filter(isActive);
  const terminating = countsTerminating ? pods.filter(isTerminating) : [];
  const { wallMs } = context;
  const failure = podFailure(context);
  const status = replicaSetStatus(replicaSet, { active, terminating, failure, wallMs });
  const statusWrites = isSameStatus(replicaSet.status, status)
    ? []
    : [update(resource, { ...replicaSet, status } as ReplicaSet, 'status')];
  const first = [...claimWrites(replicaSet, podResource, claim), ...statusWrites];
  const change = isBeingDeleted(replicaSet) ? none : replicaChange(observed, active, context);
  const [head = [], ...rest] = change.groups;
  const events =
    failure === null
      ? change.events
      : [podFailureEvent(replicaSet, isShort(replicaSet, active), failure), ...change.events];
  const waitMs = nextAvailableInMs(active, replicaSet.spec.minReadySeconds ?? 0, wallMs);
  return plan([[...first, ...head], ...rest], {
    events,
    ...(waitMs === Number.POSITIVE_INFINITY ? {} : { requeueAfterMs: waitMs }),
  });
}

interface ReplicaChange {
  readonly groups: readonly (readonly Write[])[];
  readonly events: readonly EventRecord[];
}

const none: ReplicaChange = { groups: [], events: [] };

function replicaChange(
  { replicaSet, related }: ReplicaSetObserved,
  active: readonly Pod[],
  { random, wallMs }: ReconcileContext,
): ReplicaChange {
  const wanted = replicaSet.spec.replicas ?? 1;
  if (active.length < wanted) return creations(replicaSet, Math.min(wanted - active.length, burstReplicas), random);
  if (active.length === wanted) return none;
  const count = Math.min(active.length - wanted, burstReplicas);
  const doomed = podsToDelete(active, related, count, wallMs);
  assert(doomed.length === count, 'as many pods go as are too many', { count, doomed: doomed.length });
  return {
    groups: [doomed.map((pod) => remove(podResource, pod))],
    events: doomed.map((pod) => deletedEvent(replicaSet, pod)),
  };
}

function creations(replicaSet: ReplicaSet, count: number, random: Random): ReplicaChange {
  const generateName = `${nameOf(replicaSet)}-`;
  const pods = Array.from({ length: count }, () =>
    podFromTemplate(replicaSet, replicaSet.spec.template, generatedName(generateName, random), generateName),
  );
  return {
    groups: slowlyStarted(pods.map((pod) => create(podResource, pod))),
    events: pods.map((pod) => createdEvent(replicaSet, pod)),
  };
}

function isShort(replicaSet: ReplicaSet, active: readonly Pod[]): boolean {
  return active.length < (replicaSet.spec.replicas ?? 1);
}

function relatedPods(replicaSet: ReplicaSet, caches: Caches<ReplicaSetKinds>): readonly Pod[] {
  const owner = controllerOf(replicaSet);
  const siblings = owner === undefined ? [replicaSet] : caches.replicaSets.by(controllerIndex, owner.uid);
  return siblings.flatMap((sibling) => caches.pods.by(controllerIndex, uidOf(sibling)));
}
