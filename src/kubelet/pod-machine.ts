/**
 * One pod on a node, as a state machine: what the spec asks for, what the runtime shows, and the time go in; questions to the runtime, events
 * and a status come out. It is level-triggered: after every input `advance` looks at the whole pod and takes the steps that are possible now,
 * so an input that was lost is made good by the next one.
 *
 *   sandbox -> init containers, one after another -> main containers together -> running
 *                                   |                            |
 *                                   +---------> ending <---------+   deleted, past its deadline, or finished
 *                                                  |
 *                        main containers stopped, then sidecars, then the sandbox -> ended
 *
 * A pod that has ended stays ended, and a terminal phase never changes again.
 * Models kubernetes pkg/kubelet/kubelet.go SyncPod, SyncTerminatingPod, SyncTerminatedPod and kuberuntime computePodActions.
 */
import { equalJson } from '../api/json.ts';
import { uidOf } from '../api/object-meta.ts';
import { assert } from '../base/assert.ts';
import type { MonotonicMs } from '../base/brand.ts';
import { parseTimestamp, timestampSeconds } from '../base/time.ts';
import { isConditionTrue } from '../kinds/condition.ts';
import type { Pod, PodPhase, PodStatus } from '../kinds/pod/types.ts';
import type { RuntimeContainer, SandboxConfig, SandboxStatus } from '../protocol/runtime.ts';
import {
  type ContainerRecord,
  forgetInstance,
  hasSucceeded,
  observeInstance,
  type RestartPolicy,
} from './container-record.ts';
import { keepRunning, stopAll } from './container-upkeep.ts';
import type { PendingResize } from './pod-allocation.ts';
import { PodContainers } from './pod-containers.ts';
import { podPhaseOf } from './pod-phase.ts';
import { podStatusOf } from './pod-status.ts';
import type { NodeFacts, PodScope } from './pod-surroundings.ts';
import { PodVolumes } from './pod-volumes.ts';
import { sandboxConfigOf } from './sandbox-config.ts';
import type { Turn } from './turn.ts';

type Sandbox =
  | { readonly type: 'absent' }
  | { readonly type: 'starting'; readonly config: SandboxConfig }
  | { readonly type: 'ready'; readonly id: string; readonly config: SandboxConfig }
  | { readonly type: 'stopping' | 'stopped'; readonly id: string; readonly config: SandboxConfig };

/** Why a pod is being stopped for good, and when the last grace is over. */
interface Ending {
  readonly type: 'deleted' | 'failed' | 'finished';
  killAtMs: number;
}

/** Why a pod as a whole has failed, as its status tells it. */
export interface PodFailure {
  readonly reason: string;
  readonly message: string;
  /** Present when the node wants it gone for no fault of its own: what the condition DisruptionTarget says. */
  readonly disruption?: string;
}

const deadlineMessage = 'Pod was active on the node longer than the specified deadline';

export class PodMachine {
  readonly uid: string;
  readonly #facts: NodeFacts;
  readonly #containers: PodContainers;
  readonly #volumes: PodVolumes;
  #hasVolumes = false;
  #pod: Pod;
  #sandbox: Sandbox = { type: 'absent' };
  readonly #sandboxIds = new Set<string>();
  #sandboxAttempt = 0;
  #sandboxRetryAtMs = 0;
  #podIp: string | null = null;
  #ending: Ending | null = null;
  #isRemoved = false;
  /** Init containers have done their work in the present sandbox. */
  #isInitialized = false;
  #finalPhase: PodPhase | null = null;
  #failure: PodFailure | null = null;
  #pending: PendingResize | null = null;
  /** It was refused, so nothing of it ever was here. */
  #isRefused = false;
  readonly #startTime: string;
  /** The same moment on the monotonic clock. */
  #sinceMs: MonotonicMs;
  #status: PodStatus | undefined;

