/**
 * Sequential logic without Promises. A flow is a generator that yields what it waits for and is resumed with the outcome, so it reads like
 * async code while every yield is a point where the simulator may interleave, fail or crash. Define flows at module level: a
 * generator function that is created per request costs ten times as much to run (facts: hot path).
 */
import type { SendFailure } from './failure.ts';
import type { Body, ReplyOf, RequestOf } from './protocol.ts';

/** One question to another actor. */
export interface AskStep {
  readonly type: 'ask';
  readonly to: string;
  readonly body: Body;
  readonly timeoutMs: number;
}

/** What a flow may wait for: an answer, several at once, time, or a signal that its own actor gives. */
export type FlowStep =
  | AskStep
  | { readonly type: 'all'; readonly asks: readonly AskStep[] }
  | { readonly type: 'sleep'; readonly durationMs: number }
  | { readonly type: 'wait'; readonly signal: string };

export type AskOutcome<Reply> =
  | { readonly type: 'reply'; readonly reply: Reply }
  | { readonly type: 'failed'; readonly failure: SendFailure };

export type Flow<Result> = Generator<FlowStep, Result, unknown>;

/** Builds one typed question. `Asks` is the `asks` map of the target's protocol. */
export function question<Asks extends object, Type extends keyof Asks & string>(
  to: string,
  type: Type,
  request: RequestOf<Asks[Type]>,
  timeoutMs: number,
): AskStep {
  return { type: 'ask', to, body: { type, request }, timeoutMs };
}

/** Asks one question and returns its outcome; never throws for a failed ask. */
export function* ask<Asks extends object, Type extends keyof Asks & string>(
  to: string,
  type: Type,
  request: RequestOf<Asks[Type]>,
  timeoutMs: number,
): Flow<AskOutcome<ReplyOf<Asks[Type]>>> {
  return (yield question<Asks, Type>(to, type, request, timeoutMs)) as AskOutcome<ReplyOf<Asks[Type]>>;
}

/** Asks several questions at once and returns their outcomes in the order of the questions. */
export function* askAll<Reply>(asks: readonly AskStep[]): Flow<readonly AskOutcome<Reply>[]> {
  return (yield { type: 'all', asks }) as readonly AskOutcome<Reply>[];
}

export function* sleep(durationMs: number): Flow<void> {
  yield { type: 'sleep', durationMs };
}

/** Waits until the actor that runs the flow gives `signal` (FlowRunner.signal). */
export function* waitFor(signal: string): Flow<void> {
  yield { type: 'wait', signal };
}
