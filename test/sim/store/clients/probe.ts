/** The examiner's own client: asks from outside the universe, between its steps. */
import type { Role } from '../../../../src/actor/behaviour.ts';
import type { Effect } from '../../../../src/actor/effect.ts';
import type { Input } from '../../../../src/actor/input.ts';
import type { StoreReply, StoreRequest } from '../../../../src/store/store-request.ts';

export interface Pending {
  isDone: boolean;
  /** Null when the ask failed. */
  reply: StoreReply | null;
}

export class Probe {
  readonly #pending = new Map<number, Pending>();
  #emit: (effects: readonly Effect[]) => void = () => {};
  #lastId = 0;

  role(): Role {
    return {
      name: 'probe',
      behaviour: { init: () => null, step: (_state, input) => this.#step(input) },
      ports: {
        examiner: (emit) => {
          this.#emit = emit;
          return { handle: () => {}, close: () => {} };
        },
      },
    };
  }

  ask(to: string, request: StoreRequest, timeoutMs: number): Pending {
    this.#lastId += 1;
    const pending: Pending = { isDone: false, reply: null };
    this.#pending.set(this.#lastId, pending);
    this.#emit([{ type: 'ask', to, id: this.#lastId, body: { type: 'request', request }, timeoutMs }]);
    return pending;
  }

  #step(input: Input): readonly Effect[] {
    if (input.type === 'io') return input.event as readonly Effect[];
    if (input.type !== 'reply' && input.type !== 'askFailed') return [];
    const pending = this.#pending.get(input.id);
    this.#pending.delete(input.id);
    if (pending === undefined) return [];
    pending.isDone = true;
    if (input.type === 'reply') pending.reply = input.body as StoreReply;
    return [];
  }
}