  constructor(pod: Pod, facts: NodeFacts, turn: Turn) {
    this.uid = uidOf(pod);
    this.#pod = pod;
    this.#facts = facts;
    this.#volumes = new PodVolumes(facts);
    this.#containers = new PodContainers(pod, facts.limits);
    this.#status = pod.status;
    const startMs = parseTimestamp(pod.status?.startTime ?? '') ?? turn.wallMs;
    this.#startTime = timestampSeconds(startMs);
    this.#sinceMs = (turn.nowMs - Math.max(0, turn.wallMs - startMs)) as MonotonicMs;
    const { phase } = pod.status ?? {};
    if (phase === 'Succeeded' || phase === 'Failed') {
      this.#finalPhase = phase;
      this.#isRefused = (pod.status?.containerStatuses ?? []).length === 0;
    }
    // Without init containers a pod is told as initialized from the beginning: what says that it was here is its sandbox.
    const proof = (pod.spec.initContainers ?? []).length > 0 ? 'Initialized' : 'PodReadyToStartContainers';
    this.#isInitialized = isConditionTrue(pod.status?.conditions, proof);
  }

  get pod(): Pod {
    return this.#pod;
  }

  /** The address that the node's pool gave to this pod, or null. */
  get podIp(): string | null {
    return this.#podIp;
  }

  /** It runs, or will: it counts for what the node has to give. */
  get isActive(): boolean {
    return !this.hasEnded && !this.#isRefused && !(this.#finalPhase !== null && this.#sandbox.type === 'absent');
  }

  /** Nothing of the pod runs any more, nor will. */
  get hasEnded(): boolean {
    const { type } = this.#sandbox;
    return this.#ending !== null && (type === 'absent' || type === 'stopped') && !this.#containers.areBusy;
  }

  /** It is being stopped, or has ended. */
  get isEnding(): boolean {
    return this.#ending !== null;
  }

  /** The pod was deleted and everything is stopped: the API object may go. */
  get isDeletable(): boolean {
    return this.hasEnded && this.#ending?.type === 'deleted';
  }

  /** The API object is gone already. */
  get isRemoved(): boolean {
    return this.#isRemoved;
  }

  /** The status as of the last `advance`. */
  get status(): PodStatus | undefined {
    return this.#status;
  }

  get containers(): PodContainers {
    return this.#containers;
  }

  /** Returns the container of that name, whatever its role. */
  container(name: string): ContainerRecord | undefined {
    return this.#containers.find(name);
  }

