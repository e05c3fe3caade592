/**
 * Which store replica to ask. The first in order of preference, the own master's, is left when it is gone or does not answer; the one that
 * took its place is kept until it fails in turn, or until the first is found well again. So a replica that is cut off costs
 * one request its patience, not every request.
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
  #candidates: readonly Candidate[];
  #current: Candidate;
  /** The replica that answered last as the leader, until it answers otherwise. */
  #leader: string | null = null;

  /** `paths` in order of preference. */
  constructor(paths: readonly string[]) {
    assert(paths.length > 0, 'an API server knows a store replica');
    this.#candidates = paths.map((path) => ({ path, isGone: false, suspectUntilMs: 0 }));
    this.#current = this.#candidates[0] as Candidate;
  }

  get paths(): readonly string[] {
    return this.#candidates.map(({ path }) => path);
  }

  /** Knows these replicas from now on, in order of preference. What is known of those that stay is kept. */
  replace(paths: readonly string[]): void {
    assert(paths.length > 0, 'an API server knows a store replica');
    this.#candidates = paths.map((path) => this.#find(path) ?? { path, isGone: false, suspectUntilMs: 0 });
    if (!this.#candidates.includes(this.#current)) this.#current = this.#candidates[0] as Candidate;
  }

  /** The replica that is asked when all is well. */
  get preferred(): string {
    return (this.#candidates[0] as Candidate).path;
  }

  /** Tells whether the preferred replica leads, as far as its answers have told. */
  get isPreferredLeading(): boolean {
    return this.#leader === this.preferred;
  }

  /** The replica has answered, and told whether it leads. */
  noteLeader(path: string, isLeader: boolean): void {
    if (isLeader) this.#leader = path;
    else if (this.#leader === path) this.#leader = null;
  }

  /** The replica to ask now. When none is trusted it is the one that has been suspect for longest. */
  current(nowMs: MonotonicMs): string {
    if (rank(this.#current, nowMs) === 0) return this.#current.path;
    for (const candidate of this.#candidates) {
      if (rank(candidate, nowMs) < rank(this.#current, nowMs)) this.#current = candidate;
    }
    return this.#current.path;
  }

  /** False for a replica that is gone or under suspicion. */
  isTrusted(path: string, nowMs: MonotonicMs): boolean {
    const candidate = this.#find(path);
    return candidate !== undefined && rank(candidate, nowMs) === 0;
  }

  /** The replica did not answer, or answered that it knows no leader. */
  suspect(path: string, nowMs: MonotonicMs): void {
    this.noteLeader(path, false);
    const candidate = this.#find(path);
    if (candidate !== undefined) candidate.suspectUntilMs = nowMs + replicaSuspicionMs;
  }

  /** The preferred replica has answered again: it is asked from now on. */
  restore(): void {
    const first = this.#candidates[0] as Candidate;
    first.isGone = false;
    first.suspectUntilMs = 0;
    this.#current = first;
  }

  observe(path: string, status: ActorStatus): void {
    if (status !== 'running') this.noteLeader(path, false);
    const candidate = this.#find(path);
    if (candidate !== undefined) candidate.isGone = status !== 'running';
  }

  #find(path: string): Candidate | undefined {
    return this.#candidates.find((each) => each.path === path);
  }
}

function rank(candidate: Candidate, nowMs: MonotonicMs): number {
  if (candidate.isGone) return Number.POSITIVE_INFINITY;
  return candidate.suspectUntilMs > nowMs ? candidate.suspectUntilMs : 0;
}
