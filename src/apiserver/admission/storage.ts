/**
 * New claims get the default class and may not go while they are in use, and claims grow only where their class allows it.
 * Models kubernetes plugin/pkg/admission/storage/{storageclass/setdefault,storageobjectinuseprotection,persistentvolume/resize}.
 */
import type { Mutable } from '../../api/json.ts';
import { finalizersOf, type KubeObject, nameOf, type ObjectMeta } from '../../api/object-meta.ts';
import { compareQuantities } from '../../api/quantity.ts';
import { forbidden } from '../../api/status-errors.ts';
import { classNameOf, isClassOpen, sizeOf } from '../../kinds/persistentvolume/matching.ts';
import type { PersistentVolume } from '../../kinds/persistentvolume/types.ts';
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../../kinds/persistentvolumeclaim/types.ts';
import { defaultClassOf } from '../../kinds/storageclass/default-class.ts';
import type { StorageClass } from '../../kinds/storageclass/types.ts';
import type { Environment } from '../environment.ts';

const claimFinalizer = 'kubernetes.io/pvc-protection';
const volumeFinalizer = 'kubernetes.io/pv-protection';
const claims = { group: '', resource: 'persistentvolumeclaims' };
const classes = { group: 'storage.k8s.io', version: 'v1', resource: 'storageclasses' };

export function admitClaim(environment: Environment, claim: PersistentVolumeClaim): void {
  protect(claim, claimFinalizer);
  if (claim.spec === undefined || !isClassOpen(claim)) return;
  const found = defaultClassOf(allClasses(environment));
  if (found !== undefined) (claim.spec as Mutable<PersistentVolumeClaimSpec>).storageClassName = nameOf(found);
}

export function admitVolume(volume: PersistentVolume): void {
  protect(volume, volumeFinalizer);
}

/** Throws StatusError Forbidden when a bound claim asks for more than its class may give. */
export function admitResize(environment: Environment, claim: PersistentVolumeClaim, old: PersistentVolumeClaim): void {
  if (old.status?.phase !== 'Bound' || compareQuantities(sizeOf(claim), sizeOf(old)) <= 0) return;
  const { stored } = environment.catalog.mustServe(classes);
  const found = environment.cache.get(stored, '', classNameOf(old))?.object as StorageClass | undefined;
  if (found?.allowVolumeExpansion === true) return;
  const cause =
    'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize';
  throw forbidden(claims, nameOf(claim), cause);
}

function protect(object: KubeObject, finalizer: string): void {
  const finalizers = finalizersOf(object);
  if (finalizers.includes(finalizer)) return;
  (object.metadata as Mutable<ObjectMeta>).finalizers = [...finalizers, finalizer];
}

function allClasses(environment: Environment): readonly StorageClass[] {
  const { stored } = environment.catalog.mustServe(classes);
  return environment.cache.entriesOf(stored).map((entry) => entry.object as KubeObject as StorageClass);
}
