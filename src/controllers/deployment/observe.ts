/** What a reconcile of a deployment knows: its replica sets, sorted into the current one and the old, and whether old pods still run. */
import { compileLabelSelector } from '../../api/label-selector.ts';
import { isControlledBy, namespaceOf, uidOf } from '../../api/object-meta.ts';
import type { Deployment } from '../../kinds/deployment/types.ts';
import type { ReplicaSet } from '../../kinds/replicaset/types.ts';
import type { Caches } from '../controller.ts';
import { type Claim, claim, controllerIndex } from '../ownership.ts';
import { isFinished } from '../pod-state.ts';
import type { DeploymentKinds } from './keys.ts';
import { byCreation, type ReplicaSets } from './sizes.ts';
import { isSameTemplate } from './template.ts';

export interface DeploymentObserved {
  readonly deployment: Deployment;
  readonly claim: Claim<ReplicaSet>;
  /** Pods of old replica sets that have not finished; asked for Recreate only. */
  readonly oldPodsRun: boolean;
  /** Tells whether the name of a replica set to be is held by one that is not the deployment's current one. */
  readonly isNameTaken: (name: string) => boolean;
}

export function observeDeployment(key: string, caches: Caches<DeploymentKinds>): DeploymentObserved | null {
  const deployment = caches.deployments.get(key);
  if (deployment === undefined) return null;
  const claimed = claim(deployment, compileLabelSelector(deployment.spec.selector), caches.replicaSets);
  const isRecreate = deployment.spec.strategy?.type === 'Recreate';
  return {
    deployment,
    claim: claimed,
    oldPodsRun: isRecreate && hasRunningPods(replicaSetsOf({ deployment, claim: claimed }).old, caches),
    isNameTaken: (name) => caches.replicaSets.get(`${namespaceOf(deployment)}/${name}`) !== undefined,
  };
}

/** Of several replica sets with the present template the oldest is the current one, so that everybody picks the same. */
export function replicaSetsOf({ deployment, claim }: Pick<DeploymentObserved, 'deployment' | 'claim'>): ReplicaSets {
  const sorted = [...claim.owned, ...claim.adopted].sort(byCreation);
  const current = sorted.find((set) => isSameTemplate(set.spec.template, deployment.spec.template)) ?? null;
  return { current, old: sorted.filter((set) => set !== current) };
}

function hasRunningPods(sets: readonly ReplicaSet[], caches: Caches<DeploymentKinds>): boolean {
  return sets.some((set) =>
    caches.pods.by(controllerIndex, uidOf(set)).some((pod) => !isFinished(pod) && isControlledBy(pod, set)),
  );
}
