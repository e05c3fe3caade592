/**
 * Runs the pods of a job to their end: as many as it wants at once, again after failures until it has had enough of them, each counted once.
 * In one plan: what has ended is written down, then let go; then pods are deleted, then made.
 * Models kubernetes pkg/controller/job/job_controller.go syncJob.
 */
import { controllerOf, isBeingDeleted, namespaceOf } from '../../api/object-meta.ts';
import type { Random } from '../../base/random.ts';
import { timestampSeconds } from '../../base/time.ts';
import { type Condition, isConditionTrue } from '../../kinds/condition.ts';
import type { Job } from '../../kinds/job/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { ReconcileContext } from '../controller.ts';
import { type Claim, claimWrites } from '../ownership.ts';
import {
  create,
  type EventRecord,
  mustBeAbsent,
  nothingToDo,
  type Plan,
  plan,
  remove,
  update,
  type Write,
} from '../plan.ts';
import { createdEvent, deletedEvent, podFailure, podFailureEvent, slowlyStarted } from '../pod-control.ts';
import { isActive, isTerminating } from '../pod-state.ts';
import { jobResource, podResource } from '../resources.ts';
import { type PodChange, type PodView, podChange } from './manage.ts';
import { indexedPod, isTracked, noFailures, plainPod, trackingFinalizer, untrack, untrackUnchanged } from './pods.ts';
import { isSameStatus, jobStatus } from './status.ts';
import { failuresWith, type Tally, tallyOf } from './tally.ts';
import { completionsReached, deadlineInMs, isJobFinished, type Target, targetOf, withJobCondition } from './verdict.ts';

export type JobObserved =
  | { readonly type: 'job'; readonly job: Job; readonly claim: Claim<Pod> }
  /** A pod that still waits to be counted by a job which is gone. */
  | { readonly type: 'leftOver'; readonly pod: Pod };

export interface JobTiming {
  /** The wait after a first failure. */
  readonly backoffMs: number;
}

/** The one who keeps jobs that name nobody. */
const ownManager = 'kubernetes.io/job-controller';

export function reconcileJobKey(observed: JobObserved, context: ReconcileContext, timing: JobTiming): Plan {
  if (observed.type === 'job') return reconcileJob(observed.job, observed.claim, context, timing);
  const { pod } = observed;
  const { name = '', uid = '' } = controllerOf(pod) ?? {};
  if (uid === '') return isBeingDeleted(pod) ? plan([[untrack(pod)]]) : nothingToDo;
  return plan([[mustBeAbsent(jobResource, namespaceOf(pod), name, uid)], [untrack(pod)]]);
}

function reconcileJob(job: Job, claimed: Claim<Pod>, context: ReconcileContext, timing: JobTiming): Plan {
  const { managedBy = ownManager } = job.spec;
  if (managedBy !== ownManager) return nothingToDo;
  const pods = [...claimed.owned, ...claimed.adopted];
  if (isJobFinished(job)) return plan([pods.filter(isTracked).map(untrack)]);
  const view: PodView = { pods, active: pods.filter(isActive), terminating: pods.filter(isTerminating) };
  const { wallMs } = context;
  const counted = tallyOf(job, pods, view.active, true);
  const given = targetOf(job, pods, view.active, counted, wallMs);
  const change = changeOf(job, view, counted, given, context, timing);
  const activeNext = view.active.length - change.deletions.length + change.creations.length;
  const target = given ?? (isComplete(job, counted, activeNext) ? completionsReached : null);
  const tally = target === null ? counted : tallyOf(job, pods, view.active, false);
  const conditions = conditionsOf(job, target, context);
  const status = jobStatus(job, { view, tally, conditions, target, wallMs });
  const isSame = isSameStatus(job.status, status);
  const made = change.creations.map((index) => podOf(job, index, counted, context.random));
  const claims = claimWrites(job, podResource, claimed, [trackingFinalizer]);
  const groups: readonly (readonly Write[])[] = [
    [...claims, ...(isSame ? [] : [update(jobResource, { ...job, status } as Job, 'status')])],
    tally.released.map(untrack),
    target === null ? change.deletions.filter(isTracked).map(untrackUnchanged) : [],
    change.deletions.map((pod) => remove(podResource, pod)),
    ...slowlyStarted(made.map((pod) => create(podResource, pod))),
  ];
  const waitMs = Math.min(change.waitMs, deadlineInMs({ ...job, status } as Job, wallMs));
  return plan(groups, {
    events: eventsOf(job, status.conditions ?? [], change, made, context),
    ...(target !== null || waitMs === Number.POSITIVE_INFINITY ? {} : { requeueAfterMs: waitMs }),
  });
}

function changeOf(
  job: Job,
  view: PodView,
  tally: Tally,
  target: Target | null,
  { wallMs }: ReconcileContext,
  { backoffMs }: JobTiming,
): PodChange {
  if (target !== null) return { deletions: view.active, creations: [], waitMs: Number.POSITIVE_INFINITY };
  if (isBeingDeleted(job)) return { deletions: [], creations: [], waitMs: Number.POSITIVE_INFINITY };
  return podChange(job, view, tally, backoffMs, wallMs);
}

function isComplete({ spec }: Job, { succeededTotal }: Tally, active: number): boolean {
  if (active > 0) return false;
  if (spec.completions !== undefined) return succeededTotal >= spec.completions;
  return succeededTotal > 0 && spec.suspend !== true;
}

function podOf(job: Job, index: number | null, { carriers }: Tally, random: Random): Pod {
  if (index === null) return plainPod(job, random);
  if (job.spec.backoffLimitPerIndex === undefined) return indexedPod(job, index, null, random);
  const former = carriers.get(index);
  return indexedPod(job, index, former === undefined ? noFailures : failuresWith(job, former), random);
}

function conditionsOf(job: Job, target: Target | null, { wallMs }: ReconcileContext): readonly Condition[] {
  const conditions = job.status?.conditions ?? [];
  const now = timestampSeconds(wallMs);
  if (target !== null) return withJobCondition(conditions, target, 'True', now);
  const suspended = { type: 'Suspended', reason: 'JobSuspended', message: 'Job suspended' };
  if (job.spec.suspend === true) return withJobCondition(conditions, suspended, 'True', now);
  const resumed = { type: 'Suspended', reason: 'JobResumed', message: 'Job resumed' };
  return withJobCondition(conditions, resumed, 'False', now);
}

function eventsOf(
  job: Job,
  conditions: readonly Condition[],
  { deletions }: PodChange,
  made: readonly Pod[],
  context: ReconcileContext,
): readonly EventRecord[] {
  const failure = podFailure(context);
  return [
    ...(failure === null ? [] : [podFailureEvent(job, made.length > 0, failure)]),
    ...made.map((pod) => createdEvent(job, pod)),
    ...deletions.map((pod) => deletedEvent(job, pod)),
    ...conditions.flatMap((condition) => conditionEvent(job, condition)),
  ];
}

/** What a change of a condition is worth telling. */
function conditionEvent(job: Job, { type, status, reason = '', message = '' }: Condition): readonly EventRecord[] {
  const isTrue = status === 'True';
  if (isConditionTrue(job.status?.conditions, type) === isTrue) return [];
  const tell = (kind: EventRecord['type'], why: string, what: string): readonly EventRecord[] => [
    { object: job, type: kind, reason: why, message: what },
  ];
  if (type === 'Complete') return tell('Normal', 'Completed', 'Job completed');
  if (type === 'Failed') return tell('Warning', reason, message);
  if (type === 'Suspended') return isTrue ? tell('Normal', 'Suspended', message) : tell('Normal', 'Resumed', message);
  return [];
}
