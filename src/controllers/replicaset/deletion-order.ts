/**
 * Which pods go first when there are too many: those whose loss is felt least. The first difference decides; see `rules`. Ages are compared
 * by their order of magnitude, so that among pods of about the same age chance decides (the uid) and not always the youngest goes.
 * Models kubernetes pkg/controller/controller_utils.go ActivePodsWithRanks.
 */
import { annotationsOf, uidOf } from '../../api/object-meta.ts';
import type { WallMs } from '../../base/brand.ts';
import { parseTimestamp } from '../../base/time.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import { isActive, isReady, readySince } from '../pod-state.ts';

const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost';

interface Ranked {
  readonly pod: Pod;
  /** How many related pods run on its node. */
  readonly crowd: number;
}

type Rule = (left: Ranked, right: Ranked, nowMs: WallMs) => number;

const phaseOrder = { Pending: 0, Unknown: 1, Running: 2, Succeeded: 2, Failed: 2 } as const;

const rules: readonly Rule[] = [
  (left, right) => Number(isAssigned(left.pod)) - Number(isAssigned(right.pod)),
  (left, right) => phaseOf(left.pod) - phaseOf(right.pod),
  (left, right) => Number(isReady(left.pod)) - Number(isReady(right.pod)),
  (left, right) => deletionCost(left.pod) - deletionCost(right.pod),
  (left, right) => right.crowd - left.crowd,
  (left, right, nowMs) => compareAges(readySince(left.pod), readySince(right.pod), nowMs),
  (left, right) => restarts(right.pod) - restarts(left.pod),
  (left, right, nowMs) => compareAges(createdAt(left.pod), createdAt(right.pod), nowMs),
  (left, right) => (uidOf(left.pod) < uidOf(right.pod) ? -1 : Number(uidOf(left.pod) > uidOf(right.pod))),
];

/** Returns the `count` pods of `pods` to delete. `related`: pods of the same application, these included. */
export function podsToDelete(
  pods: readonly Pod[],
  related: readonly Pod[],
  count: number,
  nowMs: WallMs,
): readonly Pod[] {
  return count >= pods.length ? pods : inDeletionOrder(pods, related, nowMs).slice(0, count);
}

/** Returns all of `pods`, the one whose loss is felt least first. */
export function inDeletionOrder(pods: readonly Pod[], related: readonly Pod[], nowMs: WallMs): readonly Pod[] {
  const crowds = new Map<string, number>();
  for (const pod of related) {
    if (!isActive(pod)) continue;
    const node = pod.spec.nodeName ?? '';
    crowds.set(node, (crowds.get(node) ?? 0) + 1);
  }
  const ranked = pods.map((pod): Ranked => ({ pod, crowd: crowds.get(pod.spec.nodeName ?? '') ?? 0 }));
  ranked.sort((left, right) => firstDifference(left, right, nowMs));
  return ranked.map(({ pod }) => pod);
}

function firstDifference(left: Ranked, right: Ranked, nowMs: WallMs): number {
  for (const rule of rules) {
    const difference = rule(left, right, nowMs);
    if (difference !== 0) return difference;
  }
  return 0;
}

function isAssigned(pod: Pod): boolean {
  return (pod.spec.nodeName ?? '') !== '';
}

function phaseOf(pod: Pod): number {
  return phaseOrder[pod.status?.phase ?? 'Pending'];
}

function deletionCost(pod: Pod): number {
  const text = annotationsOf(pod)[deletionCostAnnotation] ?? '';
  return /^-?\d{1,10}$/.test(text) ? Number(text) : 0;
}

function restarts(pod: Pod): number {
  return Math.max(0, ...(pod.status?.containerStatuses ?? []).map(({ restartCount }) => restartCount));
}

function createdAt(pod: Pod): WallMs | undefined {
  return parseTimestamp(pod.metadata.creationTimestamp ?? '');
}

/** The younger one first, by order of magnitude; one without a time counts as the youngest. */
function compareAges(left: WallMs | undefined, right: WallMs | undefined, nowMs: WallMs): number {
  return magnitude(left, nowMs) - magnitude(right, nowMs);
}

function magnitude(sinceMs: WallMs | undefined, nowMs: WallMs): number {
  if (sinceMs === undefined) return -1;
  const age = nowMs - sinceMs;
  return age < 1000 ? 0 : Math.floor(Math.log2(age / 1000)) + 1;
}
