/**
 * What scheduler and binder ask about claims and volumes alike. Models kubernetes component-helpers/storage/volume/{helpers,pv_helpers}.go.
 */
import { annotationsOf, isBeingDeleted, nameOf, namespaceOf, uidOf } from '../../api/object-meta.ts';
import { compareQuantities, parseQuantity, type Quantity } from '../../api/quantity.ts';
import type { PersistentVolumeClaim } from '../persistentvolumeclaim/types.ts';
import type { PersistentVolume } from './types.ts';

/** Says for which node a volume is to be made. Written by the scheduler, taken away by a provisioner that cannot. */
export const selectedNodeAnnotation = 'volume.kubernetes.io/selected-node';
/** On a claim: its binding is complete, whatever the volume may say later. */
export const bindCompletedAnnotation = 'pv.kubernetes.io/bind-completed';
/** On a claim or volume: the reference to the other was written by the binder or the scheduler, not by a user. */
export const boundByControllerAnnotation = 'pv.kubernetes.io/bound-by-controller';
/** The class of a claim or volume, as it was written before there was a field for it. */
const classAnnotation = 'volume.beta.kubernetes.io/storage-class';

const nothing: Quantity = { nanos: 0n, format: 'decimal' };

/** Empty for a claim or volume without class. */
export function classNameOf(object: PersistentVolumeClaim | PersistentVolume): string {
  return annotationsOf(object)[classAnnotation] ?? object.spec?.storageClassName ?? '';
}

/** Tells whether nobody has said yet which class a claim wants; an empty name says that it wants none. */
export function isClassOpen(claim: PersistentVolumeClaim): boolean {
  return annotationsOf(claim)[classAnnotation] === undefined && claim.spec?.storageClassName === undefined;
}

export function sizeOf({ spec }: PersistentVolumeClaim): Quantity {
  return parseQuantity(spec?.resources?.requests?.['storage'] ?? '') ?? nothing;
}

export function capacityOf({ spec }: PersistentVolume): Quantity {
  return parseQuantity(spec?.capacity?.['storage'] ?? '') ?? nothing;
}

/** Tells whether a volume is kept for that very claim. */
export function isKeptFor({ spec }: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const { name, namespace, uid = '' } = spec?.claimRef ?? {};
  const isNamed = name === nameOf(claim) && namespace === namespaceOf(claim);
  return isNamed && (uid === '' || uid === uidOf(claim));
}

export function isVolumeModeEqual(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  return (volume.spec?.volumeMode ?? 'Filesystem') === (claim.spec?.volumeMode ?? 'Filesystem');
}

export function hasAccessModes(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const modes = volume.spec?.accessModes ?? [];
  return (claim.spec?.accessModes ?? []).every((mode) => modes.includes(mode));
}

export function isLargeEnough(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  return compareQuantities(capacityOf(volume), sizeOf(claim)) >= 0;
}

/** Tells whether a volume has what a claim asks for, whoever it is kept for; class and labels are not asked. */
export function suits(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  if (isBeingDeleted(volume) || !isLargeEnough(volume, claim)) return false;
  if (!hasAccessModes(volume, claim) || !isVolumeModeEqual(volume, claim)) return false;
  return (volume.spec?.volumeAttributesClassName ?? '') === (claim.spec?.volumeAttributesClassName ?? '');
}
