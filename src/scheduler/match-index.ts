/**
 * How many pods match a selector on each node, for the selectors that plugins ask about. Asking for a selector for the first time
 * scans all pods; from then on each pod that comes or goes costs one test per selector of its namespace. So spreading a thousand
 * replicas of one template never scans all pods again.
 */
import { formatLabelSelector, type LabelSelector, matchesLabels } from '../api/label-selector.ts';
import { must } from '../base/assert.ts';
import type { PodInfo } from './pod-info.ts';

/** Pods per node name; a node without a match is absent. */
export type MatchCounts = ReadonlyMap<string, number>;

/** Which pods count: all, or those that are not being deleted. */
export type MatchScope = 'all' | 'live';

interface Tally {
  readonly key: string;
  readonly namespace: string;
  readonly scope: MatchScope;
  readonly selector: LabelSelector;
  readonly counts: Map<string, number>;
}

export class MatchIndex {
  readonly #capacity: number;
  /** Least recently used first. */
  readonly #tallies = new Map<string, Tally>();
  readonly #byNamespace = new Map<string, Set<Tally>>();
  readonly #allPods: () => Iterable<readonly [PodInfo, string]>;

  /** `allPods` yields each pod with the name of its node. */
  constructor(capacity: number, allPods: () => Iterable<readonly [PodInfo, string]>) {
    this.#capacity = capacity;
    this.#allPods = allPods;
  }

  /** Returns the counts of `selector` in `namespace`: a live view that the caller must not keep beyond its cycle. */
  counts(namespace: string, selector: LabelSelector, scope: MatchScope): MatchCounts {
    const key = `${scope}|${namespace}|${formatLabelSelector(selector)}`;
    const known = this.#tallies.get(key);
    if (known !== undefined) {
      this.#tallies.delete(key);
      this.#tallies.set(key, known);
      return known.counts;
    }
    const tally: Tally = { key, namespace, scope, selector, counts: new Map() };
    for (const [pod, nodeName] of this.#allPods()) if (pod.namespace === namespace) change(tally, pod, nodeName, 1);
    this.#tallies.set(key, tally);
    const group = this.#byNamespace.get(namespace) ?? new Set<Tally>();
    this.#byNamespace.set(namespace, group.add(tally));
    if (this.#tallies.size > this.#capacity) this.#dropOldest();
    return tally.counts;
  }

  add(pod: PodInfo, nodeName: string): void {
    for (const tally of this.#byNamespace.get(pod.namespace) ?? []) change(tally, pod, nodeName, 1);
  }

  remove(pod: PodInfo, nodeName: string): void {
    for (const tally of this.#byNamespace.get(pod.namespace) ?? []) change(tally, pod, nodeName, -1);
  }

  #dropOldest(): void {
    const oldest = must(this.#tallies.values().next().value, 'an index over its capacity is empty');
    this.#tallies.delete(oldest.key);
    const group = this.#byNamespace.get(oldest.namespace);
    group?.delete(oldest);
    if (group?.size === 0) this.#byNamespace.delete(oldest.namespace);
  }
}

function change(tally: Tally, pod: PodInfo, nodeName: string, difference: number): void {
  if ((tally.scope === 'live' && pod.isTerminating) || !matchesLabels(tally.selector, pod.labels)) return;
  const count = (tally.counts.get(nodeName) ?? 0) + difference;
  if (count === 0) tally.counts.delete(nodeName);
  else tally.counts.set(nodeName, count);
}
