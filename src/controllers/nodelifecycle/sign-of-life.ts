/**
 * What shows that a node lives, and whether any does. Silence that all nodes share is rather the control plane's than theirs: it had no
 * majority, or its own threads stood still. Models kubernetes pkg/controller/nodelifecycle handleDisruption, for the case in which it stops
 * evictions: every zone fully disrupted.
 */
import { nameOf, uidOf } from '../../api/object-meta.ts';
import { findCondition } from '../../kinds/condition.ts';
import type { Lease } from '../../kinds/lease/types.ts';
import type { Node } from '../../kinds/node/types.ts';
import type { Cache, ReconcileContext } from '../controller.ts';
import type { NodeMemory } from './memory.ts';

export interface Signs {
  readonly nodes: Cache<Node>;
  readonly leaseOf: (node: string) => Lease | undefined;
}

type Moment = Pick<ReconcileContext<NodeMemory>, 'memory' | 'monotonicMs'>;

/** Returns how long the node has given no sign of life, as far as this controller could have seen one. */
export function silenceOf(node: Node, { leaseOf }: Signs, { memory, monotonicMs }: Moment): number {
  const heartbeat = findCondition(node.status?.conditions, 'Ready')?.lastHeartbeatTime ?? '';
  const sign = `${uidOf(node)} ${leaseOf(nameOf(node))?.spec?.renewTime ?? ''} ${heartbeat}`;
  return memory.silenceMs(nameOf(node), sign, monotonicMs);
}

/** Tells whether no node is ready and has been heard of within `recentMs`. Ends at the first that is. */
export function isFullDisruption(signs: Signs, moment: Moment, recentMs: number): boolean {
  for (const node of signs.nodes.values()) {
    const isReady = findCondition(node.status?.conditions, 'Ready')?.status === 'True';
    if (isReady && silenceOf(node, signs, moment) < recentMs) return false;
  }
  return true;
}
