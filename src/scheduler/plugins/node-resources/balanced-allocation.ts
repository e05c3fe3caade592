/**
 * NodeResourcesBalancedAllocation: prefers nodes where the pod leaves cpu and memory equally used, so that neither runs out alone.
 * Models plugins/noderesources/balanced_allocation.go.
 */
import { scoreMax } from '../../limits.ts';
import type { NodeInfo } from '../../node-info.ts';
import type { ScorePlugin } from '../../plugin.ts';
import type { Amounts } from '../../resources.ts';

export const nodeResourcesBalancedAllocation: ScorePlugin = {
  name: 'NodeResourcesBalancedAllocation',
  scorer(pod) {
    if (!pod.requests.has('cpu') && !pod.requests.has('memory')) return null;
    return { score: (node) => Math.floor((1 - deviation(node, pod.requests)) * scoreMax) };
  },
};

/** The standard deviation of the used shares of cpu and memory: for two, half of their distance. */
function deviation(node: NodeInfo, added: Amounts): number {
  const shares: number[] = [];
  for (const name of ['cpu', 'memory']) {
    const capacity = node.allocatable.get(name) ?? 0;
    if (capacity === 0) continue;
    shares.push(Math.min(1, ((node.requested.get(name) ?? 0) + (added.get(name) ?? 0)) / capacity));
  }
  const [first = 0, second = 0] = shares;
  return shares.length < 2 ? 0 : Math.abs(first - second) / 2;
}
