/** Stands in for scheduler and kubelets: binds pods to nodes, makes them ready, and lets those go that are to be deleted. */

import { nodeResource, podResource } from '../../../src/controllers/resources.ts';
import { pinnedNodes } from '../../../src/kinds/pod/node-selector.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';

export interface StandInOptions {
  readonly nodes: readonly string[];
  /** Pods of these images never get ready. */
  readonly broken?: readonly string[];
}

/** Does what is due now for every pod, each step once; tells whether there was anything to do. */
export function tendPods(
  cluster: SimulatedCluster,
  { nodes, broken = [] }: StandInOptions,
  namespace = 'default',
): boolean {
  let hasWorked = false;
  for (const pod of cluster.list(podResource, namespace) as readonly Pod[]) {
    const { name = '' } = pod.metadata;
    const place = { resource: podResource, namespace, name };
    if (pod.metadata.deletionTimestamp !== undefined) {
      cluster.remove(podResource, name, namespace, { gracePeriodSeconds: 0 });
      hasWorked = true;
    } else if ((pod.spec.nodeName ?? '') === '') {
      const [pinned] = pinnedNodes(pod) ?? [];
      const target = { kind: 'Node', name: pinned ?? nodes[hash(name) % nodes.length] };
      const body = { apiVersion: 'v1', kind: 'Binding', metadata: { name, namespace }, target };
      cluster.call({ ...place, verb: 'create', subresource: 'binding', body });
      hasWorked = true;
    } else if (
      (pod.status?.phase ?? 'Pending') === 'Pending' &&
      !broken.includes(pod.spec.containers[0]?.image ?? '')
    ) {
      const ip = `10.244.0.${(hash(name) % 250) + 1}`;
      const ready = { type: 'Ready', status: 'True', lastTransitionTime: '2023-11-14T22:13:20Z' };
      const startTime = ready.lastTransitionTime;
      const status = { phase: 'Running', startTime, podIP: ip, podIPs: [{ ip }], conditions: [ready] };
      cluster.call({ ...place, verb: 'patch', subresource: 'status', body: { status }, patch: 'merge' });
      hasWorked = true;
    }
  }
  return hasWorked;
}

/** Makes the nodes that pods are bound to; pods of nodes that do not exist would be deleted after a while. */
export function addNodes(cluster: SimulatedCluster, names: readonly string[]): void {
  for (const name of names) {
    cluster.create(nodeResource, { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: {} } as never);
  }
}

/** Tends pods and lets time pass until `condition` holds; fails after `limitMs`. */
export function tendUntil(
  cluster: SimulatedCluster,
  options: StandInOptions,
  condition: () => boolean,
  limitMs = 30_000,
): void {
  const endMs = cluster.universe.nowMs + limitMs;
  while (!condition()) {
    if (cluster.universe.nowMs > endMs) {
      throw new Error(`not reached within ${limitMs} ms\n${cluster.complaints.slice(-5).join('\n')}`);
    }
    tendPods(cluster, options);
    cluster.universe.runFor(50);
  }
}

function hash(text: string): number {
  let value = 0;
  for (let index = 0; index < text.length; index += 1) value = (value * 31 + text.charCodeAt(index)) >>> 0;
  return value;
}
