/**
 * The containers of real programs, from the folder that is made for one to the end that is told of it. Like CRI it is idempotent: what is
 * asked for twice happens once, and everybody who asked is answered.
 *
 *   created --started--> running --exited--> exited
 *      (a start that fails leaves it created; the kubelet makes another)
 */
import type { Effect } from '../../actor/effect.ts';
import type { ProgramSpec, ProgramsEvent, ProgramType } from '../../actor/programs-port.ts';
import type { RequestOf } from '../../actor/protocol.ts';
import type { WallMs } from '../../base/brand.ts';
import type {
  ContainerConfig,
  RuntimeContainer,
  RuntimeFailureCode,
  RuntimeProtocol,
  SandboxConfig,
  SandboxStatus,
} from '../../protocol/runtime.ts';
import { ContainerTable } from '../container-table.ts';
import { type Completion, type PortCalls, toPort } from './port-calls.ts';
import { ProgramContainer } from './program-container.ts';
import { done, failure, reply } from './replies.ts';

type ProgramExit = Extract<ProgramsEvent, { type: 'exited' }>;

export interface ContainerSurroundings {
  readonly calls: PortCalls;
  nextProgram(): number;
  typeOf(handler: string): ProgramType;
  sandbox(id: string): SandboxStatus | undefined;
  /** The time of the present step. */
  now(): { readonly nowMs: number; readonly wallMs: WallMs };
  /** Adds effects to those of the present step. */
  push(effects: readonly Effect[]): void;
  /** Hears of a container whose program runs. */
  started(container: ProgramContainer): void;
  /** Hears of a container whose program has ended, and returns what follows from that. */
  ended(container: ProgramContainer, exit: ProgramExit): readonly Effect[];
  /** Returns what follows when a log has grown, or is gone. */
  logChanged(containerId: string): readonly Effect[];
}

/** A stop that is under way. */
interface Stop {
  /** When the program is killed; a later request can only bring it forward. */
  killAtMs: number;
  readonly requests: number[];
}

const killTimer = 'program:kill:';

export class ProgramContainers {
  readonly #world: ContainerSurroundings;
  readonly #table: ContainerTable<ProgramContainer>;
  /** Containers by the number of their program. */
  readonly #byProgram = new Map<number, ProgramContainer>();
  readonly #stops = new Map<string, Stop>();
  /** What waits until a container has ended, beside requests to stop it. */
  readonly #onEnd = new Map<string, (() => void)[]>();
  /** Requests to create that wait for a folder, by sandbox, attempt and name. */
  readonly #creating = new Map<string, number[]>();
  /** Requests to start that wait for their program. */
  readonly #starting = new Map<number, number[]>();

  /** `idPrefix` makes ids unique among nodes and lives of runtimes: hexadecimal. */
  constructor(idPrefix: string, world: ContainerSurroundings) {
    this.#table = new ContainerTable(idPrefix);
    this.#world = world;
  }

  /** Returns an id that nothing else of this runtime has. */
  newId(): string {
    return this.#table.newId();
  }

  get(id: string): ProgramContainer | undefined {
    return this.#table.get(id);
  }

  statuses(): readonly RuntimeContainer[] {
    return this.#table.statuses();
  }

  running(): readonly ProgramContainer[] {
    return this.#table.all().filter(({ state }) => state === 'running');
  }

  sandboxOf({ sandboxId }: ProgramContainer): SandboxConfig | undefined {
    return this.#world.sandbox(sandboxId)?.config;
  }

