/** The writes that bind a claim and a volume to each other, and those that say so. Models pv_controller.go bind and its parts. */
import { annotationsOf, nameOf, namespaceOf, uidOf } from '../../api/object-meta.ts';
import type { WallMs } from '../../base/brand.ts';
import { timestampSeconds } from '../../base/time.ts';
import { bindCompletedAnnotation, boundByControllerAnnotation } from '../../kinds/persistentvolume/matching.ts';
import type { PersistentVolume, VolumePhase } from '../../kinds/persistentvolume/types.ts';
import type { PersistentVolumeClaim } from '../../kinds/persistentvolumeclaim/types.ts';
import { type Plan, patch, plan, type Write } from '../plan.ts';
import { persistentVolumeClaimResource, persistentVolumeResource } from '../resources.ts';

/** Writes what is missing of the binding: the volume first. When nothing is, the claim's status follows. */
export function bind(claim: PersistentVolumeClaim, volume: PersistentVolume): Plan {
  const volumeWrites = claimVolume(claim, volume);
  const claimWrites = completeClaim(claim, volume);
  if (volumeWrites.length + claimWrites.length > 0) return plan([volumeWrites, claimWrites]);
  return plan([boundStatus(claim, volume)]);
}

function claimVolume(claim: PersistentVolumeClaim, volume: PersistentVolume): Write[] {
  const { claimRef } = volume.spec ?? {};
  if (claimRef?.uid === uidOf(claim)) return [];
  const { uid, resourceVersion } = volume.metadata;
  // A user who named the claim keeps the volume for it when the claim goes.
  const annotations = claimRef === undefined ? { annotations: { [boundByControllerAnnotation]: 'yes' } } : {};
  const reference = {
    kind: 'PersistentVolumeClaim',
    apiVersion: 'v1',
    namespace: namespaceOf(claim),
    name: nameOf(claim),
    uid: uidOf(claim),
  };
  const body = { metadata: { uid, resourceVersion, ...annotations }, spec: { claimRef: reference } };
  return [patch(persistentVolumeResource, volume, body)];
}

function completeClaim(claim: PersistentVolumeClaim, volume: PersistentVolume): Write[] {
  const isNamed = claim.spec?.volumeName === nameOf(volume);
  if (isNamed && annotationsOf(claim)[bindCompletedAnnotation] !== undefined) return [];
  const { uid, resourceVersion } = claim.metadata;
  const annotations = {
    [bindCompletedAnnotation]: 'yes',
    ...(isNamed ? {} : { [boundByControllerAnnotation]: 'yes' }),
  };
  const body = { metadata: { uid, resourceVersion, annotations }, spec: { volumeName: nameOf(volume) } };
  return [patch(persistentVolumeClaimResource, claim, body)];
}

/** Size and modes are taken over once: later changes of size are told by who makes them. */
function boundStatus(claim: PersistentVolumeClaim, volume: PersistentVolume): Write[] {
  if (claim.status?.phase === 'Bound') return [];
  const { capacity, accessModes } = volume.spec ?? {};
  return [claimStatus(claim, { phase: 'Bound', accessModes, capacity })];
}

export function claimStatus(claim: PersistentVolumeClaim, status: object): Write {
  const { uid, resourceVersion } = claim.metadata;
  const body = { metadata: { uid, resourceVersion }, status };
  return patch(persistentVolumeClaimResource, claim, body, { subresource: 'status' });
}

/** Empty when the volume is in that phase already. */
export function volumePhase(volume: PersistentVolume, phase: VolumePhase, wallMs: WallMs, message = ''): Write[] {
  const { status = {}, metadata } = volume;
  if (status.phase === phase && (status.message ?? '') === message) return [];
  const { uid, resourceVersion } = metadata;
  const changed = status.phase === phase ? {} : { lastPhaseTransitionTime: timestampSeconds(wallMs) };
  const body = {
    metadata: { uid, resourceVersion },
    status: { phase, message: message === '' ? null : message, ...changed },
  };
  return [patch(persistentVolumeResource, volume, body, { subresource: 'status' })];
}
