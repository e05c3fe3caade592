/**
 * What a kubelet knows of one container of a pod: the present instance, how the one before ended, and what is being done about it. Plain
 * data; container-start.ts, container-stop.ts and container-probes.ts move it on, pod-status.ts tells it to people.
 */
import type { MonotonicMs, WallMs } from '../base/brand.ts';
import type { Container, ContainerRestartRule, ResourceRequirements } from '../kinds/pod/types.ts';
import type { RuntimeContainer, RuntimeFailure } from '../protocol/runtime.ts';
import { Backoff } from './backoff.ts';
import type { KubeletLimits } from './limits.ts';
import type { ProbeWorker } from './probe-worker.ts';

/** A sidecar is an init container that is restarted always: it starts in order and then stays. An ephemeral one is started once. */
export type ContainerRole = 'init' | 'sidecar' | 'main' | 'ephemeral';

export type RestartPolicy = 'Always' | 'OnFailure' | 'Never';

/** How an instance ended. */
export interface Exit {
  readonly containerId: string;
  readonly exitCode: number;
  readonly reason: string;
  readonly message: string;
  readonly startedAtMs: WallMs | null;
  readonly finishedAtMs: WallMs;
}

/** One container in the runtime. */
export type Instance =
  | { readonly state: 'created'; readonly id: string }
  | {
      readonly state: 'running';
      readonly id: string;
      readonly startedAtMs: WallMs;
      /** The same moment on the monotonic clock. */
      readonly sinceMs: MonotonicMs;
    }
  | { readonly state: 'exited'; readonly id: string; readonly exit: Exit; readonly sinceMs: MonotonicMs };

/** What is under way; at most one thing per container. Compared by identity, so that a late answer to a former one is ignored. */
export interface Operation {
  readonly type: 'image' | 'pull' | 'create' | 'start' | 'postStart' | 'resize' | 'preStop' | 'stop';
  /** For a stop: when the runtime kills. */
  readonly killAtMs: number;
}

export interface Waiting {
  readonly reason: string;
  readonly message: string;
}

export interface ContainerRecord {
  spec: Container;
  readonly role: ContainerRole;
  instance: Instance | null;
  lastExit: Exit | null;
  restartCount: number;
  /** The image of the present instance, as the spec named it. */
  image: string;
  imageId: string;
  operation: Operation | null;
  /** What the present instance was given; null while nobody knows. Its spec says what is set aside for it. */
  given: ResourceRequirements | null;
  /** It was stopped, or is being stopped, to be started with other resources. */
  isRestarting: boolean;
  /** Why the runtime did not change its resources the last time it was asked; and when it is asked again. */
  resizeFailure: RuntimeFailure | null;
  resizeRetryAtMs: number;
  /** Why it does not run though it should; null when the default for its stage says enough. */
  waiting: Waiting | null;
  /** Nothing is tried before. */
  retryAtMs: number;
  readonly crashBackoff: Backoff;
  readonly pullBackoff: Backoff;
  /** The exit whose back-off was told by an event. */
  toldBackoffOf: string;
  /** Instances before the last two, to be removed. */
  readonly outdated: string[];
  probes: readonly ProbeWorker[];
  /** The startup probe, if there is one, has succeeded. */
  isStarted: boolean;
  isReady: boolean;
}

export function newContainerRecord(spec: Container, role: ContainerRole, limits: KubeletLimits): ContainerRecord {
  const { crashBackoffMinMs, crashBackoffMaxMs, crashBackoffResetMs, pullBackoffMinMs, pullBackoffMaxMs } = limits;
  return {
    spec,
    role,
    instance: null,
    lastExit: null,
    restartCount: 0,
    image: spec.image ?? '',
    imageId: '',
    operation: null,
    given: null,
    isRestarting: false,
    resizeFailure: null,
    resizeRetryAtMs: 0,
    waiting: null,
    retryAtMs: 0,
    crashBackoff: new Backoff({
      minMs: crashBackoffMinMs,
      maxMs: crashBackoffMaxMs,
      resetAfterMs: crashBackoffResetMs,
    }),
    pullBackoff: new Backoff({
      minMs: pullBackoffMinMs,
      maxMs: pullBackoffMaxMs,
      resetAfterMs: 2 * pullBackoffMaxMs,
    }),
    toldBackoffOf: '',
    outdated: [],
    probes: [],
    isStarted: false,
    isReady: false,
  };
}

