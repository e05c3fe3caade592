/** Programs beside those of containers: commands run in them, for an answer or for a session, and connections to their ports. */
import type { Effect } from '../../actor/effect.ts';
import type { StreamId } from '../../actor/input.ts';
import type { ProgramSpec, ProgramsEvent } from '../../actor/programs-port.ts';
import type { RequestOf } from '../../actor/protocol.ts';
import { concatBytes, ownBytes } from '../../base/bytes.ts';
import type {
  AttachRequest,
  ConnectRequest,
  ExecRequest,
  RuntimeProtocol,
  SandboxStatus,
} from '../../protocol/runtime.ts';
import { execOutputBytesMax } from '../limits.ts';
import { type Completion, type PortCalls, toPort } from './port-calls.ts';
import type { ProgramContainer } from './program-container.ts';
import type { ProgramSessions } from './program-sessions.ts';
import { done, failure, reply } from './replies.ts';

export interface ExecSurroundings {
  readonly sessions: ProgramSessions;
  readonly calls: PortCalls;
  nextProgram(): number;
  container(id: string): ProgramContainer | undefined;
  specOf(container: ProgramContainer, command: readonly string[], stdin: boolean, tty: boolean): ProgramSpec;
  sandbox(id: string): SandboxStatus | undefined;
  /** Adds effects to those of the present step. */
  push(effects: readonly Effect[]): void;
}

/** A command whose whole output is the answer to a request. */
interface SyncExec {
  readonly request: number;
  readonly command: readonly string[];
  readonly output: { readonly stdout: Uint8Array[]; readonly stderr: Uint8Array[] };
  bytes: number;
  isLate: boolean;
}

type Asks = RuntimeProtocol['asks'];

const execTimer = 'program:exec:';

export class ProgramExecs {
  readonly #world: ExecSurroundings;
  readonly #sync = new Map<number, SyncExec>();
  /** The container or the sandbox with which each program here ends. */
  readonly #ownerOf = new Map<number, string>();

  constructor(world: ExecSurroundings) {
    this.#world = world;
  }

