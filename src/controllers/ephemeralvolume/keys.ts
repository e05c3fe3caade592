/**
 * Makes the claims of generic ephemeral volumes: one for each such volume of a pod, named POD-VOLUME and owned by the pod, so that it goes with
 * it. Keys are pods. Models kubernetes pkg/controller/volume/ephemeral/controller.go.
 */
import { controllerOf, namespaceOf, objectKey } from '../../api/object-meta.ts';
import type { PersistentVolumeClaim } from '../../kinds/persistentvolumeclaim/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import { type CacheChange, type Controller, sidesOf } from '../controller.ts';
import { persistentVolumeClaimResource, podResource } from '../resources.ts';
import { type EphemeralVolumeObserved, observePod, reconcileEphemeralVolumes } from './reconcile.ts';

export interface EphemeralVolumeKinds {
  readonly pods: Pod;
  readonly claims: PersistentVolumeClaim;
}

export const ephemeralVolumeController: Controller<EphemeralVolumeKinds, EphemeralVolumeObserved> = {
  name: 'ephemeral-volume-controller',
  watches: {
    pods: { resource: podResource, output: 'object', indexes: {}, keep: keepVolumes },
    claims: { resource: persistentVolumeClaimResource, output: 'metadata', indexes: {} },
  },
  remember: () => null,
  keys: podKeys,
  observe: observePod,
  reconcile: reconcileEphemeralVolumes,
};

/** All that is read of a pod. */
function keepVolumes({ apiVersion, kind, metadata, spec, status }: Pod): Pod {
  const { name = '', namespace = '', uid = '', resourceVersion = '', deletionTimestamp } = metadata;
  const isGoing = deletionTimestamp !== undefined;
  const kept = { name, namespace, uid, resourceVersion, ...(isGoing ? { deletionTimestamp } : {}) };
  const volumes = (spec.volumes ?? []).filter(({ ephemeral }) => ephemeral !== undefined);
  return {
    apiVersion,
    kind,
    metadata: kept,
    spec: { containers: [], volumes },
    status: { phase: status?.phase ?? 'Pending' },
  };
}

/** A claim concerns the pod that owns it; only its end is news. */
function podKeys(change: CacheChange<EphemeralVolumeKinds>): readonly string[] {
  if (change.cache === 'pods') {
    return sidesOf<Pod>(change)
      .slice(0, 1)
      .filter(({ spec }) => (spec.volumes ?? []).some(({ ephemeral }) => ephemeral !== undefined))
      .map(objectKey);
  }
  if (change.object !== null || change.old === null) return [];
  const owner = controllerOf(change.old);
  return owner?.kind === 'Pod' ? [`${namespaceOf(change.old)}/${owner.name}`] : [];
}
