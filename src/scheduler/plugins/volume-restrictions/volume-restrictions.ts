/**
 * VolumeRestrictions: a disk that only one can write is not used by two pods of a node, and a claim for one pod only not by two of the cluster.
 * Models plugins/volumerestrictions/volume_restrictions.go.
 */
import type { Pod } from '../../../kinds/pod/types.ts';
import { type FilterPlugin, judging, skip } from '../../plugin.ts';
import { success, unschedulable } from '../../verdict.ts';

const diskConflict = unschedulable('node(s) had no available disk');
const claimInUse = unschedulable(
  'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod',
);

/** A disk by what tells it from others; two readers may share one. */
interface Disk {
  readonly id: string;
  readonly isReadOnly: boolean;
}

export const volumeRestrictions: FilterPlugin = {
  name: 'VolumeRestrictions',
  events: ['podGone', 'storageChanged', 'nodeAdded'],
  mayHelp: (pod, event) =>
    event.type !== 'podGone' ||
    event.pod.claims.some((name) => event.pod.namespace === pod.namespace && pod.claims.includes(name)) ||
    disksOf(event.pod.pod).length > 0,
  prepare(pod, snapshot) {
    const disks = disksOf(pod.pod);
    const isTaken = pod.claims.some((name) => {
      const modes = snapshot.surroundings.storage.claim(pod.namespace, name)?.spec?.accessModes ?? [];
      return modes.includes('ReadWriteOncePod') && snapshot.claimUsers.count(`${pod.namespace}/${name}`) > 0;
    });
    if (isTaken) return judging(() => claimInUse);
    if (disks.length === 0) return skip;
    return judging((node) => {
      for (const { pod: other } of node.pods.values()) {
        const held = disksOf(other);
        if (disks.some((disk) => held.some((taken) => conflicts(disk, taken)))) return diskConflict;
      }
      return success;
    });
  },
};

function conflicts(left: Disk, right: Disk): boolean {
  return left.id === right.id && !(left.isReadOnly && right.isReadOnly);
}

function disksOf({ spec }: Pod): readonly Disk[] {
  return (spec.volumes ?? []).flatMap(({ gcePersistentDisk: gce, awsElasticBlockStore: aws, iscsi, rbd }): Disk[] => {
    if (gce !== undefined) return [{ id: `gce/${gce.pdName}`, isReadOnly: gce.readOnly === true }];
    // Even readers do not share one of these.
    if (aws !== undefined) return [{ id: `aws/${aws.volumeID}`, isReadOnly: false }];
    if (iscsi !== undefined) return [{ id: `iscsi/${iscsi.iqn}`, isReadOnly: iscsi.readOnly === true }];
    if (rbd === undefined) return [];
    const { monitors, pool = 'rbd', image } = rbd;
    return monitors.map((monitor) => ({ id: `rbd/${monitor}/${pool}/${image}`, isReadOnly: rbd.readOnly === true }));
  });
}
