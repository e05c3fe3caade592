/** What becomes of nodes that fall silent, of their pods, and of pods whose node is gone. */
import { expect, test } from 'vitest';
import { timestampMicros } from '../../../src/base/time.ts';
import { leaseResource, nodeResource, podResource } from '../../../src/controllers/resources.ts';
import type { Node } from '../../../src/kinds/node/types.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import { SimulatedCluster } from './simulated-cluster.ts';

const leases = 'kube-node-lease';

function addNode(cluster: SimulatedCluster, name: string): void {
  const ready = { type: 'Ready', status: 'True', lastHeartbeatTime: '2023-11-14T22:13:20Z' };
  cluster.create(nodeResource, { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: {} } as never);
  const place = { resource: nodeResource, name, patch: 'merge' as const };
  cluster.call({ ...place, verb: 'patch', subresource: 'status', body: { status: { conditions: [ready] } } });
  const metadata = { name, namespace: leases };
  cluster.create(leaseResource, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec: {} } as never);
}

function beat(cluster: SimulatedCluster, name: string): void {
  const renewTime = timestampMicros(cluster.universe.wallMs);
  cluster.patch(leaseResource, name, { spec: { holderIdentity: name, renewTime } }, leases);
}

/** Lets time pass while `alive` renew their leases each second. */
function live(cluster: SimulatedCluster, alive: readonly string[], durationMs: number): void {
  const endMs = cluster.universe.nowMs + durationMs;
  while (cluster.universe.nowMs < endMs) {
    for (const name of alive) beat(cluster, name);
    cluster.universe.runFor(1_000);
  }
}

/** The kubelet is back: it posts its status. */
function postReady(cluster: SimulatedCluster, name: string): void {
  const ready = { type: 'Ready', status: 'True', lastHeartbeatTime: '2023-11-14T22:13:40Z' };
  const place = { resource: nodeResource, name, patch: 'strategic' as const };
  cluster.call({ ...place, verb: 'patch', subresource: 'status', body: { status: { conditions: [ready] } } });
}

function addPod(cluster: SimulatedCluster, name: string, node: string, extra: object = {}): void {
  const spec = { containers: [{ name: 'web', image: 'web:1' }], nodeName: node, ...extra };
  cluster.create(podResource, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec,
  } as never);
  const conditions = [{ type: 'Ready', status: 'True' }];
  const body = { status: { phase: 'Running', conditions } };
  const place = { resource: podResource, namespace: 'default', name };
  cluster.call({ ...place, verb: 'patch', subresource: 'status', body, patch: 'merge' });
}

const node = (cluster: SimulatedCluster, name: string): Node => cluster.get(nodeResource, name, '') as Node;
const pod = (cluster: SimulatedCluster, name: string): Pod | null => cluster.get(podResource, name) as Pod | null;
const readiness = ({ status }: Node | Pod): string | undefined =>
  status?.conditions?.find(({ type }) => type === 'Ready')?.status;
const taints = ({ spec }: Node): readonly string[] => (spec.taints ?? []).map(({ key, effect }) => `${key}:${effect}`);

test('each node gets a range of its own for its pods', () => {
  const cluster = new SimulatedCluster(1, 1);
  for (const name of ['node-0', 'node-1', 'node-2']) addNode(cluster, name);
  cluster.universe.runFor(3_000);
  const ranges = ['node-0', 'node-1', 'node-2'].map((name) => node(cluster, name).spec.podCIDR);
  expect([...ranges].sort()).toEqual(['10.244.0.0/24', '10.244.1.0/24', '10.244.2.0/24']);
  expect(cluster.complaints).toEqual([]);
});

test('a silent node is marked after its grace, its pods are not ready, and those that do not tolerate it go', () => {
  const cluster = new SimulatedCluster(1, 2);
  addNode(cluster, 'node-0');
  addNode(cluster, 'node-1');
  addPod(cluster, 'web', 'node-0');
  addPod(cluster, 'other', 'node-1');
  addPod(cluster, 'patient', 'node-0', { tolerations: [{ operator: 'Exists' }] });
  live(cluster, ['node-0', 'node-1'], 6_000);
  expect(readiness(node(cluster, 'node-0'))).toBe('True');
  live(cluster, ['node-1'], 3_000);
  expect(readiness(node(cluster, 'node-0'))).toBe('True');
  live(cluster, ['node-1'], 3_000);
  expect(readiness(node(cluster, 'node-0'))).toBe('Unknown');
  expect(taints(node(cluster, 'node-0'))).toEqual([
    'node.kubernetes.io/unreachable:NoSchedule',
    'node.kubernetes.io/unreachable:NoExecute',
  ]);
  const web = pod(cluster, 'web');
  expect(web === null ? 'False' : readiness(web)).toBe('False');
  live(cluster, ['node-1'], 3_000);
  expect(pod(cluster, 'web')?.metadata.deletionTimestamp).toBeDefined();
  expect(pod(cluster, 'patient')?.metadata.deletionTimestamp).toBeUndefined();
  expect(pod(cluster, 'other')?.metadata.deletionTimestamp).toBeUndefined();
  expect(readiness(node(cluster, 'node-1'))).toBe('True');
  expect(cluster.complaints).toEqual([]);
});

