/**
 * A kubelet and a simulated runtime face to face under a virtual clock, without actors, threads or an API server: answers arrive at once, time
 * jumps to whatever is due next. The test plays the API server.
 */
import type { KubeObject } from '../../../src/api/object-meta.ts';
import { must } from '../../../src/base/assert.ts';
import type { MonotonicMs, WallMs } from '../../../src/base/brand.ts';
import { utf8Text } from '../../../src/base/bytes.ts';
import type { Node, NodeSpec, NodeStatus } from '../../../src/kinds/node/types.ts';
import type { ContainerStatus, Pod, PodSpec, PodStatus } from '../../../src/kinds/pod/types.ts';
import type { ContainerProfile, ImageProfiles } from '../../../src/kubelet/container-profile.ts';
import { Kubelet } from '../../../src/kubelet/kubelet.ts';
import type { KubeletOptions, KubeletWork, Moment } from '../../../src/kubelet/kubelet-work.ts';
import { type KubeletLimits, kubeletLimits } from '../../../src/kubelet/limits.ts';
import type { NeededResource, ObjectNeed } from '../../../src/kubelet/object-shelf.ts';
import { type RuntimeStep, SimulatedRuntime, simulatedRuntimeName } from '../../../src/kubelet/simulated-runtime.ts';
import type { ContainerConfig, SandboxStatus } from '../../../src/protocol/runtime.ts';

const wallStartMs = 1_700_000_000_000;
/** More turns at one moment than this mean that the two talk in circles. */
const turnsMax = 10_000;

export class NodeBench {
  readonly runtime: SimulatedRuntime;
  readonly events: string[] = [];
  /** Each status that would have been written, as `describe` puts it; what it does not tell apart is one line. */
  readonly transcript: string[] = [];
  kubelet: Kubelet;
  nowMs = 0;
  /** How long the tokens are good that the API server issues. */
  tokenLifetimeMs = 3_600_000;
  /** While it is true, what the kubelet asks of the runtime is not answered. */
  isDeaf = false;
  readonly #limits: KubeletLimits;
  readonly #node: Partial<KubeletOptions>;
  /** Objects by resource, namespace and name. */
  readonly #objects = new Map<string, KubeObject>();
  #open: ObjectNeed[] = [];
  #lastToken = 0;
  readonly #pods = new Map<string, Pod>();
  /** Requests to the runtime that wait for their answer: number to the kubelet that asked. */
  readonly #asked = new Map<number, { readonly kubelet: Kubelet; readonly id: number }>();
  readonly #noted = new Map<string, string>();
  #lastRequest = 0;

  constructor(
    options: { profiles?: ImageProfiles; limits?: Partial<KubeletLimits>; node?: Partial<KubeletOptions> } = {},
  ) {
    this.#node = options.node ?? {};
    this.#limits = { ...kubeletLimits, ...options.limits };
    this.runtime = new SimulatedRuntime(options.profiles ?? {}, 'c');
    this.kubelet = this.#newKubelet();
    this.#begin();
  }

  // The API server's part ---------------------------------------------------------------------------------------

  add(name: string, spec: Partial<PodSpec> = {}, profile: Partial<ContainerProfile> = {}): void {
    const containers = spec.containers ?? [{ name: 'main', image: 'app', imagePullPolicy: 'IfNotPresent' }];
    this.set({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default', uid: `uid-${name}`, generation: 1, annotations: annotationsOf(profile) },
      spec: { restartPolicy: 'Always', terminationGracePeriodSeconds: 30, nodeName: 'node-0', ...spec, containers },
      status: { phase: 'Pending' },
    });
  }

