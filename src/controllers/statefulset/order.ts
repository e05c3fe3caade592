/**
 * What may happen to the pods of a stateful set now. In order: up from the lowest ordinal, each waiting for those before it; down from the
 * highest; updates from the highest too. In parallel: pods come and go at once, updates stay in order.
 * Models kubernetes pkg/controller/statefulset/stateful_set_control.go updateStatefulSet.
 */
import { scaledValue } from '../../api/int-or-string.ts';
import { isBeingDeleted } from '../../api/object-meta.ts';
import type { WallMs } from '../../base/brand.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { StatefulSet } from '../../kinds/statefulset/types.ts';
import { availableInMs, isFinished, isReady } from '../pod-state.ts';
import { ordinalOf, podName, revisionOf } from './identity.ts';

/** The pods of a stateful set by their places. */
export interface Ranks {
  readonly start: number;
  /** One for each ordinal that ought to be, ascending from `start`; null where there is no pod. */
  readonly replicas: readonly (Pod | null)[];
  /** Pods beyond, the highest ordinal first. */
  readonly condemned: readonly Pod[];
}

export interface Step {
  /** Ordinals to make pods for. */
  readonly creations: readonly number[];
  /** Pods that have failed or finished and come again. */
  readonly recreations: readonly Pod[];
  readonly deletions: readonly Pod[];
}

const nothing: Step = { creations: [], recreations: [], deletions: [] };

export function ranksOf(set: StatefulSet, pods: readonly Pod[]): Ranks {
  const start = set.spec.ordinals?.start ?? 0;
  const replicas = new Array<Pod | null>(set.spec.replicas ?? 1).fill(null);
  const condemned: { readonly pod: Pod; readonly ordinal: number }[] = [];
  for (const pod of pods) {
    const ordinal = ordinalOf(set, pod);
    if (ordinal === undefined) continue;
    if (ordinal >= start && ordinal < start + replicas.length) replicas[ordinal - start] = pod;
    else condemned.push({ pod, ordinal });
  }
  condemned.sort((left, right) => right.ordinal - left.ordinal);
  return { start, replicas, condemned: condemned.map(({ pod }) => pod) };
}

/** `isBlocked` names pods that cannot be made now, because of what an earlier one left behind. */
export function nextStep(
  set: StatefulSet,
  ranks: Ranks,
  present: string,
  isBlocked: (name: string) => boolean,
  nowMs: WallMs,
): Step {
  const isOrdered = set.spec.podManagementPolicy !== 'Parallel';
  const step = isOrdered ? orderedStep(set, ranks, isBlocked, nowMs) : parallelStep(set, ranks, isBlocked);
  if (step !== null) return step;
  const { type } = set.spec.updateStrategy ?? {};
  return type === 'OnDelete' ? nothing : { ...nothing, deletions: outdated(set, ranks, present, nowMs) };
}

/** Null when all pods are there and fine, and none is too many. */
function orderedStep(set: StatefulSet, ranks: Ranks, isBlocked: (name: string) => boolean, nowMs: WallMs): Step | null {
  const { start, replicas, condemned } = ranks;
  for (const [index, pod] of replicas.entries()) {
    if (pod === null) {
      return isBlocked(podName(set, start + index)) ? nothing : { ...nothing, creations: [start + index] };
    }
    if (isFinished(pod)) return isBeingDeleted(pod) ? nothing : { ...nothing, recreations: [pod] };
    if (!isServing(set, pod, nowMs)) return nothing;
  }
  const [highest] = condemned;
  if (highest === undefined) return null;
  if (isBeingDeleted(highest)) return nothing;
  const unwell = condemned.filter((pod) => !isHealthy(pod));
  // A pod that does not serve goes only when no lower one is in trouble as well: that one has to recover or go by itself.
  if (!isServing(set, highest, nowMs) && unwell.at(-1) !== highest) return nothing;
  return { ...nothing, deletions: [highest] };
}

function parallelStep(set: StatefulSet, ranks: Ranks, isBlocked: (name: string) => boolean): Step | null {
  const { start, replicas, condemned } = ranks;
  const creations: number[] = [];
  const recreations: Pod[] = [];
  let isHeld = false;
  for (const [index, pod] of replicas.entries()) {
    if (pod === null) {
      if (isBlocked(podName(set, start + index))) isHeld = true;
      else creations.push(start + index);
    } else if (isFinished(pod)) {
      isHeld = true;
      if (!isBeingDeleted(pod)) recreations.push(pod);
    }
  }
  const deletions = condemned.filter((pod) => !isBeingDeleted(pod));
  if (creations.length + recreations.length + deletions.length > 0 || isHeld) {
    return { creations, recreations, deletions };
  }
  return null;
}

/**
 * The old pods that go now, from the highest ordinal down to the partition: no more than may be away. Deviates from Kubernetes, which in parallel
 * looks no further than the highest old pod and may take it away while a lower one is broken.
 */
function outdated(set: StatefulSet, { replicas }: Ranks, present: string, nowMs: WallMs): readonly Pod[] {
  const { partition = 0, maxUnavailable = 1 } = set.spec.updateStrategy?.rollingUpdate ?? {};
  const max = Math.max(1, scaledValue(maxUnavailable, replicas.length, 'up') ?? 1);
  const candidates = replicas.slice(partition).reverse();
  const isOld = (pod: Pod | null): pod is Pod => pod !== null && revisionOf(pod) !== present && !isBeingDeleted(pod);
  const isAway = (pod: Pod | null): boolean => pod === null || !isServing(set, pod, nowMs);
  const spare = Math.max(0, max - candidates.filter(isAway).length);
  const old = candidates.filter(isOld);
  // What does not serve anyway costs nobody anything.
  const serving = new Set(old.filter((pod) => !isAway(pod)).slice(0, spare));
  return old.filter((pod) => isAway(pod) || serving.has(pod));
}

export function isHealthy(pod: Pod): boolean {
  return isRunningAndReady(pod) && !isBeingDeleted(pod);
}

export function isRunningAndReady(pod: Pod): boolean {
  return pod.status?.phase === 'Running' && isReady(pod);
}

/** Healthy, and has been for long enough. */
function isServing(set: StatefulSet, pod: Pod, nowMs: WallMs): boolean {
  return isHealthy(pod) && availableInMs(pod, set.spec.minReadySeconds ?? 0, nowMs) === 0;
}
