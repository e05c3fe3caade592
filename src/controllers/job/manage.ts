/**
 * Which pods a job needs now, and which are too many. Models kubernetes pkg/controller/job/job_controller.go manageJob and
 * indexed_job_utils.go firstPendingIndexes.
 */
import type { WallMs } from '../../base/brand.ts';
import { hasIndex } from '../../kinds/job/indexes.ts';
import type { Job } from '../../kinds/job/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import { jobBurst } from '../limits.ts';
import { inDeletionOrder, podsToDelete } from '../replicaset/deletion-order.ts';
import { backoffInMs, indexBackoffInMs } from './backoff.ts';
import { indexOf, isIndexed } from './pods.ts';
import type { Tally } from './tally.ts';

export interface PodChange {
  readonly deletions: readonly Pod[];
  /** Indexes to make pods for; as many entries as pods without indexes, each null. */
  readonly creations: readonly (number | null)[];
  /** When a creation that has to wait may be made. */
  readonly waitMs: number;
}

export interface PodView {
  /** All pods of the job. */
  readonly pods: readonly Pod[];
  readonly active: readonly Pod[];
  /** Going and not yet at their end. */
  readonly terminating: readonly Pod[];
}

const nothing: PodChange = { deletions: [], creations: [], waitMs: Number.POSITIVE_INFINITY };

export function podChange(job: Job, view: PodView, tally: Tally, backoffMs: number, nowMs: WallMs): PodChange {
  const { active, terminating } = view;
  const wanted = wantedPods(job, active.length, tally);
  const deletions = surplus(job, active, active.length - wanted, nowMs);
  if (deletions.length > 0) return { ...nothing, deletions: deletions.slice(0, jobBurst) };
  const onlyReplacesFailed = job.spec.podReplacementPolicy === 'Failed';
  const missing = wanted - active.length - (onlyReplacesFailed ? terminating.length : 0);
  if (missing <= 0) return nothing;
  const count = Math.min(missing, jobBurst);
  if (!isIndexed(job)) {
    const waitMs = backoffInMs(job, view.pods, backoffMs, nowMs);
    return waitMs > 0 ? { ...nothing, waitMs } : { ...nothing, creations: new Array<null>(count).fill(null) };
  }
  const busy = new Set([...active, ...(onlyReplacesFailed ? terminating : [])].map(indexOf));
  if (job.spec.backoffLimitPerIndex !== undefined) return independentIndexes(job, tally, busy, count, backoffMs, nowMs);
  const waitMs = backoffInMs(job, view.pods, backoffMs, nowMs);
  if (waitMs > 0) return { ...nothing, waitMs };
  return { ...nothing, creations: [...pendingIndexes(job, tally, busy)].slice(0, count) };
}

/** How many pods ought to be active. */
function wantedPods({ spec }: Job, active: number, { succeededTotal }: Tally): number {
  const { parallelism = 1, completions, suspend } = spec;
  if (suspend === true) return 0;
  // A queue of work: once one pod has found it empty, the others end by themselves.
  if (completions === undefined) return succeededTotal > 0 ? Math.min(active, parallelism) : parallelism;
  return Math.max(0, Math.min(completions - succeededTotal, parallelism));
}

/** Pods of no index or of one that another pod has too go first, and even if none are too many. */
function surplus(job: Job, active: readonly Pod[], excess: number, nowMs: WallMs): readonly Pod[] {
  if (!isIndexed(job)) return excess > 0 ? podsToDelete(active, active, excess, nowMs) : [];
  const { completions = 0 } = job.spec;
  const taken = new Set<number>();
  const useless: Pod[] = [];
  const useful: Pod[] = [];
  for (const pod of [...inDeletionOrder(active, active, nowMs)].reverse()) {
    const index = indexOf(pod);
    if (index === undefined || index >= completions || taken.has(index)) useless.push(pod);
    else {
      taken.add(index);
      useful.push(pod);
    }
  }
  const more = excess - useless.length;
  return more > 0 ? [...useless, ...podsToDelete(useful, useful, more, nowMs)] : useless;
}

function* pendingIndexes({ spec }: Job, tally: Tally, busy: ReadonlySet<number | undefined>): Generator<number> {
  for (let index = 0; index < (spec.completions ?? 0); index += 1) {
    if (busy.has(index) || hasIndex(tally.completedIndexes, index) || hasIndex(tally.failedIndexes, index)) continue;
    yield index;
  }
}

/** Each index waits for itself alone. */
function independentIndexes(
  job: Job,
  tally: Tally,
  busy: ReadonlySet<number | undefined>,
  count: number,
  backoffMs: number,
  nowMs: WallMs,
): PodChange {
  const creations: number[] = [];
  let waitMs = Number.POSITIVE_INFINITY;
  for (const index of pendingIndexes(job, tally, busy)) {
    if (creations.length === count) break;
    const former = tally.carriers.get(index);
    const leftMs = former === undefined ? 0 : indexBackoffInMs(former, backoffMs, nowMs);
    if (leftMs > 0) waitMs = Math.min(waitMs, leftMs);
    else creations.push(index);
  }
  return { deletions: [], creations, waitMs };
}
