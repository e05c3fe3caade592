/** One key of the store as a sequential object: a register that may be absent. Null is absence, of which create and delete speak. */
import type { Model } from './checker.ts';

/** A call with its answer. `ok` is null where the outcome was not observed. */
export type RegisterCall =
  | { readonly type: 'put'; readonly value: string }
  | { readonly type: 'get'; readonly value: string | null }
  /** Writes `value` if the key holds `expected` (null: if it is absent). */
  | { readonly type: 'cas'; readonly expected: string | null; readonly value: string; readonly ok: boolean | null }
  | { readonly type: 'delete'; readonly ok: boolean | null };

export const register: Model<string | null, RegisterCall> = {
  init: () => null,
  step,
  equal: (one, other) => one === other,
};

function step(state: string | null, call: RegisterCall): string | null | undefined {
  switch (call.type) {
    case 'put':
      return call.value;
    case 'get':
      return call.value === state ? state : undefined;
    case 'cas': {
      const holds = state === call.expected;
      if (call.ok !== null && call.ok !== holds) return undefined;
      return holds ? call.value : state;
    }
    case 'delete':
      return call.ok === null || call.ok === (state !== null) ? null : undefined;
  }
}
