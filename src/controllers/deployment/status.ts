/** What a deployment says of itself, from the statuses of its replica sets. Models kubernetes pkg/controller/deployment/sync.go. */
import { generationOf } from '../../api/object-meta.ts';
import type { WallMs } from '../../base/brand.ts';
import { type Condition, findCondition } from '../../kinds/condition.ts';
import type { Deployment, DeploymentStatus } from '../../kinds/deployment/types.ts';
import type { ReplicaSet, ReplicaSetStatus } from '../../kinds/replicaset/types.ts';
import { judgeProgress, withDeploymentCondition, withoutCondition } from './conditions.ts';
import { allOf, maxUnavailable, type ReplicaSets, replicasOf, totalReplicas } from './sizes.ts';

export interface StatusFacts {
  readonly sets: ReplicaSets;
  /** Those of the deployment, with what this reconcile has noted already. */
  readonly conditions: readonly Condition[];
  readonly collisionCount: number | undefined;
  /** False while paused, scaling or going: then progress is not judged. */
  readonly judgesProgress: boolean;
  readonly wallMs: WallMs;
}

export function deploymentStatus(deployment: Deployment, facts: StatusFacts): DeploymentStatus {
  const { sets, collisionCount, wallMs } = facts;
  const all = allOf(sets);
  const sum = (field: keyof ReplicaSetStatus): number => all.reduce((total, set) => total + count(set, field), 0);
  const availableReplicas = sum('availableReplicas');
  const status: DeploymentStatus = {
    observedGeneration: generationOf(deployment),
    replicas: sum('replicas'),
    updatedReplicas: sets.current === null ? 0 : count(sets.current, 'replicas'),
    readyReplicas: sum('readyReplicas'),
    availableReplicas,
    unavailableReplicas: Math.max(0, totalReplicas(all) - availableReplicas),
    terminatingReplicas: sum('terminatingReplicas'),
    conditions: withAvailability(deployment, facts.conditions, availableReplicas, wallMs),
    ...(collisionCount === undefined ? {} : { collisionCount }),
  };
  if (!facts.judgesProgress) return status;
  const conditions = judgeProgress(deployment, status, sets.current, wallMs);
  return { ...status, conditions: withReplicaFailure(conditions, sets) };
}

function withAvailability(
  deployment: Deployment,
  conditions: readonly Condition[],
  available: number,
  wallMs: WallMs,
): readonly Condition[] {
  const isAvailable = available >= replicasOf(deployment) - maxUnavailable(deployment);
  return isAvailable
    ? withDeploymentCondition(
        conditions,
        'Available',
        'True',
        'MinimumReplicasAvailable',
        'Deployment has minimum availability.',
        wallMs,
      )
    : withDeploymentCondition(
        conditions,
        'Available',
        'False',
        'MinimumReplicasUnavailable',
        'Deployment does not have minimum availability.',
        wallMs,
      );
}

/** A failure of the current replica set counts before those of old ones. */
function withReplicaFailure(conditions: readonly Condition[], { current, old }: ReplicaSets): readonly Condition[] {
  const failures = [...(current === null ? [] : [current]), ...old].flatMap((set) => {
    const failure = findCondition(set.status?.conditions, 'ReplicaFailure');
    return failure === undefined ? [] : [failure];
  });
  const [failure] = failures;
  const known = findCondition(conditions, 'ReplicaFailure');
  if (failure === undefined) return withoutCondition(conditions, 'ReplicaFailure');
  if (known?.status === failure.status && known.reason === failure.reason) return conditions;
  return [...withoutCondition(conditions, 'ReplicaFailure'), failure];
}

function count(set: ReplicaSet, field: keyof ReplicaSetStatus): number {
  const value = set.status?.[field];
  return typeof value === 'number' ? value : 0;
}
