/**
 * The container runtimes `worker` and `process`: sandboxes, containers, logs and sessions of real programs. Pure: what it wants of the world
 * it asks of the Programs port, and the port's events drive it. Like CRI it is idempotent: stopping what is stopped, or removing what is
 * gone, succeeds; a request that was sent twice has one effect.
 *
 *   created --started--> running --exited--> exited
 *      (a start that fails leaves it created; the kubelet makes another)
 */
import type { Effect } from '../../actor/effect.ts';
import type { Input } from '../../actor/input.ts';
import type { ProgramSpec, ProgramsEvent, ProgramType } from '../../actor/programs-port.ts';
import type { Ask, RequestOf } from '../../actor/protocol.ts';
import { unreachable } from '../../base/assert.ts';
import type { WallMs } from '../../base/brand.ts';
import type {
  ContainerConfig,
  RuntimeContainer,
  RuntimeFailureCode,
  RuntimeImage,
  RuntimeProtocol,
  SandboxConfig,
  SandboxStatus,
} from '../../protocol/runtime.ts';
import { ContainerTable } from '../container-table.ts';
import { LogReaders } from './log-readers.ts';
import { type Completion, PortCalls, toPort } from './port-calls.ts';
import { ProgramContainer } from './program-container.ts';
import { ProgramExecs } from './program-execs.ts';
import { ProgramImages } from './program-images.ts';
import { ProgramMeters } from './program-meters.ts';
import { ProgramSandboxes } from './program-sandboxes.ts';
import { ProgramSessions } from './program-sessions.ts';

export const programRuntimeName = 'threemaster-programs';
export const programRuntimeVersion = '1.0.0';

type RuntimeAsk = Ask<RuntimeProtocol>;
export type RuntimeInput = Input<RuntimeProtocol>;

const killTimer = 'program:kill:';

/** A stop that is under way. */
interface Stop {
  /** When the program is killed; a later request can only bring it forward. */
  killAtMs: number;
  readonly requests: number[];
}

export class ProgramRuntime {
  readonly #defaultType: ProgramType;
  readonly #containers: ContainerTable<ProgramContainer>;
  /** Containers by the number of their program. */
  readonly #byProgram = new Map<number, ProgramContainer>();
  readonly #stops = new Map<string, Stop>();
  /** What waits until a container has ended, beside requests to stop it. */
  readonly #onEnd = new Map<string, (() => void)[]>();
  /** Requests to create that wait for a folder, by sandbox, attempt and name. */
  readonly #creating = new Map<string, number[]>();
  /** Requests to start that wait for their program. */
  readonly #starting = new Map<number, number[]>();
  readonly #calls = new PortCalls();
  readonly #images = new ProgramImages(this.#calls);
  readonly #sandboxes = new ProgramSandboxes(this.#calls);
  readonly #meters = new ProgramMeters();
  readonly #readers: LogReaders;
  readonly #sessions: ProgramSessions;
  readonly #execs: ProgramExecs;
  #lastProgram = 0;
  #wallMs = 0 as WallMs;
  #nowMs = 0;
  #effects: Effect[] = [];
  #changes: RuntimeContainer[] = [];

