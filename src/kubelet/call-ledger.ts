/** What the machines of a node have asked, of the runtime and for tokens, and what each answer means to whom. */
import type { Moment, NumberedCall, NumberedDemand } from './kubelet-work.ts';
import { type RuntimeCall, type TokenAnswer, Turn } from './turn.ts';

interface Pending {
  /** Of the pod that asked; empty: nobody's. */
  readonly uid: string;
  readonly settle: RuntimeCall['settle'];
}

export class CallLedger {
  readonly #pending = new Map<number, Pending>();
  readonly #countOf = new Map<string, number>();
  #lastId = 0;
  #calls: NumberedCall[] = [];
  #tokens: NumberedDemand[] = [];

  /** How often the runtime was asked, by the type of the question. */
  get counts(): ReadonlyMap<string, number> {
    return this.#countOf;
  }

  /** Enters what a turn of the pod asks. */
  enter(uid: string, turn: Turn): void {
    for (const { type, request, timeoutMs, settle } of turn.calls) {
      this.#countOf.set(type, (this.#countOf.get(type) ?? 0) + 1);
      this.#calls.push({ id: this.#add({ uid, settle }), type, request, timeoutMs });
    }
    for (const { demand, settle } of turn.tokens) {
      const id = this.#add({ uid, settle: (answer, later) => settle(answer as TokenAnswer, later) });
      this.#tokens.push({ id, demand });
    }
  }

  /** Settles what was asked under `id`; returns whose turn that was, and null when nobody waits for the answer. */
  settle(id: number, answer: unknown, { monotonicMs, wallMs }: Moment): { uid: string; turn: Turn } | null {
    const pending = this.#pending.get(id);
    if (pending === undefined) return null;
    this.#pending.delete(id);
    const turn = new Turn(monotonicMs, wallMs);
    pending.settle(answer, turn);
    return { uid: pending.uid, turn };
  }

  /** Returns what was entered since the last call. */
  take(): { readonly calls: readonly NumberedCall[]; readonly tokens: readonly NumberedDemand[] } {
    const taken = { calls: this.#calls, tokens: this.#tokens };
    this.#calls = [];
    this.#tokens = [];
    return taken;
  }

  #add(pending: Pending): number {
    this.#lastId += 1;
    this.#pending.set(this.#lastId, pending);
    return this.#lastId;
  }
}
