/**
 * What happens to an actor that failed, as in Erlang/OTP and Akka: restart it after a growing pause, stop it, or pass the fault to the
 * parent. A pure decision; the host carries it out.
 */
import type { MonotonicMs } from '../base/brand.ts';
import type { Random } from '../base/random.ts';

export type Supervision =
  | { readonly type: 'stop' }
  | { readonly type: 'escalate' }
  | {
      readonly type: 'restart';
      readonly backoffMinMs: number;
      readonly backoffMaxMs: number;
      /** Share of the back-off that is drawn at random, 0 to 1. */
      readonly jitter: number;
      /** A fault after this long a quiet time starts again from the minimum. */
      readonly resetAfterMs: number;
      /** More restarts than this within `windowMs` escalate. */
      readonly restartsMax: number;
      readonly windowMs: number;
    };

export const restartByDefault: Supervision = {
  type: 'restart',
  backoffMinMs: 20,
  backoffMaxMs: 5_000,
  jitter: 0.2,
  resetAfterMs: 30_000,
  restartsMax: 10,
  windowMs: 60_000,
};

export type SupervisionDecision =
  | { readonly type: 'restart'; readonly afterMs: number }
  | { readonly type: 'stop' }
  | { readonly type: 'escalate' };

/** Remembers the faults of one actor and decides what follows each. */
export class FaultRecord {
  readonly #policy: Supervision;
  #times: MonotonicMs[] = [];
  #consecutive = 0;

  constructor(policy: Supervision) {
    this.#policy = policy;
  }

  /** How often the actor failed within the policy's window, as of the last decision. */
  get recent(): number {
    return this.#times.length;
  }

  /** Records a fault at `nowMs` and returns what to do about it. */
  decide(nowMs: MonotonicMs, random: Random): SupervisionDecision {
    const policy = this.#policy;
    if (policy.type !== 'restart') return { type: policy.type };
    const last = this.#times.at(-1);
    if (last === undefined || nowMs - last >= policy.resetAfterMs) this.#consecutive = 0;
    this.#times = [...this.#times.filter((atMs) => nowMs - atMs < policy.windowMs), nowMs];
    this.#consecutive += 1;
    if (this.#times.length > policy.restartsMax) return { type: 'escalate' };
    const backoffMs = Math.min(policy.backoffMaxMs, policy.backoffMinMs * 2 ** (this.#consecutive - 1));
    return { type: 'restart', afterMs: backoffMs * (1 - policy.jitter * random.fraction()) };
  }
}
