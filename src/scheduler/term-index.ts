/**
 * The affinity terms that placed pods carry, counted per node. Pods of one template share their terms, so an incoming pod is tested
 * against the few distinct terms, not against all pods.
 */
import type { PodInfo } from './pod-info.ts';
import type { PodTerm } from './pod-term.ts';

export type TermGroup = 'affinity' | 'antiAffinity' | 'preferredAffinity' | 'preferredAntiAffinity';

const groups: readonly TermGroup[] = ['affinity', 'antiAffinity', 'preferredAffinity', 'preferredAntiAffinity'];

export interface PlacedTerm {
  readonly term: PodTerm;
  /** Pods with this term per node name. */
  readonly counts: Map<string, number>;
}

export class TermIndex {
  readonly #placed: Readonly<Record<TermGroup, Map<string, PlacedTerm>>> = {
    affinity: new Map(),
    antiAffinity: new Map(),
    preferredAffinity: new Map(),
    preferredAntiAffinity: new Map(),
  };

  /** The distinct terms of one group. */
  placed(group: TermGroup): Iterable<PlacedTerm> {
    return this.#placed[group].values();
  }

  add(pod: PodInfo, nodeName: string): void {
    this.#change(pod, nodeName, 1);
  }

  remove(pod: PodInfo, nodeName: string): void {
    this.#change(pod, nodeName, -1);
  }

  #change(pod: PodInfo, nodeName: string, difference: number): void {
    for (const group of groups) {
      const placed = this.#placed[group];
      for (const term of pod.terms[group]) {
        const entry = placed.get(term.key) ?? { term, counts: new Map<string, number>() };
        placed.set(term.key, entry);
        const count = (entry.counts.get(nodeName) ?? 0) + difference;
        if (count === 0) entry.counts.delete(nodeName);
        else entry.counts.set(nodeName, count);
        if (entry.counts.size === 0) placed.delete(term.key);
      }
    }
  }
}
