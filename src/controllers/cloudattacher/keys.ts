/**
 * The simulated cloud: attaches its disks to nodes and takes them off again, which takes a while. A disk is on one node at a time, whatever
 * VolumeAttachments ask for. Keys are volumes. Does what the external-attacher of kubernetes-csi and a driver do together.
 */
import type { IndexFunction } from '../../api/object-index.ts';
import type { MonotonicMs } from '../../base/brand.ts';
import type { VolumeAttachment } from '../../kinds/volumeattachment/types.ts';
import { type Controller, sidesOf } from '../controller.ts';
import { volumeAttachmentResource } from '../resources.ts';
import { byAttachedVolume, cloudDriver, volumeIndex } from '../storage.ts';
import { reconcileDisk } from './reconcile.ts';

export interface CloudKinds {
  readonly attachments: VolumeAttachment;
}

export interface CloudTiming {
  readonly diskAttachMs: number;
  readonly diskDetachMs: number;
}

/** Since when disks are on their way, by the uid of the attachment. */
export type Journeys = Map<string, MonotonicMs>;

const ourByVolume: IndexFunction<VolumeAttachment> = (attachment) =>
  attachment.spec.attacher === cloudDriver ? byAttachedVolume(attachment) : [];

export function cloudAttacherController(
  timing: CloudTiming,
): Controller<CloudKinds, readonly VolumeAttachment[], Journeys> {
  return {
    name: 'cloud-attacher',
    watches: {
      attachments: {
        resource: volumeAttachmentResource,
        output: 'object',
        indexes: { [volumeIndex]: ourByVolume },
      },
    },
    remember: () => new Map(),
    keys: (change) => sidesOf<VolumeAttachment>(change).slice(0, 1).flatMap(byAttachedVolume),
    observe(volume, { attachments }) {
      const ours = attachments.by(volumeIndex, volume);
      return ours.length === 0 ? null : ours;
    },
    reconcile: (attachments, context) => reconcileDisk(attachments, context, timing),
  };
}
