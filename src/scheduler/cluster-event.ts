/**
 * What may happen in a cluster that could make an unschedulable pod schedulable. Plugins declare which of these they care about, and
 * may look closer. Models kubernetes pkg/scheduler/framework/events.go.
 */

import { equalJson } from '../api/json.ts';
import { labelsOf } from '../api/object-meta.ts';
import type { Node } from '../kinds/node/types.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';

export type NodeChangeType =
  | 'nodeAdded'
  | 'nodeAllocatableChanged'
  | 'nodeLabelsChanged'
  /** Taints, or whether pods may be scheduled at all. */
  | 'nodeTaintsChanged'
  | 'nodeGone';

export type PlacedPodChangeType =
  | 'podPlaced'
  /** Labels, or that it is being deleted. */
  | 'podLabelsChanged'
  /** It asks for less than it did. */
  | 'podScaledDown'
  | 'podGone';

export type ClusterEvent =
  | { readonly type: NodeChangeType; readonly node: NodeInfo }
  | { readonly type: PlacedPodChangeType; readonly pod: PodInfo }
  /** A namespace, service or owner changed, so selectors may now match others. */
  | { readonly type: 'surroundingsChanged' }
  /** A claim, a volume, a class of storage or what a node's storage drivers can do has changed. */
  | { readonly type: 'storageChanged' };

export type ClusterEventType = ClusterEvent['type'];

/** Returns what changed between two versions of a pod that has a node, of what matters here. */
export function placedPodChanges(old: PodInfo, next: PodInfo): PlacedPodChangeType[] {
  const changes: PlacedPodChangeType[] = [];
  if (old.labels !== next.labels && !equalJson(old.labels, next.labels)) changes.push('podLabelsChanged');
  else if (old.isTerminating !== next.isTerminating) changes.push('podLabelsChanged');
  if (old.requests === next.requests) return changes;
  for (const [name, amount] of old.requests) {
    if (amount <= (next.requests.get(name) ?? 0)) continue;
    changes.push('podScaledDown');
    break;
  }
  return changes;
}

/** Returns what changed between two versions of a node, of what matters here. */
export function nodeChanges(old: Node, next: Node): NodeChangeType[] {
  const changes: NodeChangeType[] = [];
  if (!equalJson(old.status?.allocatable ?? {}, next.status?.allocatable ?? {})) changes.push('nodeAllocatableChanged');
  if (!equalJson(labelsOf(old), labelsOf(next))) changes.push('nodeLabelsChanged');
  const isTaintChanged = !equalJson(old.spec?.taints ?? [], next.spec?.taints ?? []);
  if (isTaintChanged || (old.spec?.unschedulable ?? false) !== (next.spec?.unschedulable ?? false)) {
    changes.push('nodeTaintsChanged');
  }
  return changes;
}
