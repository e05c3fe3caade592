/** Which stateful sets a change concerns: itself, the owner of a pod or a revision, and those that may wait for a claim to be gone. */
import { compileLabelSelector, type LabelSelector } from '../../api/label-selector.ts';
import { byControllerUid, byNamespace, orphansByNamespace } from '../../api/object-index.ts';
import { namespaceOf, objectKey } from '../../api/object-meta.ts';
import type { ControllerRevision } from '../../kinds/controllerrevision/types.ts';
import type { PersistentVolumeClaim } from '../../kinds/persistentvolumeclaim/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { StatefulSet } from '../../kinds/statefulset/types.ts';
import { type CacheChange, type Caches, type Controller, sidesOf } from '../controller.ts';
import { namespaceIndex, ownerKeys } from '../owner-keys.ts';
import { controllerIndex, orphanIndex } from '../ownership.ts';
import {
  controllerRevisionResource,
  persistentVolumeClaimResource,
  podResource,
  statefulSetResource,
} from '../resources.ts';
import { observeStatefulSet, type StatefulSetObserved } from './observe.ts';
import { reconcileStatefulSet } from './reconcile.ts';

export interface StatefulSetKinds {
  readonly statefulSets: StatefulSet;
  readonly pods: Pod;
  readonly revisions: ControllerRevision;
  readonly claims: PersistentVolumeClaim;
}

const byOwner = { [controllerIndex]: byControllerUid, [orphanIndex]: orphansByNamespace };

export const statefulSetController: Controller<StatefulSetKinds, StatefulSetObserved> = {
  name: 'statefulset-controller',
  watches: {
    statefulSets: { resource: statefulSetResource, output: 'object', indexes: { [namespaceIndex]: byNamespace } },
    pods: { resource: podResource, output: 'object', indexes: byOwner },
    revisions: { resource: controllerRevisionResource, output: 'object', indexes: byOwner },
    claims: { resource: persistentVolumeClaimResource, output: 'metadata', indexes: {} },
  },
  remember: () => null,
  keys: statefulSetKeys,
  observe: observeStatefulSet,
  reconcile: reconcileStatefulSet,
};

function statefulSetKeys(change: CacheChange<StatefulSetKinds>, caches: Caches<StatefulSetKinds>): readonly string[] {
  if (change.cache === 'statefulSets') return sidesOf(change).slice(0, 1).map(objectKey);
  if (change.cache !== 'claims') return ownerKeys(change, 'StatefulSet', caches.statefulSets, selectorOf);
  if (change.object !== null || change.old === null) return [];
  return caches.statefulSets
    .by(namespaceIndex, namespaceOf(change.old))
    .filter(({ spec }) => (spec.volumeClaimTemplates ?? []).length > 0)
    .map(objectKey);
}

function selectorOf({ spec }: StatefulSet): LabelSelector {
  return compileLabelSelector(spec.selector);
}
