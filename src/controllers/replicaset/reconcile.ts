/**
 * Keeps as many pods of a replica set as it wants: creates in batches of 1, 2, 4, … so that a template that is refused costs few requests,
 * deletes those whose loss is felt least, adopts and releases by selector. Models kubernetes pkg/controller/replicaset/replica_set.go.
 */
import { compileLabelSelector, type LabelSelector } from '../../api/label-selector.ts';
import {
  controllerOf,
  controllerReference,
  isBeingDeleted,
  nameOf,
  namespaceOf,
  uidOf,
} from '../../api/object-meta.ts';
import type { Status } from '../../api/status.ts';
import { assert } from '../../base/assert.ts';
import type { Random } from '../../base/random.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { ReplicaSet } from '../../kinds/replicaset/types.ts';
import type { Caches, ReconcileContext } from '../controller.ts';
import { generatedName } from '../generated-name.ts';
import { burstReplicas, slowStartBatch } from '../limits.ts';
import { type Claim, claim, claimWrites, controllerIndex } from '../ownership.ts';
import { create, type EventRecord, type Plan, plan, remove, update, type Write } from '../plan.ts';
import { availableInMs, isActive, isTerminating } from '../pod-state.ts';
import { podResource, replicaSetResource } from '../resources.ts';
import { podsToDelete } from './deletion-order.ts';
import type { ReplicaSetKinds } from './keys.ts';
import { isSameStatus, replicaSetStatus } from './status.ts';

export interface ReplicaSetObserved {
  readonly replicaSet: ReplicaSet;
  readonly claim: Claim<Pod>;
  /** Pods of the replica sets of the same deployment; only when pods have to be deleted. */
  readonly related: readonly Pod[];
}

export function observeReplicaSet(key: string, caches: Caches<ReplicaSetKinds>): ReplicaSetObserved | null {
  const replicaSet = caches.replicaSets.get(key);
  if (replicaSet === undefined) return null;
  const claimed = claim(replicaSet, selectorOf(replicaSet), caches.pods);
  const active = [...claimed.owned, ...claimed.adopted].filter(isActive);
  const hasTooMany = active.length > (replicaSet.spec.replicas ?? 1);
  return { replicaSet, claim: claimed, related: hasTooMany ? relatedPods(replicaSet, caches) : [] };
}

export function reconcileReplicaSet(observed: ReplicaSetObserved, context: ReconcileContext): Plan {
  const { replicaSet, claim } = observed;
  const pods = [...claim.owned, ...claim.adopted];
  const active = pods.filter(isActive);
  const terminating = pods.filter(isTerminating);
  const { wallMs } = context;
  const failure = podFailure(context);
  const status = replicaSetStatus(replicaSet, { active, terminating, failure, wallMs });
  const statusWrites = isSameStatus(replicaSet.status, status)
    ? []
    : [update(replicaSetResource, { ...replicaSet, status } as ReplicaSet, 'status')];
  const first = [...claimWrites(replicaSet, podResource, claim), ...statusWrites];
  const change = isBeingDeleted(replicaSet) ? none : replicaChange(observed, active, context);
  const [head = [], ...rest] = change.groups;
  const events = failure === null ? change.events : [failureEvent(replicaSet, active, failure), ...change.events];
  const waitMs = nextAvailableInMs(replicaSet, active, context);
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
    events: doomed.map((pod) => ({
      object: replicaSet,
      type: 'Normal',
      reason: 'SuccessfulDelete',
      message: `Deleted pod: ${nameOf(pod)}`,
    })),
  };
}

function creations(replicaSet: ReplicaSet, count: number, random: Random): ReplicaChange {
  const pods = Array.from({ length: count }, () => podOf(replicaSet, random));
  const groups: Write[][] = [];
  let batch = slowStartBatch;
  for (let done = 0; done < count; batch *= 2) {
    groups.push(pods.slice(done, done + batch).map((pod) => create(podResource, pod)));
    done += batch;
  }
  const events = pods.map(
    (pod): EventRecord => ({
      object: replicaSet,
      type: 'Normal',
      reason: 'SuccessfulCreate',
      message: `Created pod: ${nameOf(pod)}`,
    }),
  );
  return { groups, events };
}

/** Models kubernetes pkg/controller/controller_utils.go GetPodFromTemplate. */
function podOf(replicaSet: ReplicaSet, random: Random): Pod {
  const { metadata = {}, spec } = replicaSet.spec.template;
  const generateName = `${nameOf(replicaSet)}-`;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: generatedName(generateName, random),
      generateName,
      namespace: namespaceOf(replicaSet),
      ...(metadata.labels === undefined ? {} : { labels: metadata.labels }),
      ...(metadata.annotations === undefined ? {} : { annotations: metadata.annotations }),
      ...(metadata.finalizers === undefined ? {} : { finalizers: metadata.finalizers }),
      ownerReferences: [controllerReference(replicaSet)],
    },
    spec,
  };
}

/** Why a pod could not be created or deleted. Other failures are not the replica set's to tell. */
function podFailure({ failure }: ReconcileContext): Status | null {
  if (failure === null || failure.write.resource.resource !== podResource.resource) return null;
  return failure.write.verb === 'patch' ? null : failure.status;
}

function failureEvent(replicaSet: ReplicaSet, active: readonly Pod[], failure: Status): EventRecord {
  const isCreating = active.length < (replicaSet.spec.replicas ?? 1);
  const [reason, verb] = isCreating ? ['FailedCreate', 'creating'] : ['FailedDelete', 'deleting'];
  return { object: replicaSet, type: 'Warning', reason, message: `Error ${verb}: ${failure.message ?? ''}` };
}

/** When the next ready pod will have been ready for long enough. */
function nextAvailableInMs(replicaSet: ReplicaSet, active: readonly Pod[], { wallMs }: ReconcileContext): number {
  const minReadySeconds = replicaSet.spec.minReadySeconds ?? 0;
  if (minReadySeconds === 0) return Number.POSITIVE_INFINITY;
  const waits = active.map((pod) => availableInMs(pod, minReadySeconds, wallMs)).filter((waitMs) => waitMs > 0);
  return Math.min(Number.POSITIVE_INFINITY, ...waits);
}

function relatedPods(replicaSet: ReplicaSet, caches: Caches<ReplicaSetKinds>): readonly Pod[] {
  const owner = controllerOf(replicaSet);
  const siblings = owner === undefined ? [replicaSet] : caches.replicaSets.by(controllerIndex, owner.uid);
  return siblings.flatMap((sibling) => caches.pods.by(controllerIndex, uidOf(sibling)));
}

function selectorOf(replicaSet: ReplicaSet): LabelSelector {
  return compileLabelSelector(replicaSet.spec.selector);
}
