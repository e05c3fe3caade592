/**
 * VolumeBinding: a pod runs where its volumes can be used. Claims that wait for their first pod get volumes on the node that is chosen, or have them
 * made there. Who binds claims and makes volumes is somebody else; this plugin writes what it chose, and waits.
 * Models plugins/volumebinding/volume_binding.go.
 */

import { isBeingDeleted, nameOf } from '../../../api/object-meta.ts';
import type { PersistentVolume } from '../../../kinds/persistentvolume/types.ts';
import type { NodeInfo } from '../../node-info.ts';
import {
  type FilterPlugin,
  judging,
  type PreBindPlugin,
  type Preparation,
  type ReservePlugin,
  skip,
} from '../../plugin.ts';
import type { PodInfo } from '../../pod-info.ts';
import type { Snapshot } from '../../snapshot.ts';
import type { Storage } from '../../surroundings.ts';
import { success, unresolvable, type Verdict } from '../../verdict.ts';
import { bindVolumes } from '../../volumes/bind-volumes.ts';
import { claimsOfPod, isReachable, type PodClaims } from '../../volumes/claim.ts';
import { findVolumes, type VolumeChoice, volumeChoice } from '../../volumes/find-volumes.ts';

export interface VolumeBindingArgs {
  /** How long a pod waits for its volumes; default 600. */
  readonly bindTimeoutSeconds?: number;
}

const unbound = unresolvable('pod has unbound immediate PersistentVolumeClaims');
const volumeGone = unresolvable('node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)');
const outOfReach = unresolvable("node(s) didn't match PersistentVolume's node affinity");
const noVolume = unresolvable("node(s) didn't find available persistent volumes to bind");

export function volumeBindingWith({
  bindTimeoutSeconds = 600,
}: VolumeBindingArgs): FilterPlugin & ReservePlugin & PreBindPlugin {
  return {
    name: 'VolumeBinding',
    events: ['storageChanged', 'nodeAdded', 'nodeLabelsChanged'],
    prepare,
    reserve,
    unreserve: ({ uid }, _nodeName, { volumePlans }) => volumePlans.delete(uid),
    preBind(pod, _nodeName, snapshot, writer) {
      const plan = snapshot.volumePlans.get(pod.uid);
      return plan === undefined ? null : bindVolumes(plan, snapshot, writer, bindTimeoutSeconds * 1_000);
    },
  };
}

export const volumeBinding = volumeBindingWith({});

function prepare(pod: PodInfo, snapshot: Snapshot): Preparation {
  if (pod.claims.length === 0) return skip;
  const { storage } = snapshot.surroundings;
  const complaint = complaintAbout(pod, storage);
  if (complaint !== null) return { type: 'rejected', rejection: unresolvable(complaint) };
  const claims = claimsOfPod(pod, storage);
  if (claims.immediate.length > 0) return { type: 'rejected', rejection: unbound };
  const volumes = claims.bound.map(({ spec }) => storage.volume(spec?.volumeName ?? ''));
  const choice = volumeChoice(claims.delayed, storage);
  return judging((node) => judge(node, volumes, claims, choice, snapshot));
}

function judge(
  node: NodeInfo,
  volumes: readonly (PersistentVolume | undefined)[],
  { delayed }: PodClaims,
  choice: VolumeChoice,
  snapshot: Snapshot,
): Verdict {
  for (const volume of volumes) {
    if (volume === undefined) return volumeGone;
    if (!isReachable(volume, node)) return outOfReach;
  }
  return delayed.length === 0 || findVolumes(delayed, choice, node, snapshot) !== null ? success : noVolume;
}

function reserve(pod: PodInfo, nodeName: string, snapshot: Snapshot): Verdict {
  if (pod.claims.length === 0) return success;
  const { storage } = snapshot.surroundings;
  const { delayed } = claimsOfPod(pod, storage);
  const node = snapshot.node(nodeName);
  if (delayed.length === 0 || node === undefined) return success;
  const plan = findVolumes(delayed, volumeChoice(delayed, storage), node, snapshot);
  if (plan === null) return noVolume;
  snapshot.volumePlans.set(pod.uid, plan);
  return success;
}

/** Says which claim keeps the pod from running anywhere; null when none does. */
function complaintAbout({ claims, namespace, pod, key, uid }: PodInfo, storage: Storage): string | null {
  const ephemeral = new Set(
    (pod.spec.volumes ?? []).flatMap((volume) =>
      volume.ephemeral === undefined ? [] : [`${nameOf(pod)}-${volume.name}`],
    ),
  );
  for (const name of claims) {
    const claim = storage.claim(namespace, name);
    const quoted = `persistentvolumeclaim ${JSON.stringify(name)}`;
    if (claim === undefined) {
      return ephemeral.has(name)
        ? `waiting for ephemeral volume controller to create the ${quoted}`
        : `${quoted} not found`;
    }
    if (claim.status?.phase === 'Lost') {
      return `${quoted} bound to non-existent persistentvolume ${JSON.stringify(claim.spec?.volumeName ?? '')}`;
    }
    if (isBeingDeleted(claim)) return `${quoted} is being deleted`;
    const isOwned = (claim.metadata.ownerReferences ?? []).some(
      (owner) => owner.controller === true && owner.uid === uid,
    );
    if (ephemeral.has(name) && !isOwned) {
      return `PVC ${JSON.stringify(`${namespace}/${name}`)} was not created for pod ${JSON.stringify(key)} (pod is not owner)`;
    }
  }
  return null;
}
