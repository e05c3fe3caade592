/** Builders of nodes and pods for tables of the scheduler's tests. */
import type { Node } from '../../../src/kinds/node/types.ts';
import type { Taint } from '../../../src/kinds/pod/scheduling-types.ts';
import type { Pod, PodSpec } from '../../../src/kinds/pod/types.ts';
import { type PodInfo, podInfoOf } from '../../../src/scheduler/pod-info.ts';
import { Snapshot } from '../../../src/scheduler/snapshot.ts';
import type { Surroundings } from '../../../src/scheduler/surroundings.ts';

export interface NodeShape {
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
  readonly cpu?: string;
  readonly memory?: string;
  readonly pods?: string;
  readonly extended?: Readonly<Record<string, string>>;
  readonly unschedulable?: boolean;
}

export interface PodShape extends Partial<PodSpec> {
  readonly labels?: Readonly<Record<string, string>>;
  readonly namespace?: string;
  readonly cpu?: string;
  readonly memory?: string;
  readonly requests?: Readonly<Record<string, string>>;
  readonly hostPort?: number;
  readonly owner?: { readonly kind: string; readonly name: string };
}

export function node(name: string, shape: NodeShape = {}): Node {
  const { cpu = '4', memory = '8Gi', pods = '110', extended = {}, labels = {}, taints, unschedulable } = shape;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec: {
      ...(taints === undefined ? {} : { taints }),
      ...(unschedulable === undefined ? {} : { unschedulable }),
    },
    status: { allocatable: { cpu, memory, pods, ...extended } },
  };
}

export function pod(name: string, shape: PodShape = {}): Pod {
  const { labels = {}, namespace = 'default', cpu, memory, requests = {}, hostPort, owner, ...spec } = shape;
  const asked = { ...requests, ...(cpu === undefined ? {} : { cpu }), ...(memory === undefined ? {} : { memory }) };
  const ports = hostPort === undefined ? [] : [{ containerPort: 80, hostPort }];
  const owners =
    owner === undefined ? [] : [{ apiVersion: 'apps/v1', uid: `uid-${owner.name}`, controller: true, ...owner }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, uid: `uid-${name}`, labels, ownerReferences: owners },
    spec: {
      containers: [{ name: 'main', image: 'nginx', resources: { requests: asked }, ports }],
      schedulerName: 'default-scheduler',
      ...spec,
    },
  };
}

export function info(name: string, shape: PodShape = {}): PodInfo {
  return podInfoOf(pod(name, shape));
}

/** A snapshot of nodes, and of pods by the node they run on. */
export function snapshotOf(
  nodes: readonly Node[],
  placed: readonly (readonly [node: string, pod: PodInfo])[] = [],
  surroundings?: Surroundings,
): Snapshot {
  const snapshot = new Snapshot(surroundings);
  for (const each of nodes) snapshot.setNode(each);
  for (const [name, each] of placed) snapshot.setPod(each, name);
  return snapshot;
}
