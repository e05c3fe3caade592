/**
 * Whether a node takes a pod that was bound to it. The scheduler has asked the same before; but it may have been wrong by the time, and pods are
 * bound by others too. Models kubernetes pkg/kubelet/lifecycle/predicate.go.
 */
import type { StringMap } from '../api/object-meta.ts';
import { requiredNodes } from '../kinds/pod/node-selector.ts';
import type { Taint } from '../kinds/pod/scheduling-types.ts';
import { untoleratedTaint } from '../kinds/pod/toleration.ts';
import type { Pod, ResourceList } from '../kinds/pod/types.ts';
import { isStatic } from './critical-pod.ts';
import { podsPerNodeMax } from './limits.ts';
import { type Amounts, amountsOf, nanosPerUnit, podRequests, toldUnitOf } from './pod-requests.ts';
import type { Need } from './preemption.ts';

/** Why a pod is refused: its status tells both. */
export interface Refusal {
  readonly reason: string;
  readonly message: string;
}

export interface AdmittingNode {
  readonly name: string;
  readonly labels: StringMap;
  readonly taints: readonly Taint[];
  readonly allocatable: ResourceList;
}

/** `others` are the pods of the node that have not ended. Null: the pod is taken. */
export function refusalOf(
  pod: Pod,
  others: readonly Pod[],
  node: AdmittingNode,
  requestsOf: RequestsOf = podRequests,
): Refusal | null {
  return lackOf(pod, others, node.allocatable, requestsOf) ?? otherRefusalOf(pod, others, node);
}

/** Returns what a pod asks of its node. */
export type RequestsOf = (pod: Pod) => Amounts;

/** Why a pod is refused for anything but room. */
export function otherRefusalOf(pod: Pod, others: readonly Pod[], node: AdmittingNode): Refusal | null {
  return mismatchOf(pod, node) ?? portConflictOf(pod, others) ?? taintRefusalOf(pod, node);
}

/** What a node would not have enough of, were it empty; null: nothing. */
export function shortageOf(pod: Pod, allocatable: ResourceList): string | null {
  const capacity = amountsOf(allocatable);
  for (const [name, requested] of podRequests(pod)) {
    const most = capacity.get(name) ?? 0n;
    if (requested <= most) continue;
    const unit = toldUnitOf(name);
    return `Node didn't have enough capacity: ${name}, requested: ${requested / unit}, capacity: ${most / unit}`;
  }
  return null;
}

/** What `others` leave too little of; null: nothing. */
export function lackOf(
  pod: Pod,
  others: readonly Pod[],
  allocatable: ResourceList,
  requestsOf: RequestsOf = podRequests,
): Refusal | null {
  const [first] = lacksOf(pod, others, allocatable, requestsOf);
  return first === undefined ? null : outOf(first);
}

/** How much is missing of each resource that `others` leave too little of, in billionths of a unit; `pods` is one of them. */
export function needsOfRoom(pod: Pod, others: readonly Pod[], allocatable: ResourceList): readonly Need[] {
  return lacksOf(pod, others, allocatable, podRequests).map(({ resource, requested, used, capacity }) => ({
    resource,
    nanos: requested + used - capacity,
  }));
}

/** Amounts in billionths of a unit. */
interface Lack {
  readonly resource: string;
  readonly requested: bigint;
  readonly used: bigint;
  readonly capacity: bigint;
}

function lacksOf(pod: Pod, others: readonly Pod[], allocatable: ResourceList, requestsOf: RequestsOf): readonly Lack[] {
  const lacks: Lack[] = [];
  const amounts = amountsOf(allocatable);
  const podsMax = amounts.get('pods') ?? BigInt(podsPerNodeMax) * nanosPerUnit;
  const count = BigInt(others.length) * nanosPerUnit;
  if (count + nanosPerUnit > podsMax) {
    lacks.push({ resource: 'pods', requested: nanosPerUnit, used: count, capacity: podsMax });
  }
  const requests = [...requestsOf(pod)].filter(([, amount]) => amount > 0n);
  if (requests.length === 0) return lacks;
  const inUse = others.map(requestsOf);
  for (const [resource, requested] of requests) {
    const used = inUse.reduce((sum, each) => sum + (each.get(resource) ?? 0n), 0n);
    const capacity = amounts.get(resource) ?? 0n;
    if (used + requested > capacity) lacks.push({ resource, requested, used, capacity });
  }
  return lacks;
}

function outOf({ resource, requested, used, capacity }: Lack): Refusal {
  const unit = toldUnitOf(resource);
  const amounts = `requested: ${requested / unit}, used: ${used / unit}, capacity: ${capacity / unit}`;
  return { reason: `OutOf${resource}`, message: `Node didn't have enough resource: ${resource}, ${amounts}` };
}

function mismatchOf(pod: Pod, node: AdmittingNode): Refusal | null {
  const isWanted = requiredNodes(pod);
  if (isWanted === null || isWanted(node)) return null;
  return failed('NodeAffinity', "node(s) didn't match Pod's node affinity/selector");
}

function portConflictOf(pod: Pod, others: readonly Pod[]): Refusal | null {
  const wanted = hostPortsOf(pod);
  if (wanted.length === 0) return null;
  const taken = others.flatMap(hostPortsOf);
  const isTaken = wanted.some((port) => taken.some((other) => doCollide(port, other)));
  return isTaken ? failed('NodePorts', "node(s) didn't have free ports for the requested pod ports") : null;
}

/** Taints that only keep new pods away are the scheduler's alone: a node heeds those that also drive pods out. What it was told to run itself stays. */
function taintRefusalOf(pod: Pod, { taints }: AdmittingNode): Refusal | null {
  if (isStatic(pod) || untoleratedTaint(taints, pod.spec.tolerations ?? [], ['NoExecute']) === undefined) return null;
  return failed('TaintToleration', "node(s) had taints that the pod didn't tolerate");
}

function failed(predicate: string, description: string): Refusal {
  return { reason: predicate, message: `Predicate ${predicate} failed: ${description}` };
}

interface HostPort {
  readonly protocol: string;
  readonly address: string;
  readonly port: number;
}

function hostPortsOf({ spec }: Pod): readonly HostPort[] {
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...spec.containers, ...sidecars].flatMap(({ ports = [] }) =>
    ports
      .filter(({ hostPort = 0 }) => hostPort > 0)
      .map(({ hostPort = 0, hostIP = '', protocol = 'TCP' }) => ({ protocol, address: hostIP, port: hostPort })),
  );
}

function doCollide(left: HostPort, right: HostPort): boolean {
  if (left.port !== right.port || left.protocol !== right.protocol) return false;
  return isAny(left.address) || isAny(right.address) || left.address === right.address;
}

function isAny(address: string): boolean {
  return address === '' || address === '0.0.0.0';
}
