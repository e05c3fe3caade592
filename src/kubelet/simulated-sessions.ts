/**
 * Open sessions of simulated containers. Output is made when there is credit for it, and input is taken, and answered, when the program wants
 * more: so a slow reader slows its program down, and nothing piles up.
 */
import type { Effect } from '../actor/effect.ts';
import type { RequestId, StreamId } from '../actor/input.ts';
import { ownBytes } from '../base/bytes.ts';
import type { AttachRequest, ConnectRequest, ExecRequest, SessionItem } from '../protocol/runtime.ts';
import { noSession, type SessionInput, sessionChunkBytesMax } from '../protocol/session.ts';
import type { LogPosition } from './log-ring.ts';
import type { Moment, Program } from './program.ts';
import type { SimulatedContainer } from './simulated-container.ts';
import type { SimulatedRuntime } from './simulated-runtime.ts';
import { SimulatedServer } from './simulated-server.ts';
import { SimulatedShell } from './simulated-shell.ts';

export type SessionOpening =
  | { readonly type: 'exec'; readonly request: ExecRequest }
  | { readonly type: 'attach'; readonly request: AttachRequest }
  | { readonly type: 'connect'; readonly request: ConnectRequest };

interface Session {
  readonly sessionId: string;
  readonly program: Program;
  /** The container that the program lives in. */
  readonly container: SimulatedContainer;
  /** The container's end is the session's: of an attach alone it is also its result. */
  readonly isAttached: boolean;
  credit: number;
  readonly inputs: { readonly request: RequestId; readonly input: SessionInput }[];
}

const killedExitCode = 137;
const followMs = 100;

export class SimulatedSessions {
  readonly #runtime: SimulatedRuntime;
  readonly #sessions = new Map<StreamId, Session>();
  readonly #streamOf = new Map<string, StreamId>();

  constructor(runtime: SimulatedRuntime) {
    this.#runtime = runtime;
  }

  get size(): number {
    return this.#sessions.size;
  }

  has(stream: StreamId): boolean {
    return this.#sessions.has(stream);
  }

  open(stream: StreamId, opening: SessionOpening, credit: number, moment: Moment): readonly Effect[] {
    const { sessionId } = opening.request;
    const container = this.#containerOf(opening, moment);
    if (container === undefined || container.state !== 'running' || this.#streamOf.has(sessionId)) {
      const body = refusalOf(opening);
      const said: readonly Effect[] = credit > 0 ? [{ type: 'emit', stream, body }] : [];
      return [...said, { type: 'end', stream, reason: credit > 0 ? 'completed' : 'rejected' }];
    }
    const program = this.#programOf(opening, container);
    const isAttached = opening.type === 'attach';
    this.#sessions.set(stream, { sessionId, program, container, isAttached, credit, inputs: [] });
    this.#streamOf.set(sessionId, stream);
    return this.#pump(stream, moment);
  }

  grant(stream: StreamId, messages: number, moment: Moment): readonly Effect[] {
    const session = this.#sessions.get(stream);
    if (session === undefined) return [];
    session.credit += messages;
    return this.#pump(stream, moment);
  }

  input(request: RequestId, input: SessionInput, moment: Moment): readonly Effect[] {
    const stream = this.#streamOf.get(input.sessionId);
    const session = stream === undefined ? undefined : this.#sessions.get(stream);
    if (stream === undefined || session === undefined) {
      return [{ type: 'reply', request, body: noSession(input.sessionId) }];
    }
    session.inputs.push({ request, input: { ...input, bytes: ownBytes(input.bytes) } });
    return this.#pump(stream, moment);
  }

  /** The reader is gone. */
  close(stream: StreamId): readonly Effect[] {
    const session = this.#sessions.get(stream);
    return session === undefined ? [] : this.#forget(stream, session);
  }

