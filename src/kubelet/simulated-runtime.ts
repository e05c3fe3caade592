/**
 * The `simulated` container runtime: the node's sandboxes, images and containers, whose lives are data (container-profile.ts). A pure machine
 * over time: a request is answered at once or when its latency has passed, and containers end when their time comes. Ids are counted, so a
 * run is the same for the same requests.
 */
import type { Ask, RequestOf } from '../actor/protocol.ts';
import { must, unreachable } from '../base/assert.ts';
import type { MonotonicMs, WallMs } from '../base/brand.ts';
import { emptyBytes, utf8 } from '../base/bytes.ts';
import { TimerQueue } from '../base/timer-queue.ts';
import type {
  ContainerConfig,
  ContainerUsage,
  RuntimeContainer,
  RuntimeFailure,
  RuntimeFailureCode,
  RuntimeProtocol,
  RuntimeUsage,
  SandboxConfig,
  SandboxStatus,
  VolumeContent,
} from '../protocol/runtime.ts';
import type { Files } from '../shell/files.ts';
import { containerProfileOf, type ImageProfiles, imageProfileOf } from './container-profile.ts';
import { ContainerTable } from './container-table.ts';
import { outputOfCommand } from './simulated-command.ts';
import { SimulatedContainer } from './simulated-container.ts';
import { type ContainerFiles, containerFiles } from './simulated-files.ts';
import { SimulatedImages } from './simulated-images.ts';
import { SimulatedVolumes } from './simulated-volumes.ts';

export const simulatedRuntimeName = 'threemaster-simulated';
/** Short, since a curve has no noise that a longer one would take out. */
const usageWindowMs = 1_000;

export const simulatedRuntimeVersion = '1.0.0';

/** An answer to the request of that number. */
export interface RuntimeAnswer {
  readonly request: number;
  readonly body: unknown;
}

/** What a step led to, in the order in which it has to be told. */
export interface RuntimeStep {
  readonly answers: readonly RuntimeAnswer[];
  /** Containers that changed, as they are now. */
  readonly changes: readonly RuntimeContainer[];
}

type RuntimeAsk = Ask<RuntimeProtocol>;
type Due = { readonly type: 'container'; readonly id: string } | { readonly type: 'run'; readonly run: () => void };

export class SimulatedRuntime {
  readonly #profiles: ImageProfiles;
  readonly #sandboxes = new Map<string, SandboxStatus>();
  readonly #containers: ContainerTable<SimulatedContainer>;
  readonly #images = new SimulatedImages(() => this.#containers.newId());
  readonly #volumes = new SimulatedVolumes();
  /** Files of containers that somebody has looked into. */
  readonly #files = new Map<string, ContainerFiles>();
  /** Requests to stop a container that wait for its end. */
  readonly #stopping = new Map<string, number[]>();
  readonly #due = new TimerQueue<Due>();
  #nowMs = 0 as MonotonicMs;
  #wallMs = 0 as WallMs;
  #answers: RuntimeAnswer[] = [];
  #changes: RuntimeContainer[] = [];

  /** `idPrefix` makes ids unique among nodes and lives of runtimes: hexadecimal. */
  constructor(profiles: ImageProfiles, idPrefix: string) {
    this.#profiles = profiles;
    this.#containers = new ContainerTable(idPrefix);
  }

  /** When `advance` has something to do; undefined when nothing is due. */
  nextAtMs(): MonotonicMs | undefined {
    return this.#due.nextAtMs();
  }

  /** Returns a container with its log written up to now. */
  container(id: string, wallMs: WallMs): SimulatedContainer | undefined {
    const container = this.#containers.get(id);
    container?.catchUp(wallMs);
    return container;
  }

  /** Returns what a volume of a pod was set to hold; undefined when there is none. */
  volume(podUid: string, name: string): VolumeContent | undefined {
    return this.#volumes.content(podUid, name);
  }

