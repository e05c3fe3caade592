/**
 * What a status says of a resize: that it waits, that it is under way, or nothing. Models kubernetes pkg/kubelet/status/status_manager.go
 * SetPodResizePendingCondition and SetPodResizeInProgressCondition.
 */
import { generationOf } from '../api/object-meta.ts';
import type { Condition } from '../kinds/condition.ts';
import type { Pod } from '../kinds/pod/types.ts';
import type { ContainerRecord } from './container-record.ts';
import { isResizing } from './container-resize.ts';
import type { PendingResize } from './pod-allocation.ts';

/** Conditions that a pod has only while there is something to say; a write of the status removes the others. */
export const resizeConditionTypes = ['PodResizePending', 'PodResizeInProgress'] as const;

/** Without the times, which are those of their transitions. */
export function resizeConditions(
  pod: Pod,
  pending: PendingResize | null,
  records: readonly ContainerRecord[],
): readonly Condition[] {
  const conditions: Condition[] = [];
  if (pending !== null) {
    const { reason, message, generation } = pending;
    conditions.push({ type: 'PodResizePending', status: 'True', reason, message, observedGeneration: generation });
  }
  if (records.some(isResizing)) {
    const failure = records.find(({ resizeFailure }) => resizeFailure !== null)?.resizeFailure ?? null;
    const error = failure === null ? {} : { reason: 'Error', message: failure.message };
    const observedGeneration = generationOf(pod);
    conditions.push({ type: 'PodResizeInProgress', status: 'True', ...error, observedGeneration });
  }
  return conditions;
}