  /** Makes a container with a folder; one that was made before and not started is the answer. */
  create(request: number, sandboxId: string, config: ContainerConfig): void {
    const sandbox = this.#world.sandbox(sandboxId);
    if (sandbox?.state !== 'ready') return this.#fail(request, 'notFound', `no ready sandbox ${sandboxId}`);
    const known = this.#table.madeBefore(sandboxId, config);
    if (known !== undefined) {
      if (known.state === 'created') return this.#world.push([reply(request, { type: 'done', containerId: known.id })]);
      return this.#fail(request, 'wrongState', `container ${config.name} has been started already`);
    }
    const key = `${sandboxId} ${config.attempt} ${config.name}`;
    const waiting = this.#creating.get(key);
    this.#creating.set(key, [...(waiting ?? []), request]);
    if (waiting !== undefined) return undefined;
    const id = this.#table.newId();
    const settle = (completion: Completion): void => {
      const requests = this.#creating.get(key) ?? [];
      this.#creating.delete(key);
      const error = this.#admit(id, sandboxId, config, completion);
      for (const each of requests) {
        if (error === null) this.#world.push([reply(each, { type: 'done', containerId: id })]);
        else this.#fail(each, 'startFailed', error);
      }
    };
    const { mounts, imageId } = config;
    const { uid: podUid } = sandbox.config;
    return this.#world.push([
      this.#world.calls.call({ type: 'makeFolder', container: id, podUid, imageId, mounts }, settle),
    ]);
  }

  /** The folder of a container is made: it is there from now on, unless its sandbox has gone meanwhile. Returns what is wrong, or null. */
  #admit(id: string, sandboxId: string, config: ContainerConfig, made: Completion): string | null {
    const sandbox = this.#world.sandbox(sandboxId);
    if (sandbox?.state !== 'ready' || made.type === 'failed') {
      this.#world.push([this.#world.calls.call({ type: 'removeFolder', container: id }, () => {})]);
      return made.type === 'failed' ? made.message : `no ready sandbox ${sandboxId}`;
    }
    const place = { sandboxId, podUid: sandbox.config.uid, type: this.#world.typeOf(sandbox.config.runtimeHandler) };
    this.#table.add(new ProgramContainer(id, place, config, this.#world.now().wallMs));
    return null;
  }

  start(request: number, containerId: string): void {
    const container = this.#table.get(containerId);
    if (container === undefined) return this.#fail(request, 'notFound', `no container ${containerId}`);
    if (container.state !== 'created') return this.#done(request);
    const waiting = this.#starting.get(container.program);
    if (waiting !== undefined) {
      waiting.push(request);
      return undefined;
    }
    container.program = this.#world.nextProgram();
    this.#byProgram.set(container.program, container);
    this.#starting.set(container.program, [request]);
    const { image, command, args, stdin, tty, terminationMessagePath } = container.config;
    const spec: ProgramSpec = {
      ...container.specOf(command, stdin, tty, this.sandboxOf(container)),
      image,
      args,
      messagePath: terminationMessagePath,
    };
    return this.#world.push([toPort({ type: 'start', program: container.program, spec })]);
  }

  /** Asks a program to end, and kills it after its grace; answers when it has ended. */
  stop(request: number, containerId: string, graceMs: number): void {
    const container = this.#table.get(containerId);
    if (container?.state !== 'running') return this.#done(request);
    const known = this.#stops.get(containerId);
    const killAtMs = Math.min(this.#world.now().nowMs + graceMs, known?.killAtMs ?? Number.POSITIVE_INFINITY);
    const isEarlier = known === undefined || killAtMs < known.killAtMs;
    this.#stops.set(containerId, { killAtMs, requests: [...(known?.requests ?? []), request] });
    if (graceMs <= 0) return this.kill(containerId);
    const { program } = container;
    if (known === undefined) this.#world.push([toPort({ type: 'signal', program, signal: 'SIGTERM' })]);
    if (isEarlier) this.#world.push([{ type: 'timer', key: `${killTimer}${containerId}`, afterMs: graceMs }]);
    return undefined;
  }

  limit(
    request: number,
    { containerId, ...limits }: RequestOf<RuntimeProtocol['asks']['updateContainerResources']>,
  ): void {
    const container = this.#table.get(containerId);
    if (container === undefined) return this.#fail(request, 'notFound', `no container ${containerId}`);
    const { memoryLimitBytes } = limits;
    if (memoryLimitBytes !== container.config.memoryLimitBytes && container.state === 'running') {
      if (container.type === 'worker') {
        const message = 'the memory limit of a worker thread cannot be changed while it runs';
        return this.#fail(request, 'unsupported', message);
      }
      this.#world.push([toPort({ type: 'limit', program: container.program, memoryLimitBytes })]);
    }
    container.config = { ...container.config, ...limits };
    return this.#done(request);
  }

  /** Ends a program at once, whether somebody waits for that or not. */
  kill(containerId: string): void {
    const container = this.#table.get(containerId);
    if (container === undefined || container.program === 0 || container.state === 'exited') return;
    this.#world.push([toPort({ type: 'signal', program: container.program, signal: 'SIGKILL' })]);
  }

  remove(request: number, containerId: string): void {
    const container = this.#table.get(containerId);
    if (container?.state === 'running') return this.#fail(request, 'wrongState', `container ${containerId} is running`);
    if (container !== undefined) this.forget(containerId);
    return this.#done(request);
  }

  /** Drops a container that does not run, its log and its folder. */
  forget(containerId: string): void {
    const program = this.#table.get(containerId)?.program ?? 0;
    this.#byProgram.delete(program);
    this.#table.delete(containerId);
    this.#world.push([
      ...this.#world.logChanged(containerId),
      this.#world.calls.call({ type: 'removeFolder', container: containerId }, () => {}),
    ]);
  }

  /** Kills what runs in a sandbox; `finish` runs when all of it has ended. */
  endAll(sandboxId: string, finish: () => void): void {
    const running = this.#table.inSandbox(sandboxId).filter(({ state, program }) => state === 'running' || program > 0);
    const left = new Set(running.filter(({ state }) => state !== 'exited').map(({ id }) => id));
    if (left.size === 0) return finish();
    for (const id of left) {
      const onEnd = (): void => {
        left.delete(id);
        if (left.size === 0) finish();
      };
      this.#onEnd.set(id, [...(this.#onEnd.get(id) ?? []), onEnd]);
      this.kill(id);
    }
    return undefined;
  }

  /** Drops what a sandbox had. */
  forgetAll(sandboxId: string): void {
    for (const { id } of this.#table.inSandbox(sandboxId)) this.forget(id);
  }

  /** A timer fell due; false: it is nobody's here. */
  timedOut(key: string): boolean {
    if (!key.startsWith(killTimer)) return false;
    this.kill(key.slice(killTimer.length));
    return true;
  }

  // --- What programs do; false: it is not the program of a container -----------------------------------------------------

  started(program: number): void {
    const container = this.#byProgram.get(program);
    if (container?.state !== 'created') return;
    container.started(this.#world.now().wallMs);
    this.#world.started(container);
    for (const request of this.#starting.get(program) ?? []) this.#done(request);
    this.#starting.delete(program);
  }

  startFailed(program: number, message: string): boolean {
    const container = this.#byProgram.get(program);
    if (container === undefined) return false;
    container.program = 0;
    this.#byProgram.delete(program);
    for (const request of this.#starting.get(program) ?? []) this.#fail(request, 'startFailed', message);
    this.#starting.delete(program);
    this.#finish(container.id);
    return true;
  }

  wrote({ program, stream, bytes }: Extract<ProgramsEvent, { type: 'output' }>): void {
    const container = this.#byProgram.get(program);
    if (container === undefined) return;
    container.log.write(stream, bytes, this.#world.now().wallMs);
    this.#world.push(this.#world.logChanged(container.id));
  }

  exited(exit: ProgramExit): boolean {
    const container = this.#byProgram.get(exit.program);
    if (container?.state !== 'running') return container !== undefined;
    container.ended(exit, this.#world.now().wallMs);
    this.#world.push([
      { type: 'cancelTimer', key: `${killTimer}${container.id}` },
      ...this.#world.logChanged(container.id),
      ...this.#world.ended(container, exit),
    ]);
    for (const request of this.#stops.get(container.id)?.requests ?? []) this.#done(request);
    this.#stops.delete(container.id);
    this.#finish(container.id);
    return true;
  }

  #finish(containerId: string): void {
    const waiting = this.#onEnd.get(containerId) ?? [];
    this.#onEnd.delete(containerId);
    for (const run of waiting) run();
  }

  #done(request: number): void {
    this.#world.push([done(request)]);
  }

  #fail(request: number, code: RuntimeFailureCode, message: string): void {
    this.#world.push([failure(request, code, message)]);
  }
}
