/** Which disruption budgets a change concerns: itself, and those that select a pod, before or after it changed. */
import { compileLabelSelector, matchesLabels } from '../../api/label-selector.ts';
import { byNamespace, byUid } from '../../api/object-index.ts';
import { labelsOf, namespaceOf, objectKey } from '../../api/object-meta.ts';
import type { Deployment } from '../../kinds/deployment/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { PodDisruptionBudget } from '../../kinds/poddisruptionbudget/types.ts';
import type { ReplicaSet } from '../../kinds/replicaset/types.ts';
import type { ReplicationController } from '../../kinds/replicationcontroller/types.ts';
import type { StatefulSet } from '../../kinds/statefulset/types.ts';
import { type CacheChange, type Caches, type Controller, sidesOf } from '../controller.ts';
import {
  deploymentResource,
  podDisruptionBudgetResource,
  podResource,
  replicaSetResource,
  replicationControllerResource,
  statefulSetResource,
} from '../resources.ts';
import { type DisruptionObserved, observeDisruption } from './observe.ts';
import { reconcileDisruption } from './reconcile.ts';

export interface DisruptionKinds {
  readonly budgets: PodDisruptionBudget;
  readonly pods: Pod;
  readonly replicaSets: ReplicaSet;
  readonly deployments: Deployment;
  readonly statefulSets: StatefulSet;
  readonly replicationControllers: ReplicationController;
}

const owners = { output: 'object', indexes: { uid: byUid } } as const;

export const disruptionController: Controller<DisruptionKinds, DisruptionObserved> = {
  name: 'disruption-controller',
  watches: {
    budgets: { resource: podDisruptionBudgetResource, output: 'object', indexes: { namespace: byNamespace } },
    pods: { resource: podResource, output: 'object', indexes: { namespace: byNamespace } },
    replicaSets: { resource: replicaSetResource, ...owners },
    deployments: { resource: deploymentResource, ...owners },
    statefulSets: { resource: statefulSetResource, ...owners },
    replicationControllers: { resource: replicationControllerResource, ...owners },
  },
  remember: () => null,
  keys: disruptionKeys,
  observe: observeDisruption,
  reconcile: reconcileDisruption,
};

function disruptionKeys(change: CacheChange<DisruptionKinds>, { budgets }: Caches<DisruptionKinds>): readonly string[] {
  if (change.cache === 'budgets') return change.object === null ? [] : [objectKey(change.object)];
  // How many pods an owner wants shows when its pods come and go.
  if (change.cache !== 'pods') return [];
  const keys = new Set<string>();
  for (const pod of sidesOf<Pod>(change)) {
    for (const budget of budgets.by('namespace', namespaceOf(pod))) {
      if (matchesLabels(compileLabelSelector(budget.spec.selector), labelsOf(pod))) keys.add(objectKey(budget));
    }
  }
  return [...keys];
}
