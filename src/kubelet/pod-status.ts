/**
 * What a kubelet tells about a pod: phase, conditions, container statuses. A function of what the machine knows; times of transitions come
 * from the former status. Models kubernetes pkg/kubelet/kubelet_pods.go generateAPIPodStatus and pkg/kubelet/status/generate.go.
 */
import type { Mutable } from '../api/json.ts';
import { generationOf } from '../api/object-meta.ts';
import type { WallMs } from '../base/brand.ts';
import { timestampSeconds } from '../base/time.ts';
import { type Condition, findCondition, isConditionTrue } from '../kinds/condition.ts';
import { qosClassOf } from '../kinds/pod/quality.ts';
import type { ContainerState, ContainerStatus, Pod, PodPhase, PodStatus } from '../kinds/pod/types.ts';
import { type ContainerRecord, type Exit, hasSucceeded } from './container-record.ts';
import type { PendingResize } from './pod-allocation.ts';
import type { PodContainers } from './pod-containers.ts';
import { resizeConditions } from './resize-conditions.ts';

export interface PodView {
  readonly pod: Pod;
  readonly phase: PodPhase;
  /** Why the pod as a whole failed; empty otherwise. */
  readonly reason: string;
  readonly message: string;
  /** The node did not take it: there is nothing to say of its containers. */
  readonly isRefused: boolean;
  /** Why the node stops it for no fault of its own; null when it does not. */
  readonly disruption: string | null;
  readonly containers: Pick<PodContainers, 'init' | 'main' | 'ephemeral'>;
  /** Null when the pod has what it asks for, or is about to get it. */
  readonly pendingResize: PendingResize | null;
  readonly isInitialized: boolean;
  readonly hasSandbox: boolean;
  /** Null until the pod has one. */
  readonly podIp: string | null;
  readonly hostIp: string;
  /** When the kubelet took it over, as the status has it. */
  readonly startTime: string;
  readonly runtimeName: string;
}

/** Returns the status; the conditions of `former` that are not the kubelet's are left out, so that a patch leaves them alone. */
export function podStatusOf(view: PodView, former: PodStatus | undefined, wallMs: WallMs): PodStatus {
  const { pod, podIp, hostIp, reason, message } = view;
  const { init, main, ephemeral } = view.containers;
  if (view.isRefused) return refusedStatusOf(view, former);
  const told = (records: readonly ContainerRecord[]) => records.map((record) => containerStatusOf(record, view));
  const status: PodStatus = {
    observedGeneration: generationOf(pod),
    phase: view.phase,
    conditions: conditionsOf(view, former?.conditions, wallMs),
    hostIP: hostIp,
    hostIPs: [{ ip: hostIp }],
    startTime: view.startTime,
    containerStatuses: told(main),
    qosClass: pod.status?.qosClass ?? qosClassOf(pod),
    ...(init.length === 0 ? {} : { initContainerStatuses: told(init) }),
    ...(ephemeral.length === 0 ? {} : { ephemeralContainerStatuses: told(ephemeral) }),
    ...(podIp === null ? {} : { podIP: podIp, podIPs: [{ ip: podIp }] }),
    ...(reason === '' ? {} : { reason }),
    ...(message === '' ? {} : { message }),
  };
  return status;
}

function refusedStatusOf(
  { pod, phase, reason, message, startTime }: PodView,
  former: PodStatus | undefined,
): PodStatus {
  return {
    observedGeneration: generationOf(pod),
    phase,
    conditions: former?.conditions ?? [],
    startTime,
    qosClass: pod.status?.qosClass ?? qosClassOf(pod),
    ...(reason === '' ? {} : { reason }),
    ...(message === '' ? {} : { message }),
  };
}

function containerStatusOf(record: ContainerRecord, view: PodView): ContainerStatus {
  const { spec, instance, lastExit, restartCount, imageId, role } = record;
  const state = stateOf(record, view);
  const told = state.waiting !== undefined && instance?.state === 'exited' ? instance.exit : lastExit;
  const shown = state.running === undefined && state.terminated === undefined ? told?.containerId : instance?.id;
  return {
    name: spec.name,
    state,
    lastState: told === null ? {} : { terminated: terminatedOf(told, view) },
    ready: role === 'init' ? hasSucceeded(record) : role !== 'ephemeral' && record.isReady,
    restartCount,
    image: spec.image ?? '',
    imageID: imageId,
    ...(shown === undefined || shown === '' ? {} : { containerID: `${view.runtimeName}://${shown}` }),
    ...resourcesOf(record),
    ...(role === 'ephemeral' ? {} : { started: instance?.state === 'running' && record.isStarted }),
  };
}

/** What a container that runs was given, and what is set aside for it; one that is to run again gets the latter. */
function resourcesOf({ spec, instance, role, given, isRestarting }: ContainerRecord): Partial<ContainerStatus> {
  const isRunning = instance?.state === 'running';
  if ((!isRunning && !isRestarting) || role === 'ephemeral') return {};
  const { resources = {}, volumeMounts = [] } = spec;
  const mounts = volumeMounts.map(({ name, mountPath, readOnly }) => ({
    name,
    mountPath,
    ...(readOnly === true ? { readOnly, recursiveReadOnly: 'Disabled' } : {}),
  }));
  return {
    ...(resources.requests === undefined ? {} : { allocatedResources: resources.requests }),
    resources: given ?? resources,
    ...(mounts.length === 0 ? {} : { volumeMounts: mounts }),
  };
}

