/**
 * Which volumes a pod would get on a node, for claims that wait for that choice: the smallest that fits of those that exist, or one to be made.
 * Models kubernetes component-helpers/storage/volume/pv_helpers.go FindMatchingVolume and plugins/volumebinding/binder.go FindPodVolumes.
 */
import { compileLabelSelector, matchesLabels } from '../../api/label-selector.ts';
import { annotationsOf, labelsOf, nameOf } from '../../api/object-meta.ts';
import { compareQuantities } from '../../api/quantity.ts';
import {
  capacityOf,
  classNameOf,
  isKeptFor,
  selectedNodeAnnotation,
  suits,
} from '../../kinds/persistentvolume/matching.ts';
import type { PersistentVolume } from '../../kinds/persistentvolume/types.ts';
import type { PersistentVolumeClaim } from '../../kinds/persistentvolumeclaim/types.ts';
import type { StorageClass } from '../../kinds/storageclass/types.ts';
import type { NodeInfo } from '../node-info.ts';
import type { Snapshot } from '../snapshot.ts';
import type { Storage } from '../surroundings.ts';
import type { VolumePlan } from '../volume-plans.ts';
import { claimKey, isReachable } from './claim.ts';

const noProvisioner = 'kubernetes.io/no-provisioner';

/** Volumes by the name of their class. */
export type VolumeChoice = ReadonlyMap<string, readonly PersistentVolume[]>;

/** Looks up the volumes that some claims choose from: once for all nodes. */
export function volumeChoice(claims: readonly PersistentVolumeClaim[], storage: Storage): VolumeChoice {
  return new Map([...new Set(claims.map(classNameOf))].map((name) => [name, storage.volumesOf(name)]));
}

/** Plans volumes for all of `claims` on `node`; null when one of them can get none there. */
export function findVolumes(
  claims: readonly PersistentVolumeClaim[],
  choice: VolumeChoice,
  node: NodeInfo,
  snapshot: Snapshot,
): VolumePlan | null {
  const matched = new Map<string, string>();
  const provisioned: string[] = [];
  const taken = new Set<string>();
  for (const claim of claims) {
    const selected = annotationsOf(claim)[selectedNodeAnnotation] ?? '';
    if (selected !== '' && selected !== node.name) return null;
    const volume = selected === '' ? matchingVolume(claim, choice, node, snapshot, taken) : undefined;
    if (volume !== undefined) {
      taken.add(nameOf(volume));
      matched.set(claimKey(claim), nameOf(volume));
    } else if (canProvision(snapshot.surroundings.storage.storageClass(classNameOf(claim)), node)) {
      provisioned.push(claimKey(claim));
    } else {
      return null;
    }
  }
  return { nodeName: node.name, matched, provisioned };
}

function matchingVolume(
  claim: PersistentVolumeClaim,
  choice: VolumeChoice,
  node: NodeInfo,
  { volumePlans }: Snapshot,
  taken: ReadonlySet<string>,
): PersistentVolume | undefined {
  const key = claimKey(claim);
  let smallest: PersistentVolume | undefined;
  for (const volume of choice.get(classNameOf(claim)) ?? []) {
    const keptFor = volumePlans.claimOf(nameOf(volume)) ?? key;
    if (taken.has(nameOf(volume)) || keptFor !== key || !suits(volume, claim) || !isReachable(volume, node)) continue;
    if (isKeptFor(volume, claim)) return volume;
    if (volume.spec?.claimRef !== undefined || volume.status?.phase !== 'Available') continue;
    if (!matchesLabels(compileSelector(claim), labelsOf(volume))) continue;
    if (smallest === undefined || compareQuantities(capacityOf(volume), capacityOf(smallest)) < 0) smallest = volume;
  }
  return smallest;
}

/** A claim without a selector takes any volume. */
function compileSelector({ spec }: PersistentVolumeClaim): ReturnType<typeof compileLabelSelector> {
  return compileLabelSelector(spec?.selector ?? {});
}

function canProvision(storageClass: StorageClass | undefined, { labels }: NodeInfo): boolean {
  if (storageClass === undefined || storageClass.provisioner === noProvisioner) return false;
  const topologies = storageClass.allowedTopologies ?? [];
  if (topologies.length === 0) return true;
  return topologies.some(({ matchLabelExpressions = [] }) =>
    matchLabelExpressions.every(({ key, values }) => values.includes(labels[key] ?? '')),
  );
}
