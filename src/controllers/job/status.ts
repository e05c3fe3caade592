/** What a job says of itself. Models kubernetes pkg/controller/job/job_controller.go syncJob and enactJobFinished. */
import { equalSemantic } from '../../api/json.ts';
import type { WallMs } from '../../base/brand.ts';
import { timestampSeconds } from '../../base/time.ts';
import { type Condition, isConditionTrue } from '../../kinds/condition.ts';
import { formatIndexes } from '../../kinds/job/indexes.ts';
import type { Job, JobStatus } from '../../kinds/job/types.ts';
import { isReady } from '../pod-state.ts';
import type { PodView } from './manage.ts';
import { isIndexed, isTracked } from './pods.ts';
import type { Tally } from './tally.ts';
import { type Target, withJobCondition } from './verdict.ts';

export interface JobFacts {
  readonly view: PodView;
  readonly tally: Tally;
  readonly conditions: readonly Condition[];
  readonly target: Target | null;
  readonly wallMs: WallMs;
}

export function jobStatus(job: Job, { view, tally, conditions, target, wallMs }: JobFacts): JobStatus {
  const now = timestampSeconds(wallMs);
  const ends = target !== null && isOver(view, tally);
  const all = ends ? withJobCondition(conditions, terminal(target), 'True', now) : conditions;
  const startTime = startTimeOf(job, now);
  const { uncounted, completedIndexes, failedIndexes } = tally;
  return {
    ...(all.length === 0 ? {} : { conditions: all }),
    ...(startTime === undefined ? {} : { startTime }),
    ...(ends && target.type === 'SuccessCriteriaMet' ? { completionTime: now } : {}),
    active: view.active.length,
    ready: view.active.filter(isReady).length,
    terminating: view.terminating.length,
    succeeded: tally.succeeded,
    failed: tally.failed,
    ...(completedIndexes.length === 0 ? {} : { completedIndexes: formatIndexes(completedIndexes) }),
    ...(isIndexed(job) && job.spec.backoffLimitPerIndex !== undefined
      ? { failedIndexes: formatIndexes(failedIndexes) }
      : {}),
    uncountedTerminatedPods: {
      ...(uncounted.succeeded.length === 0 ? {} : { succeeded: uncounted.succeeded }),
      ...(uncounted.failed.length === 0 ? {} : { failed: uncounted.failed }),
    },
  };
}

/** No pod runs any more, and all that ended are counted. */
function isOver({ pods, active, terminating }: PodView, { uncounted }: Tally): boolean {
  const isCounted = uncounted.succeeded.length + uncounted.failed.length === 0;
  return isCounted && active.length + terminating.length === 0 && !pods.some(isTracked);
}

function terminal({ type, reason, message }: Target): {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
} {
  return { type: type === 'FailureTarget' ? 'Failed' : 'Complete', reason, message };
}

/** A job's time runs from its start, and anew when it is resumed. */
function startTimeOf({ spec, status }: Job, now: string): string | undefined {
  if (spec.suspend === true) return status?.startTime;
  return isConditionTrue(status?.conditions, 'Suspended') ? now : (status?.startTime ?? now);
}

/** Tells whether both say the same; an absent number is zero. */
export function isSameStatus(left: JobStatus | undefined, right: JobStatus): boolean {
  return equalSemantic(withZeros(left), withZeros(right));
}

function withZeros(status: JobStatus | undefined): object {
  const none = { active: 0, ready: 0, terminating: 0, succeeded: 0, failed: 0 };
  return { ...none, completedIndexes: '', failedIndexes: '', uncountedTerminatedPods: {}, ...status };
}
