/** A pod as its kubelet keeps it: its machine, and what the API and the runtime are known to hold of it. */
import { nameOf, namespaceOf } from '../api/object-meta.ts';
import type { CancelTimer } from '../base/timer-queue.ts';
import type { Pod, PodStatus } from '../kinds/pod/types.ts';
import type { SandboxStatus } from '../protocol/runtime.ts';
import { PodAllocation } from './pod-allocation.ts';
import { PodMachine } from './pod-machine.ts';
import type { NodeFacts } from './pod-surroundings.ts';
import type { Turn } from './turn.ts';

export interface Tenant {
  readonly machine: PodMachine;
  readonly allocation: PodAllocation;
  told: PodStatus | undefined;
  wasDeletable: boolean;
  holdsAddress: boolean;
  /** Whether the node takes it is not decided. */
  isNew: boolean;
  /** The runtime's containers of this pod are known. */
  isObserved: boolean;
  /** Pods that have to end before this critical one begins. */
  victims: readonly string[];
  cancelWake: CancelTimer;
  /** The resourceVersion at which the API took the status that was written last; infinite before the first. */
  writtenRevision: number;
  /** The latest resourceVersion at which the API said something else of the pod than its machine does; 0: never. */
  contradictedRevision: number;
}

/** `isListed`: what the runtime has is known, so that a pod without a history has nothing there. */
export function newTenant(pod: Pod, facts: NodeFacts, isListed: boolean, turn: Turn): Tenant {
  const { status } = pod;
  const allocation = new PodAllocation(pod);
  return {
    machine: new PodMachine(allocation.granted, facts, turn),
    allocation,
    told: status,
    wasDeletable: false,
    // What an earlier life of the kubelet wrote may be all that there is to write.
    writtenRevision: hasHistory(pod) ? Number(pod.metadata.resourceVersion ?? 0) : Number.POSITIVE_INFINITY,
    contradictedRevision: 0,
    holdsAddress: true,
    isNew: status?.startTime === undefined && status?.phase !== 'Succeeded' && status?.phase !== 'Failed',
    isObserved: isListed && !hasHistory(pod),
    victims: [],
    cancelWake: () => {},
  };
}

/** Somebody ran containers of it. */
export function hasHistory({ status }: Pod): boolean {
  return (status?.containerStatuses ?? []).length > 0;
}

/** Stops and removes what the runtime has of pods that nobody knows. */
export function removeOrphans(
  sandboxes: readonly SandboxStatus[],
  tenants: ReadonlyMap<string, Tenant>,
  turn: Turn,
): void {
  for (const { id: sandboxId, config } of sandboxes) {
    if (tenants.has(config.uid)) continue;
    turn.call('stopPodSandbox', { sandboxId }, (_answer, later) => removeRemains(config.uid, [sandboxId], true, later));
  }
}

/** Removes what the runtime has of a pod: sandboxes first, for volumes may go only behind them. */
export function removeRemains(podUid: string, sandboxIds: readonly string[], hasVolumes: boolean, turn: Turn): void {
  let left = sandboxIds.length;
  const removeVolumes = (later: Turn): void => {
    if (hasVolumes && left === 0) later.call('removeVolumes', { podUid }, () => {});
  };
  for (const sandboxId of sandboxIds) {
    turn.call('removePodSandbox', { sandboxId }, (_answer, later) => {
      left -= 1;
      removeVolumes(later);
    });
  }
  if (left === 0) removeVolumes(turn);
}

/**
 * Tells whether the API says something else of the pod than its machine does. If that is newer than what was written last, somebody else
 * changed it (the node controller, which took the node for dead), and it is said again.
 * Models kubernetes pkg/kubelet/status/status_manager.go needsReconcile.
 */
export function isContradicted({ status: own, isRemoved }: PodMachine, { status }: Pod): boolean {
  if (isRemoved) return false;
  const differs = (type: string): boolean => conditionStatus(status, type) !== conditionStatus(own, type);
  return status?.phase !== own?.phase || differs('Ready') || differs('ContainersReady');
}

/** Of several pods with one name the one that came last. */
export function newestNamed(tenants: ReadonlyMap<string, Tenant>, namespace: string, name: string): Tenant | undefined {
  const named = [...tenants.values()].filter(
    ({ machine: { pod } }) => nameOf(pod) === name && namespaceOf(pod) === namespace,
  );
  return named.at(-1);
}

/** The API has said something else since it took the status. */
export function mustRepeat({ contradictedRevision, writtenRevision }: Tenant): boolean {
  return contradictedRevision > writtenRevision;
}

function conditionStatus(status: PodStatus | undefined, type: string): string | undefined {
  return status?.conditions?.find((condition) => condition.type === type)?.status;
}

export function grouped<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
