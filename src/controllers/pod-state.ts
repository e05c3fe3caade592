/** Questions about pods that several controllers ask. Models kubernetes pkg/controller/controller_utils.go and pkg/api/v1/pod/util.go. */
import { isBeingDeleted } from '../api/object-meta.ts';
import type { WallMs } from '../base/brand.ts';
import { parseTimestamp } from '../base/time.ts';
import { findCondition } from '../kinds/condition.ts';
import type { Pod } from '../kinds/pod/types.ts';

export function isFinished({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/** Counts towards what its owner wants: neither finished nor going. */
export function isActive(pod: Pod): boolean {
  return !isFinished(pod) && !isBeingDeleted(pod);
}

export function isTerminating(pod: Pod): boolean {
  return !isFinished(pod) && isBeingDeleted(pod);
}

export function isReady({ status }: Pod): boolean {
  return findCondition(status?.conditions, 'Ready')?.status === 'True';
}

/** When the pod became ready, or undefined while it is not. */
export function readySince(pod: Pod): WallMs | undefined {
  const condition = findCondition(pod.status?.conditions, 'Ready');
  return condition?.status === 'True' ? parseTimestamp(condition.lastTransitionTime ?? '') : undefined;
}

/** How long until the pod counts as available: 0 when it does, infinity while it is not ready. */
export function availableInMs(pod: Pod, minReadySeconds: number, nowMs: WallMs): number {
  if (!isReady(pod)) return Number.POSITIVE_INFINITY;
  if (minReadySeconds === 0) return 0;
  const sinceMs = readySince(pod);
  return sinceMs === undefined ? Number.POSITIVE_INFINITY : Math.max(0, sinceMs + minReadySeconds * 1000 - nowMs);
}

/** How long until the next ready pod counts as available; infinity when none is on its way. */
export function nextAvailableInMs(pods: readonly Pod[], minReadySeconds: number, nowMs: WallMs): number {
  if (minReadySeconds === 0) return Number.POSITIVE_INFINITY;
  const waits = pods.map((pod) => availableInMs(pod, minReadySeconds, nowMs)).filter((waitMs) => waitMs > 0);
  return Math.min(Number.POSITIVE_INFINITY, ...waits);
}
