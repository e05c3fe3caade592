/**
 * From a claim to the storage behind it: the claim must be bound, the volume there and, where its driver attaches, the node must show it as
 * attached. Models kubernetes pkg/kubelet/volumemanager/populator/desired_state_of_world_populator.go getPVCExtractPV.
 */
import { isControlledBy, type KubeObject, nameOf, namespaceOf, uidOf } from '../api/object-meta.ts';
import type { PersistentVolume } from '../kinds/persistentvolume/types.ts';
import type { PersistentVolumeClaim } from '../kinds/persistentvolumeclaim/types.ts';
import type { Volume } from '../kinds/pod/volume-types.ts';
import { claimNameOf } from './pod-needs.ts';
import { held, missing, type VolumeSources, type VolumeVerdict, waiting } from './volume-verdict.ts';

interface Driver extends KubeObject {
  readonly spec?: { readonly attachRequired?: boolean };
}

export function claimedVolume(volume: Volume, { pod, objects }: VolumeSources): VolumeVerdict {
  const name = claimNameOf(pod, volume) ?? '';
  const namespace = namespaceOf(pod);
  const claim = objects.find<PersistentVolumeClaim>('persistentvolumeclaims', namespace, name);
  if (claim === undefined) return waiting;
  const complain = (message: string): VolumeVerdict =>
    missing(`error processing PVC ${namespace}/${name}: ${message}`, true);
  if (claim === null) {
    return complain(`failed to fetch PVC from API server: persistentvolumeclaims ${JSON.stringify(name)} not found`);
  }
  if (volume.ephemeral !== undefined && !isControlledBy(claim, pod)) {
    return complain(`PVC ${namespace}/${name} was not created for pod ${namespace}/${nameOf(pod)} (pod is not owner)`);
  }
  if (claim.metadata.deletionTimestamp !== undefined) return complain('PVC is being deleted');
  const { volumeName = '' } = claim.spec;
  if (claim.status?.phase !== 'Bound' || volumeName === '') return complain('PVC is not bound');
  const found = objects.find<PersistentVolume>('persistentvolumes', '', volumeName);
  if (found === undefined) return waiting;
  if (found === null) return complain(`failed to fetch PV ${JSON.stringify(volumeName)} from API server: not found`);
  if (found.spec?.claimRef?.uid !== uidOf(claim)) {
    return complain(`PV ${JSON.stringify(volumeName)} is bound to another claim`);
  }
  return storageOf(found, volume.persistentVolumeClaim?.readOnly === true, objects);
}

function storageOf(
  { metadata, spec }: PersistentVolume,
  isReadOnly: boolean,
  objects: VolumeSources['objects'],
): VolumeVerdict {
  const { csi, hostPath, local } = spec ?? {};
  if (hostPath !== undefined) return held({ type: 'host', path: hostPath.path, hostPathType: hostPath.type ?? '' });
  // What the cluster has provisioned is its runtimes' to place; what people name is theirs.
  const isProvisioned = metadata.annotations?.[provisionedByAnnotation] !== undefined;
  if (local !== undefined && isProvisioned)
    return held({ type: 'persistent', handle: `local${local.path}`, isReadOnly });
  if (local !== undefined) return held({ type: 'host', path: local.path, hostPathType: '' });
  if (csi === undefined) {
    return missing(
      `volume ${metadata.name}: only csi, hostPath and local are supported by the kubelet of this cluster`,
    );
  }
  const driver = objects.find<Driver>('csidrivers', '', csi.driver);
  if (driver === undefined) return waiting;
  const isAttached = driver?.spec?.attachRequired !== false;
  const handle = `${csi.driver}/${csi.volumeHandle}`;
  return held({ type: 'persistent', handle, isReadOnly }, isAttached ? attachmentNameOf(csi) : '');
}

const provisionedByAnnotation = 'pv.kubernetes.io/provisioned-by';

/** The unique name of a volume, as `status.volumesAttached` of a node has it. */
export function attachmentNameOf({
  driver,
  volumeHandle,
}: {
  readonly driver: string;
  readonly volumeHandle: string;
}): string {
  return `kubernetes.io/csi/${driver}^${volumeHandle}`;
}
