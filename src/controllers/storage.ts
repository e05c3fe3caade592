/** What the controllers of storage agree on: annotations, the drivers of this cluster, who a volume belongs to. */
import type { IndexFunction } from '../api/object-index.ts';
import { annotationsOf, nameOf, namespaceOf } from '../api/object-meta.ts';
import type { PersistentVolume } from '../kinds/persistentvolume/types.ts';
import type { PersistentVolumeClaim } from '../kinds/persistentvolumeclaim/types.ts';
import type { VolumeAttachment } from '../kinds/volumeattachment/types.ts';

/** On a claim: who is to make its volume. */
export const provisionerAnnotation = 'volume.kubernetes.io/storage-provisioner';
export const betaProvisionerAnnotation = 'volume.beta.kubernetes.io/storage-provisioner';
/** On a volume: who made it, and deletes it. */
export const provisionedByAnnotation = 'pv.kubernetes.io/provisioned-by';

/** Directories of nodes: a volume is where its first pod runs, for ever. */
export const localProvisioner = 'threemaster.dev/local-path';
/** The names that other clusters on one machine have for directories of nodes: what is written for them works here. */
export const minikubeProvisioner = 'k8s.io/minikube-hostpath';
const directoryProvisioners: ReadonlySet<string> = new Set([
  localProvisioner,
  minikubeProvisioner,
  'rancher.io/local-path',
]);
/** Simulated disks of a cloud: a volume is in a zone and attached to one node at a time. */
export const cloudProvisioner = 'threemaster.dev/cloud';
/** Under this name cloud disks are attached. Names of drivers have no slash. */
export const cloudDriver = 'cloud.threemaster.dev';

/** Claims by the volume that they name, volumes by the claim that they name. */
export const volumeIndex = 'volume';
export const claimIndex = 'claim';

export const byVolumeName: IndexFunction<PersistentVolumeClaim> = ({ spec }) =>
  (spec?.volumeName ?? '') === '' ? [] : [spec.volumeName as string];

export const byClaimReference: IndexFunction<PersistentVolume> = (volume) => {
  const key = claimKeyOf(volume);
  return key === '' ? [] : [key];
};

export const byAttachedVolume: IndexFunction<VolumeAttachment> = ({ spec }) =>
  spec.source.persistentVolumeName === undefined ? [] : [spec.source.persistentVolumeName];

/** `namespace/name` of the claim that a volume is kept for; empty without one. */
export function claimKeyOf({ spec }: PersistentVolume): string {
  return spec?.claimRef === undefined ? '' : `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}`;
}

export function claimKey(claim: PersistentVolumeClaim): string {
  return `${namespaceOf(claim)}/${nameOf(claim)}`;
}

/** Tells whether a provisioner makes directories of nodes. */
export function isOfDirectories(provisioner: string): boolean {
  return directoryProvisioners.has(provisioner);
}

/** Tells whether volumes of a provisioner are made and deleted by this cluster. */
export function isOurs(provisioner: string): boolean {
  return provisioner === cloudProvisioner || isOfDirectories(provisioner);
}

export function provisionerOf(claim: PersistentVolumeClaim): string {
  return annotationsOf(claim)[provisionerAnnotation] ?? annotationsOf(claim)[betaProvisionerAnnotation] ?? '';
}
