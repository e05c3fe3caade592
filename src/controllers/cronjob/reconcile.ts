/**
 * Makes a job for each time that a cron job is due, the latest that was missed included, and removes jobs that are only history. A job is named
 * by its scheduled minute, so that making it twice fails instead of doubling; which times have had their job is read from the jobs as well as
 * from the status. Models kubernetes pkg/controller/cronjob/cronjob_controllerv2.go and utils.go.
 */
import { equalSemantic } from '../../api/json.ts';
import {
  annotationsOf,
  controllerReference,
  isBeingDeleted,
  nameOf,
  namespaceOf,
  uidOf,
} from '../../api/object-meta.ts';
import type { WallMs } from '../../base/brand.ts';
import { parseTimestamp, timestampSeconds } from '../../base/time.ts';
import { isConditionTrue } from '../../kinds/condition.ts';
import type { ActiveJob, CronJob, CronJobStatus } from '../../kinds/cronjob/types.ts';
import type { Job } from '../../kinds/job/types.ts';
import type { ReconcileContext } from '../controller.ts';
import { isJobFinished } from '../job/verdict.ts';
import { missedTimesMax } from '../limits.ts';
import { create, type EventRecord, type Plan, plan, remove, update, type Write } from '../plan.ts';
import { cronJobResource, jobResource } from '../resources.ts';
import { type Calendar, calendarOf, zonedTimestamp } from './schedule.ts';

export interface CronJobObserved {
  readonly cronJob: CronJob;
  readonly jobs: readonly Job[];
}

const scheduledAnnotation = 'batch.kubernetes.io/cronjob-scheduled-timestamp';
/** A timer is a little late rather than a little early. */
const scheduleSlackMs = 100;

/** What one reconcile has decided so far. */
interface Draft {
  readonly cronJob: CronJob;
  status: CronJobStatus;
  readonly deletions: Write[];
  readonly events: EventRecord[];
}

export function reconcileCronJob({ cronJob, jobs }: CronJobObserved, context: ReconcileContext): Plan {
  const { wallMs } = context;
  const draft: Draft = { cronJob, status: statusOf(cronJob, jobs), deletions: [], events: jobEvents(cronJob, jobs) };
  removeHistory(draft, jobs);
  const { spec } = cronJob;
  if (isBeingDeleted(cronJob) || spec.suspend === true) return finish(draft, [], undefined);
  const calendar = calendarOf(spec.schedule, spec.timeZone);
  if (typeof calendar === 'string') {
    tell(draft, 'Warning', 'UnparseableSchedule', `unparseable schedule: ${spec.schedule} : ${calendar}`);
    return finish(draft, [], undefined);
  }
  const nextMs = calendar.next(wallMs);
  const waitMs = nextMs === undefined ? undefined : nextMs - wallMs + scheduleSlackMs;
  const dueMs = dueTime(draft, calendar, wallMs);
  if (dueMs === undefined || !mayStart(draft, dueMs, wallMs)) return finish(draft, [], waitMs);
  if (spec.concurrencyPolicy === 'Replace') replaceActive(draft, jobs);
  const job = jobFor(cronJob, dueMs);
  if (context.failure?.write.verb === 'create') {
    const message = `Error creating job: ${context.failure.status.message ?? ''}`;
    draft.events.push({ object: cronJob, type: 'Warning', reason: 'FailedCreate', message, isOfFailure: true });
  }
  tell(draft, 'Normal', 'SuccessfulCreate', `Created job ${nameOf(job)}`);
  draft.status = { ...draft.status, lastScheduleTime: timestampSeconds(dueMs) };
  return finish(draft, [create(jobResource, job)], waitMs);
}

