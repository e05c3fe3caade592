/** Claims, volumes, classes and attachments in as few words as a test needs. */
import type { ObjectMeta } from '../../../src/api/object-meta.ts';
import type { PersistentVolume, PersistentVolumeSpec } from '../../../src/kinds/persistentvolume/types.ts';
import type {
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
} from '../../../src/kinds/persistentvolumeclaim/types.ts';
import type { StorageClass } from '../../../src/kinds/storageclass/types.ts';
import type { VolumeAttachment } from '../../../src/kinds/volumeattachment/types.ts';

interface ClaimOptions {
  readonly spec?: Partial<PersistentVolumeClaimSpec>;
  readonly metadata?: ObjectMeta;
  readonly status?: PersistentVolumeClaim['status'];
}

export function claim(name: string, { spec, metadata, status }: ClaimOptions = {}): PersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: 'default', uid: `uid-${name}`, resourceVersion: '1', ...metadata },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '2Gi' } },
      storageClassName: 'fast',
      volumeMode: 'Filesystem',
      ...spec,
    },
    status: { phase: 'Pending', ...status },
  };
}

/** A claim as it is when the binder has done its work. */
export function boundClaim(
  name: string,
  volumeName: string,
  { spec, metadata, status }: ClaimOptions = {},
): PersistentVolumeClaim {
  return claim(name, {
    spec: { volumeName, ...spec },
    metadata: { ...metadata, annotations: { 'pv.kubernetes.io/bind-completed': 'yes', ...metadata?.annotations } },
    status: { phase: 'Bound', capacity: { storage: '2Gi' }, accessModes: ['ReadWriteOnce'], ...status },
  });
}

interface VolumeOptions {
  readonly spec?: Partial<PersistentVolumeSpec>;
  readonly metadata?: ObjectMeta;
  readonly phase?: NonNullable<PersistentVolume['status']>['phase'];
}

export function volume(name: string, { spec, metadata, phase = 'Available' }: VolumeOptions = {}): PersistentVolume {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, uid: `uid-${name}`, resourceVersion: '1', ...metadata },
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '2Gi' },
      storageClassName: 'fast',
      volumeMode: 'Filesystem',
      persistentVolumeReclaimPolicy: 'Delete',
      csi: { driver: 'cloud.threemaster.dev', volumeHandle: name },
      ...spec,
    },
    status: { phase },
  };
}

export function reference(
  name: string,
  uid = `uid-${name}`,
): { kind: string; namespace: string; name: string; uid?: string } {
  return { kind: 'PersistentVolumeClaim', namespace: 'default', name, ...(uid === '' ? {} : { uid }) };
}

export function storageClass(name: string, extra: Partial<StorageClass> = {}): StorageClass {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name, uid: `uid-${name}` },
    provisioner: 'threemaster.dev/cloud',
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'Immediate',
    ...extra,
  };
}

export function attachment(
  volumeName: string,
  nodeName: string,
  extra: Partial<VolumeAttachment> = {},
): VolumeAttachment {
  const name = `${volumeName}-${nodeName}`;
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'VolumeAttachment',
    spec: { attacher: 'cloud.threemaster.dev', nodeName, source: { persistentVolumeName: volumeName } },
    status: { attached: true },
    ...extra,
    metadata: { name, uid: `uid-${name}`, resourceVersion: '1', ...extra.metadata },
  };
}
