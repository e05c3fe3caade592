/**
 * The container runtimes `worker` and `process`: sandboxes, containers, logs and sessions of real programs. Pure: what it wants of the world
 * it asks of the Programs port, and the port's events drive it. Like CRI it is idempotent: stopping what is stopped, or removing what is
 * gone, succeeds; a request that was sent twice has one effect. Here inputs go to the parts that they concern.
 */
import type { Effect } from '../../actor/effect.ts';
import type { Input } from '../../actor/input.ts';
import type { ProgramsEvent, ProgramType } from '../../actor/programs-port.ts';
import type { Ask } from '../../actor/protocol.ts';
import { unreachable } from '../../base/assert.ts';
import type { WallMs } from '../../base/brand.ts';
import type { RuntimeContainer, RuntimeImage, RuntimeProtocol, SandboxStatus } from '../../protocol/runtime.ts';
import { LogReaders } from './log-readers.ts';
import { type Completion, PortCalls, toPort } from './port-calls.ts';
import { ProgramContainers } from './program-containers.ts';
import { ProgramExecs } from './program-execs.ts';
import { ProgramImages } from './program-images.ts';
import { ProgramMeters } from './program-meters.ts';
import { ProgramSandboxes } from './program-sandboxes.ts';
import { ProgramSessions } from './program-sessions.ts';
import { done, failure, reply } from './replies.ts';

export const programRuntimeName = 'threemaster-programs';
export const programRuntimeVersion = '1.0.0';

type RuntimeAsk = Ask<RuntimeProtocol>;
export type RuntimeInput = Input<RuntimeProtocol>;

export class ProgramRuntime {
  readonly #defaultType: ProgramType;
  readonly #containers: ProgramContainers;
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
    this.#containers = new ProgramContainers(idPrefix, {
      calls: this.#calls,
      nextProgram: () => (this.#lastProgram += 1),
      typeOf: (handler) => this.#typeOf(handler),
      sandbox: (id) => this.#sandboxes.get(id),
      now: () => ({ nowMs: this.#nowMs, wallMs: this.#wallMs }),
      push: (effects) => this.#push(effects),
      started: (container) => {
        this.#meters.started(container.id, this.#nowMs);
        this.#changes.push(container.status());
      },
      ended: (container, exit) => {
        this.#meters.ended(container.id);
        this.#changes.push(container.status());
        return [...this.#execs.exited(exit), ...this.#execs.ownerEnded(container.id)];
      },
      logChanged: (id) => this.#readers.changed(id),
    });
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
      specOf: (container, command, stdin, tty) =>
        container.specOf(command, stdin, tty, this.#containers.sandboxOf(container)),
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
        return this.#containers.timedOut(input.key) ? undefined : this.#push(this.#execs.timedOut(input.key));
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
    this.#push([reply(request, body)]);
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
        return this.#stopSandbox(ask.request.sandboxId, () => this.#push([done(request)]));
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
        return this.#containers.create(request, ask.request.sandboxId, ask.request.config);
      case 'startContainer':
        return this.#containers.start(request, ask.request.containerId);
      case 'stopContainer':
        return this.#containers.stop(request, ask.request.containerId, ask.request.graceMs);
      case 'updateContainerResources':
        return this.#containers.limit(request, ask.request);
      case 'removeContainer':
        return this.#containers.remove(request, ask.request.containerId);
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

  /** Ends what runs in a sandbox; `finish` runs when all of it has ended. */
  #stopSandbox(sandboxId: string, finish: () => void): void {
    this.#sandboxes.stopped(sandboxId);
    this.#push(this.#execs.ownerEnded(sandboxId));
    this.#containers.endAll(sandboxId, finish);
  }

  #removeSandbox(request: number, sandboxId: string): void {
    this.#stopSandbox(sandboxId, () => {
      this.#containers.forgetAll(sandboxId);
      this.#sandboxes.remove(sandboxId);
      this.#push([done(request)]);
    });
  }

  // --- Looking at containers ----------------------------------------------------------------------------------------------

  #probe(request: number, { containerId, action, timeoutMs }: Extract<RuntimeAsk, { type: 'probe' }>['request']): void {
    const container = this.#containers.get(containerId);
    if (container?.state !== 'running')
      return this.#push([failure(request, 'notFound', `container ${containerId} is not running`)]);
    const address = this.#containers.sandboxOf(container)?.podIp ?? null;
    const settle = (completion: Completion): void => {
      if (completion.type !== 'probed')
        return this.#push([failure(request, 'timedOut', 'the probe was not carried out')]);
      const { isSuccessful, message } = completion;
      return this.#answer(request, { type: 'done', isSuccessful, message });
    };
    return this.#push([this.#calls.call({ type: 'probe', address, probe: action, timeoutMs }, settle)]);
  }

  /** Asks for readings of what runs; a node where none can be had says so. */
  #measure(request: number): void {
    const running = this.#containers.running();
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
        return this.#push([
          failure(request, 'unsupported', 'what real programs use cannot be measured on this machine'),
        ]);
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
        return this.#containers.started(event.program);
      case 'startFailed': {
        const { program, message } = event;
        if (this.#containers.startFailed(program, message)) return undefined;
        return this.#push(this.#execs.startFailed(program, message));
      }
      case 'output':
        this.#containers.wrote(event);
        return this.#push(this.#execs.output(event));
      case 'exited':
        return this.#containers.exited(event) ? undefined : this.#push(this.#execs.exited(event));
      default:
        return this.#calls.complete(event);
    }
  }
}
