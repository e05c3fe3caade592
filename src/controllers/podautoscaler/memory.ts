/**
 * What the autoscaler remembers: what it recommended and how it scaled lately, which no object tells. Lost with the office, as in Kubernetes: a
 * fresh one takes the present size for a recommendation, so nothing shrinks at once.
 */
import type { LabelSelector } from '../../api/label-selector.ts';
import { type KubeObject, uidOf } from '../../api/object-meta.ts';
import type { MonotonicMs } from '../../base/brand.ts';

export interface Recommendation {
  readonly replicas: number;
  readonly atMs: MonotonicMs;
}

/** By how many replicas a target grew or shrank; positive both. */
export interface ScaleChange {
  readonly replicas: number;
  readonly atMs: MonotonicMs;
}

export interface ScaleHistory {
  recommendations: Recommendation[];
  ups: ScaleChange[];
  downs: ScaleChange[];
  /** A change that was planned and may have failed. */
  pending: { readonly by: number; readonly atMs: MonotonicMs } | null;
  /** What its target selects by, as last seen. */
  selector: LabelSelector | null;
}

export class AutoscalerMemory {
  /** By the uid of the autoscaler. */
  readonly #histories = new Map<string, ScaleHistory>();

  of(uid: string): ScaleHistory {
    const known = this.#histories.get(uid);
    if (known !== undefined) return known;
    const history: ScaleHistory = { recommendations: [], ups: [], downs: [], pending: null, selector: null };
    this.#histories.set(uid, history);
    return history;
  }

  /** Returns what other autoscalers' targets select by, of those that `uids` names. */
  selectorsOf(uids: readonly string[]): readonly LabelSelector[] {
    return uids.flatMap((uid) => this.#histories.get(uid)?.selector ?? []);
  }

  /** Forgets autoscalers that do not exist any more, once they are the most. */
  prune(existing: Iterable<KubeObject>, count: number): void {
    if (this.#histories.size <= 2 * count + 8) return;
    const uids = new Set(Array.from(existing, uidOf));
    for (const uid of Array.from(this.#histories.keys())) if (!uids.has(uid)) this.#histories.delete(uid);
  }
}
