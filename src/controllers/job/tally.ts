/**
 * Counts the pods of a job that have ended, each once, whatever becomes of the controller meanwhile. A pod carries a finalizer until it is
 * noted: first its uid is written into the job's status (or its index, which says as much), then the finalizer goes, then the uid moves into
 * the count. A step is taken only on evidence from the cache, and the status is written under its resourceVersion; so a pod is never
 * counted twice, and one that is deleted stays until it has been counted.
 * Models kubernetes pkg/controller/job/job_controller.go trackJobStatusAndRemoveFinalizers.
 */
import { uidOf } from '../../api/object-meta.ts';
import { countIndexes, hasIndex, type IndexSet, parseIndexes, withIndexes } from '../../kinds/job/indexes.ts';
import type { Job } from '../../kinds/job/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import { uncountedPodsMax } from '../limits.ts';
import { judgeFailure } from './failure-policy.ts';
import {
  hasFailed,
  hasSucceeded,
  hasValidIndex,
  type IndexFailures,
  indexFailuresOf,
  indexOf,
  isIndexed,
  isTracked,
} from './pods.ts';

export interface Tally {
  /** As they stand in the next status. */
  readonly succeeded: number;
  readonly failed: number;
  readonly uncounted: { readonly succeeded: readonly string[]; readonly failed: readonly string[] };
  /** Indexes that are done, and those that are given up. Empty without indexes. */
  readonly completedIndexes: IndexSet;
  readonly failedIndexes: IndexSet;
  /** Pods whose finalizer goes once this is written. */
  readonly released: readonly Pod[];
  /** All that have ended, noted or not: what decisions go by. */
  readonly succeededTotal: number;
  readonly failedTotal: number;
  /** The last failed pod of each index that waits for another one: it carries the count of its index, and stays until that one is there. */
  readonly carriers: ReadonlyMap<number, Pod>;
}

/** `goesOn`: failed pods that carry the count of their index are kept for the pods after them. */
export function tallyOf(job: Job, pods: readonly Pod[], active: readonly Pod[], goesOn: boolean): Tally {
  const { status = {}, spec } = job;
  const end = isIndexed(job) ? (spec.completions ?? 0) : 0;
  const before = parseIndexes(status.completedIndexes ?? '', end);
  const given = new Set(status.uncountedTerminatedPods?.failed ?? []);
  // A pod that was taken for failed when it was deleted stays failed, even if it came to a good end.
  const isDone = (pod: Pod): boolean =>
    hasSucceeded(pod) && isTracked(pod) && hasValidIndex(job, pod) && !given.has(uidOf(pod));
  const done = isIndexed(job) ? withIndexes(before, indexesOf(pods.filter(isDone))) : before;
  const failedIndexes = failedIndexesOf(job, pods, done, end);
  const carriers = goesOn ? carriersOf(job, pods, active, done, failedIndexes) : new Map<number, Pod>();
  const settled = settle(job, pods);
  const noted = note(job, pods, before, new Set([...carriers.values()].map(uidOf)));
  const completedIndexes = withIndexes(before, noted.indexes);
  const succeeded = isIndexed(job) ? countIndexes(completedIndexes) : (status.succeeded ?? 0) + settled.succeeded;
  const failed = (status.failed ?? 0) + settled.failed;
  const uncounted = {
    succeeded: [...settled.uncounted.succeeded, ...noted.succeeded],
    failed: [...settled.uncounted.failed, ...noted.failed],
  };
  return {
    succeeded,
    failed,
    uncounted,
    completedIndexes,
    failedIndexes,
    released: noted.released,
    succeededTotal: isIndexed(job) ? countIndexes(done) : succeeded + uncounted.succeeded.length + noted.left.succeeded,
    failedTotal: failed + uncounted.failed.length + noted.left.failed,
    carriers,
  };
}

interface Settled {
  readonly succeeded: number;
  readonly failed: number;
  readonly uncounted: { readonly succeeded: readonly string[]; readonly failed: readonly string[] };
}

/** Moves the uids of pods that have let go of their finalizer into the counts. */
function settle({ status = {} }: Job, pods: readonly Pod[]): Settled {
  const { succeeded = [], failed = [] } = status.uncountedTerminatedPods ?? {};
  const held = new Set(pods.filter(isTracked).map(uidOf));
  const uncounted = {
    succeeded: succeeded.filter((uid) => held.has(uid)),
    failed: failed.filter((uid) => held.has(uid)),
  };
  return {
    succeeded: succeeded.length - uncounted.succeeded.length,
    failed: failed.length - uncounted.failed.length,
    uncounted,
  };
}

