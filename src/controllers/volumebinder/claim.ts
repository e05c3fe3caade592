/**
 * What becomes of a claim: bound to a volume that exists, given to a provisioner, left waiting, or lost.
 * Models kubernetes pkg/controller/volume/persistentvolume/pv_controller.go syncClaim, syncUnboundClaim and syncBoundClaim.
 */
import { annotationsOf, isBeingDeleted, nameOf } from '../../api/object-meta.ts';
import {
  bindCompletedAnnotation,
  classNameOf,
  hasAccessModes,
  isClassOpen,
  isKeptFor,
  isLargeEnough,
  isVolumeModeEqual,
  selectedNodeAnnotation,
} from '../../kinds/persistentvolume/matching.ts';
import type { PersistentVolume } from '../../kinds/persistentvolume/types.ts';
import type { PersistentVolumeClaim } from '../../kinds/persistentvolumeclaim/types.ts';
import type { StorageClass } from '../../kinds/storageclass/types.ts';
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
import { betaProvisionerAnnotation, claimKey, provisionerAnnotation, provisionerOf } from '../storage.ts';
import { bind, claimStatus } from './bind.ts';
import { bestVolume } from './match.ts';
import type { Reservations } from './reservations.ts';

export interface ClaimObserved {
  readonly type: 'claim';
  readonly claim: PersistentVolumeClaim;
  /** The volume that the claim names. */
  readonly named: PersistentVolume | undefined;
  /** Volumes that name the claim, or an earlier one of its name. */
  readonly kept: readonly PersistentVolume[];
  readonly ofClass: () => readonly PersistentVolume[];
  readonly storageClass: StorageClass | undefined;
  readonly defaultClass: StorageClass | undefined;
  /** Tells whether the claim of that key exists. */
  readonly isAlive: (key: string) => boolean;
}

const noProvisioner = 'kubernetes.io/no-provisioner';

export function reconcileClaim(observed: ClaimObserved, context: ReconcileContext<Reservations>): Plan {
  const { claim } = observed;
  context.memory.release(claimKey(claim));
  if (annotationsOf(claim)[bindCompletedAnnotation] !== undefined) return reconcileBound(observed);
  if (isBeingDeleted(claim)) return nothingToDo;
  return (claim.spec?.volumeName ?? '') === '' ? reconcileOpen(observed, context) : reconcileNamed(observed);
}

function reconcileBound({ claim, named }: ClaimObserved): Plan {
  const { volumeName = '' } = claim.spec ?? {};
  const noData = 'Data on the volume is lost!';
  if (volumeName === '') {
    return lost(claim, [], 'ClaimLost', `Bound claim has lost reference to PersistentVolume. ${noData}`);
  }
  if (named === undefined) {
    const premise = mustBeAbsent(persistentVolumeResource, '', volumeName, '');
    return lost(claim, [premise], 'ClaimLost', `Bound claim has lost its PersistentVolume. ${noData}`);
  }
  if (named.spec?.claimRef === undefined || isKeptFor(named, claim)) return bind(claim, named);
  const message = 'Two claims are bound to the same volume, this one is bound incorrectly';
  return lost(claim, [mustBeCurrent(persistentVolumeResource, named)], 'ClaimMisbound', message);
}

/** A cache that is behind would call claims lost that are not: the premise is asked first. */
function lost(claim: PersistentVolumeClaim, premises: readonly Write[], reason: string, message: string): Plan {
  if (claim.status?.phase === 'Lost') return nothingToDo;
  const status = claimStatus(claim, { phase: 'Lost', accessModes: null, capacity: null });
  return plan([premises, [status]], { events: [{ object: claim, type: 'Warning', reason, message }] });
}

/** The user has chosen the volume. */
function reconcileNamed({ claim, named }: ClaimObserved): Plan {
  if (named === undefined || isBeingDeleted(named)) return waiting(claim);
  if (isKeptFor(named, claim)) return bind(claim, named);
  const name = JSON.stringify(nameOf(named));
  if (named.spec?.claimRef !== undefined) {
    return waiting(claim, warning(claim, 'FailedBinding', `volume ${name} already bound to a different claim.`));
  }
  const mismatch = mismatchOf(claim, named);
  if (mismatch === null) return bind(claim, named);
  return waiting(claim, warning(claim, 'VolumeMismatch', `Cannot bind to requested volume ${name}: ${mismatch}`));
}

