/**
 * Makes volumes of the classes that this cluster provides for claims that ask for them, and deletes them when they are released. It does what
 * for other classes a program of somebody else does, and knows what to do in the same way: by annotations of claims, phases of volumes.
 * Keys: `claim NAMESPACE/NAME` and `volume NAME`. Models the external-provisioner of kubernetes-csi.
 */
import type { IndexFunction } from '../../api/object-index.ts';
import { annotationsOf, nameOf, uidOf } from '../../api/object-meta.ts';
import type { Node } from '../../kinds/node/types.ts';
import { classNameOf, selectedNodeAnnotation } from '../../kinds/persistentvolume/matching.ts';
import type { PersistentVolume } from '../../kinds/persistentvolume/types.ts';
import type { PersistentVolumeClaim } from '../../kinds/persistentvolumeclaim/types.ts';
import type { StorageClass } from '../../kinds/storageclass/types.ts';
import type { VolumeAttachment } from '../../kinds/volumeattachment/types.ts';
import { type CacheChange, type Caches, type Controller, sidesOf } from '../controller.ts';
import {
  nodeResource,
  persistentVolumeClaimResource,
  persistentVolumeResource,
  storageClassResource,
  volumeAttachmentResource,
} from '../resources.ts';
import { byAttachedVolume, claimKey, isOurs, provisionerOf, volumeIndex } from '../storage.ts';
import { type ProvisionerObserved, reconcileProvisioner } from './reconcile.ts';

export interface ProvisionerKinds {
  readonly claims: PersistentVolumeClaim;
  readonly volumes: PersistentVolume;
  readonly classes: StorageClass;
  readonly nodes: Node;
  readonly attachments: VolumeAttachment;
}

const waitingIndex = 'waiting';

/** Claims that wait for one of our volumes, by the class: they may go on when it changes. */
const waitingByClass: IndexFunction<PersistentVolumeClaim> = (claim) =>
  isOurs(provisionerOf(claim)) && (claim.spec?.volumeName ?? '') === '' ? [classNameOf(claim), ''] : [];

export const volumeProvisionerController: Controller<ProvisionerKinds, ProvisionerObserved> = {
  name: 'persistentvolume-provisioner',
  watches: {
    claims: { resource: persistentVolumeClaimResource, output: 'object', indexes: { [waitingIndex]: waitingByClass } },
    volumes: { resource: persistentVolumeResource, output: 'object', indexes: {} },
    classes: { resource: storageClassResource, output: 'object', indexes: {} },
    nodes: { resource: nodeResource, output: 'metadata', indexes: {} },
    attachments: { resource: volumeAttachmentResource, output: 'object', indexes: { [volumeIndex]: byAttachedVolume } },
  },
  remember: () => null,
  keys: provisionerKeys,
  observe: observeProvisioner,
  reconcile: (observed) => reconcileProvisioner(observed),
};

export function volumeNameOf(claim: PersistentVolumeClaim): string {
  return `pvc-${uidOf(claim)}`;
}

function provisionerKeys(change: CacheChange<ProvisionerKinds>, caches: Caches<ProvisionerKinds>): readonly string[] {
  const waiting = (name: string): string[] =>
    caches.claims.by(waitingIndex, name).map((each) => `claim ${claimKey(each)}`);
  switch (change.cache) {
    case 'claims':
      return sidesOf<PersistentVolumeClaim>(change)
        .slice(0, 1)
        .filter((claim) => isOurs(provisionerOf(claim)))
        .map((claim) => `claim ${claimKey(claim)}`);
    case 'volumes':
      return sidesOf(change)
        .slice(0, 1)
        .map((volume) => `volume ${nameOf(volume)}`);
    case 'classes':
      return sidesOf(change)
        .slice(0, 1)
        .flatMap((each) => waiting(nameOf(each)));
    case 'attachments':
      return sidesOf<VolumeAttachment>(change)
        .slice(0, 1)
        .flatMap(byAttachedVolume)
        .map((name) => `volume ${name}`);
    case 'nodes':
      // Heartbeats concern nobody: a node that comes or goes does.
      return change.old !== null && change.object !== null ? [] : waiting('');
  }
}

function observeProvisioner(key: string, caches: Caches<ProvisionerKinds>): ProvisionerObserved | null {
  const name = key.slice(key.indexOf(' ') + 1);
  if (key.startsWith('volume ')) {
    const volume = caches.volumes.get(name);
    return volume === undefined
      ? null
      : { type: 'volume', volume, attachments: caches.attachments.by(volumeIndex, name) };
  }
  const claim = caches.claims.get(name);
  if (claim === undefined || !isOurs(provisionerOf(claim))) return null;
  const nodeName = annotationsOf(claim)[selectedNodeAnnotation];
  return {
    type: 'claim',
    claim,
    volumeName: volumeNameOf(claim),
    isMade: caches.volumes.get(volumeNameOf(claim)) !== undefined,
    storageClass: caches.classes.get(classNameOf(claim)),
    selected: nodeName === undefined ? undefined : { name: nodeName, node: caches.nodes.get(nodeName) },
    nodes: () => [...caches.nodes.values()],
  };
}