  /** Returns the files of a container; they are made when they are first asked for. */
  files(container: SimulatedContainer): Files {
    const { id, config, sandboxId } = container;
    const sandbox = must(this.#sandboxes.get(sandboxId), 'a container has a sandbox').config;
    const known = this.#files.get(id) ?? containerFiles(config, sandbox, this.#volumes, () => this.#wallMs);
    this.#files.set(id, known);
    return known.files;
  }

  /** Tells the time of sessions, which come and go without requests. */
  noteTime(wallMs: WallMs): void {
    this.#wallMs = wallMs;
  }

  sandbox(id: string): SandboxStatus | undefined {
    return this.#sandboxes.get(id);
  }

  /** Returns the first container of a sandbox whose network would answer. */
  serving(sandboxId: string, nowMs: MonotonicMs): SimulatedContainer | undefined {
    return this.#containers.inSandbox(sandboxId).find((container) => container.isServing(nowMs));
  }

  /** Lets time pass. */
  advance(nowMs: MonotonicMs, wallMs: WallMs): RuntimeStep {
    this.#begin(nowMs, wallMs);
    return this.#finish();
  }

  /** Takes a request; its answer comes with this step or a later one. */
  handle(request: number, ask: RuntimeAsk, nowMs: MonotonicMs, wallMs: WallMs): RuntimeStep {
    this.#begin(nowMs, wallMs);
    this.#take(request, ask);
    return this.#finish();
  }

  #begin(nowMs: MonotonicMs, wallMs: WallMs): void {
    this.#nowMs = nowMs;
    this.#wallMs = wallMs;
    for (;;) {
      const due = this.#due.takeDue(nowMs);
      if (due === undefined) return;
      if (due.type === 'run') due.run();
      else {
        const container = this.#containers.get(due.id);
        if (container?.advance(nowMs, wallMs) === true) this.#ended(container);
      }
    }
  }

  #finish(): RuntimeStep {
    const step = { answers: this.#answers, changes: this.#changes };
    this.#answers = [];
    this.#changes = [];
    return step;
  }

