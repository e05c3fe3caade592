/**
 * What the node controller remembers between reconciles, all by its own monotonic clock: when it last saw a sign of life of each node, and
 * since when each pod has been on a node that it does not tolerate. Wall clocks of nodes are never compared: a sign of life is a value
 * that differs from the one seen before. Lost with the office, so a new holder gives every node its full grace.
 */
import type { MonotonicMs } from '../../base/brand.ts';

interface SignOfLife {
  /** Lease and heartbeat as last seen. */
  text: string;
  sinceMs: MonotonicMs;
}

export class NodeMemory {
  readonly #signs = new Map<string, SignOfLife>();
  #lastLookMs: MonotonicMs | null = null;
  #isDisrupted = false;
  /** Node to pod uid to since when it ought to go. */
  readonly #intolerant = new Map<string, Map<string, MonotonicMs>>();
  /** Ranges given out, by node: the caches may not show them yet. */
  readonly #ranges = new Map<string, string>();

  /** Notes the present sign of life of a node and returns how long it has not changed. */
  silenceMs(node: string, text: string, nowMs: MonotonicMs): number {
    const known = this.#signs.get(node);
    if (known?.text === text) return nowMs - known.sinceMs;
    this.#signs.set(node, { text, sinceMs: nowMs });
    return 0;
  }

  /** Notes that a node is looked at. Who did not look for `stalledMs` could not have heard: the silence of every node begins anew. */
  noteLook(nowMs: MonotonicMs, stalledMs: number): void {
    if (this.#lastLookMs !== null && nowMs - this.#lastLookMs >= stalledMs) this.#restartSilences(nowMs);
    this.#lastLookMs = nowMs;
  }

  /** Notes whether all nodes are silent. When they no longer are, those that have not spoken yet get their full grace again. */
  noteDisruption(isDisrupted: boolean, nowMs: MonotonicMs): void {
    if (this.#isDisrupted && !isDisrupted) this.#restartSilences(nowMs);
    this.#isDisrupted = isDisrupted;
  }

  #restartSilences(nowMs: MonotonicMs): void {
    for (const sign of this.#signs.values()) sign.sinceMs = nowMs;
  }

  /** Returns since when the pod has been on a node that it does not tolerate: now, at the first call. */
  intolerantSince(node: string, podUid: string, nowMs: MonotonicMs): MonotonicMs {
    const pods = this.#intolerant.get(node) ?? new Map<string, MonotonicMs>();
    this.#intolerant.set(node, pods);
    const known = pods.get(podUid);
    if (known !== undefined) return known;
    pods.set(podUid, nowMs);
    return nowMs;
  }

  /** The node is well again, or its pods are others: keeps only what is said of `podUids`. */
  keepIntolerant(node: string, podUids: ReadonlySet<string>): void {
    const pods = this.#intolerant.get(node);
    if (pods === undefined) return;
    for (const uid of pods.keys()) if (!podUids.has(uid)) pods.delete(uid);
    if (pods.size === 0) this.#intolerant.delete(node);
  }

  rangeOf(node: string): string | undefined {
    return this.#ranges.get(node);
  }

  noteRange(node: string, range: string): void {
    this.#ranges.set(node, range);
  }

  /** Nodes to which a range was given, with the range. */
  ranges(): IterableIterator<[string, string]> {
    return this.#ranges.entries();
  }

  forgetRange(node: string): void {
    this.#ranges.delete(node);
  }
}