  /** `idPrefix` makes ids unique among nodes and lives of runtimes: hexadecimal. `defaultType` is for sandboxes that name no handler. */
  constructor(idPrefix: string, defaultType: ProgramType) {
    this.#containers = new ContainerTable(idPrefix);
    this.#defaultType = defaultType;
    this.#readers = new LogReaders((id) => {
      const container = this.#containers.get(id);
      return container && { ring: container.log.ring, isRunning: container.state === 'running' };
    });
    this.#sessions = new ProgramSessions((program, bytes) => toPort({ type: 'taken', program, bytes }));
    this.#execs = new ProgramExecs({
      sessions: this.#sessions,
      calls: this.#calls,
      nextProgram: () => (this.#lastProgram += 1),
      container: (id) => this.#containers.get(id),
      specOf: (container, command, stdin, tty) => container.specOf(command, stdin, tty, this.#sandboxOf(container)),
      sandbox: (id) => this.#sandboxes.get(id),
      push: (effects) => this.#push(effects),
    });
  }

  /** Tells whether an id of a sandbox, a container or a session is one of this runtime's. */
  owns(id: string): boolean {
    return (
      this.#sandboxes.get(id) !== undefined ||
      this.#containers.get(id) !== undefined ||
      this.#sessions.find(id) !== undefined
    );
  }

  /** The pod belongs to another runtime: its volumes are not for here. */
  disown(podUid: string): void {
    this.#sandboxes.disown(podUid);
  }

  sandboxes(): readonly SandboxStatus[] {
    return this.#sandboxes.all();
  }

  containers(): readonly RuntimeContainer[] {
    return this.#containers.statuses();
  }

  images(): readonly RuntimeImage[] {
    return this.#images.held();
  }

  /** Takes an input. `changes` are containers that changed, as they are now, in order; they are to be told before the effects. */
  handle(input: RuntimeInput): { readonly changes: readonly RuntimeContainer[]; readonly effects: readonly Effect[] } {
    this.#wallMs = input.wallMs;
    this.#nowMs = input.monotonicMs;
    this.#take(input);
    const step = { changes: this.#changes, effects: this.#effects };
    this.#changes = [];
    this.#effects = [];
    return step;
  }

  #take(input: RuntimeInput): void {
    switch (input.type) {
      case 'ask':
        return this.#asked(input.request, input.body);
      case 'tell':
        return this.#push(this.#execs.resize(input.body.message));
      case 'subscribed':
        return this.#push(this.#subscribed(input));
      case 'credit':
        return this.#push(
          this.#readers.grant(input.stream, input.messages) ?? this.#sessions.grant(input.stream, input.messages) ?? [],
        );
      case 'unsubscribed':
        this.#readers.close(input.stream);
        return this.#push(this.#execs.close(input.stream));
      case 'timer':
        if (input.key.startsWith(killTimer)) return this.#kill(input.key.slice(killTimer.length));
        return this.#push(this.#execs.timedOut(input.key));
      case 'io':
        return this.#happened(input.event as ProgramsEvent);
      default:
        return undefined;
    }
  }

  #push(effects: readonly Effect[]): void {
    this.#effects.push(...effects);
  }

  #answer(request: number, body: unknown): void {
    this.#effects.push({ type: 'reply', request, body });
  }

  #done(request: number): void {
    this.#answer(request, { type: 'done' });
  }

  #fail(request: number, code: RuntimeFailureCode, message: string): void {
    this.#answer(request, { type: 'failed', code, message });
  }

  #asked(request: number, ask: RuntimeAsk): void {
    switch (ask.type) {
      case 'version':
        return this.#answer(request, { name: programRuntimeName, version: programRuntimeVersion });
      case 'list':
        return this.#answer(request, { sandboxes: this.sandboxes(), containers: this.containers() });
      case 'runPodSandbox':
        return this.#push(
          this.#sandboxes.run(
            ask.request.config,
            () => this.#containers.newId(),
            () => this.#wallMs,
            (reply) => this.#answer(request, reply),
          ),
        );
      case 'stopPodSandbox':
        return this.#stopSandbox(ask.request.sandboxId, () => this.#done(request));
      case 'removePodSandbox':
        return this.#removeSandbox(request, ask.request.sandboxId);
      case 'imageStatus':
        return this.#answer(request, this.#images.status(this.#typeOf(ask.request.runtimeHandler), ask.request.image));
      case 'listImages':
        return this.#answer(request, { type: 'done', images: this.images() });
      case 'pullImage':
        return this.#push([
          this.#images.pull(this.#typeOf(ask.request.sandbox.runtimeHandler), ask.request, (outcome) =>
            this.#answer(request, outcome),
          ),
        ]);
      case 'setVolume':
        return this.#push(this.#sandboxes.setVolume(ask.request, (reply) => this.#answer(request, reply)));
      case 'removeVolumes':
        return this.#push(this.#sandboxes.removeVolumes(ask.request.podUid, (reply) => this.#answer(request, reply)));
      case 'createContainer':
        return this.#create(request, ask.request.sandboxId, ask.request.config);
      case 'startContainer':
        return this.#start(request, ask.request.containerId);
      case 'stopContainer':
        return this.#stop(request, ask.request.containerId, ask.request.graceMs);
      case 'updateContainerResources':
        return this.#limit(request, ask.request);
      case 'removeContainer':
        return this.#remove(request, ask.request.containerId);
      case 'execSync':
        return this.#push(this.#execs.run(request, ask.request));
      case 'probe':
        return this.#probe(request, ask.request);
      case 'sendInput':
        return this.#push(this.#execs.input(request, ask.request));
      case 'stats':
        return this.#measure(request);
      default:
        return unreachable(ask);
    }
  }

  #subscribed(input: Extract<RuntimeInput, { type: 'subscribed' }>): readonly Effect[] {
    const { stream, credit, body } = input;
    switch (body.type) {
      case 'logs':
        return this.#readers.open(stream, body.request.containerId, body.request.options, credit);
      case 'exec':
        return this.#execs.open(stream, credit, body.request);
      case 'attach':
        return this.#execs.attach(stream, credit, body.request);
      case 'connect':
        return this.#execs.connect(stream, credit, body.request);
      default:
        return [{ type: 'end', stream, reason: 'rejected' }];
    }
  }

  #typeOf(handler: string): ProgramType {
    return handler === 'worker' || handler === 'process' ? handler : this.#defaultType;
  }

  // --- Sandboxes --------------------------------------------------------------------------------------------------------

  /** Kills what runs in a sandbox; `done` runs when all of it has ended. */
  #stopSandbox(sandboxId: string, done: () => void): void {
    this.#sandboxes.stopped(sandboxId);
    this.#push(this.#execs.ownerEnded(sandboxId));
    const running = this.#containers
      .inSandbox(sandboxId)
      .filter(({ state, program }) => state === 'running' || program > 0);
    const left = new Set(running.filter(({ state }) => state !== 'exited').map(({ id }) => id));
    if (left.size === 0) return done();
    for (const id of left) {
      const onEnd = (): void => {
        left.delete(id);
        if (left.size === 0) done();
      };
      this.#onEnd.set(id, [...(this.#onEnd.get(id) ?? []), onEnd]);
      this.#kill(id);
    }
    return undefined;
  }

  #removeSandbox(request: number, sandboxId: string): void {
    this.#stopSandbox(sandboxId, () => {
      for (const { id } of this.#containers.inSandbox(sandboxId)) this.#forget(id);
      this.#sandboxes.remove(sandboxId);
      this.#done(request);
    });
  }

  #sandboxOf({ sandboxId }: ProgramContainer): SandboxConfig | undefined {
    return this.#sandboxes.get(sandboxId)?.config;
  }

  // --- Containers -------------------------------------------------------------------------------------------------------

  #create(request: number, sandboxId: string, config: ContainerConfig): void {
    const sandbox = this.#sandboxes.get(sandboxId);
    if (sandbox?.state !== 'ready') return this.#fail(request, 'notFound', `no ready sandbox ${sandboxId}`);
    const known = this.#containers.madeBefore(sandboxId, config);
    if (known !== undefined) {
      if (known.state === 'created') return this.#answer(request, { type: 'done', containerId: known.id });
      return this.#fail(request, 'wrongState', `container ${config.name} has been started already`);
    }
    const key = `${sandboxId} ${config.attempt} ${config.name}`;
    const waiting = this.#creating.get(key);
    this.#creating.set(key, [...(waiting ?? []), request]);
    if (waiting !== undefined) return undefined;
    const id = this.#containers.newId();
    const settle = (completion: Completion): void => {
      const requests = this.#creating.get(key) ?? [];
      this.#creating.delete(key);
      const error = this.#admit(id, sandboxId, config, completion);
      for (const each of requests) {
        if (error === null) this.#answer(each, { type: 'done', containerId: id });
        else this.#fail(each, 'startFailed', error);
      }
    };
    const { mounts, imageId } = config;
    const { uid: podUid } = sandbox.config;
    return this.#push([this.#calls.call({ type: 'makeFolder', container: id, podUid, imageId, mounts }, settle)]);
  }

  /** The folder of a container is made: it is there from now on, unless its sandbox has gone meanwhile. Returns what is wrong, or null. */
  #admit(id: string, sandboxId: string, config: ContainerConfig, made: Completion): string | null {
    const sandbox = this.#sandboxes.get(sandboxId);
    if (sandbox?.state !== 'ready' || made.type === 'failed') {
      this.#push([this.#calls.call({ type: 'removeFolder', container: id }, () => {})]);
      return made.type === 'failed' ? made.message : `no ready sandbox ${sandboxId}`;
    }
    const place = { sandboxId, podUid: sandbox.config.uid, type: this.#typeOf(sandbox.config.runtimeHandler) };
    this.#containers.add(new ProgramContainer(id, place, config, this.#wallMs));
    return null;
  }

  #start(request: number, containerId: string): void {
    const container = this.#containers.get(containerId);
    if (container === undefined) return this.#fail(request, 'notFound', `no container ${containerId}`);
    if (container.state !== 'created') return this.#done(request);
    const waiting = this.#starting.get(container.program);
    if (waiting !== undefined) {
      waiting.push(request);
      return undefined;
    }
    this.#lastProgram += 1;
    container.program = this.#lastProgram;
    this.#byProgram.set(container.program, container);
    this.#starting.set(container.program, [request]);
    const { image, command, args, stdin, tty, terminationMessagePath } = container.config;
    const spec: ProgramSpec = {
      ...container.specOf(command, stdin, tty, this.#sandboxOf(container)),
      image,
      args,
      messagePath: terminationMessagePath,
    };
    return this.#push([toPort({ type: 'start', program: container.program, spec })]);
  }

  #stop(request: number, containerId: string, graceMs: number): void {
    const container = this.#containers.get(containerId);
    if (container?.state !== 'running') return this.#done(request);
    const known = this.#stops.get(containerId);
    const killAtMs = Math.min(this.#nowMs + graceMs, known?.killAtMs ?? Number.POSITIVE_INFINITY);
    const isEarlier = known === undefined || killAtMs < known.killAtMs;
    this.#stops.set(containerId, { killAtMs, requests: [...(known?.requests ?? []), request] });
    if (graceMs <= 0) return this.#kill(containerId);
    const { program } = container;
    if (known === undefined) this.#push([toPort({ type: 'signal', program, signal: 'SIGTERM' })]);
    if (isEarlier) this.#push([{ type: 'timer', key: `${killTimer}${containerId}`, afterMs: graceMs }]);
    return undefined;
  }

  #limit(
    request: number,
    { containerId, ...limits }: RequestOf<RuntimeProtocol['asks']['updateContainerResources']>,
  ): void {
    const container = this.#containers.get(containerId);
    if (container === undefined) return this.#fail(request, 'notFound', `no container ${containerId}`);
    const { memoryLimitBytes } = limits;
    if (memoryLimitBytes !== container.config.memoryLimitBytes && container.state === 'running') {
      if (container.type === 'worker') {
        const message = 'the memory limit of a worker thread cannot be changed while it runs';
        return this.#fail(request, 'unsupported', message);
      }
      this.#push([toPort({ type: 'limit', program: container.program, memoryLimitBytes })]);
    }
    container.config = { ...container.config, ...limits };
    return this.#done(request);
  }

  #kill(containerId: string): void {
    const container = this.#containers.get(containerId);
    if (container === undefined || container.program === 0 || container.state === 'exited') return;
    this.#push([toPort({ type: 'signal', program: container.program, signal: 'SIGKILL' })]);
  }

  #remove(request: number, containerId: string): void {
    const container = this.#containers.get(containerId);
    if (container?.state === 'running') return this.#fail(request, 'wrongState', `container ${containerId} is running`);
    if (container !== undefined) this.#forget(containerId);
    return this.#done(request);
  }

  #forget(containerId: string): void {
    const program = this.#containers.get(containerId)?.program ?? 0;
    this.#byProgram.delete(program);
    this.#containers.delete(containerId);
    this.#push([
      ...this.#readers.changed(containerId),
      this.#calls.call({ type: 'removeFolder', container: containerId }, () => {}),
    ]);
  }

  #probe(request: number, { containerId, action, timeoutMs }: Extract<RuntimeAsk, { type: 'probe' }>['request']): void {
    const container = this.#containers.get(containerId);
    if (container?.state !== 'running')
      return this.#fail(request, 'notFound', `container ${containerId} is not running`);
    const address = this.#sandboxOf(container)?.podIp ?? null;
    const settle = (completion: Completion): void => {
      if (completion.type !== 'probed') return this.#fail(request, 'timedOut', 'the probe was not carried out');
      const { isSuccessful, message } = completion;
      return this.#answer(request, { type: 'done', isSuccessful, message });
    };
    return this.#push([this.#calls.call({ type: 'probe', address, probe: action, timeoutMs }, settle)]);
  }

  /** Asks for readings of what runs; a node where none can be had says so. */
  #measure(request: number): void {
    const running = this.#containers.all().filter(({ state }) => state === 'running');
    const metered = running.map(({ id, podUid, config, program }) => ({
      id,
      podUid,
      name: config.name,
      programs: [program, ...this.#execs.programsOf(id)],
    }));
    const settle = (completion: Completion): void => {
      const readings = completion.type === 'measured' ? completion.readings : [];
      const left = metered.filter(({ id }) => this.#containers.get(id)?.state === 'running');
      if (left.length > 0 && readings.length === 0) {
        return this.#fail(request, 'unsupported', 'what real programs use cannot be measured on this machine');
      }
      const usage = this.#meters.measured(left, readings, this.#nowMs, this.#wallMs);
      return this.#answer(request, { type: 'done', ...usage });
    };
    const programs = metered.flatMap((container) => container.programs);
    return this.#push([this.#calls.call({ type: 'measure', programs }, settle)]);
  }

  // --- What programs do -------------------------------------------------------------------------------------------------

  #happened(event: ProgramsEvent): void {
    switch (event.type) {
      case 'started':
        return this.#started(event.program);
      case 'startFailed':
        return this.#startFailed(event.program, event.message);
      case 'output': {
        const container = this.#byProgram.get(event.program);
        container?.log.write(event.stream, event.bytes, this.#wallMs);
        if (container !== undefined) this.#push(this.#readers.changed(container.id));
        return this.#push(this.#execs.output(event));
      }
      case 'exited':
        return this.#exited(event);
      default:
        return this.#calls.complete(event);
    }
  }

  #started(program: number): void {
    const container = this.#byProgram.get(program);
    if (container?.state !== 'created') return;
    container.started(this.#wallMs);
    this.#meters.started(container.id, this.#nowMs);
    this.#changes.push(container.status());
    for (const request of this.#starting.get(program) ?? []) this.#done(request);
    this.#starting.delete(program);
  }

  #startFailed(program: number, message: string): void {
    const container = this.#byProgram.get(program);
    if (container === undefined) return this.#push(this.#execs.startFailed(program, message));
    container.program = 0;
    this.#byProgram.delete(program);
    for (const request of this.#starting.get(program) ?? []) this.#fail(request, 'startFailed', message);
    this.#starting.delete(program);
    return this.#finish(container.id);
  }

  #exited(event: Extract<ProgramsEvent, { type: 'exited' }>): void {
    const container = this.#byProgram.get(event.program);
    if (container === undefined) return this.#push(this.#execs.exited(event));
    if (container.state !== 'running') return undefined;
    container.ended(event, this.#wallMs);
    this.#meters.ended(container.id);
    this.#changes.push(container.status());
    this.#push([
      { type: 'cancelTimer', key: `${killTimer}${container.id}` },
      ...this.#readers.changed(container.id),
      ...this.#execs.exited(event),
      ...this.#execs.ownerEnded(container.id),
    ]);
    for (const request of this.#stops.get(container.id)?.requests ?? []) this.#done(request);
    this.#stops.delete(container.id);
    return this.#finish(container.id);
  }

  #finish(containerId: string): void {
    const waiting = this.#onEnd.get(containerId) ?? [];
    this.#onEnd.delete(containerId);
    for (const run of waiting) run();
  }
}
