/**
 * Lets a volume go only when it is not bound. Keys are volumes. Models kubernetes pkg/controller/volume/pvprotection.
 */
import { finalizersOf, hasFinalizer, isBeingDeleted, nameOf } from '../../api/object-meta.ts';
import type { PersistentVolume } from '../../kinds/persistentvolume/types.ts';
import { type Controller, sidesOf } from '../controller.ts';
import { nothingToDo, type Plan, patch, plan } from '../plan.ts';
import { persistentVolumeResource } from '../resources.ts';

export interface VolumeProtectionKinds {
  readonly volumes: PersistentVolume;
}

const volumeFinalizer = 'kubernetes.io/pv-protection';

export const volumeProtectionController: Controller<VolumeProtectionKinds, PersistentVolume> = {
  name: 'persistentvolume-protection',
  watches: { volumes: { resource: persistentVolumeResource, output: 'object', indexes: {} } },
  remember: () => null,
  keys: (change) => sidesOf(change).slice(0, 1).map(nameOf),
  observe: (name, { volumes }) => volumes.get(name) ?? null,
  reconcile: reconcileVolumeProtection,
};

/** In the version that was seen unbound only: the binder may be at work. */
function reconcileVolumeProtection(volume: PersistentVolume): Plan {
  if (!isBeingDeleted(volume) || !hasFinalizer(volume, volumeFinalizer)) return nothingToDo;
  if (volume.status?.phase === 'Bound') return nothingToDo;
  const { uid, resourceVersion } = volume.metadata;
  const finalizers = finalizersOf(volume).filter((finalizer) => finalizer !== volumeFinalizer);
  const body = { metadata: { uid, resourceVersion, finalizers } };
  return plan([[patch(persistentVolumeResource, volume, body, { accepts: [404] })]]);
}
