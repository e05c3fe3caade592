/** What a daemon set says of itself. Models kubernetes pkg/controller/daemon/daemon_controller.go updateDaemonSetStatus. */
import { equalSemantic } from '../../api/json.ts';
import { generationOf } from '../../api/object-meta.ts';
import type { WallMs } from '../../base/brand.ts';
import type { DaemonSet, DaemonSetStatus } from '../../kinds/daemonset/types.ts';
import { availableInMs, isReady } from '../pod-state.ts';
import { isOfRevision, type Place } from './placement.ts';

/** Each node counts once, by the oldest of its pods. */
export function daemonSetStatus(
  daemonSet: DaemonSet,
  places: readonly Place[],
  { hash, collisionCount, wallMs }: { readonly hash: string; readonly collisionCount: number; readonly wallMs: WallMs },
): DaemonSetStatus {
  const minReadySeconds = daemonSet.spec.minReadySeconds ?? 0;
  const wanted = places.filter(({ eligibility }) => eligibility.shouldRun);
  const oldest = wanted.flatMap(({ pods }) => pods.slice(0, 1));
  const available = oldest.filter((pod) => availableInMs(pod, minReadySeconds, wallMs) === 0).length;
  const { conditions } = daemonSet.status ?? {};
  return {
    currentNumberScheduled: oldest.length,
    numberMisscheduled: places.filter(({ eligibility, pods }) => !eligibility.shouldRun && pods.length > 0).length,
    desiredNumberScheduled: wanted.length,
    numberReady: oldest.filter(isReady).length,
    observedGeneration: generationOf(daemonSet),
    updatedNumberScheduled: oldest.filter((pod) => isOfRevision(pod, hash)).length,
    numberAvailable: available,
    numberUnavailable: wanted.length - available,
    ...(collisionCount === 0 ? {} : { collisionCount }),
    ...(conditions === undefined ? {} : { conditions }),
  };
}

/** Tells whether both say the same; an absent number is zero. */
export function isSameStatus(left: DaemonSetStatus | undefined, right: DaemonSetStatus): boolean {
  return equalSemantic(withZeros(left), withZeros(right));
}

function withZeros(status: DaemonSetStatus | undefined): object {
  const none = { observedGeneration: 0, updatedNumberScheduled: 0, numberAvailable: 0, numberUnavailable: 0 };
  const counts = { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 };
  return { ...none, ...counts, collisionCount: 0, ...status };
}
