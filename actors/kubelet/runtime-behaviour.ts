/**
 * The actor of the simulated container runtime: one SimulatedRuntime, its timer, and three kinds of streams: changes of containers, sessions, and logs. A
 * log is read when there is credit for it; one that is followed is looked at in intervals while its container runs.
 */
import type { ActorContext, Behaviour } from '../../src/actor/behaviour.ts';
import type { Effect } from '../../src/actor/effect.ts';
import type { Input, Stamp, StreamId } from '../../src/actor/input.ts';
import { must } from '../../src/base/assert.ts';
import type { MonotonicMs } from '../../src/base/brand.ts';
import type { ImageProfiles } from '../../src/kubelet/container-profile.ts';
import type { LogPosition } from '../../src/kubelet/log-ring.ts';
import { type RuntimeStep, SimulatedRuntime } from '../../src/kubelet/simulated-runtime.ts';
import { SimulatedSessions } from '../../src/kubelet/simulated-sessions.ts';
import type { LogOptions, RuntimeContainer, RuntimeProtocol } from '../../src/protocol/runtime.ts';

export interface RuntimeArgs {
  /** Profiles by image name; see src/kubelet/container-profile.ts. */
  readonly profiles?: ImageProfiles;
}

interface LogReader {
  readonly containerId: string;
  readonly options: LogOptions;
  /** Who does not follow reads to where the log ended when he came. */
  readonly endAt: number;
  position: LogPosition;
  credit: number;
  bytesLeft: number;
}

export interface RuntimeState {
  readonly runtime: SimulatedRuntime;
  /** Credit of each subscriber to changes. */
  readonly listeners: Map<StreamId, number>;
  readonly readers: Map<StreamId, LogReader>;
  readonly sessions: SimulatedSessions;
  /** When the timer of what is due is set to; undefined when it is not, or has fired. */
  dueAtMs: MonotonicMs | undefined;
}

type RuntimeInput = Input<RuntimeProtocol>;

const dueTimer = 'runtime:due';
const followTimer = 'runtime:follow';
const sessionsTimer = 'runtime:sessions';
const followMs = 100;
const chunkBytesMax = 32 * 1024;
const idCharacters = 56;

export const simulatedRuntimeBehaviour: Behaviour<RuntimeArgs | null, RuntimeState, RuntimeProtocol> = {
  init,
  step,
  flush,
};

function init(args: RuntimeArgs | null, { random }: ActorContext): RuntimeState {
  const idPrefix = random.text(idCharacters, '0123456789abcdef');
  const runtime = new SimulatedRuntime(args?.profiles ?? {}, idPrefix);
  return {
    runtime,
    listeners: new Map(),
    readers: new Map(),
    sessions: new SimulatedSessions(runtime),
    dueAtMs: undefined,
  };
}

function step(state: RuntimeState, input: RuntimeInput): readonly Effect[] {
  const { runtime, listeners, readers, sessions } = state;
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
      readers.delete(input.stream);
      return sessions.close(input.stream);
    case 'timer':
      if (input.key === sessionsTimer) return sessions.advance(input);
      if (input.key === followTimer) return [...readers.keys()].flatMap((stream) => read(state, stream, input));
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
  const isFollowed = [...readers.values()].some(({ options, credit }) => options.follow && credit > 0);
  if (isFollowed) effects.push({ type: 'timer', key: followTimer, afterMs: followMs });
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
  const container = state.runtime.container(containerId, input.wallMs);
  if (container === undefined) return [{ type: 'end', stream, reason: 'rejected' }];
  // All that a simulated container says goes to its standard output.
  const position = options.stream === 'stderr' ? Number.POSITIVE_INFINITY : container.log.start(options);
  const bytesLeft = options.limitBytes ?? Number.POSITIVE_INFINITY;
  const endAt = options.follow ? Number.POSITIVE_INFINITY : container.log.end;
  state.readers.set(stream, { containerId, options, endAt, position, credit, bytesLeft });
  return read(state, stream, input);
}

function credited(state: RuntimeState, stream: StreamId, messages: number, stamp: Stamp): readonly Effect[] {
  const listener = state.listeners.get(stream);
  if (listener !== undefined) {
    state.listeners.set(stream, listener + messages);
    return [];
  }
  const reader = state.readers.get(stream);
  if (reader === undefined) return state.sessions.grant(stream, messages, stamp);
  reader.credit += messages;
  return read(state, stream, stamp);
}

/** Sends what there is, as far as credit goes; ends the stream behind the last line. */
function read(state: RuntimeState, stream: StreamId, { wallMs }: Stamp): readonly Effect[] {
  const reader = must(state.readers.get(stream), 'a stream without a reader');
  const container = state.runtime.container(reader.containerId, wallMs);
  if (container === undefined) return finish(state, stream, []);
  const effects: Effect[] = [];
  const end = Math.min(container.log.end, reader.endAt);
  while (reader.credit > 0 && reader.position < end && reader.bytesLeft > 0) {
    const { bytes, next } = container.log.read(reader.position, reader.options.timestamps, chunkBytesMax);
    reader.position = next;
    reader.credit -= 1;
    const allowed = bytes.subarray(0, Math.min(bytes.length, reader.bytesLeft));
    reader.bytesLeft -= allowed.length;
    effects.push({ type: 'emit', stream, body: { bytes: allowed } });
  }
  if (reader.bytesLeft <= 0) return finish(state, stream, effects);
  const isDrained = reader.position >= end;
  const goesOn = reader.options.follow && container.state === 'running';
  return isDrained && !goesOn ? finish(state, stream, effects) : effects;
}

function finish(state: RuntimeState, stream: StreamId, effects: readonly Effect[]): readonly Effect[] {
  state.readers.delete(stream);
  return [...effects, { type: 'end', stream, reason: 'completed' }];
}
