/**
 * InterPodAffinity: a pod runs near some pods and away from others, and pods that are there already keep it away or draw it near.
 * Terms of placed pods are indexed by what they say, and matches of the incoming pod's terms by selector, so no cycle looks at all pods.
 * Models plugins/interpodaffinity/filtering.go and scoring.go.
 */
import { scoreMax } from '../../limits.ts';
import type { NodeInfo } from '../../node-info.ts';
import { type FilterPlugin, judging, type Preparation, type ScorePlugin, type Scorer, skip } from '../../plugin.ts';
import type { PodInfo } from '../../pod-info.ts';
import { type PodTerm, termSelects } from '../../pod-term.ts';
import type { Snapshot } from '../../snapshot.ts';
import type { PlacedTerm } from '../../term-index.ts';
import { success, unresolvable, unschedulable } from '../../verdict.ts';

const affinityUnmet = unresolvable("node(s) didn't match pod affinity rules");
const antiAffinityUnmet = unschedulable("node(s) didn't match pod anti-affinity rules");
const existingUnmet = unschedulable("node(s) didn't satisfy existing pods anti-affinity rules");

export interface InterPodAffinityArgs {
  /** What one required affinity term of a placed pod is worth to a pod that it selects: 0 to 100; default 1. */
  readonly hardPodAffinityWeight?: number;
  /** Preferences of placed pods do not count for pods that state none themselves. */
  readonly ignorePreferredTermsOfExistingPods?: boolean;
}

const requiredGroups = ['affinity'] as const;
const allGroups = ['affinity', 'preferredAffinity', 'preferredAntiAffinity'] as const;

/** Weights per topology key and value. */
type TopologyWeights = Map<string, Map<string, number>>;

export function interPodAffinityWith(args: InterPodAffinityArgs): FilterPlugin & ScorePlugin {
  return {
    name: 'InterPodAffinity',
    events: ['podPlaced', 'podLabelsChanged', 'podGone', 'nodeAdded', 'nodeLabelsChanged', 'surroundingsChanged'],
    mayHelp({ terms }, event) {
      if (event.type === 'podPlaced') return terms.affinity.length > 0;
      // One that went may have been kept away from, or have kept others away.
      if (event.type === 'podGone') return terms.antiAffinity.length + event.pod.terms.antiAffinity.length > 0;
      return true;
    },
    prepare,
    scorer(pod, _nodes, snapshot) {
      const weights = topologyWeights(pod, snapshot, args);
      return weights.size === 0 ? null : scorerOf(weights);
    },
  };
}

export const interPodAffinity = interPodAffinityWith({});

function prepare(pod: PodInfo, snapshot: Snapshot): Preparation {
  const { affinity, antiAffinity } = pod.terms;
  const existing: TopologyWeights = new Map();
  for (const placed of snapshot.terms.placed('antiAffinity')) {
    if (selects(placed.term, pod, snapshot)) addPlaced(existing, placed, 1, snapshot);
  }
  if (affinity.length === 0 && antiAffinity.length === 0 && existing.size === 0) return skip;
  const near = affinity.map((term) => matchesPerDomain(term, snapshot));
  const away = antiAffinity.map((term) => matchesPerDomain(term, snapshot));
  // The first pod of a group that wants to be together may run anywhere, or none ever would.
  const isFirst = near.every((domains) => domains.size === 0) && affinity.every((term) => selects(term, pod, snapshot));
  return judging((node) => {
    if (!isNear(node, affinity, near, isFirst)) return affinityUnmet;
    if (touches(node, antiAffinity, away)) return antiAffinityUnmet;
    return isKeptAway(node, existing) ? existingUnmet : success;
  });
}

function isNear(
  { labels }: NodeInfo,
  terms: readonly PodTerm[],
  near: readonly ReadonlyMap<string, number>[],
  isFirst: boolean,
): boolean {
  let isEverywhere = true;
  for (const [index, { topologyKey }] of terms.entries()) {
    const domain = labels[topologyKey];
    if (domain === undefined) return false;
    if (!(near[index]?.has(domain) ?? false)) isEverywhere = false;
  }
  return isEverywhere || isFirst;
}

