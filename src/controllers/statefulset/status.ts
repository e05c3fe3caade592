/** What a stateful set says of itself. Models kubernetes pkg/controller/statefulset/stateful_set_control.go. */
import { equalSemantic } from '../../api/json.ts';
import { generationOf, isBeingDeleted, nameOf } from '../../api/object-meta.ts';
import type { WallMs } from '../../base/brand.ts';
import type { ControllerRevision } from '../../kinds/controllerrevision/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { StatefulSet, StatefulSetStatus } from '../../kinds/statefulset/types.ts';
import { availableInMs } from '../pod-state.ts';
import { revisionOf } from './identity.ts';
import { isRunningAndReady } from './order.ts';

export interface StatusFacts {
  readonly pods: readonly Pod[];
  readonly current: ControllerRevision;
  /** The revision of the present template. */
  readonly present: ControllerRevision;
  readonly collisionCount: number;
  readonly wallMs: WallMs;
}

export function statefulSetStatus(set: StatefulSet, facts: StatusFacts): StatefulSetStatus {
  const { pods, current, present, collisionCount, wallMs } = facts;
  const minReadySeconds = set.spec.minReadySeconds ?? 0;
  const ready = pods.filter(isRunningAndReady);
  const staying = pods.filter((pod) => !isBeingDeleted(pod));
  const countOf = (revision: ControllerRevision): number =>
    staying.filter((pod) => revisionOf(pod) === nameOf(revision)).length;
  const { conditions } = set.status ?? {};
  const status: StatefulSetStatus = {
    observedGeneration: generationOf(set),
    replicas: pods.length,
    readyReplicas: ready.length,
    currentReplicas: countOf(current),
    updatedReplicas: countOf(present),
    availableReplicas: ready.filter((pod) => availableInMs(pod, minReadySeconds, wallMs) === 0).length,
    currentRevision: nameOf(current),
    updateRevision: nameOf(present),
    collisionCount,
    ...(conditions === undefined ? {} : { conditions }),
  };
  return isComplete(set, status)
    ? { ...status, currentReplicas: status.updatedReplicas ?? 0, currentRevision: nameOf(present) }
    : status;
}

function isComplete({ spec }: StatefulSet, status: StatefulSetStatus): boolean {
  if ((spec.updateStrategy?.type ?? 'RollingUpdate') !== 'RollingUpdate') return false;
  const wanted = spec.replicas ?? 1;
  return status.updatedReplicas === wanted && status.readyReplicas === wanted && status.replicas === wanted;
}

/** Tells whether both say the same; an absent number is zero. */
export function isSameStatus(left: StatefulSetStatus | undefined, right: StatefulSetStatus): boolean {
  return equalSemantic(withZeros(left), withZeros(right));
}

function withZeros(status: StatefulSetStatus | undefined): object {
  const none = { observedGeneration: 0, replicas: 0, readyReplicas: 0, currentReplicas: 0, updatedReplicas: 0 };
  return { ...none, availableReplicas: 0, collisionCount: 0, ...status };
}
