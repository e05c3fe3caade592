/**
 * How long to wait after a failure: 10 s, twice as long after each further one, at most ten minutes. What is known of failures is read from the
 * pods themselves, so that another master goes on where the last one was. Models kubernetes pkg/controller/job/backoff_utils.go.
 */
import { isBeingDeleted } from '../../api/object-meta.ts';
import type { WallMs } from '../../base/brand.ts';
import type { Job } from '../../kinds/job/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import { jobBackoffMaxMs } from '../limits.ts';
import { finishedAt, hasFailed, hasSucceeded, indexFailuresOf, isTracked } from './pods.ts';

/** How long until new pods may be made. A success forgives all failures before it. */
export function backoffInMs(job: Job, pods: readonly Pod[], minMs: number, nowMs: WallMs): number {
  const successes = pods.filter(hasSucceeded).map((pod) => finishedAt(pod) ?? 0);
  const forgivenMs = Math.max(0, ...successes);
  // A pod that was let go before it ended was not wanted any more: that is no failure.
  const failed = pods.filter((pod) => hasFailed(job, pod) && (isTracked(pod) || !isBeingDeleted(pod)));
  const failures = failed.map((pod) => finishedAt(pod) ?? 0);
  const counted = failures.filter((timeMs) => timeMs > forgivenMs);
  return counted.length === 0 ? 0 : leftMs(Math.max(...counted), counted.length, minMs, nowMs);
}

/** How long until the index whose last pod was `pod` may have another one. */
export function indexBackoffInMs(pod: Pod, minMs: number, nowMs: WallMs): number {
  const { counted, ignored } = indexFailuresOf(pod);
  return leftMs(finishedAt(pod) ?? 0, counted + ignored + 1, minMs, nowMs);
}

function leftMs(lastMs: number, failures: number, minMs: number, nowMs: WallMs): number {
  const delayMs = Math.min(minMs * 2 ** Math.min(failures - 1, 30), jobBackoffMaxMs);
  return Math.max(0, lastMs + delayMs - nowMs);
}
