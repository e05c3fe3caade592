/** What dies and what carries on: kubelets, runtimes, API servers, schedulers, in a simulated universe. */
import { expect, test } from 'vitest';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import { isReady, NodeWorld, podNamed } from './node-world.ts';

const pods = 'core/v1/default/pods';
const mainOf = (pod: Pod | null) => pod?.status?.containerStatuses?.[0];

test('containers outlive their kubelet, and the next one carries on where it left off', () => {
  const world = new NodeWorld();
  const annotations = { 'threemaster.dev/run-ms': '3000' };
  world.create(pods, podNamed('steady'));
  world.create(pods, podNamed('again', {}, { annotations }));
  world.until(() => mainOf(world.pod('again'))?.restartCount === 1, 8_000);
  const before = mainOf(world.pod('steady'));
  world.kill('node-0', 'node-0/kubelet');
  world.runFor(5_000);
  world.startKubelet('node-0');
  world.until(() => mainOf(world.pod('again'))?.restartCount === 2, 8_000);
  const after = mainOf(world.pod('steady'));
  expect(after).toEqual(before);
  expect(world.events('steady').filter((event) => event.startsWith('Started'))).toEqual([
    'Started x1: Started container main',
  ]);
});

test('a pod that was deleted while its kubelet was dead is stopped by the next one', () => {
  const world = new NodeWorld();
  world.create(pods, podNamed('web'));
  world.create(pods, podNamed('forced'));
  world.until(() => isReady(world.pod('web')) && isReady(world.pod('forced')), 5_000);
  world.kill('node-0', 'node-0/kubelet');
  world.delete(`${pods}/web`);
  world.delete(`${pods}/forced`, { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0 });
  world.runFor(1_000);
  expect(world.pod('web')).not.toBe(null);
  expect(world.pod('forced')).toBe(null);
  world.startKubelet('node-0');
  world.until(() => world.pod('web') === null, 5_000);
  // The address of the pod that was removed by force is free again: nothing of it is left.
  world.create(pods, podNamed('next'));
  world.until(() => isReady(world.pod('next')), 5_000);
});

test.each([1, 2, 3])(
  'seed %i: a pod that came while the kubelet was away is judged by the taints of the node',
  (seed) => {
    const world = new NodeWorld({ seed });
    world.create(pods, podNamed('before'));
    world.until(() => isReady(world.pod('before')), 5_000);
    world.kill('node-0', 'node-0/kubelet');
    const taints = [{ key: 'maintenance', effect: 'NoExecute' }];
    expect(world.patch('core/v1/-/nodes/node-0', 'merge', { spec: { taints } }).status).toBe(200);
    world.create(pods, podNamed('after', { nodeName: 'node-0' }));
    world.startKubelet('node-0');
    world.until(() => world.pod('after')?.status?.phase !== 'Pending', 5_000);
    expect(world.pod('after')?.status).toMatchObject({ phase: 'Failed', reason: 'TaintToleration' });
    expect(isReady(world.pod('before'))).toBe(true);
  },
);

test('when the runtime loses its containers they are started again in a new sandbox', () => {
  const world = new NodeWorld();
  world.create(pods, podNamed('web'));
  world.create(pods, podNamed('once', { restartPolicy: 'Never' }));
  world.until(() => isReady(world.pod('web')) && isReady(world.pod('once')), 5_000);
  world.kill('node-0', 'node-0/runtime');
  world.runFor(1_000);
  const node = world.get('core/v1/-/nodes/node-0').body;
  expect(node.status.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'False' }));
  world.startRuntime('node-0');
  world.until(() => mainOf(world.pod('web'))?.restartCount === 1 && isReady(world.pod('web')), 5_000);
  expect(mainOf(world.pod('web'))?.lastState?.terminated).toMatchObject({
    exitCode: 137,
    reason: 'ContainerStatusUnknown',
  });
  world.until(() => world.pod('once')?.status?.phase === 'Failed', 5_000);
});

test('statuses and leases survive the death of any master', () => {
  const world = new NodeWorld({ masters: 3, nodes: 4 });
  for (let n = 0; n < 8; n += 1) world.create(pods, podNamed(`web-${n}`));
  world.runFor(20);
  world.universe.killThread('master-1');
  const names = Array.from({ length: 8 }, (_, n) => `web-${n}`);
  world.until(() => names.every((name) => isReady(world.pod(name))), 15_000);
  world.runFor(6_000);
  for (const node of world.nodes) {
    const lease = world.get(`coordination.k8s.io/v1/kube-node-lease/leases/${node}`).body;
    expect(world.universe.wallMs - Date.parse(lease.spec.renewTime)).toBeLessThan(2_500);
  }
});

test('a standby scheduler takes over, and no pod is placed twice', () => {
  const world = new NodeWorld({ masters: 3, nodes: 3, seed: 5 });
  const elected = (): string => world.masters.find((master) => isElected(world, master)) ?? '';
  world.until(() => elected() !== '', 5_000);
  const first = elected();
  const names = Array.from({ length: 30 }, (_, n) => `web-${n}`);
  for (const name of names.slice(0, 15)) world.create(pods, podNamed(name));
  world.kill(first, `${first}/scheduler`);
  for (const name of names.slice(15)) world.create(pods, podNamed(name));
  world.until(() => names.every((name) => isReady(world.pod(name))), 15_000);
  expect(elected()).not.toBe(first);
  const lease = world.get('coordination.k8s.io/v1/kube-system/leases/kube-scheduler').body;
  expect(lease.spec).toMatchObject({ holderIdentity: elected(), leaseTransitions: 1 });
  const perNode = new Map<string, number>();
  for (const name of names) {
    const node = world.pod(name)?.spec.nodeName ?? '';
    perNode.set(node, (perNode.get(node) ?? 0) + 1);
    expect(world.events(name).filter((event) => event.startsWith('Started'))).toHaveLength(1);
  }
  expect([...perNode.values()].reduce((sum, count) => sum + count, 0)).toBe(30);
});

test('a kubelet that nobody answers goes on running its pods and tells their state later', () => {
  const world = new NodeWorld({ nodes: 1 });
  const annotations = { 'threemaster.dev/run-ms': '2000' };
  world.create(pods, podNamed('crash', {}, { annotations }));
  world.until(() => isReady(world.pod('crash')), 5_000);
  world.universe.setFaults([{ from: 'node-0', to: 'master-0', drop: 1 }]);
  world.runFor(10_000);
  expect(mainOf(world.pod('crash'))?.restartCount).toBe(0);
  world.universe.setFaults([]);
  world.until(() => (mainOf(world.pod('crash'))?.restartCount ?? 0) >= 2, 10_000);
});

function isElected(world: NodeWorld, master: string): boolean {
  const state = world.universe.thread(master)?.host.cellAt(`${master}/scheduler`)?.state as
    | { active: unknown }
    | undefined;
  return state?.active !== undefined && state.active !== null;
}
