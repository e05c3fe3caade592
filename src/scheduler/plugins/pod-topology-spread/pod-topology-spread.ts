/**
 * PodTopologySpread: keeps the numbers of matching pods in the domains of a topology (zones, hosts) close to each other.
 * Counts per node come from the snapshot's index, so a cycle costs one pass over the nodes and none over the pods.
 * Models plugins/podtopologyspread/filtering.go and scoring.go.
 */
import { scoreMax } from '../../limits.ts';
import type { MatchCounts } from '../../match-index.ts';
import type { NodeInfo } from '../../node-info.ts';
import { type FilterPlugin, judging, type ScorePlugin, type Scorer, skip } from '../../plugin.ts';
import type { PodInfo } from '../../pod-info.ts';
import type { Snapshot } from '../../snapshot.ts';
import { success, unresolvable, unschedulable, type Verdict } from '../../verdict.ts';
import {
  type Constraint,
  constraintsOf,
  hasTopology,
  hostnameLabel,
  matchesItself,
  type PodTopologySpreadArgs,
  spreadDefaultsOf,
} from './constraint.ts';

const tooSkewed = unschedulable("node(s) didn't match pod topology spread constraints");
const missingLabel = unresolvable("node(s) didn't match pod topology spread constraints (missing required label)");

/** A hard constraint with what the cluster looks like under it. */
interface HardSpread {
  readonly constraint: Constraint;
  /** Matching pods per domain, over the nodes that count. */
  readonly domains: ReadonlyMap<string, number>;
  readonly fewest: number;
  /** 1 when the pod itself matches the selector. */
  readonly own: number;
}

interface SoftSpread {
  readonly constraint: Constraint;
  readonly perNode: MatchCounts;
  /** Matching pods per domain of the feasible nodes; unused for hosts. */
  readonly domains: ReadonlyMap<string, number>;
  /** Evens out that a topology with more domains has fewer pods in each. */
  readonly weight: number;
}

export function podTopologySpreadWith(args: PodTopologySpreadArgs): FilterPlugin & ScorePlugin {
  const defaults = spreadDefaultsOf(args);
  return {
    name: 'PodTopologySpread',
    events: [
      'podPlaced',
      'podLabelsChanged',
      'podGone',
      'nodeAdded',
      'nodeGone',
      'nodeLabelsChanged',
      'nodeTaintsChanged',
    ],
    mayHelp(pod, event) {
      return !('pod' in event) || event.pod.namespace === pod.namespace;
    },
    prepare(pod, snapshot) {
      const constraints = constraintsOf(pod, 'DoNotSchedule', snapshot, defaults);
      if (constraints.length === 0) return skip;
      const eligible = snapshot.nodes().filter(({ labels }) => hasTopology(labels, constraints));
      const spreads = constraints.map((constraint) => hardSpread(pod, constraint, eligible, snapshot));
      return judging((node) => judge(node, spreads));
    },
    scorer(pod, nodes, snapshot) {
      const constraints = constraintsOf(pod, 'ScheduleAnyway', snapshot, defaults);
      if (constraints.length === 0) return null;
      const mustHaveAll = !defaults.isLenient || (pod.pod.spec.topologySpreadConstraints ?? []).length > 0;
      return scorerOf(pod, constraints, nodes, snapshot, mustHaveAll);
    },
  };
}

export const podTopologySpread = podTopologySpreadWith({});

function hardSpread(
  pod: PodInfo,
  constraint: Constraint,
  eligible: readonly NodeInfo[],
  snapshot: Snapshot,
): HardSpread {
  const perNode = snapshot.matchCounts(pod.namespace, constraint.selector, 'live');
  const domains = new Map<string, number>();
  for (const node of eligible) {
    if (!constraint.counts(node)) continue;
    const domain = node.labels[constraint.topologyKey] ?? '';
    domains.set(domain, (domains.get(domain) ?? 0) + (perNode.get(node.name) ?? 0));
  }
  let fewest = Number.POSITIVE_INFINITY;
  for (const count of domains.values()) fewest = Math.min(fewest, count);
  if (domains.size < constraint.minDomains) fewest = 0;
  return { constraint, domains, fewest, own: matchesItself(pod, constraint) ? 1 : 0 };
}

function judge({ labels }: NodeInfo, spreads: readonly HardSpread[]): Verdict {
  for (const { constraint, domains, fewest, own } of spreads) {
    const domain = labels[constraint.topologyKey];
    if (domain === undefined) return missingLabel;
    if ((domains.get(domain) ?? 0) + own - fewest > constraint.maxSkew) return tooSkewed;
  }
  return success;
}

function scorerOf(
  pod: PodInfo,
  constraints: readonly Constraint[],
  nodes: readonly NodeInfo[],
  snapshot: Snapshot,
  mustHaveAll: boolean,
): Scorer {
  const isIgnored = ({ labels }: NodeInfo): boolean => mustHaveAll && !hasTopology(labels, constraints);
  const scored = nodes.filter((node) => !isIgnored(node));
  const spreads = constraints.map((constraint) => softSpread(pod, constraint, scored, snapshot));
  return {
    score: (node) => (isIgnored(node) ? -1 : Math.round(crowding(node, spreads))),
    normalize: normalizeCrowding,
  };
}

function softSpread(pod: PodInfo, constraint: Constraint, scored: readonly NodeInfo[], snapshot: Snapshot): SoftSpread {
  const { topologyKey } = constraint;
  const perNode = snapshot.matchCounts(pod.namespace, constraint.selector, 'live');
  const domains = new Map<string, number>();
  if (topologyKey === hostnameLabel) return { constraint, perNode, domains, weight: Math.log(scored.length + 2) };
  for (const { labels } of scored) domains.set(labels[topologyKey] ?? '', 0);
  for (const [name, count] of perNode) {
    const node = snapshot.node(name);
    const domain = node?.labels[topologyKey] ?? '';
    const known = domains.get(domain);
    if (node !== undefined && known !== undefined && constraint.counts(node)) domains.set(domain, known + count);
  }
  return { constraint, perNode, domains, weight: Math.log(domains.size + 2) };
}

function crowding(node: NodeInfo, spreads: readonly SoftSpread[]): number {
  let total = 0;
  for (const { constraint, perNode, domains, weight } of spreads) {
    const domain = node.labels[constraint.topologyKey];
    if (domain === undefined) continue;
    const isHost = constraint.topologyKey === hostnameLabel;
    const count = isHost ? (perNode.get(node.name) ?? 0) : (domains.get(domain) ?? 0);
    // A larger skew waters the differences down.
    total += count * weight + (constraint.maxSkew - 1);
  }
  return total;
}

/** The least crowded scores highest; nodes that lack a label (-1) score 0. */
function normalizeCrowding(scores: number[]): void {
  let lowest = Number.POSITIVE_INFINITY;
  let highest = 0;
  for (const score of scores) {
    if (score < 0) continue;
    lowest = Math.min(lowest, score);
    highest = Math.max(highest, score);
  }
  for (const [index, score] of scores.entries()) {
    if (score < 0) scores[index] = 0;
    else if (highest === 0) scores[index] = scoreMax;
    else scores[index] = Math.floor((scoreMax * (highest + lowest - score)) / highest);
  }
}
