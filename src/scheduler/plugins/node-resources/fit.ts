/**
 * NodeResourcesFit: what a pod requests must be free on the node; of those that have it, the emptier is better (LeastAllocated).
 * Models plugins/noderesources/fit.go and least_allocated.go.
 */

import { scoreMax } from '../../limits.ts';
import type { NodeInfo } from '../../node-info.ts';
import { type FilterPlugin, judging, type ScorePlugin } from '../../plugin.ts';
import type { PodInfo } from '../../pod-info.ts';
import { success, unresolvable, unschedulable, type Verdict } from '../../verdict.ts';

export const nodeResourcesFit: FilterPlugin & ScorePlugin = {
  name: 'NodeResourcesFit',
  events: ['podGone', 'nodeAdded', 'nodeAllocatableChanged'],
  mayHelp(pod, event) {
    if (event.type === 'podGone') return frees(event.pod, pod);
    if (event.type === 'nodeAdded' || event.type === 'nodeAllocatableChanged') return fits(pod, event.node);
    return true;
  },
  prepare(pod) {
    return judging((node) => judge(pod, node));
  },
  scorer(pod) {
    return { score: (node) => leastAllocatedScore(pod, node) };
  },
};

/** Tells whether a pod that is gone freed anything that `pod` requests; it always freed a place. */
function frees(gone: PodInfo, pod: PodInfo): boolean {
  for (const name of pod.requests.keys()) if ((gone.requests.get(name) ?? 0) > 0) return true;
  return pod.requests.size === 0;
}

function fits(pod: PodInfo, node: NodeInfo): boolean {
  for (const [name, amount] of pod.requests) if (amount > (node.allocatable.get(name) ?? 0)) return false;
  return true;
}

function judge(pod: PodInfo, node: NodeInfo): Verdict {
  const reasons: string[] = [];
  let isHopeless = false;
  if (node.pods.size + 1 > (node.allocatable.get('pods') ?? 0)) reasons.push('Too many pods');
  for (const [name, amount] of pod.requests) {
    if (amount === 0) continue;
    const capacity = node.allocatable.get(name) ?? 0;
    if (amount <= capacity - (node.requested.get(name) ?? 0)) continue;
    reasons.push(`Insufficient ${name}`);
    // More than the whole node has: evicting every pod would not help.
    if (amount > capacity) isHopeless = true;
  }
  if (reasons.length === 0) return success;
  return isHopeless ? unresolvable(...reasons) : unschedulable(...reasons);
}

function leastAllocatedScore(pod: PodInfo, node: NodeInfo): number {
  let total = 0;
  let weights = 0;
  for (const name of ['cpu', 'memory']) {
    const capacity = node.allocatable.get(name) ?? 0;
    if (capacity === 0) continue;
    const requested = (node.scoringRequested.get(name) ?? 0) + (pod.scoringRequests.get(name) ?? 0);
    weights += 1;
    if (requested <= capacity) total += Math.floor(((capacity - requested) * scoreMax) / capacity);
  }
  return weights === 0 ? 0 : Math.floor(total / weights);
}