  /** Time has passed, or containers have changed. */
  advance(moment: Moment): readonly Effect[] {
    return [...this.#sessions.keys()].flatMap((stream) => this.#pump(stream, moment));
  }

  /** When `advance` has something to do; infinite when nothing is due. */
  nextAtMs(): number {
    let nextAtMs = Number.POSITIVE_INFINITY;
    for (const { program, credit } of this.#sessions.values()) {
      if (credit > 0) nextAtMs = Math.min(nextAtMs, program.dueAtMs);
    }
    return nextAtMs;
  }

  #containerOf(opening: SessionOpening, { monotonicMs, wallMs }: Moment): SimulatedContainer | undefined {
    if (opening.type === 'connect') return this.#runtime.serving(opening.request.sandboxId, monotonicMs);
    return this.#runtime.container(opening.request.containerId, wallMs);
  }

  #programOf(opening: SessionOpening, container: SimulatedContainer): Program {
    const sandbox = this.#runtime.sandbox(container.sandboxId);
    const { name, env, command: own, args } = container.config;
    if (opening.type === 'attach') return new LogProgram(container, this.#runtime);
    if (opening.type === 'connect') {
      return new SimulatedServer(`${name} of pod ${sandbox?.config.namespace}/${sandbox?.config.name}`);
    }
    const { command } = opening.request;
    return new SimulatedShell(command, opening.request, {
      hostname: sandbox?.config.hostname ?? '',
      address: sandbox?.config.podIp ?? '127.0.0.1',
      command: [...own, ...args],
      env,
      files: this.#runtime.files(container),
    });
  }

  #pump(stream: StreamId, moment: Moment): readonly Effect[] {
    const session = this.#sessions.get(stream);
    if (session === undefined) return [];
    const { program } = session;
    this.#runtime.noteTime(moment.wallMs);
    const effects: Effect[] = [];
    for (;;) {
      const item = session.credit > 0 ? this.#next(session, moment) : null;
      if (item !== null) {
        session.credit -= 1;
        effects.push({ type: 'emit', stream, body: item });
        if (item.type !== 'exited' && item.type !== 'failed') continue;
        return [...effects, ...this.#forget(stream, session), { type: 'end', stream, reason: 'completed' }];
      }
      if (!program.wantsInput) return effects;
      const next = session.inputs.shift();
      if (next === undefined) return effects;
      program.write(next.input.bytes, next.input.isEnd);
      effects.push({ type: 'reply', request: next.request, body: { type: 'done' } });
    }
  }

  #next({ program, container, isAttached }: Session, moment: Moment): SessionItem | null {
    if (container.state === 'running' || isAttached) return program.read(moment);
    return { type: 'exited', exitCode: killedExitCode };
  }

  #forget(stream: StreamId, { sessionId, inputs }: Session): readonly Effect[] {
    this.#sessions.delete(stream);
    this.#streamOf.delete(sessionId);
    return inputs.map(({ request }) => ({ type: 'reply', request, body: noSession(sessionId) }));
  }
}

function refusalOf(opening: SessionOpening): SessionItem {
  const message =
    opening.type === 'connect'
      ? `dial tcp4 127.0.0.1:${opening.request.port}: connect: connection refused`
      : `container ${opening.request.containerId} is not running`;
  return { type: 'failed', code: opening.type === 'connect' ? 'wrongState' : 'notFound', message };
}

/** A container's own output, from now on. What is typed goes nowhere: a simulated program reads nothing. */
class LogProgram implements Program {
  readonly wantsInput = true;
  readonly #container: SimulatedContainer;
  readonly #runtime: SimulatedRuntime;
  #position: LogPosition;
  #lookedAtMs = 0;

  constructor(container: SimulatedContainer, runtime: SimulatedRuntime) {
    this.#container = container;
    this.#runtime = runtime;
    this.#position = container.log.end;
  }

  get dueAtMs(): number {
    return this.#lookedAtMs + followMs;
  }

  write(): void {}

  read({ monotonicMs, wallMs }: Moment): SessionItem | null {
    this.#lookedAtMs = monotonicMs;
    const { id, log } = this.#container;
    this.#runtime.container(id, wallMs);
    if (this.#position < log.end) {
      const { bytes, next } = log.read(this.#position, false, sessionChunkBytesMax);
      this.#position = next;
      return { type: 'stdout', bytes: bytes.subarray(0, sessionChunkBytesMax) };
    }
    const { state, exitCode } = this.#container.status();
    return state === 'running' ? null : { type: 'exited', exitCode };
  }
}
