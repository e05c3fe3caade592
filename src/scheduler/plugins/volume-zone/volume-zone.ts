/** VolumeZone: a volume that is labelled with a zone or region is used there. Models plugins/volumezone/volume_zone.go. */
import { labelsOf } from '../../../api/object-meta.ts';
import { type FilterPlugin, judging, skip } from '../../plugin.ts';
import { success, unresolvable } from '../../verdict.ts';
import { claimsOfPod } from '../../volumes/claim.ts';

const conflict = unresolvable('node(s) had no available volume zone');
const topologyLabels = [
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
];
/** A volume that is in several zones names them with this between them. */
const separator = '__';

export const volumeZone: FilterPlugin = {
  name: 'VolumeZone',
  events: ['storageChanged', 'nodeAdded', 'nodeLabelsChanged'],
  prepare(pod, { surroundings: { storage } }) {
    if (pod.claims.length === 0) return skip;
    const wanted: { readonly label: string; readonly values: readonly string[] }[] = [];
    for (const { spec } of claimsOfPod(pod, storage).bound) {
      const volume = storage.volume(spec?.volumeName ?? '');
      for (const label of topologyLabels) {
        const value = volume === undefined ? undefined : labelsOf(volume)[label];
        if (value !== undefined) wanted.push({ label, values: value.split(separator) });
      }
    }
    if (wanted.length === 0) return skip;
    return judging(({ labels }) => {
      // A node without any such label is in a cluster without zones.
      if (!topologyLabels.some((label) => labels[label] !== undefined)) return success;
      return wanted.every(({ label, values }) => values.includes(labels[label] ?? '')) ? success : conflict;
    });
  },
};
