/**
 * How many nodes there should be: pods that no node has room for add nodes of a group that has, within its bounds; a node whose pods fit elsewhere
 * is marked idle, after a while tainted, emptied through the eviction API, and taken away. Where that stands is written on the Node alone, so
 * whoever looks next goes on from there, whatever became of the last one. Models kubernetes autoscaler/cluster-autoscaler.
 */
import {
  annotationsOf,
  controllerOf,
  isBeingDeleted,
  labelsOf,
  nameOf,
  type StringMap,
} from '../../api/object-meta.ts';
import type { WallMs } from '../../base/brand.ts';
import { parseTimestamp, timestampSeconds } from '../../base/time.ts';
import { findCondition } from '../../kinds/condition.ts';
import type { Node } from '../../kinds/node/types.ts';
import type { Taint } from '../../kinds/pod/scheduling-types.ts';
import type { Pod, ResourceList } from '../../kinds/pod/types.ts';
import { isFinished } from '../pod-state.ts';
import {
  imaginedRoom,
  isBoundToNode,
  isReadyNode,
  overheadOf,
  place,
  type Room,
  roomOf,
  utilizationOf,
} from './room.ts';

export interface NodeGroup {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly capacity: ResourceList;
  /** Besides those that every node has; the group and the zone are among them. */
  readonly labels: StringMap;
}

export interface NodeGroupTiming {
  readonly intervalMs: number;
  /** How long a node must be idle. */
  readonly idleMs: number;
  /** How long emptying a node may take before it is left alone again. */
  readonly drainMs: number;
  /** How long a node that was added may take to be Ready; until then it counts as if it were. */
  readonly provisionMs: number;
}

/** A node of a group that the cluster runs, whether or not its Node object is there. */
export interface GroupMember {
  readonly name: string;
  readonly group: string;
}

export interface NodesObserved {
  readonly groups: readonly NodeGroup[];
  readonly members: readonly GroupMember[];
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  readonly nowMs: WallMs;
  readonly timing: NodeGroupTiming;
}

export type NodeAction =
  | { readonly type: 'add'; readonly group: string }
  /** Takes a node away, with its Node object. */
  | { readonly type: 'remove'; readonly node: string }
  /** Deletes the object of a node that is not there. */
  | { readonly type: 'forget'; readonly node: string }
  /** Changes the Node; the patch names the version that it was made from. */
  | { readonly type: 'mark'; readonly node: string; readonly patch: object }
  /** Asks for a pod's eviction, which a disruption budget may refuse for now. */
  | { readonly type: 'evict'; readonly pod: Pod };

export const groupLabel = 'threemaster.dev/node-group';
export const drainTaint = 'ToBeDeletedByClusterAutoscaler';
export const idleAnnotation = 'threemaster.dev/idle-since';
const keepAnnotation = 'cluster-autoscaler.kubernetes.io/scale-down-disabled';
const safeAnnotation = 'cluster-autoscaler.kubernetes.io/safe-to-evict';
/** A node of which less is requested may be spared. */
const idleShare = 0.5;

export function planNodes(observed: NodesObserved): readonly NodeAction[] {
  const orphans = observed.nodes.filter((node) => isOrphan(node, observed));
  if (orphans.length > 0) return orphans.map((node) => ({ type: 'forget', node: nameOf(node) }));
  const added = additions(observed);
  const draining = observed.nodes.filter((node) => drainTaintOf(node) !== undefined);
  if (draining.length > 0) return [...added, ...draining.flatMap((node) => drain(node, observed))];
  return added.length > 0 ? added : [...spare(observed)];
}

/** It was a group's, and nobody runs it: its process ended with the work half done. */
function isOrphan(node: Node, { members, groups }: NodesObserved): boolean {
  const group = labelsOf(node)[groupLabel];
  return groups.some(({ name }) => name === group) && !members.some(({ name }) => name === nameOf(node));
}

function additions(observed: NodesObserved): readonly NodeAction[] {
  const { groups, members, pods } = observed;
  const sizes = new Map(groups.map(({ name }) => [name, members.filter(({ group }) => group === name).length]));
  const actions: NodeAction[] = [];
  const overhead = overheadOf(pods);
  const rooms = roomsNow(observed, overhead);
  const add = (group: NodeGroup): Room => {
    const size = (sizes.get(group.name) ?? 0) + 1;
    sizes.set(group.name, size);
    actions.push({ type: 'add', group: group.name });
    const room = imaginedRoom(`${group.name}-${size}`, group.capacity, group.labels, overhead);
    rooms.push(room);
    return room;
  };
  for (const group of groups) while ((sizes.get(group.name) ?? 0) < group.min) add(group);
  for (const pod of pods) {
    if (!isUnschedulable(pod) || rooms.some((room) => place(room, pod))) continue;
    const group = groups.find(
      (each) =>
        (sizes.get(each.name) ?? 0) < each.max &&
        place(imaginedRoom(each.name, each.capacity, each.labels, overhead), pod),
    );
    if (group !== undefined) place(add(group), pod);
  }
  return actions;
}

