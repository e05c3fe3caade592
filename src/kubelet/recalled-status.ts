/**
 * What a kubelet that has just started recalls of a pod from its status in the API: restart counts, how containers ended, whether they were
 * ready. The runtime's list comes after it and knows better. Models kubernetes pkg/kubelet convertToAPIContainerStatuses, which reads the
 * former status for the same reason.
 */
import type { MonotonicMs, WallMs } from '../base/brand.ts';
import { parseTimestamp } from '../base/time.ts';
import type { ContainerState, ContainerStatus, PodStatus } from '../kinds/pod/types.ts';
import type { ContainerRecord, Exit } from './container-record.ts';

/** Fills fresh records. An instance that ran is taken as running until the runtime's list confirms or denies it. */
export function recallStatus(records: readonly ContainerRecord[], status: PodStatus | undefined): void {
  const told = [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ];
  for (const record of records) {
    const found = told.find(({ name }) => name === record.spec.name);
    if (found !== undefined) recall(record, found);
  }
}

function recall(record: ContainerRecord, status: ContainerStatus): void {
  record.restartCount = status.restartCount;
  record.imageId = status.imageID;
  record.given = status.resources ?? null;
  record.lastExit = exitOf(status.lastState);
  const exit = exitOf(status.state);
  const id = idOf(status.containerID);
  if (exit !== null) {
    record.instance = { state: 'exited', id, exit, sinceMs: 0 as MonotonicMs };
  } else if (status.state?.running !== undefined) {
    const startedAtMs = parseTimestamp(status.state.running.startedAt ?? '') ?? (0 as WallMs);
    record.instance = { state: 'running', id, startedAtMs, sinceMs: 0 as MonotonicMs };
    record.isStarted = status.started ?? false;
    record.isReady = status.ready;
  } else if (record.lastExit !== null) {
    // It waited to be restarted: its last state is that of its present instance.
    record.instance = {
      state: 'exited',
      id: record.lastExit.containerId,
      exit: record.lastExit,
      sinceMs: 0 as MonotonicMs,
    };
    record.lastExit = null;
  }
}

function exitOf(state: ContainerState | undefined): Exit | null {
  const terminated = state?.terminated;
  if (terminated === undefined) return null;
  return {
    containerId: idOf(terminated.containerID),
    exitCode: terminated.exitCode,
    reason: terminated.reason ?? '',
    message: terminated.message ?? '',
    startedAtMs: parseTimestamp(terminated.startedAt ?? '') ?? null,
    finishedAtMs: parseTimestamp(terminated.finishedAt ?? '') ?? (0 as WallMs),
  };
}

/** Cuts the runtime's name off `threemaster-simulated://0123`. */
function idOf(containerId: string | undefined): string {
  return containerId?.split('://')[1] ?? '';
}