  /** Every sandbox that this pod is known to have had: to be removed with it. */
  get sandboxIds(): readonly string[] {
    return [...this.#sandboxIds];
  }

  /** Some volume of it has to be attached. Known anew after each `advance`. */
  get hasAttachments(): boolean {
    return !this.hasEnded && this.#volumes.haveAttachments;
  }

  /** Adds the unique names of the volumes that have to be attached for it to `names`. */
  collectAttachments(names: Set<string>): void {
    if (!this.hasEnded) this.#volumes.collectAttachments(names);
  }

  /** The runtime may hold volumes of this pod: to be removed with it. */
  get hasVolumes(): boolean {
    return this.#volumes.areBegun;
  }

  /** The node does not take the pod. */
  refuse(failure: PodFailure, turn: Turn): void {
    turn.event('Warning', failure.reason, failure.message);
    this.#isRefused = true;
    this.#fail({ ...failure, message: `Pod was rejected: ${failure.message}` }, turn.nowMs);
  }

  /** Stops the pod for good: it has failed. Its containers get `graceMs` at most. One that is being stopped anyway only loses grace. */
  terminate(failure: PodFailure, graceMs: number, turn: Turn): void {
    const killAtMs = turn.nowMs + Math.min(graceMs, this.#graceMs());
    if (this.#ending === null) this.#fail(failure, killAtMs);
    else this.#ending.killAtMs = Math.min(this.#ending.killAtMs, killAtMs);
  }

  /** Objects that its volumes are made of have changed, or the node's attachments. */
  sourcesChanged(): void {
    this.#volumes.markStale();
  }

  /** Takes over a new version of the pod, its resources as far as they were granted. A spec that is the very same object has not changed. */
  update(pod: Pod, pending: PendingResize | null = null): void {
    assert(uidOf(pod) === this.uid, 'a machine keeps its pod', { uid: this.uid });
    const { spec, metadata } = this.#pod;
    this.#pod = pod;
    this.#pending = pending;
    const isSameSpec = pod.spec === spec;
    if (!isSameSpec) this.#containers.update(pod);
    const { labels, annotations } = pod.metadata;
    // Of the pod itself volumes show nothing else.
    const isShownAlike = equalJson(labels, metadata.labels) && equalJson(annotations, metadata.annotations);
    if (!isSameSpec || !isShownAlike) this.#volumes.markStale();
  }

  /** The API object is gone; `pod` is its last state. */
  remove(pod: Pod): void {
    this.update(pod, this.#pending);
    this.#isRemoved = true;
  }

  /** Takes over everything that the runtime has of this pod; what it does not list does not exist. */
  observe(sandboxes: readonly SandboxStatus[], containers: readonly RuntimeContainer[], turn: Turn): void {
    this.#observeSandbox(sandboxes);
    this.#containers.observe(containers, turn);
    const hasBegun = this.#containers.main.some(({ instance }) => instance !== null && instance.state !== 'exited');
    if (hasBegun) this.#isInitialized = true;
  }

  /** Takes over a change of one container. */
  observeContainer(seen: RuntimeContainer, turn: Turn): void {
    const record = this.container(seen.config.name);
    if (record !== undefined) observeInstance(record, seen, turn.nowMs, turn.wallMs);
  }

  /** Takes every step that is possible now, and brings the status up to date. */
  advance(turn: Turn): void {
    this.#findEnding(turn);
    if (this.#ending === null) this.#run(turn);
    if (this.#ending === null) this.#findFinish(turn);
    if (this.#ending !== null) this.#end(this.#ending, turn);
    this.#refreshStatus(turn);
  }

  get #policy(): RestartPolicy {
    return this.#pod.spec.restartPolicy ?? 'Always';
  }

  #observeSandbox(sandboxes: readonly SandboxStatus[]): void {
    const newest = sandboxes.toSorted((left, right) => right.config.attempt - left.config.attempt)[0];
    if (newest === undefined) {
      const { type } = this.#sandbox;
      if (type !== 'starting' && (type !== 'absent' || this.#isInitialized)) this.#loseSandbox();
      return;
    }
    for (const { id } of sandboxes) this.#sandboxIds.add(id);
    const { id, config, state } = newest;
    this.#sandboxAttempt = Math.max(this.#sandboxAttempt, config.attempt);
    if (this.#sandbox.type === 'stopping') return;
    if (state === 'ready') {
      this.#sandbox = { type: 'ready', id, config };
      this.#podIp = config.podIp;
    } else if (this.#finalPhase !== null || this.#ending !== null) {
      this.#sandbox = { type: 'stopped', id, config };
    } else this.#loseSandbox();
  }

  /** The runtime lost the sandbox: the pod begins anew in another, with the address it has. */
  #loseSandbox(): void {
    this.#sandbox = { type: 'absent' };
    this.#sandboxAttempt += 1;
    // A runtime that lost the sandbox may have lost all.
    this.#volumes.forget();
    if (this.#ending !== null || this.#finalPhase !== null) return;
    this.#isInitialized = false;
    for (const record of this.#containers.init) if (record.role === 'init') forgetInstance(record);
  }

  #findEnding(turn: Turn): void {
    const { metadata, spec } = this.#pod;
    if (metadata.deletionTimestamp !== undefined || this.#isRemoved) {
      const graceSeconds = metadata.deletionGracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 30;
      // Nobody waits for a pod that was removed by force, but its containers get a moment all the same.
      const graceMs = Math.max(1, graceSeconds) * 1000;
      const killAtMs = turn.nowMs + graceMs;
      if (this.#ending === null || this.#ending.type !== 'deleted') this.#ending = { type: 'deleted', killAtMs };
      else this.#ending.killAtMs = Math.min(this.#ending.killAtMs, killAtMs);
      return;
    }
    if (this.#ending !== null) return;
    if (this.#finalPhase !== null) {
      this.#ending = { type: 'finished', killAtMs: turn.nowMs + this.#graceMs() };
      return;
    }
    const { activeDeadlineSeconds } = spec;
    if (activeDeadlineSeconds === undefined) return;
    const deadlineMs = this.#sinceMs + activeDeadlineSeconds * 1000;
    if (turn.nowMs < deadlineMs) {
      turn.wakeAt(deadlineMs);
      return;
    }
    turn.event('Normal', 'DeadlineExceeded', deadlineMessage);
    this.#fail({ reason: 'DeadlineExceeded', message: deadlineMessage }, turn.nowMs + this.#graceMs());
  }

  #fail(failure: PodFailure, killAtMs: number): void {
    this.#failure = failure;
    this.#finalPhase = 'Failed';
    this.#ending = { type: 'failed', killAtMs };
  }

  #graceMs(): number {
    return (this.#pod.spec.terminationGracePeriodSeconds ?? 30) * 1000;
  }

  #run(turn: Turn): void {
    this.#hasVolumes = this.#volumes.advance(this.#pod, turn);
    const scope = this.#scope();
    if (scope === null) {
      if (this.#sandbox.type === 'absent' && this.#hasVolumes) this.#makeSandbox(turn);
      return;
    }
    for (const record of this.#containers.ephemeral) keepRunning(record, scope, turn);
    this.#isInitialized = this.#initialize(scope, turn);
    if (!this.#isInitialized) return;
    for (const record of this.#containers.main) keepRunning(record, scope, turn);
  }

  #scope(): PodScope | null {
    const sandbox = this.#sandbox;
    if (sandbox.type !== 'ready') return null;
    const { id: sandboxId, config } = sandbox;
    return { pod: this.#pod, facts: this.#facts, sandboxId, sandbox: config, hasVolumes: this.#hasVolumes };
  }

  /** Drives the init containers; returns whether all have done what the main containers wait for. */
  #initialize(scope: PodScope, turn: Turn): boolean {
    let isDone = true;
    for (const record of this.#containers.init) {
      if (record.role === 'sidecar') {
        if (isDone || this.#isInitialized) keepRunning(record, scope, turn);
        isDone = isDone && record.isStarted;
      } else if (isDone && !this.#isInitialized && !hasSucceeded(record)) {
        isDone = false;
        keepRunning(record, scope, turn);
        // One that succeeded within this very step lets the next begin.
        isDone = hasSucceeded(record);
      }
    }
    return isDone || this.#isInitialized;
  }

  #makeSandbox(turn: Turn): void {
    if (this.#sandboxRetryAtMs > turn.nowMs) {
      turn.wakeAt(this.#sandboxRetryAtMs);
      return;
    }
    const runtimeHandler = this.#runtimeHandler(turn);
    if (runtimeHandler === null) return;
    const isHostNetwork = this.#pod.spec.hostNetwork === true;
    if (!isHostNetwork) this.#podIp ??= this.#facts.allocateAddress();
    // Without an address the node's range is not known yet: the kubelet advances its pods when it is.
    if (!isHostNetwork && this.#podIp === null) return;
    const address = isHostNetwork ? null : this.#podIp;
    const place = { nodeName: this.#facts.nodeName, podIp: address, runtimeHandler };
    const verdict = sandboxConfigOf(this.#pod, place, this.#sandboxAttempt);
    if (verdict.type === 'impossible') {
      turn.event('Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${verdict.message}`);
      this.#sandboxRetryAtMs = turn.nowMs + this.#facts.limits.configRetryMs;
      turn.wakeAt(this.#sandboxRetryAtMs);
      return;
    }
    const { config } = verdict;
    const starting: Sandbox = { type: 'starting', config };
    this.#sandbox = starting;
    turn.call('runPodSandbox', { config }, (answer, later) => {
      if (this.#sandbox !== starting) return;
      if (answer.type === 'done') {
        this.#sandbox = { type: 'ready', id: answer.sandboxId, config };
        this.#sandboxIds.add(answer.sandboxId);
        return;
      }
      this.#sandbox = { type: 'absent' };
      this.#sandboxRetryAtMs = later.nowMs + this.#facts.limits.runtimeRetryMs;
      later.wantsList = true;
      if (answer.type === 'unreachable') return;
      later.event('Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${answer.message}`);
    });
  }

  /** Which of the node's runtimes is meant; null when that cannot be told yet. Models kubernetes pkg/kubelet/runtimeclass LookupRuntimeHandler. */
  #runtimeHandler(turn: Turn): string | null {
    const { runtimeClassName = '' } = this.#pod.spec;
    if (runtimeClassName === '') return '';
    const handler = this.#facts.handlerOf(runtimeClassName);
    if (handler === null) {
      const reason = `runtimeclass.node.k8s.io "${runtimeClassName}" not found`;
      turn.event('Warning', 'FailedCreatePodSandBox', `Failed to create pod sandbox: ${reason}`);
      this.#sandboxRetryAtMs = turn.nowMs + this.#facts.limits.pullBackoffMinMs;
      turn.wakeAt(this.#sandboxRetryAtMs);
    }
    // The kubelet advances its pods when it knows the classes.
    return handler ?? null;
  }

  /** Decides whether the pod has done its work, or never will. */
  #findFinish(turn: Turn): void {
    const phase = podPhaseOf(this.#containers.init, this.#containers.main, this.#policy, this.#isInitialized);
    if (phase !== 'Succeeded' && phase !== 'Failed') return;
    this.#finalPhase = phase;
    this.#ending = { type: 'finished', killAtMs: turn.nowMs + this.#graceMs() };
  }

  #end(ending: Ending, turn: Turn): void {
    const { init, main, ephemeral } = this.#containers;
    const scope = this.#scope();
    this.#containers.abandon(this.#sandbox.type !== 'absent');
    if (scope === null) {
      if (this.hasEnded) this.#finalPhase ??= this.#phaseAfterStop();
      return;
    }
    if (!stopAll([...main, ...ephemeral], ending.killAtMs, scope, turn)) return;
    // Sidecars serve the others: they go last, in reverse order.
    for (const record of init.toReversed()) if (!stopAll([record], ending.killAtMs, scope, turn)) return;
    this.#finalPhase ??= this.#phaseAfterStop();
    this.#stopSandbox(scope, turn);
  }

  /** A pod that was stopped before it finished has failed, unless each container happened to succeed. */
  #phaseAfterStop(): PodPhase {
    return this.#containers.haveSucceeded ? 'Succeeded' : 'Failed';
  }

  #stopSandbox({ sandboxId, sandbox }: PodScope, turn: Turn): void {
    if (this.#sandboxRetryAtMs > turn.nowMs) {
      turn.wakeAt(this.#sandboxRetryAtMs);
      return;
    }
    const stopping: Sandbox = { type: 'stopping', id: sandboxId, config: sandbox };
    this.#sandbox = stopping;
    turn.call('stopPodSandbox', { sandboxId }, (answer, later) => {
      if (this.#sandbox !== stopping) return;
      const isStopped = answer.type === 'done' || (answer.type === 'failed' && answer.code === 'notFound');
      if (isStopped) {
        this.#sandbox = { type: 'stopped', id: sandboxId, config: sandbox };
        return;
      }
      this.#sandbox = { type: 'ready', id: sandboxId, config: sandbox };
      this.#sandboxRetryAtMs = later.nowMs + this.#facts.limits.runtimeRetryMs;
      later.wantsList = true;
    });
  }

  #refreshStatus(turn: Turn): void {
    const isOver = this.#finalPhase !== null && (isFinal(this.#status?.phase) || !this.#containers.areRunning);
    const phase = isOver ? (this.#finalPhase ?? 'Failed') : this.#openPhase();
    if (isOver && !this.#isRefused) this.#containers.settleNeverRun(this.#isInitialized, turn);
    const failure = isOver ? this.#failure : null;
    const status = podStatusOf(
      {
        pod: this.#pod,
        phase,
        reason: failure?.reason ?? this.#status?.reason ?? '',
        message: failure?.message ?? this.#status?.message ?? '',
        isRefused: this.#isRefused,
        disruption: this.#failure?.disruption ?? null,
        containers: this.#containers,
        pendingResize: this.#pending,
        isInitialized: this.#isInitialized,
        hasSandbox: this.#sandbox.type === 'ready',
        podIp: this.#sandboxAddress(),
        hostIp: this.#facts.hostIp,
        startTime: this.#startTime,
        runtimeName: this.#facts.runtimeName(),
      },
      this.#status ?? this.#pod.status,
      turn.wallMs,
    );
    // The same object tells all who ask whether there is news that there is none.
    if (!equalJson(this.#status, status)) this.#status = status;
  }

  /** The phase of a pod that has not finished, or has not stopped yet; one that is being stopped does not finish before all of it has stopped. */
  #openPhase(): PodPhase {
    const phase = podPhaseOf(this.#containers.init, this.#containers.main, this.#policy, this.#isInitialized);
    return phase === 'Succeeded' || phase === 'Failed' ? 'Running' : phase;
  }

  /** The address, once the sandbox has it; a pod that had one keeps telling it. */
  #sandboxAddress(): string | null {
    if (this.#pod.spec.hostNetwork === true) return this.#facts.hostIp;
    const hasSandbox = this.#sandbox.type !== 'absent' && this.#sandbox.type !== 'starting';
    return (hasSandbox ? this.#podIp : null) ?? this.#status?.podIP ?? null;
  }
}

function isFinal(phase: PodPhase | undefined): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}
