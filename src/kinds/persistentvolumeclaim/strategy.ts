/** How claims begin and change. Models kubernetes pkg/registry/core/persistentvolumeclaim and ValidatePersistentVolumeClaim{,Update}. */
import { type FieldError, forbiddenField, required } from '../../api/field-error.ts';
import { equalSemantic, type Mutable, setDefault } from '../../api/json.ts';
import { validateLabelSelector } from '../../api/label-selector.ts';
import { compareQuantities, parseQuantity } from '../../api/quantity.ts';
import type { KindBehaviour } from '../behaviour.ts';
import { checkedAccessModes, checkedClassName, checkedSize, checkedVolumeMode } from '../storage-checks.ts';
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from './types.ts';

export const persistentVolumeClaimBehaviour: KindBehaviour<PersistentVolumeClaim> = {
  setDefaults(claim: Mutable<PersistentVolumeClaim>) {
    if (claim.spec !== undefined) setDefault(claim.spec, 'volumeMode', 'Filesystem');
    claim.status ??= {};
    setDefault(claim.status, 'phase', 'Pending');
  },
  prepareForCreate(claim) {
    (claim as Mutable<PersistentVolumeClaim>).status = { phase: 'Pending' };
  },
  validate: ({ spec }) => (spec === undefined ? [required('spec')] : validateSpec(spec)),
  validateUpdate: validateClaimUpdate,
};

function validateSpec(spec: PersistentVolumeClaimSpec): FieldError[] {
  const size = spec.resources?.requests?.['storage'];
  const path = 'spec.resources[storage]';
  return [
    ...(spec.selector === undefined ? [] : validateLabelSelector(spec.selector, 'spec.selector')),
    ...checkedAccessModes('spec.accessModes', spec.accessModes ?? []),
    ...(size === undefined ? [required(path)] : checkedSize(path, size)),
    ...checkedClassName('spec.storageClassName', spec.storageClassName),
    ...checkedVolumeMode('spec.volumeMode', spec.volumeMode),
  ];
}

/** A bound claim may ask for more, and for less again down to what it has; everything else stays. */
function validateClaimUpdate(next: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const errors: FieldError[] = [];
  const isBound = old.status?.phase === 'Bound';
  if (!equalSemantic(fixedPart(next.spec, old.spec, isBound), fixedPart(old.spec, old.spec, isBound))) {
    const detail =
      'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
    errors.push(forbiddenField('spec', detail));
  }
  const size = sizeIn(next.spec.resources?.requests?.['storage']);
  const former = sizeIn(old.spec.resources?.requests?.['storage']);
  const actual = sizeIn(old.status?.capacity?.['storage']);
  if (size === undefined || former === undefined || compareQuantities(size, former) >= 0) return errors;
  // Giving up an expansion that cannot succeed, down to what there is, is no shrinking.
  if (actual === undefined || compareQuantities(size, actual) <= 0) {
    errors.push(forbiddenField('spec.resources.requests.storage', 'field can not be less than status.capacity'));
  }
  return errors;
}

function fixedPart(spec: PersistentVolumeClaimSpec, old: PersistentVolumeClaimSpec, isBound: boolean): unknown {
  const { volumeName, storageClassName, resources, volumeAttributesClassName, ...rest } = spec;
  return {
    ...rest,
    // Named once: by the binder, or by whoever gives the claim a class that had none.
    volumeName: (old.volumeName ?? '') === '' ? '' : volumeName,
    storageClassName: old.storageClassName === undefined && !isBound ? '' : storageClassName,
    resources: isBound ? { ...resources, requests: null } : resources,
    ...(isBound ? {} : { volumeAttributesClassName }),
  };
}

function sizeIn(text: string | undefined): ReturnType<typeof parseQuantity> {
  return text === undefined ? undefined : parseQuantity(text);
}
