/** Whether a claim gets a volume now and which, and whether a volume goes. */

import { annotationsOf, isBeingDeleted, nameOf, namespaceOf } from '../../api/object-meta.ts';
import type { Node } from '../../kinds/node/types.ts';
import { selectedNodeAnnotation } from '../../kinds/persistentvolume/matching.ts';
import type { PersistentVolume } from '../../kinds/persistentvolume/types.ts';
import type { PersistentVolumeClaim } from '../../kinds/persistentvolumeclaim/types.ts';
import type { StorageClass } from '../../kinds/storageclass/types.ts';
import type { VolumeAttachment } from '../../kinds/volumeattachment/types.ts';
import { create, type EventRecord, nothingToDo, type Plan, patch, plan, remove } from '../plan.ts';
import { persistentVolumeClaimResource, persistentVolumeResource } from '../resources.ts';
import { cloudProvisioner, isOurs, localProvisioner, provisionedByAnnotation } from '../storage.ts';
import { type Place, placeFor } from './place.ts';
import { volumeFor } from './volume.ts';

export type ProvisionerObserved =
  | {
      readonly type: 'claim';
      readonly claim: PersistentVolumeClaim;
      readonly volumeName: string;
      readonly isMade: boolean;
      readonly storageClass: StorageClass | undefined;
      /** The node that the scheduler chose, if it did; it may be gone. */
      readonly selected: { readonly name: string; readonly node: Node | undefined } | undefined;
      readonly nodes: () => readonly Node[];
    }
  | {
      readonly type: 'volume';
      readonly volume: PersistentVolume;
      readonly attachments: readonly VolumeAttachment[];
    };

type ClaimObserved = Extract<ProvisionerObserved, { type: 'claim' }>;

/** Both are written by one node at a time. */
const accessModes = ['ReadWriteOnce', 'ReadWriteOncePod'];

export function reconcileProvisioner(observed: ProvisionerObserved): Plan {
  return observed.type === 'claim' ? provision(observed) : deleteReleased(observed.volume, observed.attachments);
}

function provision(observed: ClaimObserved): Plan {
  const { claim, storageClass, isMade, volumeName, selected } = observed;
  if (isMade || isBeingDeleted(claim) || (claim.spec?.volumeName ?? '') !== '') return nothingToDo;
  if (storageClass === undefined || (storageClass.volumeBindingMode === 'WaitForFirstConsumer' && !selected)) {
    return nothingToDo;
  }
  const complaint = complaintAbout(claim, storageClass);
  if (complaint !== null) return refuse(claim, complaint, false);
  const place = placeFor(claim, storageClass, selected, observed.nodes);
  if (place.type === 'none') return refuse(claim, place.message, selected !== undefined);
  return make(claim, storageClass, volumeName, place);
}

function make(claim: PersistentVolumeClaim, storageClass: StorageClass, volumeName: string, place: Place): Plan {
  const volume = volumeFor(claim, storageClass, volumeName, place);
  const key = JSON.stringify(`${namespaceOf(claim)}/${nameOf(claim)}`);
  const tell = (reason: string, message: string): EventRecord => ({ object: claim, type: 'Normal', reason, message });
  return plan([[create(persistentVolumeResource, volume, [409])]], {
    events: [
      tell('Provisioning', `External provisioner is provisioning volume for claim ${key}`),
      tell('ProvisioningSucceeded', `Successfully provisioned volume ${volumeName}`),
    ],
  });
}

function complaintAbout(
  { spec }: PersistentVolumeClaim,
  { provisioner, parameters = {} }: StorageClass,
): string | null {
  const mode = (spec.accessModes ?? []).find((each) => !accessModes.includes(each));
  if (mode !== undefined)
    return `access mode ${mode} is not supported: ${provisioner} supports ${accessModes.join(', ')}`;
  if ((spec.dataSource ?? spec.dataSourceRef) !== undefined) return 'data sources are not supported';
  if (provisioner === cloudProvisioner) return null;
  if (spec.volumeMode === 'Block') return 'block volume provisioning is not supported';
  // Those of other clusters pass over parameters that they do not know.
  if (provisioner !== localProvisioner) return null;
  const [unknown] = Object.keys(parameters);
  return unknown === undefined ? null : `invalid option ${JSON.stringify(unknown)} in storage class`;
}

/** A node on which nothing can be made is given back: the scheduler chooses again. */
function refuse(claim: PersistentVolumeClaim, message: string, isNodesFault: boolean): Plan {
  const text = `failed to provision volume with StorageClass ${JSON.stringify(claim.spec.storageClassName ?? '')}: ${message}`;
  const events: EventRecord[] = [{ object: claim, type: 'Warning', reason: 'ProvisioningFailed', message: text }];
  if (!isNodesFault) return plan([], { events });
  const { uid, resourceVersion } = claim.metadata;
  const body = { metadata: { uid, resourceVersion, annotations: { [selectedNodeAnnotation]: null } } };
  return plan([[patch(persistentVolumeClaimResource, claim, body)]], { events });
}

/** Only in the version that was seen released: nothing is deleted that came back to life. */
function deleteReleased(volume: PersistentVolume, attachments: readonly VolumeAttachment[]): Plan {
  const { spec = {}, status, metadata } = volume;
  const maker = annotationsOf(volume)[provisionedByAnnotation] ?? '';
  if (!isOurs(maker) || isBeingDeleted(volume) || status?.phase !== 'Released') return nothingToDo;
  if (spec.persistentVolumeReclaimPolicy !== 'Delete') return nothingToDo;
  const [attachment] = attachments;
  if (attachment !== undefined) {
    const message = `persistentvolume ${nameOf(volume)} is still attached to node ${attachment.spec.nodeName}`;
    return plan([], { events: [{ object: volume, type: 'Warning', reason: 'VolumeFailedDelete', message }] });
  }
  const { resourceVersion = '' } = metadata;
  return plan([[remove(persistentVolumeResource, volume, { resourceVersion })]]);
}