/** The jobs that run, and the times that had a job: from what was told, and from what there is. */
function statusOf({ status = {} }: CronJob, jobs: readonly Job[]): CronJobStatus {
  const known = new Set((status.active ?? []).map(({ uid }) => uid));
  const active = jobs.filter((job) => !isJobFinished(job) && (known.has(uidOf(job)) || isScheduled(job)));
  const times = jobs.map((job) => scheduledAt(job)).filter((time) => time !== undefined);
  const lastMs = Math.max(parseTimestamp(status.lastScheduleTime ?? '') ?? 0, ...times);
  const ends = jobs.filter(isComplete).map(({ status: ended }) => parseTimestamp(ended?.completionTime ?? '') ?? 0);
  const successMs = Math.max(parseTimestamp(status.lastSuccessfulTime ?? '') ?? 0, ...ends);
  return {
    ...(active.length === 0 ? {} : { active: active.map(referenceTo) }),
    ...(lastMs === 0 ? {} : { lastScheduleTime: timestampSeconds(lastMs as WallMs) }),
    ...(successMs === 0 ? {} : { lastSuccessfulTime: timestampSeconds(successMs as WallMs) }),
  };
}

function referenceTo(job: Job): ActiveJob {
  const { apiVersion, kind } = job;
  return { kind, namespace: namespaceOf(job), name: nameOf(job), uid: uidOf(job), apiVersion };
}

/** What became of the jobs that were told to be active. */
function jobEvents(cronJob: CronJob, jobs: readonly Job[]): EventRecord[] {
  const byUid = new Map(jobs.map((job) => [uidOf(job), job]));
  return (cronJob.status?.active ?? []).flatMap(({ uid = '', name = '' }): EventRecord[] => {
    const job = byUid.get(uid);
    const object = cronJob;
    if (job === undefined) {
      return [{ object, type: 'Normal', reason: 'MissingJob', message: `Active job went missing: ${name}` }];
    }
    if (!isJobFinished(job)) return [];
    const message = `Saw completed job: ${name}, condition: ${isComplete(job) ? 'Complete' : 'Failed'}`;
    return [{ object, type: 'Normal', reason: 'SawCompletedJob', message }];
  });
}

function removeHistory(draft: Draft, jobs: readonly Job[]): void {
  const { successfulJobsHistoryLimit = 3, failedJobsHistoryLimit = 1 } = draft.cronJob.spec;
  const finished = jobs.filter((job) => isJobFinished(job) && !isBeingDeleted(job)).sort(byStart);
  for (const [group, limit] of [
    [finished.filter(isComplete), successfulJobsHistoryLimit],
    [finished.filter((job) => !isComplete(job)), failedJobsHistoryLimit],
  ] as const) {
    for (const job of group.slice(0, Math.max(0, group.length - limit))) removeJob(draft, job);
  }
}

function removeJob(draft: Draft, job: Job): void {
  draft.deletions.push(remove(jobResource, job, { propagationPolicy: 'Background' }));
  tell(draft, 'Normal', 'SuccessfulDelete', `Deleted job ${nameOf(job)}`);
}

/** The latest time that is due and has had no job. */
function dueTime(draft: Draft, calendar: Calendar, nowMs: WallMs): WallMs | undefined {
  const { cronJob, status } = draft;
  const { startingDeadlineSeconds } = cronJob.spec;
  const sinceMs =
    parseTimestamp(status.lastScheduleTime ?? '') ?? parseTimestamp(cronJob.metadata.creationTimestamp ?? '');
  if (sinceMs === undefined) return undefined;
  const deadlineMs = startingDeadlineSeconds === undefined ? 0 : nowMs - startingDeadlineSeconds * 1000;
  const fromMs = Math.max(sinceMs, deadlineMs) as WallMs;
  const dueMs = calendar.latest(fromMs, nowMs);
  if (
    dueMs !== undefined &&
    startingDeadlineSeconds === undefined &&
    missedTimes(calendar, fromMs, nowMs) > missedTimesMax
  ) {
    const message = 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew';
    tell(draft, 'Warning', 'TooManyMissedTimes', message);
  }
  return dueMs;
}