export function fieldPathOf({ role, spec }: ContainerRecord): string {
  const lists = {
    init: 'initContainers',
    sidecar: 'initContainers',
    main: 'containers',
    ephemeral: 'ephemeralContainers',
  };
  return `spec.${lists[role]}{${spec.name}}`;
}

export function isRunning(record: ContainerRecord): boolean {
  return record.instance?.state === 'running';
}

/** Tells whether an init container has done its work. */
export function hasSucceeded({ instance }: ContainerRecord): boolean {
  return instance?.state === 'exited' && instance.exit.exitCode === 0;
}

/**
 * Tells whether a container that ended is to run again: by the first of its rules that matches, else by its own policy, else by the pod's.
 * Models kubernetes pkg/kubelet/container/helpers.go ShouldContainerBeRestarted and podutil.ContainerShouldRestart.
 */
export function isRestarted(record: ContainerRecord, podPolicy: RestartPolicy): boolean {
  const { role, spec } = record;
  if (role === 'ephemeral') return false;
  if (role === 'sidecar' || record.isRestarting) return true;
  if (role === 'init' && hasSucceeded(record)) return false;
  const exitCode = record.instance?.state === 'exited' ? record.instance.exit.exitCode : 0;
  if ((spec.restartPolicyRules ?? []).some((rule) => isMatched(rule, exitCode))) return true;
  const policy = (spec.restartPolicy as RestartPolicy | undefined) ?? podPolicy;
  return policy === 'Always' || (policy === 'OnFailure' && !hasSucceeded(record));
}

function isMatched({ action, exitCodes }: ContainerRestartRule, exitCode: number): boolean {
  if (action !== 'Restart' || exitCodes === undefined) return false;
  const isListed = (exitCodes.values ?? []).includes(exitCode);
  return exitCodes.operator === 'NotIn' ? !isListed : isListed;
}

/** Takes over what the runtime says of an instance. Older instances than the known one are ignored. */
export function observeInstance(
  record: ContainerRecord,
  seen: RuntimeContainer,
  nowMs: MonotonicMs,
  wallMs: WallMs,
): void {
  const { attempt } = seen.config;
  const isSame = record.instance?.id === seen.id;
  if (!isSame && record.instance !== null && attempt <= record.restartCount) return;
  if (!isSame) {
    if (record.instance?.state === 'exited') record.lastExit = record.instance.exit;
    record.restartCount = attempt;
  }
  if (isSame && record.instance?.state === 'exited') return;
  record.image = seen.config.image;
  record.imageId = seen.config.imageId;
  record.instance = instanceOf(seen, nowMs, wallMs);
  if (record.instance.state === 'exited') clearAfterExit(record);
}

/** The runtime does not know the instance any more: it ended, nobody knows how. */
export function lostInstance(record: ContainerRecord, nowMs: MonotonicMs, wallMs: WallMs): void {
  const { instance } = record;
  if (instance === null || instance.state === 'exited') return;
  const exit: Exit = {
    containerId: instance.id,
    exitCode: 137,
    reason: 'ContainerStatusUnknown',
    message: 'The container could not be located when the pod was terminated',
    startedAtMs: instance.state === 'running' ? instance.startedAtMs : null,
    finishedAtMs: wallMs,
  };
  record.instance = { state: 'exited', id: instance.id, exit, sinceMs: nowMs };
  clearAfterExit(record);
}

/** Lets a container begin anew in another sandbox. */
export function forgetInstance(record: ContainerRecord): void {
  if (record.instance?.state === 'exited') record.lastExit = record.instance.exit;
  record.instance = null;
  clearAfterExit(record);
}

function clearAfterExit(record: ContainerRecord): void {
  record.probes = [];
  record.isStarted = false;
  record.isReady = false;
  record.resizeFailure = null;
  // What was being done concerned an instance that is no more; a new one may not have been begun while it lived.
  record.operation = null;
}

function instanceOf(seen: RuntimeContainer, nowMs: MonotonicMs, wallMs: WallMs): Instance {
  const { id, state, startedAtMs, finishedAtMs, exitCode, reason, message } = seen;
  if (state === 'created') return { state, id };
  const startMs = startedAtMs ?? wallMs;
  if (state === 'running') {
    return { state, id, startedAtMs: startMs, sinceMs: (nowMs - Math.max(0, wallMs - startMs)) as MonotonicMs };
  }
  const endMs = finishedAtMs ?? wallMs;
  const exit: Exit = { containerId: id, exitCode, reason, message, startedAtMs, finishedAtMs: endMs };
  return { state, id, exit, sinceMs: (nowMs - Math.max(0, wallMs - endMs)) as MonotonicMs };
}