function mismatchOf(claim: PersistentVolumeClaim, volume: PersistentVolume): string | null {
  if (!isLargeEnough(volume, claim)) return 'requested PV is too small';
  if (classNameOf(volume) !== classNameOf(claim)) return 'storageClassName does not match';
  if (!isVolumeModeEqual(volume, claim)) return 'incompatible volumeMode';
  return hasAccessModes(volume, claim) ? null : 'incompatible accessMode';
}

function reconcileOpen(observed: ClaimObserved, { memory }: ReconcileContext<Reservations>): Plan {
  const { claim, kept, storageClass, defaultClass } = observed;
  const isDelayed = storageClass?.volumeBindingMode === 'WaitForFirstConsumer';
  const key = claimKey(claim);
  const volume = bestVolume(claim, kept, isDelayed ? [] : observed.ofClass(), ({ metadata }) => {
    const holder = memory.holderOf(metadata.name ?? '', metadata.resourceVersion ?? '');
    return holder !== undefined && holder !== key && observed.isAlive(holder);
  });
  if (volume !== undefined) {
    memory.reserve(key, nameOf(volume), volume.metadata.resourceVersion ?? '');
    return bind(claim, volume);
  }
  if (isClassOpen(claim) && defaultClass !== undefined) return giveClass(claim, defaultClass);
  if (isDelayed && annotationsOf(claim)[selectedNodeAnnotation] === undefined) {
    const message = 'waiting for first consumer to be created before binding';
    return waiting(claim, { object: claim, type: 'Normal', reason: 'WaitForFirstConsumer', message });
  }
  if (classNameOf(claim) !== '') return provision(claim, storageClass);
  const message = 'no persistent volumes available for this claim and no storage class is set';
  return waiting(claim, { object: claim, type: 'Normal', reason: 'FailedBinding', message });
}

/** There was no default class yet when the claim was made. */
function giveClass(claim: PersistentVolumeClaim, storageClass: StorageClass): Plan {
  const { uid, resourceVersion } = claim.metadata;
  const body = { metadata: { uid, resourceVersion }, spec: { storageClassName: nameOf(storageClass) } };
  return plan([[patch(persistentVolumeClaimResource, claim, body)]]);
}

/** Says who is to make the volume; whoever that is watches claims for its name. */
function provision(claim: PersistentVolumeClaim, storageClass: StorageClass | undefined): Plan {
  if (storageClass === undefined) {
    const message = `storageclass.storage.k8s.io ${JSON.stringify(classNameOf(claim))} not found`;
    return waiting(claim, warning(claim, 'ProvisioningFailed', message));
  }
  const { provisioner } = storageClass;
  if (provisioner === noProvisioner) {
    return waiting(claim, warning(claim, 'ProvisioningFailed', `no volume plugin matched name: ${provisioner}`));
  }
  const message =
    `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system ` +
    'administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.';
  const event: EventRecord = { object: claim, type: 'Normal', reason: 'ExternalProvisioning', message };
  if (provisionerOf(claim) === provisioner) return waiting(claim, event);
  const { uid, resourceVersion } = claim.metadata;
  const annotations = { [provisionerAnnotation]: provisioner, [betaProvisionerAnnotation]: provisioner };
  const body = { metadata: { uid, resourceVersion, annotations } };
  return plan([[patch(persistentVolumeClaimResource, claim, body)]]);
}

function waiting(claim: PersistentVolumeClaim, ...events: readonly EventRecord[]): Plan {
  return plan([claim.status?.phase === 'Pending' ? [] : [claimStatus(claim, { phase: 'Pending' })]], { events });
}

function warning(claim: PersistentVolumeClaim, reason: string, message: string): EventRecord {
  return { object: claim, type: 'Warning', reason, message };
}