  set(pod: Pod): void {
    this.#pods.set(pod.metadata.uid ?? '', pod);
    this.kubelet.podSet(pod, this.#moment);
    this.#settle();
  }

  /** An object that is no pod changes or, with null, is gone. */
  setObject(resource: NeededResource, name: string, object: object | null, namespace = 'default'): void {
    const key = `${resource}/${namespace}/${name}`;
    const metadata = { name, namespace };
    const made = object === null ? null : ({ apiVersion: 'v1', kind: 'Any', metadata, ...object } as KubeObject);
    if (made === null) this.#objects.delete(key);
    else this.#objects.set(key, made);
    for (const need of this.#open) if (concerns(need, key)) this.kubelet.objectSet(need, name, made, this.#moment);
    this.#settle();
  }

  setNode(status: NodeStatus, spec: NodeSpec = {}): void {
    const node: Node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-0' }, spec, status };
    this.kubelet.nodeSet(node, this.#moment);
    this.#settle();
  }

  /** The objects that are watched, as `resource/namespace/name`, sorted. */
  get watched(): readonly string[] {
    return this.#open.map((need) => `${need.resource}/${need.namespace}/${need.name}`).sort();
  }

  /** The text of a file of a volume in the runtime. */
  file(pod: string, volume: string, path: string): string | undefined {
    const content = this.runtime.volume(`uid-${pod}`, volume);
    const found = content?.type === 'files' ? content.files.find((file) => file.path === path) : undefined;
    return found === undefined ? undefined : utf8Text(found.bytes);
  }

  /** The kubelet learns which RuntimeClasses there are. */
  classes(handlers: Readonly<Record<string, string>>): void {
    this.kubelet.handlersKnown(new Map(Object.entries(handlers)), this.#moment);
    this.#settle();
  }

  /** Asks for deletion, as `kubectl delete` does. */
  delete(name: string, graceSeconds = 30): void {
    const pod = this.pod(name);
    const metadata = {
      ...pod.metadata,
      deletionTimestamp: '2026-01-01T00:00:00Z',
      deletionGracePeriodSeconds: graceSeconds,
    };
    this.set({ ...pod, metadata });
  }

  /** The object is gone, as after `kubectl delete --force`. */
  remove(name: string): void {
    const pod = this.pod(name);
    this.#pods.delete(pod.metadata.uid ?? '');
    this.kubelet.podDeleted(pod, this.#moment);
    this.#settle();
  }

  has(name: string): boolean {
    return this.#pods.has(`uid-${name}`);
  }

  pod(name: string): Pod {
    const pod = this.#pods.get(`uid-${name}`);
    if (pod === undefined) throw new Error(`no pod ${name}`);
    return pod;
  }

  status(name: string): PodStatus {
    return this.pod(name).status ?? {};
  }

  container(name: string, index = 0): ContainerStatus {
    const status = this.status(name).containerStatuses?.[index];
    if (status === undefined) throw new Error(`no status of ${name}`);
    return status;
  }

  /** What the runtime was told of the present instance of a container. */
  config(name: string, container = 'main'): ContainerConfig {
    const id = this.kubelet.find('default', name, '')?.container(container)?.instance?.id ?? '';
    return must(this.runtime.container(id, this.#moment.wallMs), `no container of ${name}`).config;
  }

  /** The sandbox of a pod in the runtime. */
  sandbox(name: string): SandboxStatus {
    const ask = { type: 'list', request: null } as const;
    this.#lastRequest += 1;
    const { answers } = this.runtime.handle(this.#lastRequest, ask, this.#moment.monotonicMs, this.#moment.wallMs);
    const { sandboxes } = must(answers[0], 'a list').body as { readonly sandboxes: readonly SandboxStatus[] };
    return must(
      sandboxes.find(({ config }) => config.name === name),
      `no sandbox of ${name}`,
    );
  }

  /** The memory that pods use is measured: bytes by name. */
  measure(usedBytes: Readonly<Record<string, number>>): void {
    const byUid = new Map(Object.entries(usedBytes).map(([name, bytes]) => [`uid-${name}`, bytes]));
    this.kubelet.memoryMeasured(byUid, this.#moment);
    this.#settle();
  }

  /** Ends a container in the runtime, as somebody with a shell on the machine would. */
  killContainer(name: string, container = 'main'): void {
    const containerId = this.kubelet.find('default', name, '')?.container(container)?.instance?.id ?? '';
    this.ask({ type: 'stopContainer', request: { containerId, graceMs: 0 } });
    this.#settle();
  }

  /** Asks the runtime past the kubelet; returns what it answers at once. */
  ask(request: Parameters<SimulatedRuntime['handle']>[1]): unknown {
    this.#lastRequest += 1;
    const step = this.runtime.handle(this.#lastRequest, request, this.#moment.monotonicMs, this.#moment.wallMs);
    this.#told(step);
    return step.answers.find((answer) => answer.request === this.#lastRequest)?.body;
  }

  // Time and faults ---------------------------------------------------------------------------------------------

  runFor(durationMs: number): void {
    const endMs = this.nowMs + durationMs;
    for (;;) {
      const dueMs = Math.min(this.kubelet.nextAtMs() ?? Infinity, this.runtime.nextAtMs() ?? Infinity);
      if (dueMs > endMs) break;
      this.nowMs = Math.max(this.nowMs, dueMs);
      this.#told(this.runtime.advance(this.#moment.monotonicMs, this.#moment.wallMs));
      this.kubelet.wake(this.#moment);
      this.#settle();
    }
    this.nowMs = endMs;
  }

  /** Another kubelet takes over; it knows only what the API and the runtime hold. */
  restartKubelet(): void {
    this.kubelet = this.#newKubelet();
    this.#begin();
  }

  get #moment(): Moment {
    return { monotonicMs: this.nowMs as MonotonicMs, wallMs: (wallStartMs + this.nowMs) as WallMs };
  }

  #newKubelet(): Kubelet {
    const allocatable = { cpu: '4', memory: '8Gi', pods: '110' };
    const options = { nodeName: 'node-0', hostIp: '192.168.0.10', limits: this.#limits, allocatable };
    return new Kubelet({ ...options, ...this.#node });
  }

  #begin(): void {
    this.#open = [];
    this.kubelet.runtimeNamed(simulatedRuntimeName);
    for (const pod of this.#pods.values()) this.kubelet.podSet(pod, this.#moment);
    this.kubelet.cidrSet('10.244.0.0/24', this.#moment);
    this.kubelet.begin(this.#moment);
    this.#settle();
  }

  /** Carries messages to and fro until nobody has anything to say at this moment. */
  #settle(): void {
    for (let turn = 0; turn < turnsMax; turn += 1) {
      const work = this.kubelet.takeWork();
      for (const { event } of work.events) this.events.push(`${event.reason}: ${event.message}`);
      for (const uid of work.changed) this.#write(uid);
      if (work.wantsList) this.#list();
      this.#watch(work);
      for (const { id } of work.tokens) this.#issueToken(id);
      for (const { id, type, request } of work.calls) this.#ask(id, { type, request } as never);
      const { calls, changed, tokens, opened } = work;
      if (calls.length + changed.size + tokens.length + opened.length === 0 && !work.wantsList) return;
    }
    throw new Error('kubelet and runtime do not come to rest');
  }

  #watch({ opened, closed }: KubeletWork): void {
    this.#open = this.#open.filter((need) => !closed.includes(need)).concat(opened);
    for (const need of opened) {
      for (const [key, object] of this.#objects) {
        if (concerns(need, key)) this.kubelet.objectSet(need, object.metadata.name ?? '', object, this.#moment);
      }
      this.kubelet.objectsKnown(need, this.#moment);
    }
  }

  #issueToken(id: number): void {
    this.#lastToken += 1;
    const answer = { type: 'issued', token: `token-${this.#lastToken}`, lifetimeMs: this.tokenLifetimeMs };
    this.kubelet.answered(id, answer, this.#moment);
  }

  #write(uid: string): void {
    const wanted = this.kubelet.desired(uid);
    const pod = this.#pods.get(uid);
    if (wanted === null || pod === undefined) return;
    const next = { ...pod, status: wanted.status };
    this.#pods.set(uid, next);
    this.#note(describe(next));
    if (!wanted.deletable) return;
    this.#note(`${pod.metadata.name} deleted`);
    this.#pods.delete(uid);
    this.kubelet.podDeleted(next, this.#moment);
  }

  /** Writes a line, unless it says of the pod what was said last. */
  #note(line: string): void {
    const name = line.slice(0, line.indexOf(' '));
    if (this.#noted.get(name) !== line) this.transcript.push(`${this.nowMs / 1000}s ${line}`);
    this.#noted.set(name, line);
  }

  #list(): void {
    this.#lastRequest += 1;
    const moment = this.#moment;
    const { answers } = this.runtime.handle(
      this.#lastRequest,
      { type: 'list', request: null },
      moment.monotonicMs,
      moment.wallMs,
    );
    const { sandboxes, containers } = must(answers[0], 'a list is answered at once').body as {
      sandboxes: [];
      containers: [];
    };
    this.kubelet.listed(sandboxes, containers, moment);
  }

  #ask(id: number, ask: Parameters<SimulatedRuntime['handle']>[1]): void {
    if (this.isDeaf) return;
    this.#lastRequest += 1;
    this.#asked.set(this.#lastRequest, { kubelet: this.kubelet, id });
    this.#told(this.runtime.handle(this.#lastRequest, ask, this.#moment.monotonicMs, this.#moment.wallMs));
  }

  #told({ changes, answers }: RuntimeStep): void {
    for (const change of changes) this.kubelet.containerChanged(change, this.#moment);
    for (const { request, body } of answers) {
      const asker = this.#asked.get(request);
      this.#asked.delete(request);
      if (asker?.kubelet === this.kubelet) this.kubelet.answered(asker.id, body, this.#moment);
    }
  }
}

function concerns({ resource, namespace, name }: ObjectNeed, key: string): boolean {
  return name === '' ? key.startsWith(`${resource}/${namespace}/`) : key === `${resource}/${namespace}/${name}`;
}

/** One line per status: `web Running ready main=running#1`. */
export function describe({ metadata, status = {} }: Pod): string {
  const ready = status.conditions?.find(({ type }) => type === 'Ready')?.status === 'True' ? ' ready' : '';
  const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  const containers = all.map(({ name, state = {}, restartCount }) => {
    const { waiting, terminated } = state;
    const what = waiting?.reason ?? (terminated === undefined ? 'running' : `exit${terminated.exitCode}`);
    return `${name}=${what}#${restartCount}`;
  });
  return `${metadata.name} ${status.phase}${ready} ${containers.join(' ')}`;
}

function annotationsOf(profile: Partial<ContainerProfile>): Record<string, string> {
  const names: Partial<Record<keyof ContainerProfile, string>> = {
    pullLatencyMs: 'pull-latency-ms',
    pullError: 'pull-error',
    startLatencyMs: 'start-latency-ms',
    startError: 'start-error',
    readyDelayMs: 'ready-delay-ms',
    unreadyAfterMs: 'unready-after-ms',
    runMs: 'run-ms',
    exitCode: 'exit-code',
    stopLatencyMs: 'stop-latency-ms',
    ignoresStop: 'ignore-stop',
  };
  return Object.fromEntries(
    Object.entries(profile).map(([field, value]) => [
      `threemaster.dev/${names[field as keyof ContainerProfile] ?? field}`,
      String(value),
    ]),
  );
}
