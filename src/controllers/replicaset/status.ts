/** What a replica set says of itself. Models kubernetes pkg/controller/replicaset/replica_set_utils.go calculateStatus. */
import { equalSemantic } from '../../api/json.ts';
import { generationOf, labelsOf } from '../../api/object-meta.ts';
import type { Status } from '../../api/status.ts';
import type { WallMs } from '../../base/brand.ts';
import { timestampSeconds } from '../../base/time.ts';
import type { Condition } from '../../kinds/condition.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { ReplicaSet, ReplicaSetStatus } from '../../kinds/replicaset/types.ts';
import { availableInMs, isReady } from '../pod-state.ts';

const replicaFailure = 'ReplicaFailure';

export interface StatusFacts {
  readonly active: readonly Pod[];
  readonly terminating: readonly Pod[];
  /** Why pods could not be created or deleted, or null. */
  readonly failure: Status | null;
  readonly wallMs: WallMs;
}

export function replicaSetStatus(replicaSet: ReplicaSet, facts: StatusFacts): ReplicaSetStatus {
  const { active, terminating, wallMs } = facts;
  const templateLabels = Object.entries(replicaSet.spec.template.metadata?.labels ?? {});
  const minReadySeconds = replicaSet.spec.minReadySeconds ?? 0;
  const isFullyLabeled = (pod: Pod): boolean => templateLabels.every(([key, value]) => labelsOf(pod)[key] === value);
  const conditions = conditionsOf(replicaSet, facts);
  return {
    replicas: active.length,
    fullyLabeledReplicas: active.filter(isFullyLabeled).length,
    readyReplicas: active.filter(isReady).length,
    availableReplicas: active.filter((pod) => availableInMs(pod, minReadySeconds, wallMs) === 0).length,
    terminatingReplicas: terminating.length,
    observedGeneration: generationOf(replicaSet),
    ...(conditions.length === 0 ? {} : { conditions }),
  };
}

/** Tells whether both say the same; an absent number is zero. */
export function isSameStatus(left: ReplicaSetStatus | undefined, right: ReplicaSetStatus): boolean {
  return equalSemantic(normal(left), normal(right));
}

function normal(status: ReplicaSetStatus | undefined): ReplicaSetStatus {
  const none = { replicas: 0, fullyLabeledReplicas: 0, readyReplicas: 0, availableReplicas: 0, terminatingReplicas: 0 };
  return { ...none, observedGeneration: 0, ...status };
}

function conditionsOf(replicaSet: ReplicaSet, { active, failure, wallMs }: StatusFacts): readonly Condition[] {
  const others = (replicaSet.status?.conditions ?? []).filter(({ type }) => type !== replicaFailure);
  const former = (replicaSet.status?.conditions ?? []).find(({ type }) => type === replicaFailure);
  if (failure === null) return others;
  if (former !== undefined) return [...others, former];
  const isCreating = active.length < (replicaSet.spec.replicas ?? 1);
  const condition: Condition = {
    type: replicaFailure,
    status: 'True',
    lastTransitionTime: timestampSeconds(wallMs),
    reason: isCreating ? 'FailedCreate' : 'FailedDelete',
    message: failure.message ?? '',
  };
  return [...others, condition];
}
