/**
 * Whether pods fit on nodes, as far as adding and taking away nodes has to know: by what they request, the nodes they select, and the taints that
 * they tolerate. What the scheduler weighs beyond that (affinity among pods, spreading, ports, volumes) never adds a node.
 */
import { controllerOf, labelsOf, nameOf, type StringMap } from '../../api/object-meta.ts';
import { parseQuantity } from '../../api/quantity.ts';
import { isConditionTrue } from '../../kinds/condition.ts';
import type { Node } from '../../kinds/node/types.ts';
import { requiredNodes } from '../../kinds/pod/node-selector.ts';
import type { Taint } from '../../kinds/pod/scheduling-types.ts';
import { untoleratedTaint } from '../../kinds/pod/toleration.ts';
import type { Pod, ResourceList } from '../../kinds/pod/types.ts';
import { podUsage } from '../../kinds/resourcequota/usage.ts';
import { isFinished } from '../pod-state.ts';

/** Billionths, by resource. */
export type Amounts = ReadonlyMap<string, bigint>;

/** What is left of a node, real or imagined. */
export interface Room {
  readonly name: string;
  readonly labels: StringMap;
  readonly taints: readonly Taint[];
  readonly free: Map<string, bigint>;
}

const onePod = 1_000_000_000n;
const requestPrefix = 'requests.';

/** What a pod takes of a node; each takes one of its places. */
export function requestsOf(pod: Pod): Amounts {
  const requests = new Map<string, bigint>([['pods', onePod]]);
  for (const [name, { nanos }] of podUsage(pod)) {
    if (name.startsWith(requestPrefix)) requests.set(name.slice(requestPrefix.length), nanos);
  }
  return requests;
}

/** Returns the room that is left on a node with these pods. */
export function roomOf(node: Node, pods: readonly Pod[]): Room {
  const free = amountsOf(node.status?.allocatable ?? {});
  for (const pod of pods) if (!isFinished(pod)) take(free, requestsOf(pod));
  const { taints = [], unschedulable = false } = node.spec;
  const cordon: readonly Taint[] = unschedulable
    ? [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }]
    : [];
  return { name: nameOf(node), labels: labelsOf(node), taints: [...taints, ...cordon], free };
}

/** Returns the room of a node that does not exist yet, less what every node needs for itself. */
export function imaginedRoom(name: string, capacity: ResourceList, labels: StringMap, overhead: Amounts): Room {
  const free = amountsOf(capacity);
  take(free, overhead);
  return { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', ...labels }, taints: [], free };
}

/** Puts the pod there if it fits, and tells whether it did. */
export function place(room: Room, pod: Pod): boolean {
  const { name, labels, taints, free } = room;
  const requests = requestsOf(pod);
  for (const [resource, amount] of requests) if (amount > 0n && (free.get(resource) ?? 0n) < amount) return false;
  if (untoleratedTaint(taints, pod.spec.tolerations ?? [], ['NoSchedule', 'NoExecute']) !== undefined) return false;
  if (requiredNodes(pod)?.({ name, labels }) === false) return false;
  take(free, requests);
  return true;
}

/** The larger share of processor and memory that is requested of a node, by pods that are not there because the node is. */
export function utilizationOf(node: Node, pods: readonly Pod[]): number {
  const capacity = amountsOf(node.status?.allocatable ?? {});
  const used = new Map<string, bigint>();
  for (const pod of pods)
    if (!isFinished(pod) && !isBoundToNode(pod))
      for (const [name, amount] of requestsOf(pod)) used.set(name, (used.get(name) ?? 0n) + amount);
  const shares = ['cpu', 'memory'].map((name) => {
    const total = Number(capacity.get(name) ?? 0n);
    return total === 0 ? 0 : Number(used.get(name) ?? 0n) / total;
  });
  return Math.max(...shares);
}

/** What pods of daemon sets take of the node on which they take the most. */
export function overheadOf(pods: readonly Pod[]): Amounts {
  const perNode = new Map<string, Map<string, bigint>>();
  const overhead = new Map<string, bigint>();
  for (const pod of pods) {
    const { nodeName = '' } = pod.spec;
    if (nodeName === '' || isFinished(pod) || !isBoundToNode(pod)) continue;
    const sum = perNode.get(nodeName) ?? new Map<string, bigint>();
    perNode.set(nodeName, sum);
    for (const [name, amount] of requestsOf(pod)) {
      const total = (sum.get(name) ?? 0n) + amount;
      sum.set(name, total);
      if (total > (overhead.get(name) ?? 0n)) overhead.set(name, total);
    }
  }
  return overhead;
}

/** It goes with its node: a pod of a daemon set, or one that the kubelet itself runs. */
export function isBoundToNode(pod: Pod): boolean {
  const kind = controllerOf(pod)?.kind;
  return kind === 'DaemonSet' || kind === 'Node';
}

export function isReadyNode({ status }: Node): boolean {
  return isConditionTrue(status?.conditions, 'Ready');
}

function amountsOf(list: ResourceList): Map<string, bigint> {
  return new Map(Object.entries(list).map(([name, text]) => [name, parseQuantity(text)?.nanos ?? 0n]));
}

function take(free: Map<string, bigint>, amounts: Amounts): void {
  for (const [name, amount] of amounts) free.set(name, (free.get(name) ?? 0n) - amount);
}
