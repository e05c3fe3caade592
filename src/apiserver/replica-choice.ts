/**
 * Which store replica to ask: the first that is not known to be gone, in order of preference; the own master's comes first. One that
 * failed to answer is avoided for a while, but asked again when there is no other.
 */
import type { ActorStatus } from '../actor/failure.ts';
import { assert } from '../base/assert.ts';
import type { MonotonicMs } from '../base/brand.ts';
import { replicaSuspicionMs } from './limits.ts';

interface Candidate {
  readonly path: string;
  isGone: boolean;
  suspectUntilMs: number;
}

export class ReplicaChoice {
  readonly #candidates: readonly Candidate[];

  /** `paths` in order of preference. */
  constructor(paths: readonly string[]) {
    assert(paths.length > 0, 'an API server knows a store replica');
    this.#candidates = paths.map((path) => ({ path, isGone: false, suspectUntilMs: 0 }));
  }

  get paths(): readonly string[] {
    return this.#candidates.map(({ path }) => path);
  }

  current(nowMs: MonotonicMs): string {
    let best = this.#candidates[0] as Candidate;
    for (const candidate of this.#candidates) if (rank(candidate, nowMs) < rank(best, nowMs)) best = candidate;
    return best.path;
  }

  /** False for a replica that is gone or under suspicion. */
  isTrusted(path: string, nowMs: MonotonicMs): boolean {
    const candidate = this.#candidates.find((each) => each.path === path);
    return candidate !== undefined && rank(candidate, nowMs) === 0;
  }

  /** The replica did not answer, or answered that it knows no leader. */
  suspect(path: string, nowMs: MonotonicMs): void {
    const candidate = this.#candidates.find((each) => each.path === path);
    if (candidate !== undefined) candidate.suspectUntilMs = nowMs + replicaSuspicionMs;
  }

  observe(path: string, status: ActorStatus): void {
    const candidate = this.#candidates.find((each) => each.path === path);
    if (candidate === undefined) return;
    candidate.isGone = status !== 'running';
    if (status === 'running') candidate.suspectUntilMs = 0;
  }
}

/** Equal ranks keep the order of preference. */
function rank(candidate: Candidate, nowMs: MonotonicMs): number {
  if (candidate.isGone) return Number.POSITIVE_INFINITY;
  return candidate.suspectUntilMs > nowMs ? candidate.suspectUntilMs : 0;
}
