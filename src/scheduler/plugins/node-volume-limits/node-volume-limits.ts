/**
 * NodeVolumeLimits: a storage driver attaches only so many volumes to a node. Volumes that several pods of the node share count once.
 * Models plugins/nodevolumelimits/csi.go.
 */

import { classNameOf } from '../../../kinds/persistentvolume/matching.ts';
import { type FilterPlugin, judging, skip } from '../../plugin.ts';
import type { PodInfo } from '../../pod-info.ts';
import type { Storage } from '../../surroundings.ts';
import { success, unschedulable } from '../../verdict.ts';
import { claimKey } from '../../volumes/claim.ts';

const tooMany = unschedulable('node(s) exceed max volume count');

/** Volumes by a name that is theirs alone, with their driver. */
type Attached = Map<string, string>;

export const nodeVolumeLimits: FilterPlugin = {
  name: 'NodeVolumeLimits',
  events: ['podGone', 'storageChanged', 'nodeAdded'],
  mayHelp: (_pod, event) => event.type !== 'podGone' || event.pod.claims.length > 0,
  prepare(pod, { surroundings: { storage } }) {
    if (pod.claims.length === 0) return skip;
    const wanted: Attached = new Map();
    addVolumes(pod, storage, wanted);
    if (wanted.size === 0) return skip;
    return judging((node) => {
      const limits = limitsOf(node.name, storage);
      if (limits.size === 0) return success;
      const attached: Attached = new Map(wanted);
      for (const other of node.pods.values()) if (other.claims.length > 0) addVolumes(other, storage, attached);
      const counts = new Map<string, number>();
      for (const driver of attached.values()) counts.set(driver, (counts.get(driver) ?? 0) + 1);
      for (const driver of wanted.values()) {
        if ((counts.get(driver) ?? 0) > (limits.get(driver) ?? Number.POSITIVE_INFINITY)) return tooMany;
      }
      return success;
    });
  },
};

function limitsOf(nodeName: string, storage: Storage): ReadonlyMap<string, number> {
  const drivers = storage.csiNode(nodeName)?.spec?.drivers ?? [];
  return new Map(
    drivers.flatMap(({ name, allocatable }) =>
      allocatable?.count === undefined ? [] : [[name, allocatable.count] as const],
    ),
  );
}

/** A claim without a volume counts as one of its class's provisioner. */
function addVolumes(pod: PodInfo, storage: Storage, attached: Attached): void {
  for (const name of pod.claims) {
    const claim = storage.claim(pod.namespace, name);
    if (claim === undefined) continue;
    const volume = storage.volume(claim.spec?.volumeName ?? '');
    const csi = volume?.spec?.csi;
    if (csi !== undefined) attached.set(`${csi.driver}/${csi.volumeHandle}`, csi.driver);
    if (volume !== undefined) continue;
    const provisioner = storage.storageClass(classNameOf(claim))?.provisioner;
    if (provisioner !== undefined) attached.set(`${provisioner}/${claimKey(claim)}`, provisioner);
  }
}
