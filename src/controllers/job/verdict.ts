/**
 * How a job stands: whether it is to end, and why. A job that is to fail or has succeeded first says so (FailureTarget, SuccessCriteriaMet), and
 * ends only when its last pod is gone. Models kubernetes pkg/controller/job/{job_controller,success_policy}.go.
 */
import type { WallMs } from '../../base/brand.ts';
import { parseTimestamp } from '../../base/time.ts';
import { type Condition, findCondition, isConditionTrue } from '../../kinds/condition.ts';
import { countCommon, countIndexes, parseIndexes } from '../../kinds/job/indexes.ts';
import type { Job } from '../../kinds/job/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import { judgeFailure } from './failure-policy.ts';
import { hasFailed, isIndexed } from './pods.ts';
import type { Tally } from './tally.ts';

/** The interim condition of a job that is to end. */
export interface Target {
  readonly type: 'FailureTarget' | 'SuccessCriteriaMet';
  readonly reason: string;
  readonly message: string;
}

export const completionsReached: Target = {
  type: 'SuccessCriteriaMet',
  reason: 'CompletionsReached',
  message: 'Reached expected number of succeeded pods',
};

export function isJobFinished({ status }: Job): boolean {
  return isConditionTrue(status?.conditions, 'Complete') || isConditionTrue(status?.conditions, 'Failed');
}

/** What the job says already, or what its pods say now; null while it goes on. */
export function targetOf(
  job: Job,
  pods: readonly Pod[],
  active: readonly Pod[],
  tally: Tally,
  nowMs: WallMs,
): Target | null {
  return (
    toldTarget(job) ??
    failedByPolicy(job, pods) ??
    exceededLimit(job, active, tally, nowMs) ??
    failedIndexes(job, tally) ??
    successByPolicy(job, tally)
  );
}

function toldTarget({ status }: Job): Target | null {
  for (const type of ['FailureTarget', 'SuccessCriteriaMet'] as const) {
    const told = findCondition(status?.conditions, type);
    if (told?.status === 'True') return { type, reason: told.reason ?? '', message: told.message ?? '' };
  }
  return null;
}

function failure(reason: string, message: string): Target {
  return { type: 'FailureTarget', reason, message };
}

function failedByPolicy(job: Job, pods: readonly Pod[]): Target | null {
  if (job.spec.podFailurePolicy === undefined) return null;
  for (const pod of pods) {
    if (!hasFailed(job, pod)) continue;
    const { action, message } = judgeFailure(job, pod);
    if (action === 'FailJob') return failure('PodFailurePolicy', message);
  }
  return null;
}

function exceededLimit(job: Job, active: readonly Pod[], { failedTotal }: Tally, nowMs: WallMs): Target | null {
  const { backoffLimit = 6 } = job.spec;
  if (failedTotal > backoffLimit || restartsExceed(job, active, backoffLimit)) {
    return failure('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  }
  const leftMs = deadlineInMs(job, nowMs);
  return leftMs <= 0 ? failure('DeadlineExceeded', 'Job was active longer than specified deadline') : null;
}

/** Containers that are restarted in place count as failures of their pods. */
function restartsExceed({ spec }: Job, active: readonly Pod[], backoffLimit: number): boolean {
  if (spec.template.spec.restartPolicy !== 'OnFailure') return false;
  let restarts = 0;
  for (const { status } of active) {
    if (status?.phase !== 'Running' && status?.phase !== 'Pending') continue;
    const { initContainerStatuses = [], containerStatuses = [] } = status;
    for (const { restartCount } of [...initContainerStatuses, ...containerStatuses]) restarts += restartCount;
  }
  return backoffLimit === 0 ? restarts > 0 : restarts >= backoffLimit;
}

/** How long the job may still be active; infinity without a deadline, or while it is suspended. */
export function deadlineInMs({ spec, status }: Job, nowMs: WallMs): number {
  const startedMs = parseTimestamp(status?.startTime ?? '');
  if (spec.activeDeadlineSeconds === undefined || startedMs === undefined || spec.suspend === true) {
    return Number.POSITIVE_INFINITY;
  }
  return startedMs + spec.activeDeadlineSeconds * 1000 - nowMs;
}

function failedIndexes(job: Job, tally: Tally): Target | null {
  const { backoffLimitPerIndex, maxFailedIndexes, completions = 0 } = job.spec;
  if (!isIndexed(job) || backoffLimitPerIndex === undefined) return null;
  const failed = countIndexes(tally.failedIndexes);
  if (maxFailedIndexes !== undefined && failed > maxFailedIndexes) {
    return failure('MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes');
  }
  const isOver = failed > 0 && failed + tally.succeededTotal >= completions;
  return isOver ? failure('FailedIndexes', 'Job has failed indexes') : null;
}

function successByPolicy(job: Job, tally: Tally): Target | null {
  const { successPolicy, completions = 0 } = job.spec;
  if (successPolicy === undefined || !isIndexed(job)) return null;
  for (const [index, { succeededIndexes, succeededCount }] of (successPolicy.rules ?? []).entries()) {
    const wanted = succeededIndexes === undefined ? null : parseIndexes(succeededIndexes, completions);
    const reached =
      wanted === null ? countIndexes(tally.completedIndexes) : countCommon(wanted, tally.completedIndexes);
    const needed = succeededCount ?? (wanted === null ? Number.POSITIVE_INFINITY : countIndexes(wanted));
    if (reached >= needed) {
      return { type: 'SuccessCriteriaMet', reason: 'SuccessPolicy', message: `Matched rules at index ${index}` };
    }
  }
  return null;
}

/** Sets a condition as jobs do: the order of conditions is that of their coming. */
export function withJobCondition(
  conditions: readonly Condition[],
  { type, reason, message }: { readonly type: string; readonly reason: string; readonly message: string },
  status: 'True' | 'False',
  time: string,
): readonly Condition[] {
  const next = { type, status, lastProbeTime: time, lastTransitionTime: time, reason, message } as const;
  const former = findCondition(conditions, type);
  if (former === undefined) return status === 'True' ? [...conditions, next] : conditions;
  if (former.status === status) return conditions;
  return conditions.map((condition) => (condition === former ? next : condition));
}
