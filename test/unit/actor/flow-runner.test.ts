/** Flows: asks, several asks at once, sleep, signals, deadlines and cancellation, all without threads or timers. */
import { expect, test } from 'vitest';
import type { Effect } from '../../../src/actor/effect.ts';
import { ask, askAll, type Flow, question, sleep, waitFor } from '../../../src/actor/flow.ts';
import { type FlowEnd, FlowRunner } from '../../../src/actor/flow-runner.ts';

interface Asks {
  double: { request: number; reply: number };
}

function* addUp(numbers: readonly number[]): Flow<number> {
  let sum = 0;
  for (const number of numbers) {
    const outcome = yield* ask<Asks, 'double'>('calculator', 'double', number, 100);
    if (outcome.type === 'failed') throw new Error(outcome.failure.code);
    sum += outcome.reply;
  }
  return sum;
}

function* addUpAtOnce(numbers: readonly number[]): Flow<number> {
  const questions = numbers.map((number) => question<Asks, 'double'>('calculator', 'double', number, 100));
  const outcomes = yield* askAll<number>(questions);
  return outcomes.reduce((sum, outcome) => sum + (outcome.type === 'reply' ? outcome.reply : 0), 0);
}

function* napThenWait(trace: string[]): Flow<void> {
  try {
    yield* sleep(10);
    trace.push('slept');
    yield* waitFor('fresh');
    trace.push('fresh');
  } finally {
    trace.push('finally');
  }
}

/** Runs a flow whose asks are answered by `answer`; returns how it ended. */
function runToEnd<Result>(flow: Flow<Result>, answer: (request: number) => number | null): FlowEnd<Result> {
  const runner = new FlowRunner();
  let end: FlowEnd<Result> | undefined;
  const onEnd = (reached: FlowEnd<Result>): readonly Effect[] => {
    end = reached;
    return [];
  };
  const pending = [...runner.start(flow, 1_000, onEnd).effects];
  for (let effect = pending.shift(); effect !== undefined; effect = pending.shift()) {
    if (effect.type !== 'ask') continue;
    const reply = answer(effect.body.request as number);
    const failure = { code: 'peerFailed', definite: false } as const;
    const input =
      reply === null ? { type: 'askFailed', id: effect.id, failure } : { type: 'reply', id: effect.id, body: reply };
    pending.push(...(runner.handle(input as never) ?? []));
  }
  expect(runner.size).toBe(0);
  return end as FlowEnd<Result>;
}

test('a flow reads like sequential code and returns its result', () => {
  expect(runToEnd(addUp([1, 2, 3]), (n) => 2 * n)).toEqual({ type: 'returned', result: 12 });
});

test('several asks at once give their outcomes in the order of the questions', () => {
  expect(runToEnd(addUpAtOnce([1, 2, 3]), (n) => (n === 2 ? null : 2 * n))).toEqual({ type: 'returned', result: 8 });
  expect(runToEnd(addUpAtOnce([]), () => null)).toEqual({ type: 'returned', result: 0 });
});

test('a flow that throws ends with its error', () => {
  const end = runToEnd(addUp([1, 2]), (n) => (n === 1 ? 2 : null));
  expect(end.type === 'threw' ? (end.error as Error).message : '').toBe('peerFailed');
});

test('sleep ends by its timer and a wait by its signal', () => {
  const runner = new FlowRunner();
  const trace: string[] = [];
  const { id, effects } = runner.start(napThenWait(trace), null, (end) => [
    { type: 'metric', name: end.type, value: 1 },
  ]);
  expect(effects).toEqual([{ type: 'timer', key: `flow-sleep:${id}`, afterMs: 10 }]);
  expect(runner.signal('fresh')).toEqual([]);
  runner.handle({ type: 'timer', key: `flow-sleep:${id}` });
  expect(trace).toEqual(['slept']);
  expect(runner.signal('fresh')).toEqual([{ type: 'metric', name: 'returned', value: 1 }]);
  expect(trace).toEqual(['slept', 'fresh', 'finally']);
});

test('a deadline cancels the flow and the ask it waits for, and later answers are ignored', () => {
  const runner = new FlowRunner();
  const ends: string[] = [];
  const { id, effects } = runner.start(addUp([1]), 50, (end) => {
    ends.push(end.type === 'cancelled' ? end.reason : end.type);
    return [];
  });
  const asked = effects.find((effect) => effect.type === 'ask');
  const after = runner.handle({ type: 'timer', key: `flow-deadline:${id}` });
  expect(after).toContainEqual({ type: 'cancelAsk', id: asked?.id });
  expect(ends).toEqual(['deadline']);
  expect(runner.handle({ type: 'reply', id: asked?.id as number, body: 2 })).toEqual([]);
  expect(ends).toEqual(['deadline']);
});

test('a cancelled flow runs its finally blocks and no longer waits for a signal', () => {
  const runner = new FlowRunner();
  const trace: string[] = [];
  const { id } = runner.start(napThenWait(trace), null, () => []);
  runner.handle({ type: 'timer', key: `flow-sleep:${id}` });
  runner.cancel(id);
  expect(trace).toEqual(['slept', 'finally']);
  expect(runner.signal('fresh')).toEqual([]);
  expect(runner.size).toBe(0);
});