  #take(request: number, ask: RuntimeAsk): void {
    switch (ask.type) {
      case 'version':
        return this.#answer(request, { name: simulatedRuntimeName, version: simulatedRuntimeVersion });
      case 'list':
        return this.#answer(request, {
          sandboxes: [...this.#sandboxes.values()],
          containers: this.#containers.statuses(),
        });
      case 'runPodSandbox':
        return this.#runSandbox(request, ask.request.config);
      case 'stopPodSandbox':
        return this.#stopSandbox(request, ask.request.sandboxId);
      case 'removePodSandbox':
        return this.#removeSandbox(request, ask.request.sandboxId);
      case 'imageStatus':
        return this.#answer(request, { type: 'done', imageId: this.#images.idOf(ask.request.image), note: '' });
      case 'listImages':
        return this.#answer(request, { type: 'done', images: this.#images.all() });
      case 'pullImage':
        return this.#pull(request, ask.request.image, ask.request.sandbox);
      case 'setVolume':
        return this.#setVolume(request, ask.request);
      case 'removeVolumes':
        this.#volumes.remove(ask.request.podUid);
        return this.#done(request);
      case 'sendInput':
        return this.#fail(request, 'notFound', `no session ${ask.request.sessionId}`);
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
      case 'stats':
        return this.#answer(request, { type: 'done', ...this.#usage() });
      case 'execSync':
        return this.#exec(request, ask.request.containerId, ask.request.command, ask.request.timeoutMs);
      case 'probe':
        return this.#probe(request, ask.request.containerId);
      default:
        return unreachable(ask);
    }
  }

  #answer(request: number, body: unknown): void {
    this.#answers.push({ request, body });
  }

  #fail(request: number, code: RuntimeFailureCode, message: string): void {
    this.#answer(request, { type: 'failed', code, message } satisfies RuntimeFailure);
  }

  #done(request: number): void {
    this.#answer(request, { type: 'done' });
  }

  #after(delayMs: number, run: () => void): void {
    if (delayMs <= 0) run();
    else this.#due.add((this.#nowMs + delayMs) as MonotonicMs, { type: 'run', run });
  }

  #runSandbox(request: number, config: SandboxConfig): void {
    for (const { id, config: known, state } of this.#sandboxes.values()) {
      if (known.uid !== config.uid || known.attempt !== config.attempt || state !== 'ready') continue;
      this.#answer(request, { type: 'done', sandboxId: id });
      return;
    }
    const id = this.#containers.newId();
    this.#sandboxes.set(id, { id, config, state: 'ready', createdAtMs: this.#wallMs });
    this.#answer(request, { type: 'done', sandboxId: id });
  }

  #stopSandbox(request: number, sandboxId: string): void {
    const sandbox = this.#sandboxes.get(sandboxId);
    if (sandbox !== undefined) this.#sandboxes.set(sandboxId, { ...sandbox, state: 'stopped' });
    for (const container of this.#containers.inSandbox(sandboxId))
      if (container.kill(this.#wallMs)) this.#ended(container);
    this.#done(request);
  }

  #removeSandbox(request: number, sandboxId: string): void {
    for (const container of this.#containers.inSandbox(sandboxId)) {
      if (container.kill(this.#wallMs)) this.#ended(container);
      this.#forget(container.id);
    }
    this.#sandboxes.delete(sandboxId);
    this.#done(request);
  }

  #pull(request: number, image: string, sandbox: SandboxConfig): void {
    const { pullLatencyMs, pullError, imageBytes } = imageProfileOf(image, this.#profiles, sandbox.annotations);
    this.#after(pullLatencyMs, () => {
      if (pullError !== '') {
        const message = `failed to pull and unpack image "${image}": ${pullError}`;
        this.#fail(request, 'pullFailed', message);
        return;
      }
      const { id: imageId, sizeBytes } = this.#images.add(image, imageBytes);
      this.#answer(request, { type: 'done', imageId, sizeBytes, note: '' });
    });
  }

  #setVolume(
    request: number,
    { podUid, name, content }: { readonly podUid: string; readonly name: string; readonly content: VolumeContent },
  ): void {
    this.#volumes.set(podUid, name, content, this.#wallMs);
    this.#done(request);
  }

  #create(request: number, sandboxId: string, config: ContainerConfig): void {
    const sandbox = this.#sandboxes.get(sandboxId);
    if (sandbox?.state !== 'ready') {
      this.#fail(request, 'notFound', `no ready sandbox ${sandboxId}`);
      return;
    }
    const known = this.#containers.madeBefore(sandboxId, config);
    if (known !== undefined) {
      if (known.state === 'created') this.#answer(request, { type: 'done', containerId: known.id });
      else this.#fail(request, 'wrongState', `container ${config.name} has been started already`);
      return;
    }
    const { uid } = sandbox.config;
    const unset = config.mounts.find(({ volume }) => this.#volumes.content(uid, volume) === undefined);
    if (unset !== undefined) return this.#fail(request, 'notFound', `no volume ${unset.volume}`);
    const profile = containerProfileOf(config, this.#profiles, sandbox.config.annotations, sandbox.config.hostname);
    const id = this.#containers.newId();
    const container = new SimulatedContainer(id, sandboxId, sandbox.config.uid, config, profile, this.#wallMs);
    this.#containers.add(container);
    return this.#answer(request, { type: 'done', containerId: id });
  }

  #start(request: number, containerId: string): void {
    const container = this.#containers.get(containerId);
    if (container === undefined) return this.#fail(request, 'notFound', `no container ${containerId}`);
    if (container.state !== 'created') return this.#done(request);
    const { startError, startLatencyMs } = container.profile;
    if (startError !== '') return this.#fail(request, 'startFailed', startError);
    return this.#after(startLatencyMs, () => {
      // It may have been started by an earlier request, or removed.
      if (container.state === 'created' && this.#containers.get(containerId) !== undefined) {
        container.start(this.#nowMs, this.#wallMs);
        this.#watch(container);
        this.#changes.push(container.status());
      }
      this.#done(request);
    });
  }

  #stop(request: number, containerId: string, graceMs: number): void {
    const container = this.#containers.get(containerId);
    if (container?.state !== 'running') return this.#done(request);
    container.stop(this.#nowMs, graceMs);
    this.#stopping.set(containerId, [...(this.#stopping.get(containerId) ?? []), request]);
    if (container.advance(this.#nowMs, this.#wallMs)) this.#ended(container);
    else this.#watch(container);
    return undefined;
  }

  #limit(
    request: number,
    { containerId, ...limits }: RequestOf<RuntimeProtocol['asks']['updateContainerResources']>,
  ): void {
    const container = this.#containers.get(containerId);
    if (container === undefined) return this.#fail(request, 'notFound', `no container ${containerId}`);
    container.limit(limits, this.#nowMs);
    if (container.advance(this.#nowMs, this.#wallMs)) this.#ended(container);
    else this.#watch(container);
    return this.#done(request);
  }

  #watch(container: SimulatedContainer): void {
    const { id, dueAtMs } = container;
    if (dueAtMs < Number.POSITIVE_INFINITY) this.#due.add(dueAtMs as MonotonicMs, { type: 'container', id });
  }

  #ended(container: SimulatedContainer): void {
    this.#changes.push(container.status());
    for (const request of this.#stopping.get(container.id) ?? []) this.#done(request);
    this.#stopping.delete(container.id);
  }

  #remove(request: number, containerId: string): void {
    const container = this.#containers.get(containerId);
    if (container?.state === 'running') return this.#fail(request, 'wrongState', `container ${containerId} is running`);
    this.#forget(containerId);
    return this.#done(request);
  }

  #forget(containerId: string): void {
    this.#containers.delete(containerId);
    this.#files.get(containerId)?.store.release();
    this.#files.delete(containerId);
  }

  #usage(): RuntimeUsage {
    const containers = this.#containers
      .all()
      .map((container) => container.usage(this.#nowMs, usageWindowMs))
      .filter((usage) => usage !== null);
    const sum = (field: 'cpuNanocores' | 'cpuNanoseconds' | 'workingSetBytes'): number =>
      containers.reduce((total, usage: ContainerUsage) => total + usage[field], 0);
    return {
      measuredAtMs: this.#wallMs,
      windowMs: usageWindowMs,
      node: {
        cpuNanocores: sum('cpuNanocores'),
        cpuNanoseconds: sum('cpuNanoseconds'),
        workingSetBytes: sum('workingSetBytes'),
      },
      containers,
    };
  }

  #exec(request: number, containerId: string, command: readonly string[], timeoutMs: number): void {
    const container = this.#containers.get(containerId);
    if (container?.state !== 'running') {
      this.#fail(request, 'notFound', `container ${containerId} is not running`);
      return;
    }
    const { env, workingDirectory } = container.config;
    const hostname = this.#sandboxes.get(container.sandboxId)?.config.hostname ?? '';
    const folder = workingDirectory === '' ? '/' : workingDirectory;
    const output = outputOfCommand(command, env, { hostname, folder });
    if (output !== null && output.durationMs > timeoutMs) {
      this.#after(timeoutMs, () => this.#fail(request, 'timedOut', `command "${command.join(' ')}" timed out`));
      return;
    }
    const { durationMs = 0, stdout = '' } = output ?? {};
    // A command that is not simulated tells what a probe of a real program would: whether it serves.
    const exitCode = output?.exitCode ?? (container.isServing(this.#nowMs) ? 0 : 1);
    this.#after(durationMs, () =>
      this.#answer(request, { type: 'done', exitCode, stdout: utf8(stdout), stderr: emptyBytes }),
    );
  }

  #probe(request: number, containerId: string): void {
    const container = this.#containers.get(containerId);
    if (container?.state !== 'running')
      return this.#fail(request, 'notFound', `container ${containerId} is not running`);
    const isSuccessful = container.isServing(this.#nowMs);
    const message = isSuccessful ? '' : 'connect: connection refused';
    return this.#answer(request, { type: 'done', isSuccessful, message });
  }
}
