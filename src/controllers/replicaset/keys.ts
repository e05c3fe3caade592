/** Which replica sets a change concerns: itself, the owner of a pod, and for a pod without one all that could adopt it. */
import { compileLabelSelector } from '../../api/label-selector.ts';
import { byControllerUid, byNamespace, orphansByNamespace } from '../../api/object-index.ts';
import { objectKey } from '../../api/object-meta.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { ReplicaSet } from '../../kinds/replicaset/types.ts';
import { type Controller, sidesOf } from '../controller.ts';
import { namespaceIndex, ownerKeys } from '../owner-keys.ts';
import { controllerIndex, orphanIndex } from '../ownership.ts';
import { podResource, replicaSetResource } from '../resources.ts';
import { observeReplicaSet, type ReplicaFlavour, type ReplicaSetObserved, reconcileReplicaSet } from './reconcile.ts';

export interface ReplicaSetKinds {
  readonly replicaSets: ReplicaSet;
  readonly pods: Pod;
}

export const replicaSetController = replicasController({
  name: 'replicaset-controller',
  kind: 'ReplicaSet',
  resource: replicaSetResource,
  selectorOf: ({ spec }) => compileLabelSelector(spec.selector),
  countsTerminating: true,
});

/** Returns the controller of whatever keeps so many pods of one template. */
export function replicasController(flavour: ReplicaFlavour): Controller<ReplicaSetKinds, ReplicaSetObserved> {
  return {
    name: flavour.name,
    watches: {
      replicaSets: {
        resource: flavour.resource,
        output: 'object',
        indexes: { [controllerIndex]: byControllerUid, [namespaceIndex]: byNamespace },
      },
      pods: {
        resource: podResource,
        output: 'object',
        indexes: { [controllerIndex]: byControllerUid, [orphanIndex]: orphansByNamespace },
      },
    },
    remember: () => null,
    keys(change, caches) {
      if (change.cache === 'replicaSets') return sidesOf(change).slice(0, 1).map(objectKey);
      return ownerKeys(change, flavour.kind, caches.replicaSets, flavour.selectorOf);
    },
    observe: (key, caches) => observeReplicaSet(key, caches, flavour),
    reconcile: (observed, context) => reconcileReplicaSet(observed, context, flavour),
  };
}
