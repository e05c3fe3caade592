/**
 * NodeResourcesFit: what a pod requests must be free on the node; which of those that have it is better is a matter of strategy.
 * Models plugins/noderesources/fit.go.
 */

import type { NodeInfo } from '../../node-info.ts';
import { type FilterPlugin, judging, type ScorePlugin } from '../../plugin.ts';
import type { PodInfo } from '../../pod-info.ts';
import { success, unresolvable, unschedulable, type Verdict } from '../../verdict.ts';
import { type ScoringStrategy, strategyScorer } from './strategy.ts';

export interface NodeResourcesFitArgs {
  /** Extended resources that are not counted, by name or by group (what is before the slash). */
  readonly ignoredResources?: readonly string[];
  readonly ignoredResourceGroups?: readonly string[];
  /** Default: the emptier in cpu and memory, the better. */
  readonly scoringStrategy?: ScoringStrategy;
}

type Ignores = (resource: string) => boolean;

export function nodeResourcesFitWith(args: NodeResourcesFitArgs): FilterPlugin & ScorePlugin {
  const ignores = ignoring(args);
  const scorerFor = strategyScorer(args.scoringStrategy ?? {});
  return {
    name: 'NodeResourcesFit',
    events: ['podGone', 'podScaledDown', 'nodeAdded', 'nodeAllocatableChanged'],
    mayHelp(pod, event) {
      if (event.type === 'podGone') return frees(event.pod, pod);
      if (event.type === 'nodeAdded' || event.type === 'nodeAllocatableChanged') return fits(pod, event.node, ignores);
      return true;
    },
    prepare: (pod) => judging((node) => judge(pod, node, ignores)),
    scorer: (pod) => scorerFor(pod),
  };
}

export const nodeResourcesFit = nodeResourcesFitWith({});

function ignoring({ ignoredResources = [], ignoredResourceGroups = [] }: NodeResourcesFitArgs): Ignores {
  if (ignoredResources.length + ignoredResourceGroups.length === 0) return () => false;
  const names = new Set(ignoredResources);
  const groups = new Set(ignoredResourceGroups);
  return (name) => names.has(name) || (name.includes('/') && groups.has(name.slice(0, name.indexOf('/'))));
}

/** Tells whether a pod that is gone freed anything that `pod` requests; it always freed a place. */
function frees(gone: PodInfo, pod: PodInfo): boolean {
  for (const name of pod.requests.keys()) if ((gone.requests.get(name) ?? 0) > 0) return true;
  return pod.requests.size === 0;
}

/** Tells whether the pod would fit on the node if it were empty. */
function fits(pod: PodInfo, node: NodeInfo, ignores: Ignores): boolean {
  for (const [name, amount] of pod.requests) {
    if (amount > (node.allocatable.get(name) ?? 0) && !ignores(name)) return false;
  }
  return true;
}

function judge(pod: PodInfo, node: NodeInfo, ignores: Ignores): Verdict {
  const reasons: string[] = [];
  let isHopeless = false;
  if (node.pods.size + 1 > (node.allocatable.get('pods') ?? 0)) reasons.push('Too many pods');
  for (const [name, amount] of pod.requests) {
    if (amount === 0) continue;
    const capacity = node.allocatable.get(name) ?? 0;
    if (amount <= capacity - (node.requested.get(name) ?? 0) || ignores(name)) continue;
    reasons.push(`Insufficient ${name}`);
    // More than the whole node has: evicting every pod would not help.
    if (amount > capacity) isHopeless = true;
  }
  if (reasons.length === 0) return success;
  return isHopeless ? unresolvable(...reasons) : unschedulable(...reasons);
}
