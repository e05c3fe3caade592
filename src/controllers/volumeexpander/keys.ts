/**
 * Makes volumes of this cluster's classes larger when their claims ask for more. Keys are claims.
 * Models kubernetes pkg/controller/volume/expand and the external-resizer of kubernetes-csi.
 */
import type { PersistentVolume } from '../../kinds/persistentvolume/types.ts';
import type { PersistentVolumeClaim } from '../../kinds/persistentvolumeclaim/types.ts';
import { type CacheChange, type Caches, type Controller, sidesOf } from '../controller.ts';
import { persistentVolumeClaimResource, persistentVolumeResource } from '../resources.ts';
import { claimKey, claimKeyOf } from '../storage.ts';
import { type ExpanderObserved, reconcileExpansion } from './reconcile.ts';

export interface ExpanderKinds {
  readonly claims: PersistentVolumeClaim;
  readonly volumes: PersistentVolume;
}

export const volumeExpanderController: Controller<ExpanderKinds, ExpanderObserved> = {
  name: 'volume-expander',
  watches: {
    claims: { resource: persistentVolumeClaimResource, output: 'object', indexes: {} },
    volumes: { resource: persistentVolumeResource, output: 'object', indexes: {} },
  },
  remember: () => null,
  keys: expanderKeys,
  observe: observeClaim,
  reconcile: (observed) => reconcileExpansion(observed),
};

function expanderKeys(change: CacheChange<ExpanderKinds>): readonly string[] {
  const [object] = sidesOf(change);
  if (object === undefined) return [];
  if (change.cache === 'claims') return [claimKey(object as PersistentVolumeClaim)];
  const key = claimKeyOf(object as PersistentVolume);
  return key === '' ? [] : [key];
}

function observeClaim(key: string, { claims, volumes }: Caches<ExpanderKinds>): ExpanderObserved | null {
  const claim = claims.get(key);
  const volume = volumes.get(claim?.spec.volumeName ?? '');
  if (claim === undefined || volume === undefined || volume.spec?.claimRef?.uid !== claim.metadata.uid) return null;
  return claim.status?.phase === 'Bound' ? { claim, volume } : null;
}
