/** Which replica sets a change concerns: itself, the owner of a pod, and for a pod without one all that could adopt it. */
import { compileLabelSelector, matchesLabels } from '../../api/label-selector.ts';
import { byControllerUid, byNamespace, orphansByNamespace } from '../../api/object-index.ts';
import { controllerOf, type KubeObject, labelsOf, namespaceOf, objectKey, uidOf } from '../../api/object-meta.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { ReplicaSet } from '../../kinds/replicaset/types.ts';
import { type CacheChange, type Caches, type Controller, sidesOf } from '../controller.ts';
import { controllerIndex, orphanIndex } from '../ownership.ts';
import { podResource, replicaSetResource } from '../resources.ts';
import { observeReplicaSet, type ReplicaSetObserved, reconcileReplicaSet } from './reconcile.ts';

export interface ReplicaSetKinds {
  readonly replicaSets: ReplicaSet;
  readonly pods: Pod;
}

export const replicaSetController: Controller<ReplicaSetKinds, ReplicaSetObserved> = {
  name: 'replicaset-controller',
  watches: {
    replicaSets: {
      resource: replicaSetResource,
      output: 'object',
      indexes: { [controllerIndex]: byControllerUid, namespace: byNamespace },
    },
    pods: {
      resource: podResource,
      output: 'object',
      indexes: { [controllerIndex]: byControllerUid, [orphanIndex]: orphansByNamespace },
    },
  },
  remember: () => null,
  keys: replicaSetKeys,
  observe: observeReplicaSet,
  reconcile: reconcileReplicaSet,
};

function replicaSetKeys(change: CacheChange<ReplicaSetKinds>, caches: Caches<ReplicaSetKinds>): readonly string[] {
  if (change.cache === 'replicaSets') return sidesOf(change).slice(0, 1).map(objectKey);
  const keys = new Set<string>();
  for (const pod of sidesOf<Pod>(change)) {
    const owner = ownerOf(pod, caches);
    if (owner !== undefined) keys.add(objectKey(owner));
    else if (controllerOf(pod) === undefined && pod === change.object) addAdopters(pod, caches, keys);
  }
  return [...keys];
}

function ownerOf(pod: KubeObject, caches: Caches<ReplicaSetKinds>): ReplicaSet | undefined {
  const reference = controllerOf(pod);
  if (reference?.kind !== 'ReplicaSet') return undefined;
  const owner = caches.replicaSets.get(`${namespaceOf(pod)}/${reference.name}`);
  return owner !== undefined && uidOf(owner) === reference.uid ? owner : undefined;
}

function addAdopters(pod: Pod, caches: Caches<ReplicaSetKinds>, keys: Set<string>): void {
  for (const replicaSet of caches.replicaSets.by('namespace', namespaceOf(pod))) {
    if (matchesLabels(compileLabelSelector(replicaSet.spec.selector), labelsOf(pod))) keys.add(objectKey(replicaSet));
  }
}
