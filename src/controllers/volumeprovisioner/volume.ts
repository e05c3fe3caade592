/** The volume that is made for a claim, kept for it from the start. */
import { nameOf, namespaceOf, uidOf } from '../../api/object-meta.ts';
import type { PersistentVolume, PersistentVolumeSpec, VolumeNodeAffinity } from '../../kinds/persistentvolume/types.ts';
import type { PersistentVolumeClaim } from '../../kinds/persistentvolumeclaim/types.ts';
import type { StorageClass } from '../../kinds/storageclass/types.ts';
import { cloudDriver, provisionedByAnnotation } from '../storage.ts';
import { hostnameLabel, type Place, zoneLabel } from './place.ts';

/** Where kubelets keep the directories of local volumes. */
const localFolder = '/var/lib/threemaster/volumes';

export function volumeFor(
  claim: PersistentVolumeClaim,
  storageClass: StorageClass,
  name: string,
  place: Place,
): PersistentVolume {
  const { provisioner, reclaimPolicy = 'Delete', mountOptions } = storageClass;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name,
      annotations: { [provisionedByAnnotation]: provisioner },
      ...(place.type === 'zone' ? { labels: { [zoneLabel]: place.zone } } : {}),
    },
    spec: {
      capacity: { storage: claim.spec.resources?.requests?.['storage'] ?? '0' },
      accessModes: claim.spec.accessModes ?? [],
      claimRef: {
        kind: 'PersistentVolumeClaim',
        apiVersion: 'v1',
        namespace: namespaceOf(claim),
        name: nameOf(claim),
        uid: uidOf(claim),
      },
      persistentVolumeReclaimPolicy: reclaimPolicy,
      storageClassName: nameOf(storageClass),
      volumeMode: claim.spec.volumeMode ?? 'Filesystem',
      ...(mountOptions === undefined ? {} : { mountOptions }),
      ...sourceOf(claim, storageClass, name, place),
    },
  };
}

function sourceOf(
  claim: PersistentVolumeClaim,
  { parameters }: StorageClass,
  name: string,
  place: Place,
): PersistentVolumeSpec {
  if (place.type === 'node') {
    const path = `${localFolder}/${name}_${namespaceOf(claim)}_${nameOf(claim)}`;
    return { local: { path }, nodeAffinity: onlyWhere(hostnameLabel, place.hostname) };
  }
  const attributes = parameters === undefined ? {} : { volumeAttributes: parameters };
  const csi = { driver: cloudDriver, volumeHandle: name, ...attributes };
  return place.type === 'zone' ? { csi, nodeAffinity: onlyWhere(zoneLabel, place.zone) } : { csi };
}

function onlyWhere(key: string, value: string): VolumeNodeAffinity {
  return { required: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In', values: [value] }] }] } };
}