/** The room on nodes that are Ready, and on those that will be. */
function roomsNow(
  { groups, members, nodes, pods, nowMs, timing }: NodesObserved,
  overhead: ReturnType<typeof overheadOf>,
): Room[] {
  const byNode = podsByNode(pods);
  const rooms = nodes.filter(isReadyNode).map((node) => roomOf(node, byNode.get(nameOf(node)) ?? []));
  for (const { name, group } of members) {
    const node = nodes.find((each) => nameOf(each) === name);
    const found = groups.find((each) => each.name === group);
    if (found === undefined || (node !== undefined && !isComing(node, nowMs, timing))) continue;
    rooms.push(imaginedRoom(name, found.capacity, found.labels, overhead));
  }
  return rooms;
}

function isComing(node: Node, nowMs: WallMs, { provisionMs }: NodeGroupTiming): boolean {
  const madeMs = parseTimestamp(node.metadata.creationTimestamp ?? '') ?? 0;
  return !isReadyNode(node) && madeMs + provisionMs > nowMs;
}

function isUnschedulable(pod: Pod): boolean {
  if ((pod.spec.nodeName ?? '') !== '' || isFinished(pod) || isBeingDeleted(pod)) return false;
  const condition = findCondition(pod.status?.conditions, 'PodScheduled');
  return condition?.status === 'False' && condition.reason === 'Unschedulable';
}

/** Empties a node that is to go, and takes it away once it is empty. */
function drain(node: Node, { pods, nowMs, timing }: NodesObserved): readonly NodeAction[] {
  const name = nameOf(node);
  const left = pods.filter((pod) => pod.spec.nodeName === name && !isBoundToNode(pod) && !isFinished(pod));
  if (left.length === 0) return [{ type: 'remove', node: name }];
  const sinceMs = Number(drainTaintOf(node)?.value ?? 0) * 1000;
  if (sinceMs + timing.drainMs <= nowMs) {
    const taints = (node.spec.taints ?? []).filter(({ key }) => key !== drainTaint);
    return [mark(node, { metadata: { annotations: { [idleAnnotation]: null } }, spec: { taints } })];
  }
  return left.filter((pod) => !isBeingDeleted(pod)).map((pod) => ({ type: 'evict', pod }));
}

/** Marks idle nodes, and lets one go that has been idle for long enough: one at a time, so that the others have room for its pods. */
function* spare(observed: NodesObserved): Generator<NodeAction> {
  const { groups, members, nodes, pods, nowMs, timing } = observed;
  const byNode = podsByNode(pods);
  const isSettling = pods.some(isUnschedulable);
  for (const node of nodes) {
    const own = members.find(({ name }) => name === nameOf(node));
    const group = groups.find(({ name }) => name === own?.group);
    if (group === undefined) continue;
    const hasSpare = members.filter((each) => each.group === group.name).length > group.min;
    const isIdle = hasSpare && !isSettling && isReadyNode(node) && canBeSpared(node, observed, byNode);
    const since = annotationsOf(node)[idleAnnotation];
    if (!isIdle) {
      if (since !== undefined) yield mark(node, { metadata: { annotations: { [idleAnnotation]: null } } });
    } else if (since === undefined) {
      yield mark(node, { metadata: { annotations: { [idleAnnotation]: timestampSeconds(nowMs) } } });
    } else if ((parseTimestamp(since) ?? nowMs) + timing.idleMs <= nowMs) {
      const taint: Taint = { key: drainTaint, value: String(Math.floor(nowMs / 1000)), effect: 'NoSchedule' };
      yield mark(node, { spec: { taints: [...(node.spec.taints ?? []), taint] } });
      return;
    }
  }
}

/** Tells whether little is requested of the node, and all of it fits elsewhere. */
function canBeSpared(node: Node, { nodes }: NodesObserved, byNode: ReadonlyMap<string, readonly Pod[]>): boolean {
  if (annotationsOf(node)[keepAnnotation] === 'true') return false;
  const own = byNode.get(nameOf(node)) ?? [];
  if (utilizationOf(node, own) >= idleShare) return false;
  const movable = own.filter((pod) => !isBoundToNode(pod) && !isFinished(pod));
  if (!movable.every(mayMove)) return false;
  const rooms = nodes
    .filter((other) => other !== node && isReadyNode(other))
    .map((other) => roomOf(other, byNode.get(nameOf(other)) ?? []));
  return movable.every((pod) => rooms.some((room) => place(room, pod)));
}

/** Nobody makes a pod again that has no owner. */
function mayMove(pod: Pod): boolean {
  const word = annotationsOf(pod)[safeAnnotation];
  return word === 'true' || (word !== 'false' && controllerOf(pod) !== undefined);
}

function drainTaintOf({ spec }: Node): Taint | undefined {
  return (spec.taints ?? []).find(({ key }) => key === drainTaint);
}

function podsByNode(pods: readonly Pod[]): ReadonlyMap<string, readonly Pod[]> {
  const byNode = new Map<string, Pod[]>();
  for (const pod of pods) {
    const { nodeName = '' } = pod.spec;
    if (nodeName === '') continue;
    const known = byNode.get(nodeName);
    if (known === undefined) byNode.set(nodeName, [pod]);
    else known.push(pod);
  }
  return byNode;
}

function mark(node: Node, patch: { readonly metadata?: object; readonly spec?: object }): NodeAction {
  const metadata = { ...patch.metadata, resourceVersion: node.metadata.resourceVersion };
  return { type: 'mark', node: nameOf(node), patch: { ...patch, metadata } };
}
