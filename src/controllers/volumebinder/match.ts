/** Which volume a claim gets of those that exist. Models kubernetes component-helpers/storage/volume/pv_helpers.go FindMatchingVolume. */
import { compileLabelSelector, matchesLabels } from '../../api/label-selector.ts';
import { labelsOf, nameOf } from '../../api/object-meta.ts';
import { compareQuantities } from '../../api/quantity.ts';
import { capacityOf, isKeptFor, suits } from '../../kinds/persistentvolume/matching.ts';
import type { PersistentVolume } from '../../kinds/persistentvolume/types.ts';
import type { PersistentVolumeClaim } from '../../kinds/persistentvolumeclaim/types.ts';

/**
 * Returns the volume that is kept for the claim if there is one, else the smallest free one of `ofClass` that suits. `kept` are volumes that name
 * a claim of that name, `isTaken` tells which are being given to another claim at this moment.
 */
export function bestVolume(
  claim: PersistentVolumeClaim,
  kept: readonly PersistentVolume[],
  ofClass: readonly PersistentVolume[],
  isTaken: (volume: PersistentVolume) => boolean,
): PersistentVolume | undefined {
  const own = kept.find((volume) => isKeptFor(volume, claim) && suits(volume, claim));
  if (own !== undefined) return own;
  const selector = compileLabelSelector(claim.spec?.selector ?? {});
  let smallest: PersistentVolume | undefined;
  for (const volume of ofClass) {
    if (volume.spec?.claimRef !== undefined || volume.status?.phase !== 'Available') continue;
    if (!suits(volume, claim) || !matchesLabels(selector, labelsOf(volume)) || isTaken(volume)) continue;
    if (smallest === undefined || isSmaller(volume, smallest)) smallest = volume;
  }
  return smallest;
}

function isSmaller(volume: PersistentVolume, other: PersistentVolume): boolean {
  const order = compareQuantities(capacityOf(volume), capacityOf(other));
  return order === 0 ? nameOf(volume) < nameOf(other) : order < 0;
}