/** An estimate from the distance of the first two. */
function missedTimes(calendar: Calendar, fromMs: WallMs, nowMs: WallMs): number {
  const firstMs = calendar.next(fromMs);
  const secondMs = firstMs === undefined ? undefined : calendar.next(firstMs);
  if (firstMs === undefined || secondMs === undefined || firstMs > nowMs) return 0;
  return Math.floor((nowMs - firstMs) / (secondMs - firstMs)) + 1;
}

function mayStart(draft: Draft, dueMs: WallMs, nowMs: WallMs): boolean {
  const { startingDeadlineSeconds, concurrencyPolicy } = draft.cronJob.spec;
  if (startingDeadlineSeconds !== undefined && dueMs + startingDeadlineSeconds * 1000 < nowMs) {
    tell(draft, 'Warning', 'MissSchedule', `Missed scheduled time to start a job: ${timestampSeconds(dueMs)}`);
    return false;
  }
  if (concurrencyPolicy === 'Forbid' && (draft.status.active ?? []).length > 0) {
    const message = 'Not starting job because prior execution is running and concurrency policy is Forbid';
    tell(draft, 'Normal', 'JobAlreadyActive', message);
    return false;
  }
  return true;
}

function replaceActive(draft: Draft, jobs: readonly Job[]): void {
  const active = new Set((draft.status.active ?? []).map(({ uid }) => uid));
  for (const job of jobs) if (active.has(uidOf(job))) removeJob(draft, job);
}

function jobFor(cronJob: CronJob, dueMs: WallMs): Job {
  const { jobTemplate, timeZone } = cronJob.spec;
  const { labels, annotations } = jobTemplate.metadata ?? {};
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: `${nameOf(cronJob)}-${Math.floor(dueMs / 60_000)}`,
      namespace: namespaceOf(cronJob),
      ...(labels === undefined ? {} : { labels }),
      annotations: { ...annotations, [scheduledAnnotation]: zonedTimestamp(dueMs, timeZone) },
      ownerReferences: [controllerReference(cronJob)],
    },
    spec: jobTemplate.spec,
  };
}

/** The job is made before its time is told to have had one: if that is not heard of, the job itself tells it. */
function finish(draft: Draft, creations: readonly Write[], waitMs: number | undefined): Plan {
  const { cronJob, status, deletions, events } = draft;
  const isSame = equalSemantic(withoutVersions(cronJob.status), status);
  const statusWrites = isSame ? [] : [update(cronJobResource, { ...cronJob, status } as CronJob, 'status')];
  return plan([deletions, creations, statusWrites], {
    events,
    ...(waitMs === undefined ? {} : { requeueAfterMs: waitMs }),
  });
}

/** A reference may tell a version of the job, which means nothing here. */
function withoutVersions(status: CronJobStatus = {}): CronJobStatus {
  if (status.active === undefined) return status;
  const active = status.active.map(({ kind = '', namespace = '', name = '', uid = '', apiVersion = '' }) => ({
    kind,
    namespace,
    name,
    uid,
    apiVersion,
  }));
  return { ...status, active };
}

function tell({ cronJob, events }: Draft, type: EventRecord['type'], reason: string, message: string): void {
  events.push({ object: cronJob, type, reason, message });
}

function isScheduled(job: Job): boolean {
  return scheduledAt(job) !== undefined;
}

function scheduledAt(job: Job): WallMs | undefined {
  return parseTimestamp(annotationsOf(job)[scheduledAnnotation] ?? '');
}

function isComplete({ status }: Job): boolean {
  return isConditionTrue(status?.conditions, 'Complete');
}

function byStart(left: Job, right: Job): number {
  const [leftTime = '', rightTime = ''] = [left.status?.startTime, right.status?.startTime];
  if (leftTime !== rightTime) return leftTime < rightTime ? -1 : 1;
  return nameOf(left) < nameOf(right) ? -1 : 1;
}
