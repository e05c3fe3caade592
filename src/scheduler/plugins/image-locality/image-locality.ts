/**
 * ImageLocality: prefers nodes that have the pod's images already. An image counts for less while few nodes have it, so that pods do not pile up
 * on the one node that pulled it first. Models plugins/imagelocality/image_locality.go.
 */
import { scoreMax } from '../../limits.ts';
import type { ScorePlugin } from '../../plugin.ts';

const megabyte = 1_024 * 1_024;
/** Less than this is pulled in no time. */
const bytesMin = 23 * megabyte;
/** More than this per container makes no difference. */
const bytesMaxPerContainer = 1_000 * megabyte;

export const imageLocality: ScorePlugin = {
  name: 'ImageLocality',
  scorer({ images }, _nodes, snapshot) {
    const weights = images.map((name) => ({ name, spread: snapshot.imageNodes.count(name) / snapshot.nodeCount }));
    if (weights.every(({ spread }) => spread === 0)) return null;
    const bytesMax = bytesMaxPerContainer * images.length;
    return {
      score(node) {
        let bytes = 0;
        for (const { name, spread } of weights) bytes += Math.floor((node.images.get(name) ?? 0) * spread);
        const counted = Math.min(Math.max(bytes, bytesMin), bytesMax);
        return Math.floor((scoreMax * (counted - bytesMin)) / (bytesMax - bytesMin));
      },
    };
  },
};
