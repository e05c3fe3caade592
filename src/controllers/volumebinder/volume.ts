/**
 * What becomes of a volume: free, bound, freed again when its claim is gone or has another one. A volume whose claim is gone is kept, or deleted by
 * the provisioner that made it. Models kubernetes pkg/controller/volume/persistentvolume/pv_controller.go syncVolume and reclaimVolume.
 */
import { annotationsOf, nameOf, namespaceOf, uidOf } from '../../api/object-meta.ts';
import type { WallMs } from '../../base/brand.ts';
import { boundByControllerAnnotation, isVolumeModeEqual } from '../../kinds/persistentvolume/matching.ts';
import type { PersistentVolume } from '../../kinds/persistentvolume/types.ts';
import type { PersistentVolumeClaim } from '../../kinds/persistentvolumeclaim/types.ts';
import type { ReconcileContext } from '../controller.ts';
import {
  type EventRecord,
  mustBeAbsent,
  mustBeCurrent,
  nothingToDo,
  type Plan,
  patch,
  plan,
  type Write,
} from '../plan.ts';
import { persistentVolumeClaimResource, persistentVolumeResource } from '../resources.ts';
import { provisionedByAnnotation } from '../storage.ts';
import { volumePhase } from './bind.ts';

export interface VolumeObserved {
  readonly type: 'volume';
  readonly volume: PersistentVolume;
  /** The claim of the name that the volume is kept for. */
  readonly claim: PersistentVolumeClaim | undefined;
}

export function reconcileVolume({ volume, claim }: VolumeObserved, { wallMs }: ReconcileContext<unknown>): Plan {
  const { claimRef } = volume.spec ?? {};
  // Kept for a claim that is not made yet, or has not been bound: nobody else may have it, but it is not in use either.
  if (claimRef === undefined || (claimRef.uid ?? '') === '') return plan([volumePhase(volume, 'Available', wallMs)]);
  if (claim === undefined || uidOf(claim) !== claimRef.uid) return release(volume, wallMs, goneClaim(volume));
  const { volumeName = '' } = claim.spec ?? {};
  if (volumeName === nameOf(volume)) return plan([volumePhase(volume, 'Bound', wallMs)]);
  if (volumeName === '') return reconcileHalfBound(volume, claim);
  const premise = mustBeCurrent(persistentVolumeClaimResource, claim);
  const { persistentVolumeReclaimPolicy: policy } = volume.spec ?? {};
  // It was made for that claim, which has taken another: nobody will ever use it.
  if (policy === 'Delete' && isProvisioned(volume)) return release(volume, wallMs, premise);
  return plan([[premise], [unbind(volume)]]);
}

function goneClaim({ spec }: PersistentVolume): Write {
  const { namespace = '', name = '', uid = '' } = spec?.claimRef ?? {};
  return mustBeAbsent(persistentVolumeClaimResource, namespace, name, uid);
}

/** The claim will be told by whoever looks at the claim; unless it can never be. */
function reconcileHalfBound(volume: PersistentVolume, claim: PersistentVolumeClaim): Plan {
  if (isVolumeModeEqual(volume, claim)) return nothingToDo;
  const name = JSON.stringify(`${namespaceOf(claim)}/${nameOf(claim)}`);
  const events: EventRecord[] = [
    warning(
      volume,
      'VolumeMismatch',
      `Cannot bind PersistentVolume to requested PersistentVolumeClaim ${name} due to incompatible volumeMode.`,
    ),
  ];
  return plan([], { events });
}

/** What the binder wrote itself it takes back whole; of what a user wrote the uid only, which the binder added. */
function unbind(volume: PersistentVolume): Write {
  const { uid, resourceVersion } = volume.metadata;
  const isOurs = annotationsOf(volume)[boundByControllerAnnotation] !== undefined;
  const metadata = {
    uid,
    resourceVersion,
    ...(isOurs ? { annotations: { [boundByControllerAnnotation]: null } } : {}),
  };
  const spec = { claimRef: isOurs ? null : { uid: null } };
  return patch(persistentVolumeResource, volume, { metadata, spec });
}

function release(volume: PersistentVolume, wallMs: WallMs, premise: Write): Plan {
  const { phase } = volume.status ?? {};
  if (phase === 'Failed') return nothingToDo;
  if (phase !== 'Released') return plan([[premise], volumePhase(volume, 'Released', wallMs)]);
  const { persistentVolumeReclaimPolicy: policy } = volume.spec ?? {};
  if (policy === 'Recycle')
    return failed(volume, wallMs, 'VolumeFailedRecycle', 'No recycler plugin found for the volume!');
  if (policy !== 'Delete' || isProvisioned(volume)) return nothingToDo;
  const message = `error getting deleter volume plugin for volume ${JSON.stringify(nameOf(volume))}: no volume plugin matched`;
  return failed(volume, wallMs, 'VolumeFailedDelete', message);
}

function failed(volume: PersistentVolume, wallMs: WallMs, reason: string, message: string): Plan {
  return plan([volumePhase(volume, 'Failed', wallMs, message)], { events: [warning(volume, reason, message)] });
}

function isProvisioned(volume: PersistentVolume): boolean {
  return annotationsOf(volume)[provisionedByAnnotation] !== undefined;
}

function warning(volume: PersistentVolume, reason: string, message: string): EventRecord {
  return { object: volume, type: 'Warning', reason, message };
}