  /** Runs a command and answers with what it wrote. */
  run(request: number, { containerId, command, timeoutMs }: RequestOf<Asks['execSync']>): readonly Effect[] {
    const container = this.#world.container(containerId);
    if (container?.state !== 'running')
      return [failure(request, 'notFound', `container ${containerId} is not running`)];
    const program = this.#world.nextProgram();
    const output = { stdout: [], stderr: [] };
    this.#ownerOf.set(program, containerId);
    this.#sync.set(program, { request, command, output, bytes: 0, isLate: false });
    return [
      toPort({ type: 'start', program, spec: this.#world.specOf(container, command, false, false) }),
      { type: 'timer', key: `${execTimer}${program}`, afterMs: timeoutMs },
    ];
  }

  /** Runs a command whose output is a stream. */
  open(stream: StreamId, credit: number, asked: ExecRequest): readonly Effect[] {
    const { containerId, command, stdin, stdout, stderr, tty, sessionId } = asked;
    const container = this.#world.container(containerId);
    if (container?.state !== 'running') return refusal(stream, `container ${containerId} is not running`);
    const program = this.#world.nextProgram();
    this.#ownerOf.set(program, containerId);
    const session = { id: sessionId, stream, program, type: 'program' } as const;
    this.#world.sessions.open({ ...session, wantsStdout: stdout, wantsStderr: stderr, closesInput: false }, credit);
    return [toPort({ type: 'start', program, spec: this.#world.specOf(container, command, stdin, tty) })];
  }

  /** Joins the streams of a container's own program. */
  attach(stream: StreamId, credit: number, asked: AttachRequest): readonly Effect[] {
    const { containerId, stdin, stdout, stderr, sessionId } = asked;
    const container = this.#world.container(containerId);
    if (container?.state !== 'running') return refusal(stream, `container ${containerId} is not running`);
    const { program, config } = container;
    const closesInput = stdin && config.stdin && config.stdinOnce;
    const session = { id: sessionId, stream, program, type: 'attached' } as const;
    this.#world.sessions.open({ ...session, wantsStdout: stdout, wantsStderr: stderr, closesInput }, credit);
    return [];
  }

  /** Connects to a port of a pod. */
  connect(stream: StreamId, credit: number, { sandboxId, port, sessionId }: ConnectRequest): readonly Effect[] {
    const sandbox = this.#world.sandbox(sandboxId);
    if (sandbox?.state !== 'ready') return refusal(stream, `no ready sandbox ${sandboxId}`);
    const program = this.#world.nextProgram();
    this.#ownerOf.set(program, sandboxId);
    const session = { id: sessionId, stream, program, type: 'program' } as const;
    this.#world.sessions.open({ ...session, wantsStdout: true, wantsStderr: false, closesInput: false }, credit);
    return [toPort({ type: 'connect', program, host: sandbox.config.podIp, port })];
  }

  /** Passes input on; the answer comes when the program has taken it. */
  input(request: number, { sessionId, bytes, isEnd }: RequestOf<Asks['sendInput']>): readonly Effect[] {
    const session = this.#world.sessions.find(sessionId);
    if (session === undefined) return [failure(request, 'notFound', `no session ${sessionId}`)];
    const { program } = session;
    // Others may attach later: only a container that asked for it ends its input with a session.
    const endsInput = isEnd && (session.type === 'program' || session.closesInput);
    const command = { type: 'write', program, bytes: ownBytes(bytes), isEnd: endsInput } as const;
    const settle = (completion: Completion): void =>
      this.#world.push([
        completion.type === 'failed' ? failure(request, 'notFound', completion.message) : done(request),
      ]);
    return [this.#world.calls.call(command, settle)];
  }

  resize({ sessionId, columns, rows }: RuntimeProtocol['tells']['resizeSession']): readonly Effect[] {
    const session = this.#world.sessions.find(sessionId);
    return session === undefined ? [] : [toPort({ type: 'resize', program: session.program, columns, rows })];
  }

  /** The reader of a session is gone: its program goes too, but a container that it was attached to stays. */
  close(stream: StreamId): readonly Effect[] {
    const closed = this.#world.sessions.close(stream);
    if (closed === null) return [];
    const { session, effects } = closed;
    const { program, type, closesInput } = session;
    if (type === 'program') return [...effects, toPort({ type: 'signal', program, signal: 'SIGKILL' })];
    if (!closesInput) return effects;
    const body = { type: 'write', program, bytes: new Uint8Array(0), isEnd: true } as const;
    return [...effects, this.#world.calls.call(body, () => {})];
  }

  output({ program, stream, bytes }: Extract<ProgramsEvent, { type: 'output' }>): readonly Effect[] {
    const sync = this.#sync.get(program);
    if (sync === undefined) return this.#world.sessions.output(program, stream, bytes);
    const kept = bytes.subarray(0, Math.max(0, execOutputBytesMax - sync.bytes));
    sync.bytes += kept.length;
    if (kept.length > 0) sync.output[stream].push(ownBytes(kept));
    return [toPort({ type: 'taken', program, bytes: bytes.length })];
  }

  exited({ program, exitCode }: Extract<ProgramsEvent, { type: 'exited' }>): readonly Effect[] {
    this.#ownerOf.delete(program);
    const sync = this.#sync.get(program);
    if (sync === undefined) return this.#world.sessions.ended(program, { type: 'exited', exitCode });
    this.#sync.delete(program);
    if (sync.isLate) return [];
    const { stdout, stderr } = sync.output;
    const body = { type: 'done', exitCode, stdout: concatBytes(stdout), stderr: concatBytes(stderr) };
    return [{ type: 'cancelTimer', key: `${execTimer}${program}` }, reply(sync.request, body)];
  }

  startFailed(program: number, message: string): readonly Effect[] {
    this.#ownerOf.delete(program);
    const sync = this.#sync.get(program);
    const last = { type: 'failed', code: 'startFailed', message } as const;
    if (sync === undefined) return this.#world.sessions.ended(program, last);
    this.#sync.delete(program);
    return [{ type: 'cancelTimer', key: `${execTimer}${program}` }, reply(sync.request, last)];
  }

  /** A command has taken too long: it is killed, and its asker learns at once. */
  timedOut(timer: string): readonly Effect[] {
    const program = Number(timer.slice(execTimer.length));
    const sync = timer.startsWith(execTimer) ? this.#sync.get(program) : undefined;
    if (sync === undefined) return [];
    sync.isLate = true;
    const message = `command "${sync.command.join(' ')}" timed out`;
    return [toPort({ type: 'signal', program, signal: 'SIGKILL' }), failure(sync.request, 'timedOut', message)];
  }

  /** The commands that run in a container beside its own program. */
  programsOf(containerId: string): readonly number[] {
    return [...this.#ownerOf].filter(([, owner]) => owner === containerId).map(([program]) => program);
  }

  /** A container or a sandbox has ended: what ran in it beside its own program is killed. */
  ownerEnded(owner: string): readonly Effect[] {
    return this.programsOf(owner).map((program) => toPort({ type: 'signal', program, signal: 'SIGKILL' }));
  }
}

function refusal(stream: StreamId, message: string): readonly Effect[] {
  return [
    { type: 'emit', stream, body: { type: 'failed', code: 'notFound', message } },
    { type: 'end', stream, reason: 'completed' },
  ];
}
