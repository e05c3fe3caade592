/**
 * Drives the flows of one actor: itself a step machine, so a behaviour hands it inputs and returns its effects. A flow ends by returning, by
 * throwing, or by being cancelled (its `finally` blocks run): at its deadline, or when whoever it works for is gone.
 */
import { assert } from '../base/assert.ts';
import type { Effect } from './effect.ts';
import { sendFailures } from './failure.ts';
import type { AskOutcome, AskStep, Flow, FlowStep } from './flow.ts';
import type { InputBody } from './input.ts';
import type { Protocol } from './protocol.ts';

export type FlowEnd<Result> =
  | { readonly type: 'returned'; readonly result: Result }
  | { readonly type: 'threw'; readonly error: unknown }
  | { readonly type: 'cancelled'; readonly reason: 'deadline' | 'caller' };

interface Running {
  readonly id: number;
  readonly flow: Flow<unknown>;
  readonly onEnd: (end: FlowEnd<never>) => readonly Effect[];
  readonly hasDeadline: boolean;
  /** Asks that the current step still waits for: ask id to position in the step. */
  readonly pending: Map<number, number>;
  outcomes: AskOutcome<unknown>[];
  single: boolean;
  signal: string | null;
}

/** Ask ids of flows start here, so that a behaviour may use lower ones for asks of its own. */
export const flowAskIdMin = 1_000_000;

export class FlowRunner {
  readonly #running = new Map<number, Running>();
  readonly #askedBy = new Map<number, Running>();
  readonly #waiting = new Map<string, Set<Running>>();
  #lastFlow = 0;
  #lastAsk = flowAskIdMin;

  /** How many flows are under way. */
  get size(): number {
    return this.#running.size;
  }

  /**
   * Starts a flow and runs it to its first wait. `onEnd` turns its end into effects; it runs exactly once, within the step that ended it.
   * Returns the flow's id (0 if it already ended) and the effects.
   */
  start<Result>(
    flow: Flow<Result>,
    timeoutMs: number | null,
    onEnd: (end: FlowEnd<Result>) => readonly Effect[],
  ): { readonly id: number; readonly effects: readonly Effect[] } {
    this.#lastFlow += 1;
    const id = this.#lastFlow;
    const running: Running = {
      id,
      flow,
      onEnd: onEnd as Running['onEnd'],
      hasDeadline: timeoutMs !== null,
      pending: new Map(),
      outcomes: [],
      single: true,
      signal: null,
    };
    this.#running.set(id, running);
    const effects: Effect[] = timeoutMs === null ? [] : [{ type: 'timer', key: deadlineKey(id), afterMs: timeoutMs }];
    this.#resume(running, undefined, effects);
    return { id: this.#running.has(id) ? id : 0, effects };
  }

  /** Cancels a flow whose caller is gone. Unknown ids are ignored. */
  cancel(id: number, reason: 'deadline' | 'caller' = 'caller'): readonly Effect[] {
    const running = this.#running.get(id);
    if (running === undefined) return [];
    const effects: Effect[] = [];
    this.#forgetAsks(running, effects);
    try {
      running.flow.return(undefined);
    } catch (error) {
      this.#end(running, { type: 'threw', error }, effects);
      return effects;
    }
    this.#end(running, { type: 'cancelled', reason }, effects);
    return effects;
  }

  /** Resumes all flows that wait for `signal`, in the order in which they began to wait. */
  signal(signal: string): readonly Effect[] {
    const waiting = this.#waiting.get(signal);
    if (waiting === undefined) return [];
    this.#waiting.delete(signal);
    const effects: Effect[] = [];
    for (const running of waiting) {
      running.signal = null;
      this.#resume(running, undefined, effects);
    }
    return effects;
  }

  /** Takes an input that belongs to a flow and returns its effects, or null when the input is none of the runner's. */
  handle(input: InputBody<Protocol>): readonly Effect[] | null {
    if (input.type === 'reply') return this.#settle(input.id, { type: 'reply', reply: input.body });
    if (input.type === 'askFailed') return this.#settle(input.id, { type: 'failed', failure: input.failure });
    if (input.type !== 'timer') return null;
    if (input.key.startsWith(deadlinePrefix))
      return this.cancel(Number(input.key.slice(deadlinePrefix.length)), 'deadline');
    if (!input.key.startsWith(sleepPrefix)) return null;
    const running = this.#running.get(Number(input.key.slice(sleepPrefix.length)));
    const effects: Effect[] = [];
    if (running !== undefined) this.#resume(running, undefined, effects);
    return effects;
  }

  #settle(askId: number, outcome: AskOutcome<unknown>): readonly Effect[] | null {
    if (askId < flowAskIdMin) return null;
    const running = this.#askedBy.get(askId);
    const effects: Effect[] = [];
    if (running === undefined) return effects;
    this.#askedBy.delete(askId);
    const position = running.pending.get(askId) ?? 0;
    running.pending.delete(askId);
    running.outcomes[position] = outcome;
    if (running.pending.size === 0) this.#resume(running, running.single ? outcome : running.outcomes, effects);
    return effects;
  }

  #resume(running: Running, value: unknown, effects: Effect[]): void {
    let next: IteratorResult<FlowStep, unknown>;
    try {
      next = running.flow.next(value);
    } catch (error) {
      this.#end(running, { type: 'threw', error }, effects);
      return;
    }
    if (next.done === true) this.#end(running, { type: 'returned', result: next.value as never }, effects);
    else this.#park(running, next.value, effects);
  }

  #park(running: Running, step: FlowStep, effects: Effect[]): void {
    if (step.type === 'sleep') {
      effects.push({ type: 'timer', key: sleepPrefix + running.id, afterMs: step.durationMs });
    } else if (step.type === 'wait') {
      running.signal = step.signal;
      const waiting = this.#waiting.get(step.signal) ?? new Set<Running>();
      this.#waiting.set(step.signal, waiting.add(running));
    } else if (step.type === 'all' && step.asks.length === 0) {
      this.#resume(running, [], effects);
    } else {
      this.#ask(running, step.type === 'ask' ? [step] : step.asks, step.type === 'ask', effects);
    }
  }

  #ask(running: Running, asks: readonly AskStep[], single: boolean, effects: Effect[]): void {
    running.single = single;
    running.outcomes = asks.map(() => ({ type: 'failed', failure: sendFailures.cancelled }));
    for (const [position, { to, body, timeoutMs }] of asks.entries()) {
      this.#lastAsk += 1;
      running.pending.set(this.#lastAsk, position);
      this.#askedBy.set(this.#lastAsk, running);
      effects.push({ type: 'ask', to, id: this.#lastAsk, body, timeoutMs });
    }
  }

  #forgetAsks(running: Running, effects: Effect[]): void {
    for (const askId of running.pending.keys()) {
      this.#askedBy.delete(askId);
      effects.push({ type: 'cancelAsk', id: askId });
    }
    running.pending.clear();
    effects.push({ type: 'cancelTimer', key: sleepPrefix + running.id });
    if (running.signal !== null) this.#waiting.get(running.signal)?.delete(running);
  }

  #end(running: Running, end: FlowEnd<never>, effects: Effect[]): void {
    assert(running.pending.size === 0, 'a flow ended while it waits for answers', { id: running.id });
    this.#running.delete(running.id);
    if (running.hasDeadline) effects.push({ type: 'cancelTimer', key: deadlineKey(running.id) });
    effects.push(...running.onEnd(end));
  }
}

const deadlinePrefix = 'flow-deadline:';
const sleepPrefix = 'flow-sleep:';

function deadlineKey(id: number): string {
  return deadlinePrefix + id;
}