test('nodes that were all unready at their start have one grace when they fall silent later, not two', () => {
  const cluster = new SimulatedCluster(1, 7);
  for (const name of ['node-0', 'node-1']) {
    addNode(cluster, name);
    const body = { status: { conditions: [{ type: 'Ready', status: 'False' }] } };
    cluster.call({ resource: nodeResource, name, verb: 'patch', patch: 'strategic', subresource: 'status', body });
  }
  live(cluster, ['node-0', 'node-1'], 2_000);
  for (const name of ['node-0', 'node-1']) postReady(cluster, name);
  live(cluster, ['node-0', 'node-1'], 3_000);
  live(cluster, ['node-1'], 6_000);
  expect(readiness(node(cluster, 'node-0'))).toBe('Unknown');
});

test('a node that comes back in time keeps its pods and loses its taints', () => {
  const cluster = new SimulatedCluster(1, 3);
  addNode(cluster, 'node-0');
  addNode(cluster, 'node-1');
  addPod(cluster, 'web', 'node-0', {
    tolerations: [
      { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 20 },
    ],
  });
  live(cluster, ['node-0', 'node-1'], 3_000);
  live(cluster, ['node-1'], 6_000);
  expect(taints(node(cluster, 'node-0'))).toContain('node.kubernetes.io/unreachable:NoExecute');
  postReady(cluster, 'node-0');
  live(cluster, ['node-0', 'node-1'], 30_000);
  expect(taints(node(cluster, 'node-0'))).toEqual([]);
  expect(pod(cluster, 'web')?.metadata.deletionTimestamp).toBeUndefined();
});

test('nodes that all fall silent together are marked, but lose no pods; who is not heard of after the others are back does', () => {
  const cluster = new SimulatedCluster(1, 6);
  for (const name of ['node-0', 'node-1', 'node-2']) {
    addNode(cluster, name);
    addPod(cluster, `on-${name}`, name);
  }
  const all = ['node-0', 'node-1', 'node-2'];
  live(cluster, all, 3_000);
  live(cluster, [], 15_000);
  for (const name of all) {
    expect(readiness(node(cluster, name))).toBe('Unknown');
    expect(taints(node(cluster, name))).toEqual(['node.kubernetes.io/unreachable:NoSchedule']);
  }
  for (const name of ['node-0', 'node-1']) postReady(cluster, name);
  live(cluster, ['node-0', 'node-1'], 10_000);
  expect(pod(cluster, 'on-node-0')?.metadata.deletionTimestamp).toBeUndefined();
  expect(pod(cluster, 'on-node-1')?.metadata.deletionTimestamp).toBeUndefined();
  expect(taints(node(cluster, 'node-1'))).toEqual([]);
  expect(pod(cluster, 'on-node-2')?.metadata.deletionTimestamp).toBeDefined();
  expect(cluster.complaints).toEqual([]);
});

test('the pods of a deleted node are deleted after a while', () => {
  const cluster = new SimulatedCluster(1, 4);
  addNode(cluster, 'node-0');
  addPod(cluster, 'web', 'node-0');
  live(cluster, ['node-0'], 2_000);
  cluster.remove(nodeResource, 'node-0', '');
  cluster.universe.runFor(1_000);
  expect(pod(cluster, 'web')).not.toBeNull();
  cluster.universe.runFor(4_000);
  expect(pod(cluster, 'web')).toBeNull();
  expect(cluster.complaints).toEqual([]);
});

test('an unschedulable node is tainted so', () => {
  const cluster = new SimulatedCluster(1, 5);
  addNode(cluster, 'node-0');
  cluster.patch(nodeResource, 'node-0', { spec: { unschedulable: true } }, '');
  live(cluster, ['node-0'], 2_000);
  expect(taints(node(cluster, 'node-0'))).toEqual(['node.kubernetes.io/unschedulable:NoSchedule']);
  cluster.patch(nodeResource, 'node-0', { spec: { unschedulable: null } }, '');
  live(cluster, ['node-0'], 2_000);
  expect(taints(node(cluster, 'node-0'))).toEqual([]);
});
