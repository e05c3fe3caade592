/**
 * Whether a node has let go of a volume. A kubelet that lives says so (node.status.volumesInUse); one that does not may still have it mounted, and writes
 * of its pods would meet those of another node. Then only time helps, or somebody who knows that the node is off: who deletes it, or taints it.
 * Models kubernetes pkg/controller/volume/attachdetach/reconciler and KEP-2268 (non-graceful node shutdown).
 */
import { findCondition } from '../../kinds/condition.ts';
import type { Node } from '../../kinds/node/types.ts';
import { outOfServiceTaint } from '../nodelifecycle/taints.ts';

export interface DetachTiming {
  /** How long a node that is not heard of keeps a volume that no pod there wants any more. */
  readonly maxWaitForUnmountMs: number;
  /** After so long, a node that had died would not be ready any more. */
  readonly nodeGraceMs: number;
}

export function isReadyNode({ status }: Node): boolean {
  return findCondition(status?.conditions, 'Ready')?.status === 'True';
}

/** Returns how long the volume must stay attached from when no pod wanted it: 0 not at all, infinity until the node says otherwise. */
export function holdMs(node: Node | undefined, uniqueName: string, timing: DetachTiming): number {
  if (node === undefined || (node.spec.taints ?? []).some(({ key }) => key === outOfServiceTaint)) return 0;
  const inUse = node.status?.volumesInUse;
  if (inUse !== undefined && !inUse.includes(uniqueName)) return 0;
  if (!isReadyNode(node)) return timing.maxWaitForUnmountMs;
  // A kubelet that never says what it has mounted takes a pod away only when it has unmounted: if it lives.
  return inUse === undefined ? timing.nodeGraceMs : Number.POSITIVE_INFINITY;
}
