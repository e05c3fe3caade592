/** How volumes begin and change. Models kubernetes pkg/registry/core/persistentvolume and ValidatePersistentVolume{,Update}. */
import { child, type FieldError, forbiddenField, invalid, notSupported, required } from '../../api/field-error.ts';
import { equalSemantic, type Mutable, setDefault } from '../../api/json.ts';
import type { KindBehaviour } from '../behaviour.ts';
import { checkedChoice, checkedImmutable } from '../field-checks.ts';
import { checkedAccessModes, checkedClassName, checkedSize, checkedVolumeMode } from '../storage-checks.ts';
import type { PersistentVolume, PersistentVolumeSpec } from './types.ts';

const policies = ['Delete', 'Recycle', 'Retain'];
/** Everything in a spec that is not the source of the volume. */
const common = new Set([
  'capacity',
  'accessModes',
  'claimRef',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'volumeMode',
  'volumeAttributesClassName',
  'nodeAffinity',
  'mountOptions',
]);

export const persistentVolumeBehaviour: KindBehaviour<PersistentVolume> = {
  setDefaults({ spec, ...volume }: Mutable<PersistentVolume>) {
    if (spec === undefined) return;
    setDefault(spec, 'persistentVolumeReclaimPolicy', 'Retain');
    setDefault(spec, 'volumeMode', 'Filesystem');
    if (spec.hostPath !== undefined) setDefault(spec.hostPath, 'type', '');
    if (volume.status !== undefined) setDefault(volume.status, 'phase', 'Pending');
  },
  prepareForCreate(volume) {
    const { creationTimestamp } = volume.metadata;
    const since = creationTimestamp === undefined ? {} : { lastPhaseTransitionTime: creationTimestamp };
    (volume as Mutable<PersistentVolume>).status = { phase: 'Pending', ...since };
  },
  validate: ({ spec }) => (spec === undefined ? [required('spec')] : validateSpec(spec)),
  validateUpdate(next, old) {
    const errors: FieldError[] = [];
    if (!equalSemantic(sourceOf(next), sourceOf(old))) {
      const detail = 'spec.persistentvolumesource is immutable after creation';
      errors.push(forbiddenField('spec.persistentvolumesource', detail));
    }
    errors.push(...checkedImmutable('spec.volumeMode', next.spec?.volumeMode, old.spec?.volumeMode));
    if (old.spec?.nodeAffinity === undefined) return errors;
    return errors.concat(checkedImmutable('spec.nodeAffinity', next.spec?.nodeAffinity, old.spec.nodeAffinity));
  },
};

function validateSpec(spec: PersistentVolumeSpec): FieldError[] {
  const { capacity = {}, persistentVolumeReclaimPolicy: policy } = spec;
  const resources = Object.keys(capacity);
  return [
    ...checkedAccessModes('spec.accessModes', spec.accessModes ?? []),
    ...(resources.length === 0 ? [required('spec.capacity')] : []),
    ...(resources.length > 0 && (capacity['storage'] === undefined || resources.length > 1)
      ? [notSupported('spec.capacity', capacity, ['storage'])]
      : []),
    ...checkedSize('spec.capacity[storage]', capacity['storage']),
    ...checkedChoice('spec.persistentVolumeReclaimPolicy', policy, policies),
    ...checkedClassName('spec.storageClassName', spec.storageClassName),
    ...checkedVolumeMode('spec.volumeMode', spec.volumeMode),
    ...validateSource(spec),
  ];
}

function validateSource(spec: PersistentVolumeSpec): FieldError[] {
  const errors: FieldError[] = [];
  const sources = Object.keys(spec).filter((name) => !common.has(name));
  if (sources.length === 0) errors.push(required('spec', 'must specify a volume type'));
  for (const source of sources.slice(1)) {
    errors.push(forbiddenField(child('spec', source), 'may not specify more than 1 volume type'));
  }
  for (const name of ['hostPath', 'local'] as const) {
    const { path = '' } = spec[name] ?? {};
    if (spec[name] === undefined) continue;
    const place = `spec.${name}.path`;
    if (path === '') errors.push(required(place));
    if (path.split('/').includes('..')) errors.push(invalid(place, path, "must not contain '..'"));
  }
  if (spec.local !== undefined && spec.nodeAffinity?.required === undefined) {
    errors.push(required('spec.nodeAffinity', 'Local volume requires node affinity'));
  }
  if (spec.hostPath?.path === '/' && spec.persistentVolumeReclaimPolicy === 'Recycle') {
    errors.push(
      forbiddenField('spec.persistentVolumeReclaimPolicy', "may not be 'recycle' for a hostPath mount of '/'"),
    );
  }
  return errors.concat(validateDriver(spec));
}

function validateDriver({ csi }: PersistentVolumeSpec): FieldError[] {
  if (csi === undefined) return [];
  const errors: FieldError[] = [];
  if ((csi.driver ?? '') === '') errors.push(required('spec.csi.driver'));
  if ((csi.volumeHandle ?? '') === '') errors.push(required('spec.csi.volumeHandle'));
  return errors;
}

function sourceOf({ spec = {} }: PersistentVolume): unknown {
  return Object.fromEntries(Object.entries(spec).filter(([name]) => !common.has(name)));
}
