/**
 * What `kubectl get pods` shows: the one word that sums up a pod is computed here, from its containers and from its deletion.
 * Models kubernetes pkg/printers/internalversion/printers.go printPod.
 */
import { ageSince } from '../../api/human-duration.ts';
import type { TableCell } from '../../api/table.ts';
import type { WallMs } from '../../base/brand.ts';
import { isConditionTrue } from '../condition.ts';
import type { Container, ContainerStatus, Pod } from '../pod/types.ts';

const none = '<none>';

interface Summary {
  reason: string;
  restarts: number;
  lastRestart: string | undefined;
  readyCount: number;
}

export function podCells(pod: Pod, wallMs: WallMs): Readonly<Record<string, TableCell>> {
  const { spec, status } = pod;
  const summary: Summary = {
    reason: status?.reason || status?.phase || 'Unknown',
    restarts: 0,
    lastRestart: undefined,
    readyCount: 0,
  };
  if ((spec.schedulingGates ?? []).length > 0 && !isConditionTrue(status?.conditions, 'PodScheduled')) {
    summary.reason = 'SchedulingGated';
  }
  const sidecars = (spec.initContainers ?? []).filter(isSidecar);
  const isInitializing = summarizeInit(pod, summary);
  if (!isInitializing || isConditionTrue(status?.conditions, 'Initialized')) summarizeMain(pod, summary);
  if (pod.metadata.deletionTimestamp !== undefined) {
    if (status?.reason === 'NodeLost') summary.reason = 'Unknown';
    else if (status?.phase !== 'Succeeded' && status?.phase !== 'Failed') summary.reason = 'Terminating';
  }
  const total = (spec.containers ?? []).length + sidecars.length;
  return {
    Ready: `${summary.readyCount}/${total}`,
    Status: summary.reason,
    Restarts: restartsText(summary, wallMs),
    IP: status?.podIP ?? none,
    Node: spec.nodeName ?? none,
    'Nominated Node': status?.nominatedNodeName ?? none,
    'Readiness Gates': gatesText(pod),
  };
}

/** Returns whether the pod still waits for an init container. */
function summarizeInit(pod: Pod, summary: Summary): boolean {
  const containers = pod.spec.initContainers ?? [];
  const byName = new Map(containers.map((container) => [container.name, container]));
  for (const [index, status] of (pod.status?.initContainerStatuses ?? []).entries()) {
    countRestarts(status, summary);
    const { waiting, terminated } = status.state ?? {};
    if (terminated?.exitCode === 0) continue;
    const container = byName.get(status.name);
    if (container !== undefined && isSidecar(container) && status.started === true) {
      if (status.ready) summary.readyCount += 1;
      continue;
    }
    if (terminated !== undefined) summary.reason = `Init:${terminationText(terminated)}`;
    else if ((waiting?.reason ?? '') !== '' && waiting?.reason !== 'PodInitializing') {
      summary.reason = `Init:${waiting?.reason}`;
    } else summary.reason = `Init:${index}/${containers.length}`;
    return true;
  }
  return false;
}

function summarizeMain(pod: Pod, summary: Summary): void {
  let hasRunning = false;
  for (const status of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    countRestarts(status, summary);
    const { waiting, running, terminated } = status.state ?? {};
    if ((waiting?.reason ?? '') !== '') summary.reason = waiting?.reason as string;
    else if (terminated !== undefined) summary.reason = terminationText(terminated);
    else if (status.ready && running !== undefined) {
      hasRunning = true;
      summary.readyCount += 1;
    }
  }
  if (summary.reason === 'Completed' && hasRunning) {
    summary.reason = isConditionTrue(pod.status?.conditions, 'Ready') ? 'Running' : 'NotReady';
  }
}

function countRestarts(status: ContainerStatus, summary: Summary): void {
  summary.restarts += status.restartCount;
  const finishedAt = status.lastState?.terminated?.finishedAt;
  if (finishedAt !== undefined && (summary.lastRestart ?? '') < finishedAt) summary.lastRestart = finishedAt;
}

function restartsText({ restarts, lastRestart }: Summary, wallMs: WallMs): string {
  return restarts > 0 && lastRestart !== undefined
    ? `${restarts} (${ageSince(lastRestart, wallMs)} ago)`
    : String(restarts);
}

function terminationText(terminated: { reason?: string; signal?: number; exitCode: number }): string {
  if ((terminated.reason ?? '') !== '') return terminated.reason as string;
  const { signal = 0, exitCode } = terminated;
  return signal === 0 ? `ExitCode:${exitCode}` : `Signal:${signal}`;
}

function gatesText({ spec, status }: Pod): string {
  const gates = spec.readinessGates ?? [];
  if (gates.length === 0) return none;
  const met = gates.filter(({ conditionType }) => isConditionTrue(status?.conditions, conditionType)).length;
  return `${met}/${gates.length}`;
}

function isSidecar(container: Container): boolean {
  return container.restartPolicy === 'Always';
}
