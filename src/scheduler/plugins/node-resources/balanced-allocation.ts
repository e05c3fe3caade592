/**
 * NodeResourcesBalancedAllocation: prefers nodes where the pod leaves some resources equally used, so that none runs out alone.
 * Models plugins/noderesources/balanced_allocation.go.
 */
import { scoreMax } from '../../limits.ts';
import type { NodeInfo } from '../../node-info.ts';
import type { ScorePlugin } from '../../plugin.ts';
import type { PodInfo } from '../../pod-info.ts';

export interface NodeResourcesBalancedAllocationArgs {
  /** Default: cpu and memory. Weights are ignored. */
  readonly resources?: readonly { readonly name: string; readonly weight?: number }[];
}

export function nodeResourcesBalancedAllocationWith(args: NodeResourcesBalancedAllocationArgs): ScorePlugin {
  const names = (args.resources ?? [{ name: 'cpu' }, { name: 'memory' }]).map(({ name }) => name);
  return {
    name: 'NodeResourcesBalancedAllocation',
    scorer(pod) {
      if (!names.some((name) => pod.requests.has(name))) return null;
      return { score: (node) => Math.floor((1 - deviation(node, pod, names)) * scoreMax) };
    },
  };
}

export const nodeResourcesBalancedAllocation = nodeResourcesBalancedAllocationWith({});

/** The standard deviation of the used shares: for two resources, half of their distance. */
function deviation(node: NodeInfo, pod: PodInfo, names: readonly string[]): number {
  let count = 0;
  let sum = 0;
  let squares = 0;
  for (const name of names) {
    const capacity = node.allocatable.get(name) ?? 0;
    const added = pod.requests.get(name) ?? 0;
    if (capacity === 0 || (added === 0 && name.includes('/'))) continue;
    const share = Math.min(1, ((node.requested.get(name) ?? 0) + added) / capacity);
    count += 1;
    sum += share;
    squares += share * share;
  }
  return count < 2 ? 0 : Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
}