function stateOf(record: ContainerRecord, view: PodView): ContainerState {
  const { instance, waiting } = record;
  if (instance?.state === 'running') return { running: { startedAt: timestampSeconds(instance.startedAtMs) } };
  const isOver = view.phase === 'Succeeded' || view.phase === 'Failed';
  if (waiting !== null && !isOver) {
    return {
      waiting: { reason: waiting.reason, ...(waiting.message === '' ? {} : { message: waiting.message }) },
    };
  }
  if (instance?.state === 'exited') return { terminated: terminatedOf(instance.exit, view) };
  const isHeldUp = record.role !== 'ephemeral' && view.containers.init.length > 0 && !view.isInitialized;
  return { waiting: { reason: isHeldUp ? 'PodInitializing' : 'ContainerCreating' } };
}

function terminatedOf(exit: Exit, view: PodView): NonNullable<ContainerState['terminated']> {
  const { containerId, exitCode, reason, message, startedAtMs, finishedAtMs } = exit;
  return {
    exitCode,
    reason,
    ...(message === '' ? {} : { message }),
    startedAt: timestampSeconds(startedAtMs ?? finishedAtMs),
    finishedAt: timestampSeconds(finishedAtMs),
    ...(containerId === '' ? {} : { containerID: `${view.runtimeName}://${containerId}` }),
  };
}

type Finding = readonly [isTrue: boolean, reason: string, message: string];

function conditionsOf(view: PodView, former: readonly Condition[] | undefined, wallMs: WallMs): readonly Condition[] {
  const observedGeneration = generationOf(view.pod);
  const conditions: Condition[] = [];
  const tell = (condition: Condition): void => {
    const { status, lastTransitionTime: sinceThen } = findCondition(former, condition.type) ?? {};
    const lastTransitionTime = (status === condition.status ? sinceThen : undefined) ?? timestampSeconds(wallMs);
    conditions.push({ ...condition, lastTransitionTime });
  };
  const find = (type: string, [isTrue, reason, message]: Finding): void => {
    const condition: Mutable<Condition> = { type, status: isTrue ? 'True' : 'False', observedGeneration };
    if (reason !== '') condition.reason = reason;
    if (message !== '') condition.message = message;
    tell(condition);
  };
  const readiness = containersReady(view);
  find('PodReadyToStartContainers', [view.hasSandbox, '', '']);
  find('Initialized', initialized(view));
  find('Ready', ready(view, former, readiness));
  find('ContainersReady', readiness);
  if (view.disruption !== null) find('DisruptionTarget', [true, 'TerminationByKubelet', view.disruption]);
  const { init, main } = view.containers;
  const isOver = view.phase === 'Succeeded' || view.phase === 'Failed';
  if (!isOver) for (const resize of resizeConditions(view.pod, view.pendingResize, [...init, ...main])) tell(resize);
  const scheduled = findCondition(former, 'PodScheduled');
  if (scheduled?.status === 'True') conditions.push(scheduled);
  else tell({ type: 'PodScheduled', status: 'True', observedGeneration });
  return conditions;
}

/** A pod without init containers has nothing to wait for, not even a sandbox. */
function initialized({ containers: { init }, isInitialized, phase }: PodView): Finding {
  if (isInitialized || init.length === 0) return [true, phase === 'Succeeded' ? 'PodCompleted' : '', ''];
  const names = init.filter((record) => !isInitDone(record)).map(({ spec }) => spec.name);
  return [false, 'ContainersNotInitialized', `containers with incomplete status: [${names.join(' ')}]`];
}

function isInitDone(record: ContainerRecord): boolean {
  return record.role === 'sidecar' ? record.isStarted : hasSucceeded(record);
}

function containersReady({ phase, containers: { init, main } }: PodView): Finding {
  if (phase === 'Succeeded') return [false, 'PodCompleted', ''];
  if (phase === 'Failed') return [false, 'PodFailed', ''];
  const unready: string[] = [];
  for (const { role, isReady, spec } of init) if (role === 'sidecar' && !isReady) unready.push(spec.name);
  for (const { isReady, spec } of main) if (!isReady) unready.push(spec.name);
  if (unready.length === 0) return [true, '', ''];
  return [false, 'ContainersNotReady', `containers with unready status: [${unready.join(' ')}]`];
}

function ready(view: PodView, former: readonly Condition[] | undefined, containers: Finding): Finding {
  const gates = view.pod.spec.readinessGates ?? [];
  if (!containers[0] || gates.length === 0) return containers;
  const conditions = view.pod.status?.conditions ?? former;
  const unmet = gates.filter(({ conditionType }) => !isConditionTrue(conditions, conditionType));
  if (unmet.length === 0) return containers;
  const messages = unmet.map(({ conditionType }) =>
    findCondition(conditions, conditionType) === undefined
      ? `corresponding condition of pod readiness gate "${conditionType}" does not exist.`
      : `the status of pod readiness gate "${conditionType}" is not "True", but ${findCondition(conditions, conditionType)?.status}`,
  );
  return [false, 'ReadinessGatesNotReady', messages.join(', ')];
}