interface Noted {
  readonly succeeded: readonly string[];
  readonly failed: readonly string[];
  readonly indexes: readonly number[];
  readonly released: readonly Pod[];
  /** Ended pods for which there was no room. */
  readonly left: { readonly succeeded: number; readonly failed: number };
}

/** Notes the pods that have ended, as many as a status may hold. */
function note(job: Job, pods: readonly Pod[], before: IndexSet, carriers: ReadonlySet<string>): Noted {
  const { succeeded: knownSucceeded = [], failed: knownFailed = [] } = job.status?.uncountedTerminatedPods ?? {};
  const known = new Set([...knownSucceeded, ...knownFailed]);
  const succeeded: string[] = [];
  const failed: string[] = [];
  const indexes: number[] = [];
  const released: Pod[] = [];
  const left = { succeeded: 0, failed: 0 };
  const room = uncountedPodsMax - known.size;
  for (const pod of pods) {
    if (!isTracked(pod)) continue;
    const isDone = hasSucceeded(pod);
    const isFailure = !isDone && hasFailed(job, pod);
    if (!isDone && !isFailure) continue;
    const uid = uidOf(pod);
    const isCounted = hasValidIndex(job, pod) && (isDone || judgeFailure(job, pod).action !== 'Ignore');
    const needsRoom = isCounted && !known.has(uid);
    if (carriers.has(uid) || (needsRoom && indexes.length + succeeded.length + failed.length >= room)) {
      if (needsRoom) left[isDone ? 'succeeded' : 'failed'] += 1;
      continue;
    }
    released.push(pod);
    if (!needsRoom) continue;
    const index = indexOf(pod);
    if (isFailure) failed.push(uid);
    else if (!isIndexed(job)) succeeded.push(uid);
    else if (index !== undefined && !hasIndex(before, index)) indexes.push(index);
  }
  return { succeeded, failed, indexes, released, left };
}

/** The failures of an index up to and with that of `pod`. */
export function failuresWith(job: Job, pod: Pod): IndexFailures {
  const { counted, ignored } = indexFailuresOf(pod);
  const isIgnored = judgeFailure(job, pod).action === 'Ignore';
  return isIgnored ? { counted, ignored: ignored + 1 } : { counted: counted + 1, ignored };
}

function failedIndexesOf(job: Job, pods: readonly Pod[], done: IndexSet, end: number): IndexSet {
  const limit = job.spec.backoffLimitPerIndex;
  if (limit === undefined) return [];
  const given = pods.filter((pod) => {
    const index = indexOf(pod);
    if (!hasValidIndex(job, pod) || !hasFailed(job, pod) || index === undefined || hasIndex(done, index)) return false;
    return judgeFailure(job, pod).action === 'FailIndex' || failuresWith(job, pod).counted > limit;
  });
  return withIndexes(parseIndexes(job.status?.failedIndexes ?? '', end), indexesOf(given));
}

function carriersOf(
  job: Job,
  pods: readonly Pod[],
  active: readonly Pod[],
  done: IndexSet,
  failedIndexes: IndexSet,
): ReadonlyMap<number, Pod> {
  const carriers = new Map<number, Pod>();
  if (job.spec.backoffLimitPerIndex === undefined) return carriers;
  const busy = new Set(indexesOf(active));
  for (const pod of pods) {
    const index = indexOf(pod);
    if (index === undefined || !isTracked(pod) || !hasFailed(job, pod) || !hasValidIndex(job, pod)) continue;
    if (busy.has(index) || hasIndex(done, index) || hasIndex(failedIndexes, index)) continue;
    const other = carriers.get(index);
    if (other === undefined || failureTotal(other) <= failureTotal(pod)) carriers.set(index, pod);
  }
  return carriers;
}

function failureTotal(pod: Pod): number {
  const { counted, ignored } = indexFailuresOf(pod);
  return counted + ignored;
}

function indexesOf(pods: readonly Pod[]): readonly number[] {
  return pods.flatMap((pod) => indexOf(pod) ?? []);
}
