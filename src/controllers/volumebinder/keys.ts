/**
 * Binds claims to volumes and follows both through their lives. Keys: `claim NAMESPACE/NAME` and `volume NAME`.
 * Models kubernetes pkg/controller/volume/persistentvolume/pv_controller.go.
 *
 * One volume never serves two claims, however old the caches are: the claim's uid is written into the volume first, and only into the very
 * version of it that was seen free; the claim is told, in its very version too, when that has succeeded.
 */
import type { IndexFunction } from '../../api/object-index.ts';
import { annotationsOf, nameOf } from '../../api/object-meta.ts';
import { bindCompletedAnnotation, classNameOf, isClassOpen } from '../../kinds/persistentvolume/matching.ts';
import type { PersistentVolume } from '../../kinds/persistentvolume/types.ts';
import type { PersistentVolumeClaim } from '../../kinds/persistentvolumeclaim/types.ts';
import { defaultClassOf } from '../../kinds/storageclass/default-class.ts';
import type { StorageClass } from '../../kinds/storageclass/types.ts';
import { type CacheChange, type Caches, type Controller, type ReconcileContext, sidesOf } from '../controller.ts';
import type { Plan } from '../plan.ts';
import { persistentVolumeClaimResource, persistentVolumeResource, storageClassResource } from '../resources.ts';
import { byClaimReference, byVolumeName, claimIndex, claimKey, claimKeyOf, volumeIndex } from '../storage.ts';
import { type ClaimObserved, reconcileClaim } from './claim.ts';
import { Reservations } from './reservations.ts';
import { reconcileVolume, type VolumeObserved } from './volume.ts';

export interface BinderKinds {
  readonly claims: PersistentVolumeClaim;
  readonly volumes: PersistentVolume;
  readonly classes: StorageClass;
}

export type BinderObserved = ClaimObserved | VolumeObserved;

const classIndex = 'class';
/** Where claims stand in the index that have not been given a class. No class has such a name. */
const openClass = '?';

const byClass: IndexFunction<PersistentVolume> = (volume) => [classNameOf(volume)];
const waitingByClass: IndexFunction<PersistentVolumeClaim> = (claim) => {
  if (annotationsOf(claim)[bindCompletedAnnotation] !== undefined) return [];
  return isClassOpen(claim) ? [openClass, ''] : [classNameOf(claim)];
};

export const volumeBinderController: Controller<BinderKinds, BinderObserved, Reservations> = {
  name: 'persistentvolume-binder',
  watches: {
    claims: {
      resource: persistentVolumeClaimResource,
      output: 'object',
      indexes: { [volumeIndex]: byVolumeName, [classIndex]: waitingByClass },
    },
    volumes: {
      resource: persistentVolumeResource,
      output: 'object',
      indexes: { [claimIndex]: byClaimReference, [classIndex]: byClass },
    },
    classes: { resource: storageClassResource, output: 'object', indexes: {} },
  },
  remember: () => new Reservations(),
  keys: binderKeys,
  observe: observeBinder,
  reconcile: reconcileBinder,
};

function binderKeys(change: CacheChange<BinderKinds>, caches: Caches<BinderKinds>): readonly string[] {
  const keys = new Set<string>();
  if (change.cache === 'claims')
    for (const claim of sidesOf<PersistentVolumeClaim>(change)) addClaim(keys, claim, caches);
  if (change.cache === 'volumes')
    for (const volume of sidesOf<PersistentVolume>(change)) addVolume(keys, volume, caches);
  if (change.cache === 'classes') {
    const names = sidesOf(change).map(nameOf);
    for (const name of [...names, openClass]) {
      for (const claim of caches.claims.by(classIndex, name)) keys.add(`claim ${claimKey(claim)}`);
    }
  }
  return [...keys];
}

function addClaim(keys: Set<string>, claim: PersistentVolumeClaim, caches: Caches<BinderKinds>): void {
  const key = claimKey(claim);
  keys.add(`claim ${key}`);
  const { volumeName = '' } = claim.spec ?? {};
  if (volumeName !== '') keys.add(`volume ${volumeName}`);
  for (const volume of caches.volumes.by(claimIndex, key)) keys.add(`volume ${nameOf(volume)}`);
}

/** A volume that is free concerns everyone who waits for one of its class. */
function addVolume(keys: Set<string>, volume: PersistentVolume, caches: Caches<BinderKinds>): void {
  keys.add(`volume ${nameOf(volume)}`);
  const claimed = claimKeyOf(volume);
  if (claimed !== '') keys.add(`claim ${claimed}`);
  for (const claim of caches.claims.by(volumeIndex, nameOf(volume))) keys.add(`claim ${claimKey(claim)}`);
  if (claimed !== '') return;
  for (const claim of caches.claims.by(classIndex, classNameOf(volume))) keys.add(`claim ${claimKey(claim)}`);
}

function observeBinder(key: string, caches: Caches<BinderKinds>): BinderObserved | null {
  const name = key.slice(key.indexOf(' ') + 1);
  return key.startsWith('claim ') ? observeClaim(name, caches) : observeVolume(name, caches);
}

function observeClaim(key: string, { claims, volumes, classes }: Caches<BinderKinds>): ClaimObserved | null {
  const claim = claims.get(key);
  if (claim === undefined) return null;
  const className = classNameOf(claim);
  return {
    type: 'claim',
    claim,
    named: volumes.get(claim.spec?.volumeName ?? ''),
    kept: volumes.by(claimIndex, key),
    ofClass: () => volumes.by(classIndex, className),
    storageClass: classes.get(className),
    defaultClass: defaultClassOf(classes.values()),
    isAlive: (other) => claims.get(other) !== undefined,
  };
}

function observeVolume(name: string, { claims, volumes }: Caches<BinderKinds>): VolumeObserved | null {
  const volume = volumes.get(name);
  return volume === undefined ? null : { type: 'volume', volume, claim: claims.get(claimKeyOf(volume)) };
}

function reconcileBinder(observed: BinderObserved, context: ReconcileContext<Reservations>): Plan {
  return observed.type === 'claim' ? reconcileClaim(observed, context) : reconcileVolume(observed, context);
}
