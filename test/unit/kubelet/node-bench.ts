/**
 * A kubelet and a simulated runtime face to face under a virtual clock, without actors, threads or an API server: answers arrive at once, time
 * jumps to whatever is due next. The test plays the API server.
 */
import { must } from '../../../src/base/assert.ts';
import type { MonotonicMs, WallMs } from '../../../src/base/brand.ts';
import type { ContainerStatus, Pod, PodSpec, PodStatus } from '../../../src/kinds/pod/types.ts';
import type { ContainerProfile, ImageProfiles } from '../../../src/kubelet/container-profile.ts';
import { Kubelet, type Moment } from '../../../src/kubelet/kubelet.ts';
import { type KubeletLimits, kubeletLimits } from '../../../src/kubelet/limits.ts';
import { type RuntimeStep, SimulatedRuntime, simulatedRuntimeName } from '../../../src/kubelet/simulated-runtime.ts';

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
  readonly #limits: KubeletLimits;
  readonly #pods = new Map<string, Pod>();
  /** Requests to the runtime that wait for their answer: number to the kubelet that asked. */
  readonly #asked = new Map<number, { readonly kubelet: Kubelet; readonly id: number }>();
  readonly #noted = new Map<string, string>();
  #lastRequest = 0;

  constructor(options: { profiles?: ImageProfiles; limits?: Partial<KubeletLimits> } = {}) {
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
    return new Kubelet({ nodeName: 'node-0', hostIp: '192.168.0.10', limits: this.#limits });
  }

  #begin(): void {
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
      for (const { id, type, request } of work.calls) this.#ask(id, { type, request } as never);
      if (work.calls.length === 0 && work.changed.length === 0 && !work.wantsList) return;
    }
    throw new Error('kubelet and runtime do not come to rest');
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
