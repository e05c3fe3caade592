/** Which deployments a change concerns: itself, the owner of a replica set, and the owner's owner when a pod goes (Recreate waits for it). */
import { compileLabelSelector, matchesLabels } from '../../api/label-selector.ts';
import { byControllerUid, byNamespace, byUid, orphansByNamespace } from '../../api/object-index.ts';
import { controllerOf, type KubeObject, labelsOf, namespaceOf, objectKey, uidOf } from '../../api/object-meta.ts';
import type { Deployment } from '../../kinds/deployment/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { ReplicaSet } from '../../kinds/replicaset/types.ts';
import { type CacheChange, type Caches, type Controller, sidesOf } from '../controller.ts';
import { controllerIndex, orphanIndex } from '../ownership.ts';
import { deploymentResource, podResource, replicaSetResource } from '../resources.ts';
import { type DeploymentObserved, observeDeployment } from './observe.ts';
import { reconcileDeployment } from './reconcile.ts';

export interface DeploymentKinds {
  readonly deployments: Deployment;
  readonly replicaSets: ReplicaSet;
  readonly pods: Pod;
}

export const deploymentController: Controller<DeploymentKinds, DeploymentObserved> = {
  name: 'deployment-controller',
  watches: {
    deployments: { resource: deploymentResource, output: 'object', indexes: { namespace: byNamespace } },
    replicaSets: {
      resource: replicaSetResource,
      output: 'object',
      indexes: { [controllerIndex]: byControllerUid, [orphanIndex]: orphansByNamespace, uid: byUid },
    },
    pods: { resource: podResource, output: 'object', indexes: { [controllerIndex]: byControllerUid } },
  },
  remember: () => null,
  keys: deploymentKeys,
  observe: observeDeployment,
  reconcile: reconcileDeployment,
};

function deploymentKeys(change: CacheChange<DeploymentKinds>, caches: Caches<DeploymentKinds>): readonly string[] {
  if (change.cache === 'deployments') return sidesOf(change).slice(0, 1).map(objectKey);
  const keys = new Set<string>();
  if (change.cache === 'pods') {
    if (change.object !== null || change.old === null) return [];
    const set = controllerOf(change.old);
    const [owner] = set === undefined ? [] : caches.replicaSets.by('uid', set.uid);
    addOwner(owner, caches, keys);
    return [...keys];
  }
  for (const set of sidesOf<ReplicaSet>(change)) {
    if (controllerOf(set) !== undefined) addOwner(set, caches, keys);
    else if (set === change.object) addAdopters(set, caches, keys);
  }
  return [...keys];
}

function addOwner(set: KubeObject | undefined, caches: Caches<DeploymentKinds>, keys: Set<string>): void {
  const reference = set === undefined ? undefined : controllerOf(set);
  if (set === undefined || reference?.kind !== 'Deployment') return;
  const owner = caches.deployments.get(`${namespaceOf(set)}/${reference.name}`);
  if (owner !== undefined && uidOf(owner) === reference.uid) keys.add(objectKey(owner));
}

function addAdopters(set: ReplicaSet, caches: Caches<DeploymentKinds>, keys: Set<string>): void {
  for (const deployment of caches.deployments.by('namespace', namespaceOf(set))) {
    if (matchesLabels(compileLabelSelector(deployment.spec.selector), labelsOf(set))) keys.add(objectKey(deployment));
  }
}
