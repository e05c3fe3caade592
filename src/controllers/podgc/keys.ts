/**
 * Deletes pods that nobody else will: finished ones beyond a number, those whose node is gone, and those that are to go without ever having
 * had a node. Models kubernetes pkg/controller/podgc/gc_controller.go.
 *
 * Keys: `finished`, `unscheduled`, and `node NAME` for a node that pods name. Looking at one node's pods costs no look at all the others.
 */
import type { IndexFunction } from '../../api/object-index.ts';
import { isBeingDeleted, nameOf } from '../../api/object-meta.ts';
import type { MonotonicMs } from '../../base/brand.ts';
import type { Node } from '../../kinds/node/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import { type CacheChange, type Caches, type Controller, sidesOf } from '../controller.ts';
import { finishedPodsMax } from '../limits.ts';
import { isFinished } from '../pod-state.ts';
import { nodeResource, podResource } from '../resources.ts';
import { type PodGcObserved, reconcilePodGc } from './reconcile.ts';

export interface PodGcKinds {
  readonly pods: Pod;
  readonly nodes: Node;
}

export interface PodGcTiming {
  /** A node must have been missing for so long before its pods are deleted. */
  readonly quarantineMs: number;
}

/** Nodes that pods name and that do not exist, since when. */
export type MissingNodes = Map<string, MonotonicMs>;

const byNode: IndexFunction<Pod> = ({ spec }) => [spec.nodeName ?? ''];
const byFinished: IndexFunction<Pod> = (pod) => (isFinished(pod) ? ['finished'] : []);

export function podGcController(timing: PodGcTiming): Controller<PodGcKinds, PodGcObserved, MissingNodes> {
  return {
    name: 'pod-garbage-collector',
    watches: {
      pods: { resource: podResource, output: 'object', indexes: { node: byNode, finished: byFinished } },
      nodes: { resource: nodeResource, output: 'metadata', indexes: {} },
    },
    remember: () => new Map(),
    keys: podGcKeys,
    observe: observePodGc,
    reconcile: (observed, context) => reconcilePodGc(observed, context, timing),
  };
}

function podGcKeys(change: CacheChange<PodGcKinds>, caches: Caches<PodGcKinds>): readonly string[] {
  if (change.cache === 'nodes') {
    return change.object === null ? sidesOf(change).map((node) => `node ${nameOf(node)}`) : [];
  }
  const [pod] = sidesOf<Pod>(change);
  if (pod === undefined || change.object === null) return [];
  const keys: string[] = [];
  const node = pod.spec.nodeName ?? '';
  if (node === '' && isBeingDeleted(pod)) keys.push('unscheduled');
  if (node !== '' && caches.nodes.get(node) === undefined) keys.push(`node ${node}`);
  if (isFinished(pod) && caches.pods.by('finished', 'finished').length > finishedPodsMax) keys.push('finished');
  return keys;
}

function observePodGc(key: string, caches: Caches<PodGcKinds>): PodGcObserved | null {
  if (key === 'finished') {
    const pods = caches.pods.by('finished', 'finished');
    return pods.length > finishedPodsMax ? { type: 'finished', pods, excess: pods.length - finishedPodsMax } : null;
  }
  if (key === 'unscheduled') return { type: 'unscheduled', pods: caches.pods.by('node', '').filter(isBeingDeleted) };
  const node = key.slice('node '.length);
  const isPresent = caches.nodes.get(node) !== undefined;
  return { type: 'orphaned', node, isPresent, pods: isPresent ? [] : caches.pods.by('node', node) };
}
