/** What happens to pods that are left over. All are deleted at once, without grace: there is no kubelet to wait for. */
import type { WallMs } from '../../base/brand.ts';
import { timestampSeconds } from '../../base/time.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { ReconcileContext } from '../controller.ts';
import { mustBeAbsent, nothingToDo, type Plan, plan, remove, type Write } from '../plan.ts';
import { conditionPatch } from '../pod-patch.ts';
import { isFinished } from '../pod-state.ts';
import { nodeResource, podResource } from '../resources.ts';
import type { MissingNodes, PodGcTiming } from './keys.ts';

export type PodGcObserved =
  | { readonly type: 'finished'; readonly pods: readonly Pod[]; readonly excess: number }
  | { readonly type: 'unscheduled'; readonly pods: readonly Pod[] }
  | { readonly type: 'orphaned'; readonly node: string; readonly isPresent: boolean; readonly pods: readonly Pod[] };

export function reconcilePodGc(
  observed: PodGcObserved,
  context: ReconcileContext<MissingNodes>,
  { quarantineMs }: PodGcTiming,
): Plan {
  if (observed.type === 'orphaned') return collectOrphaned(observed, context, quarantineMs);
  if (observed.type === 'unscheduled') return plan([observed.pods.map(forceDelete)]);
  const oldest = [...observed.pods].sort((left, right) => (createdAt(left) < createdAt(right) ? -1 : 1));
  return plan([oldest.slice(0, observed.excess).map(forceDelete)]);
}

/** A node that is missed may only be late in the cache: it has to be missing for a while, and then the API is asked. */
function collectOrphaned(
  { node, isPresent, pods }: Extract<PodGcObserved, { type: 'orphaned' }>,
  { memory, monotonicMs, wallMs }: ReconcileContext<MissingNodes>,
  quarantineMs: number,
): Plan {
  if (isPresent || pods.length === 0) {
    memory.delete(node);
    return nothingToDo;
  }
  const sinceMs = memory.get(node) ?? monotonicMs;
  memory.set(node, sinceMs);
  const leftMs = sinceMs + quarantineMs - monotonicMs;
  if (leftMs > 0) return plan([], { requeueAfterMs: leftMs });
  const running = pods.filter((pod) => !isFinished(pod));
  return plan([
    [mustBeAbsent(nodeResource, '', node, '')],
    running.map((pod) => failedMark(pod, wallMs)),
    pods.map(forceDelete),
  ]);
}

/** The pod's end is on record before it goes: whoever waits for its phase is not left waiting. */
function failedMark(pod: Pod, wallMs: WallMs): Write {
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'DeletionByPodGC',
    message: 'PodGC: node no longer exists',
    lastTransitionTime: timestampSeconds(wallMs),
  } as const;
  return conditionPatch(pod, condition, 'Failed');
}

function forceDelete(pod: Pod): Write {
  return remove(podResource, pod, { gracePeriodSeconds: 0 });
}

function createdAt(pod: Pod): string {
  return pod.metadata.creationTimestamp ?? '';
}
