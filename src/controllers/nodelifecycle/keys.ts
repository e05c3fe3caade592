/**
 * Watches over nodes: gives each a range of pod addresses, judges by lease and heartbeat whether it lives, marks and taints it when it does
 * not, and evicts the pods that do not tolerate that. Keys are nodes. Models kubernetes pkg/controller/{nodelifecycle,tainteviction} and
 * nodeipam.
 */
import type { IndexFunction } from '../../api/object-index.ts';
import { nameOf, objectKey } from '../../api/object-meta.ts';
import type { Lease } from '../../kinds/lease/types.ts';
import type { Node } from '../../kinds/node/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import { type CacheChange, type Caches, type Controller, sidesOf } from '../controller.ts';
import { leaseResource, nodeResource, podResource } from '../resources.ts';
import { NodeMemory } from './memory.ts';
import { type NodeObserved, reconcileNode } from './reconcile.ts';
import { noExecuteTaints } from './taints.ts';

export interface NodeKinds {
  readonly nodes: Node;
  readonly leases: Lease;
  readonly pods: Pod;
}

export interface NodeTiming {
  /** A node whose lease and status both stand still for so long is taken for dead. */
  readonly graceMs: number;
  /** The same for a node that has never reported. */
  readonly startupGraceMs: number;
  readonly monitorMs: number;
  /** The first two parts of the addresses of pods; absent: `10.244`. */
  readonly podNetwork?: string;
}

const leaseNamespace = 'kube-node-lease';
const byNode: IndexFunction<Pod> = ({ spec }) =>
  spec.nodeName === undefined || spec.nodeName === '' ? [] : [spec.nodeName];

export function nodeLifecycleController(timing: NodeTiming): Controller<NodeKinds, NodeObserved, NodeMemory> {
  return {
    name: 'node-controller',
    watches: {
      nodes: { resource: nodeResource, output: 'object', indexes: {} },
      leases: { resource: leaseResource, output: 'object', indexes: {}, namespace: leaseNamespace },
      pods: { resource: podResource, output: 'object', indexes: { node: byNode } },
    },
    remember: () => new NodeMemory(),
    keys: nodeKeys,
    observe: observeNode,
    reconcile: (observed, context) => reconcileNode(observed, context, timing),
  };
}

/** A lease that is renewed is no reason to look: it is read when the node is looked at anyway, each monitor period. */
function nodeKeys(change: CacheChange<NodeKinds>, caches: Caches<NodeKinds>): readonly string[] {
  if (change.cache === 'nodes') return sidesOf(change).slice(0, 1).map(objectKey);
  if (change.cache === 'leases') return change.old === null && change.object !== null ? [nameOf(change.object)] : [];
  const [pod] = sidesOf<Pod>(change);
  const name = pod?.spec.nodeName ?? '';
  const node = caches.nodes.get(name);
  return node !== undefined && noExecuteTaints(node).length > 0 ? [name] : [];
}

function observeNode(key: string, caches: Caches<NodeKinds>): NodeObserved | null {
  const node = caches.nodes.get(key);
  if (node === undefined) return null;
  return {
    node,
    leaseOf: (name) => caches.leases.get(`${leaseNamespace}/${name}`),
    pods: () => caches.pods.by('node', key),
    nodes: caches.nodes,
  };
}
