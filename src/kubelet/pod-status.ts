/**
 * What a kubelet tells about a pod: phase, conditions, container statuses. A function of what the machine knows; times of transitions come
 * from the former status. Models kubernetes pkg/kubelet/kubelet_pods.go generateAPIPodStatus and pkg/kubelet/status/generate.go.
 */
import { generationOf } from '../api/object-meta.ts';
import type { WallMs } from '../base/brand.ts';
import { timestampSeconds } from '../base/time.ts';
import { type Condition, findCondition, isConditionTrue, withCondition } from '../kinds/condition.ts';
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
  readonly startedAtMs: WallMs;
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
    conditions: conditionsOf(view, former?.conditions, timestampSeconds(wallMs)),
    hostIP: hostIp,
    hostIPs: [{ ip: hostIp }],
    startTime: timestampSeconds(view.startedAtMs),
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
  { pod, phase, reason, message, startedAtMs }: PodView,
  former: PodStatus | undefined,
): PodStatus {
  return {
    observedGeneration: generationOf(pod),
    phase,
    conditions: former?.conditions ?? [],
    startTime: timestampSeconds(startedAtMs),
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

type Finding = readonly [type: string, isTrue: boolean, reason: string, message: string];

function conditionsOf(view: PodView, former: readonly Condition[] | undefined, now: string): readonly Condition[] {
  const scheduled = findCondition(former, 'PodScheduled');
  const findings: Finding[] = [
    ['PodReadyToStartContainers', view.hasSandbox, '', ''],
    initialized(view),
    ready(view, former),
    containersReady(view, 'ContainersReady'),
  ];
  if (view.disruption !== null) findings.push(['DisruptionTarget', true, 'TerminationByKubelet', view.disruption]);
  const observedGeneration = generationOf(view.pod);
  const told = findings.map(
    ([type, isTrue, reason, message]): Condition => ({
      type,
      status: isTrue ? 'True' : 'False',
      observedGeneration,
      ...(reason === '' ? {} : { reason }),
      ...(message === '' ? {} : { message }),
    }),
  );
  const { init, main } = view.containers;
  const isOver = view.phase === 'Succeeded' || view.phase === 'Failed';
  const resizes = isOver ? [] : resizeConditions(view.pod, view.pendingResize, [...init, ...main]);
  const own = [...told, ...resizes].map((condition): Condition => {
    const known = findCondition(former, condition.type);
    const next = { ...condition, lastTransitionTime: now };
    return withCondition(known === undefined ? [] : [known], next)[0] ?? next;
  });
  const placed: Condition =
    scheduled?.status === 'True'
      ? scheduled
      : { type: 'PodScheduled', status: 'True', observedGeneration, lastTransitionTime: now };
  return [...own, placed];
}

function initialized(view: PodView): Finding {
  const type = 'Initialized';
  if (view.isInitialized) return [type, true, view.phase === 'Succeeded' ? 'PodCompleted' : '', ''];
  const names = view.containers.init.filter((record) => !isInitDone(record)).map(({ spec }) => spec.name);
  return [type, false, 'ContainersNotInitialized', `containers with incomplete status: [${names.join(' ')}]`];
}

function isInitDone(record: ContainerRecord): boolean {
  return record.role === 'sidecar' ? record.isStarted : hasSucceeded(record);
}

function containersReady(view: PodView, type: string): Finding {
  if (view.phase === 'Succeeded') return [type, false, 'PodCompleted', ''];
  if (view.phase === 'Failed') return [type, false, 'PodFailed', ''];
  const unready = [...view.containers.init.filter(({ role }) => role === 'sidecar'), ...view.containers.main].filter(
    ({ isReady }) => !isReady,
  );
  if (unready.length === 0) return [type, true, '', ''];
  const names = unready.map(({ spec }) => spec.name);
  return [type, false, 'ContainersNotReady', `containers with unready status: [${names.join(' ')}]`];
}

function ready(view: PodView, former: readonly Condition[] | undefined): Finding {
  const finding = containersReady(view, 'Ready');
  if (!finding[1]) return finding;
  const gates = view.pod.spec.readinessGates ?? [];
  const conditions = view.pod.status?.conditions ?? former;
  const unmet = gates.filter(({ conditionType }) => !isConditionTrue(conditions, conditionType));
  if (unmet.length === 0) return finding;
  const messages = unmet.map(({ conditionType }) =>
    findCondition(conditions, conditionType) === undefined
      ? `corresponding condition of pod readiness gate "${conditionType}" does not exist.`
      : `the status of pod readiness gate "${conditionType}" is not "True", but ${findCondition(conditions, conditionType)?.status}`,
  );
  return ['Ready', false, 'ReadinessGatesNotReady', messages.join(', ')];
}
