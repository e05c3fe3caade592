/** Answers to requests, as effects. */
import type { Effect } from '../../actor/effect.ts';
import type { RuntimeFailureCode } from '../../protocol/runtime.ts';

export function reply(request: number, body: unknown): Effect {
  return { type: 'reply', request, body };
}

export function done(request: number): Effect {
  return reply(request, { type: 'done' });
}

export function failure(request: number, code: RuntimeFailureCode, message: string): Effect {
  return reply(request, { type: 'failed', code, message });
}