function touches(
  { labels }: NodeInfo,
  terms: readonly PodTerm[],
  away: readonly ReadonlyMap<string, number>[],
): boolean {
  return terms.some(({ topologyKey }, index) => {
    const domain = labels[topologyKey];
    return domain !== undefined && (away[index]?.has(domain) ?? false);
  });
}

function isKeptAway({ labels }: NodeInfo, existing: TopologyWeights): boolean {
  for (const [key, domains] of existing) {
    const domain = labels[key];
    if (domain !== undefined && domains.has(domain)) return true;
  }
  return false;
}

function scorerOf(weights: TopologyWeights): Scorer {
  return {
    score({ labels }) {
      let total = 0;
      for (const [key, domains] of weights) {
        const domain = labels[key];
        if (domain !== undefined) total += domains.get(domain) ?? 0;
      }
      return total;
    },
    normalize(scores) {
      const lowest = scores.reduce((low, score) => Math.min(low, score), Number.POSITIVE_INFINITY);
      const highest = scores.reduce((high, score) => Math.max(high, score), Number.NEGATIVE_INFINITY);
      const range = highest - lowest;
      for (const [index, score] of scores.entries()) {
        scores[index] = range === 0 ? 0 : Math.floor((scoreMax * (score - lowest)) / range);
      }
    },
  };
}

function topologyWeights(pod: PodInfo, snapshot: Snapshot, args: InterPodAffinityArgs): TopologyWeights {
  const weights: TopologyWeights = new Map();
  const own = [
    { terms: pod.terms.preferredAffinity, sign: 1 },
    { terms: pod.terms.preferredAntiAffinity, sign: -1 },
  ];
  for (const { terms, sign } of own) {
    for (const term of terms) {
      for (const [domain, count] of matchesPerDomain(term, snapshot)) {
        addWeight(weights, term.topologyKey, domain, sign * term.weight * count);
      }
    }
  }
  const hasOwn = own.some(({ terms }) => terms.length > 0);
  const groups = args.ignorePreferredTermsOfExistingPods === true && !hasOwn ? requiredGroups : allGroups;
  for (const group of groups) {
    for (const placed of snapshot.terms.placed(group)) {
      if (!selects(placed.term, pod, snapshot)) continue;
      const weight = group === 'affinity' ? (args.hardPodAffinityWeight ?? 1) : placed.term.weight;
      addPlaced(weights, placed, group === 'preferredAntiAffinity' ? -weight : weight, snapshot);
    }
  }
  return weights;
}

function selects(term: PodTerm, pod: PodInfo, snapshot: Snapshot): boolean {
  return termSelects(term, pod.namespace, pod.labels, (namespace) => snapshot.surroundings.namespaceLabels(namespace));
}

/** Counts the placed pods that `term` selects, per value of its topology key. */
function matchesPerDomain(term: PodTerm, snapshot: Snapshot): ReadonlyMap<string, number> {
  const domains = new Map<string, number>();
  for (const namespace of snapshot.surroundings.namespacesOf(term)) {
    for (const [name, count] of snapshot.matchCounts(namespace, term.selector, 'all')) {
      const domain = snapshot.node(name)?.labels[term.topologyKey];
      if (domain !== undefined) domains.set(domain, (domains.get(domain) ?? 0) + count);
    }
  }
  return domains;
}

function addPlaced(weights: TopologyWeights, { term, counts }: PlacedTerm, weight: number, snapshot: Snapshot): void {
  for (const [name, count] of counts) {
    const domain = snapshot.node(name)?.labels[term.topologyKey];
    if (domain !== undefined) addWeight(weights, term.topologyKey, domain, weight * count);
  }
}

function addWeight(weights: TopologyWeights, key: string, domain: string, weight: number): void {
  const domains = weights.get(key) ?? new Map<string, number>();
  weights.set(key, domains.set(domain, (domains.get(domain) ?? 0) + weight));
}
