/** Actors that measure messages: one that asks or floods, one that answers or counts. */
import { runWorker } from '../../actors/runtime/worker-main.ts';
import type { Role } from '../../src/actor/behaviour.ts';
import type { Effect } from '../../src/actor/effect.ts';
import type { Input } from '../../src/actor/input.ts';

interface Assignment {
  readonly peer: string;
  readonly rounds: number;
  readonly atOnce: number;
  readonly payload: Uint8Array;
}

interface Run extends Assignment {
  readonly request: number;
  readonly startedMs: number;
  sent: number;
  answered: number;
}

interface State {
  run: Run | null;
  counted: number;
}

function step(state: State, input: Input): readonly Effect[] {
  if (input.type === 'ask') return onAsk(state, input);
  if (input.type === 'tell') {
    state.counted += 1;
    return [];
  }
  if (input.type !== 'reply' || state.run === null) return [];
  return onReply(state, state.run, input.monotonicMs);
}

function onAsk(state: State, input: Extract<Input, { type: 'ask' }>): readonly Effect[] {
  const body = input.body as unknown as { type: string; request: Assignment };
  if (body.type === 'echo') return [{ type: 'reply', request: input.request, body: body.request }];
  if (body.type === 'counted') return [{ type: 'reply', request: input.request, body: state.counted }];
  const assignment = { ...body.request, payload: body.request.payload.slice() };
  const run: Run = { ...assignment, request: input.request, startedMs: input.monotonicMs, sent: 0, answered: 0 };
  if (body.type === 'tell') return flood(run);
  state.run = run;
  return Array.from({ length: run.atOnce }, () => nextAsk(run));
}

function onReply(state: State, run: Run, nowMs: number): readonly Effect[] {
  run.answered += 1;
  if (run.answered === run.rounds) {
    state.run = null;
    return [{ type: 'reply', request: run.request, body: nowMs - run.startedMs }];
  }
  return run.sent < run.rounds ? [nextAsk(run)] : [];
}

function nextAsk(run: Run): Effect {
  run.sent += 1;
  return { type: 'ask', to: run.peer, id: run.sent, body: { type: 'echo', request: run.payload }, timeoutMs: 60_000 };
}

/** One turn's worth of tells, then word to the asker; the next round is asked for by the benchmark. */
function flood(run: Run): readonly Effect[] {
  const effects: Effect[] = [];
  for (let sent = 0; sent < run.rounds; sent += 1) {
    effects.push({ type: 'send', to: run.peer, body: { type: 'note', message: run.payload } });
  }
  return [...effects, { type: 'reply', request: run.request, body: null }];
}

const role: Role<unknown, State> = { name: 'message', behaviour: { init: () => ({ run: null, counted: 0 }), step } };

runWorker([role as Role]);
