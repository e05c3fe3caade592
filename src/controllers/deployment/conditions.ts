/**
 * Whether a deployment is available and whether its update gets on. Progressing is True while replica sets change, True with
 * NewReplicaSetAvailable when the update is complete, and False when nothing got better within the deadline.
 * Models kubernetes pkg/controller/deployment/progress.go and util SetDeploymentCondition.
 */
import { generationOf, nameOf } from '../../api/object-meta.ts';
import type { WallMs } from '../../base/brand.ts';
import { parseTimestamp, timestampSeconds } from '../../base/time.ts';
import { type Condition, type ConditionStatus, findCondition } from '../../kinds/condition.ts';
import type { Deployment, DeploymentStatus } from '../../kinds/deployment/types.ts';
import type { ReplicaSet } from '../../kinds/replicaset/types.ts';
import { replicasOf } from './sizes.ts';

/** The API's way of saying that there is no deadline. */
const noDeadlineSeconds = 2_147_483_647;

export function hasDeadline({ spec }: Deployment): boolean {
  return (spec.progressDeadlineSeconds ?? noDeadlineSeconds) !== noDeadlineSeconds;
}

/** Returns the conditions with one set; unchanged if status and reason are the same already. */
export function withDeploymentCondition(
  conditions: readonly Condition[],
  type: string,
  status: ConditionStatus,
  reason: string,
  message: string,
  wallMs: WallMs,
): readonly Condition[] {
  const former = findCondition(conditions, type);
  if (former?.status === status && former.reason === reason) return conditions;
  const now = timestampSeconds(wallMs);
  const since = former?.status === status ? (former.lastTransitionTime ?? now) : now;
  const next = { type, status, lastUpdateTime: now, lastTransitionTime: since, reason, message };
  return [...conditions.filter((condition) => condition !== former), next];
}

export function withoutCondition(conditions: readonly Condition[], type: string): readonly Condition[] {
  return conditions.some((condition) => condition.type === type)
    ? conditions.filter((condition) => condition.type !== type)
    : conditions;
}

/** A paused deployment makes no progress, and is not to be blamed for it. */
export function withPauseNoted(deployment: Deployment, wallMs: WallMs): readonly Condition[] {
  const conditions = deployment.status?.conditions ?? [];
  if (!hasDeadline(deployment)) return conditions;
  const reason = findCondition(conditions, 'Progressing')?.reason;
  if (reason === 'ProgressDeadlineExceeded') return conditions;
  const isNotedAsPaused = reason === 'DeploymentPaused';
  if (deployment.spec.paused === true && !isNotedAsPaused) {
    return withProgress(conditions, 'Unknown', 'DeploymentPaused', 'Deployment is paused', wallMs);
  }
  if (deployment.spec.paused !== true && isNotedAsPaused) {
    return withProgress(conditions, 'Unknown', 'DeploymentResumed', 'Deployment is resumed', wallMs);
  }
  return conditions;
}

export function withProgress(
  conditions: readonly Condition[],
  status: ConditionStatus,
  reason: string,
  message: string,
  wallMs: WallMs,
): readonly Condition[] {
  return withDeploymentCondition(conditions, 'Progressing', status, reason, message, wallMs);
}

/** Judges the progress from the status before to `next`, whose conditions it returns anew. */
export function judgeProgress(
  deployment: Deployment,
  next: DeploymentStatus,
  current: ReplicaSet | null,
  wallMs: WallMs,
): readonly Condition[] {
  const conditions = next.conditions ?? [];
  if (!hasDeadline(deployment)) return withoutCondition(conditions, 'Progressing');
  const known = findCondition(conditions, 'Progressing');
  const isSettled = next.replicas === next.updatedReplicas && known?.reason === 'NewReplicaSetAvailable';
  if (isSettled) return conditions;
  const subject = current === null ? `Deployment "${nameOf(deployment)}"` : `ReplicaSet "${nameOf(current)}"`;
  if (isComplete(deployment, next)) {
    const message = `${subject} has successfully progressed.`;
    return withProgress(conditions, 'True', 'NewReplicaSetAvailable', message, wallMs);
  }
  if (isProgressing(deployment.status ?? {}, next)) return renewed(conditions, `${subject} is progressing.`, wallMs);
  if (deadlineInMs(deployment, known, wallMs) <= 0) {
    const message = `${subject} has timed out progressing.`;
    return withProgress(conditions, 'False', 'ProgressDeadlineExceeded', message, wallMs);
  }
  return conditions;
}

/** Every sign of progress starts the deadline anew, so the time of the update is set even when nothing else changes. */
function renewed(conditions: readonly Condition[], message: string, wallMs: WallMs): readonly Condition[] {
  const known = findCondition(conditions, 'Progressing');
  const others = withoutCondition(conditions, 'Progressing');
  const [next] = withProgress([], 'True', 'ReplicaSetUpdated', message, wallMs);
  if (next === undefined) return others;
  const since = known?.status === 'True' ? known.lastTransitionTime : undefined;
  return [...others, since === undefined ? next : { ...next, lastTransitionTime: since }];
}

export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const desired = replicasOf(deployment);
  return (
    (status.updatedReplicas ?? 0) === desired &&
    (status.replicas ?? 0) === desired &&
    (status.availableReplicas ?? 0) === desired &&
    (status.observedGeneration ?? 0) >= generationOf(deployment)
  );
}

function isProgressing(before: DeploymentStatus, next: DeploymentStatus): boolean {
  const oldBefore = (before.replicas ?? 0) - (before.updatedReplicas ?? 0);
  const oldNext = (next.replicas ?? 0) - (next.updatedReplicas ?? 0);
  return (
    (next.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    oldNext < oldBefore ||
    (next.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (next.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

/** How long until a deployment that shows no progress has failed; infinity when it can't. */
export function deadlineInMs(deployment: Deployment, progressing: Condition | undefined, wallMs: WallMs): number {
  if (!hasDeadline(deployment) || progressing === undefined) return Number.POSITIVE_INFINITY;
  if (progressing.reason === 'NewReplicaSetAvailable') return Number.POSITIVE_INFINITY;
  if (progressing.reason === 'ProgressDeadlineExceeded') return 0;
  const sinceMs = parseTimestamp(progressing.lastUpdateTime ?? '');
  if (sinceMs === undefined) return Number.POSITIVE_INFINITY;
  return sinceMs + (deployment.spec.progressDeadlineSeconds ?? 0) * 1000 - wallMs;
}
