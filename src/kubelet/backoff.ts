/**
 * Waits that double: the first attempt is free, the next waits the minimum, and so on up to the maximum. A quiet time forgets.
 * Models client-go util/flowcontrol/backoff.go as kubelet uses it for crashing containers and failing pulls.
 */
import type { MonotonicMs } from '../base/brand.ts';

export interface BackoffLimits {
  readonly minMs: number;
  readonly maxMs: number;
  readonly resetAfterMs: number;
}

export class Backoff {
  readonly #limits: BackoffLimits;
  #durationMs = 0;
  #countedAtMs = 0 as MonotonicMs;

  constructor(limits: BackoffLimits) {
    this.#limits = limits;
  }

  /** How long the next attempt has to wait after a failure at `failedAtMs`; 0 when it need not. */
  waitMs(failedAtMs: MonotonicMs): number {
    return this.#isForgotten(failedAtMs) ? 0 : this.#durationMs;
  }

  /** Counts an attempt at `nowMs` that follows a failure at `failedAtMs`: the one after it waits longer. */
  count(failedAtMs: MonotonicMs, nowMs: MonotonicMs): void {
    const { minMs, maxMs } = this.#limits;
    this.#durationMs = this.#isForgotten(failedAtMs) ? minMs : Math.min(maxMs, Math.max(minMs, this.#durationMs * 2));
    this.#countedAtMs = nowMs;
  }

  #isForgotten(failedAtMs: MonotonicMs): boolean {
    return this.#durationMs === 0 || failedAtMs - this.#countedAtMs > this.#limits.resetAfterMs;
  }
}
