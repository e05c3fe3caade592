/**
 * The actor of the simulated container runtime: one SimulatedRuntime, its timer, and three kinds of streams: changes of containers, sessions, and logs. A
 * log is read when there is credit for it; one that is followed is looked at in intervals while its container runs.
 */
import type { ActorContext, Behaviour } from '../../src/actor/behaviour.ts';
import type { Effect } from '../../src/actor/effect.ts';
import type { Input, Stamp, StreamId } from '../../src/actor/input.ts';
import type { MonotonicMs, WallMs } from '../../src/base/brand.ts';
import type { ImageProfiles } from '../../src/kubelet/container-profile.ts';
import { LogReaders, type LogView } from '../../src/kubelet/runtime/log-readers.ts';
import { type RuntimeStep, SimulatedRuntime } from '../../src/kubelet/simulated-runtime.ts';
import { SimulatedSessions } from '../../src/kubelet/simulated-sessions.ts';
import type { RuntimeContainer, RuntimeProtocol } from '../../src/protocol/runtime.ts';

export interface RuntimeArgs {
  /** Profiles by image name; see src/kubelet/container-profile.ts. */
  readonly profiles?: ImageProfiles;
}

export interface RuntimeState {
  readonly runtime: SimulatedRuntime;
  /** Credit of each subscriber to changes. */
  readonly listeners: Map<StreamId, number>;
  readonly readers: LogReaders;
  readonly sessions: SimulatedSessions;
  /** When the timer of what is due is set to; undefined when it is not, or has fired. */
  dueAtMs: MonotonicMs | undefined;
  /** When the input that is being handled came: up to then logs are written. */
  wallMs: WallMs;
}

type RuntimeInput = Input<RuntimeProtocol>;

const dueTimer = 'runtime:due';
const followTimer = 'runtime:follow';
const sessionsTimer = 'runtime:sessions';
const followMs = 100;
const idCharacters = 56;
export const simulatedRuntimeBehaviour: Behaviour<RuntimeArgs | null, RuntimeState, RuntimeProtocol> = {
  init,
  step,
  flush,
};

function init(args: RuntimeArgs | null, { random, wallMs }: ActorContext): RuntimeState {
  const idPrefix = random.text(idCharacters, '0123456789abcdef');
  const runtime = new SimulatedRuntime(args?.profiles ?? {}, idPrefix);
  const state: RuntimeState = {
    runtime,
    listeners: new Map(),
    readers: new LogReaders((containerId) => viewOf(state, containerId)),
    sessions: new SimulatedSessions(runtime),
    dueAtMs: undefined,
    wallMs,
  };
  return state;
}

function viewOf({ runtime, wallMs }: RuntimeState, containerId: string): LogView | undefined {
  const container = runtime.container(containerId, wallMs);
  return container && { ring: container.log, isRunning: container.state === 'running' };
}

function step(state: RuntimeState, input: RuntimeInput): readonly Effect[] {
  const { runtime, listeners, readers, sessions } = state;
  state.wallMs = input.wallMs;
  switch (input.type) {
    case 'ask':
      if (input.body.type === 'sendInput') return sessions.input(input.request, input.body.request, input);
      return told(state, runtime.handle(input.request, input.body, input.monotonicMs, input.wallMs), input);
    case 'subscribed':
      return subscribed(state, input);
    case 'credit':
      return credited(state, input.stream, input.messages, input);
    case 'unsubscribed':
      listeners.delete(input.stream);
      readers.close(input.stream);
      return sessions.close(input.stream);
    case 'timer':
      if (input.key === sessionsTimer) return sessions.advance(input);
      if (input.key === followTimer) return readers.advance();
      state.dueAtMs = undefined;
      return told(state, runtime.advance(input.monotonicMs, input.wallMs), input);
    case 'stop':
      return [{ type: 'stop' }];
    default:
      return [];
  }
}

function flush(state: RuntimeState, stamp: Stamp): readonly Effect[] {
  const { runtime, readers } = state;
  const effects: Effect[] = [];
  const nextAtMs = runtime.nextAtMs();
  if (nextAtMs !== undefined && nextAtMs !== state.dueAtMs) {
    effects.push({ type: 'timer', key: dueTimer, afterMs: Math.max(0, nextAtMs - stamp.monotonicMs) });
  }
  state.dueAtMs = nextAtMs;
  if (readers.areFollowing) effects.push({ type: 'timer', key: followTimer, afterMs: followMs });
  const sessionsAtMs = state.sessions.nextAtMs();
  if (sessionsAtMs < Number.POSITIVE_INFINITY) {
    effects.push({ type: 'timer', key: sessionsTimer, afterMs: Math.max(0, sessionsAtMs - stamp.monotonicMs) });
  }
  return effects;
}

function told(state: RuntimeState, { answers, changes }: RuntimeStep, stamp: Stamp): readonly Effect[] {
  const replies = answers.map(({ request, body }): Effect => ({ type: 'reply', request, body }));
  // Who is in a container that has ended, hears of it.
  const sessions = changes.length > 0 ? state.sessions.advance(stamp) : [];
  return [...changes.flatMap((change) => announce(state, change)), ...sessions, ...replies];
}

function announce({ listeners }: RuntimeState, change: RuntimeContainer): readonly Effect[] {
  const effects: Effect[] = [];
  for (const [stream, credit] of listeners) {
    // Whoever is out of credit is cut by the host, lists anew, and has missed nothing.
    listeners.set(stream, credit - 1);
    effects.push({ type: 'emit', stream, body: change });
  }
  return effects;
}

function subscribed(state: RuntimeState, input: Extract<RuntimeInput, { type: 'subscribed' }>): readonly Effect[] {
  const { stream, credit, body } = input;
  if (body.type === 'events') {
    state.listeners.set(stream, credit);
    return [];
  }
  if (body.type !== 'logs') return state.sessions.open(stream, body, credit, input);
  const { containerId, options } = body.request;
  return state.readers.open(stream, containerId, options, credit);
}

function credited(state: RuntimeState, stream: StreamId, messages: number, stamp: Stamp): readonly Effect[] {
  const listener = state.listeners.get(stream);
  if (listener !== undefined) {
    state.listeners.set(stream, listener + messages);
    return [];
  }
  return state.readers.grant(stream, messages) ?? state.sessions.grant(stream, messages, stamp);
}
