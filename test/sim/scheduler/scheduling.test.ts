/** What the scheduler does over time, with the real store, API server, kubelets and runtimes, in a simulated universe. */
import { expect, test } from 'vitest';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import { isReady, NodeWorld, podNamed } from '../nodes/node-world.ts';

const pods = 'core/v1/default/pods';
const asking = (cpu: string, spec: object = {}): object => ({
  containers: [{ name: 'main', image: 'nginx:1.27', resources: { requests: { cpu } } }],
  ...spec,
});
const scheduled = (pod: Pod | null) => pod?.status?.conditions?.find(({ type }) => type === 'PodScheduled');

function classOf(value: number, name: string): object {
  return { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, value };
}

test('a more important pod displaces a less important one, which is told, ends gracefully and comes back when there is room', () => {
  const world = new NodeWorld({ nodes: 1 });
  expect(world.create('scheduling.k8s.io/v1/-/priorityclasses', classOf(1_000, 'vital')).status).toBe(201);
  world.create(pods, podNamed('modest', asking('3')));
  world.until(() => isReady(world.pod('modest')), 5_000);
  world.create(pods, podNamed('vital', asking('3', { priorityClassName: 'vital' })));
  world.until(() => world.pod('vital')?.status?.nominatedNodeName === 'node-0', 5_000);
  const victim = world.pod('modest');
  expect(victim?.metadata.deletionTimestamp).toBeDefined();
  expect(victim?.metadata.deletionGracePeriodSeconds).toBe(30);
  expect(victim?.status?.conditions).toContainEqual(
    expect.objectContaining({
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'PreemptionByScheduler',
      message: 'default-scheduler: preempting to accommodate a higher priority pod',
    }),
  );
  world.until(() => isReady(world.pod('vital')), 60_000);
  const vital = world.pod('vital');
  expect(vital?.status?.nominatedNodeName).toBe(undefined);
  expect(world.events('modest')).toContain(`Preempted x1: Preempted by pod ${vital?.metadata.uid} on node node-0`);
  world.create(pods, podNamed('modest', asking('3')));
  world.until(() => scheduled(world.pod('modest'))?.reason === 'Unschedulable', 5_000);
  expect(scheduled(world.pod('modest'))?.message).toBe(
    '0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
  );
  world.delete(`${pods}/vital`);
  world.until(() => isReady(world.pod('modest')), 60_000);
});

test('a preemption goes on under the next scheduler when the first one dies', () => {
  const world = new NodeWorld({ nodes: 1, masters: 3 });
  world.create('scheduling.k8s.io/v1/-/priorityclasses', classOf(1_000, 'vital'));
  world.create(pods, podNamed('modest', asking('3')));
  world.until(() => isReady(world.pod('modest')), 5_000);
  world.create(pods, podNamed('vital', asking('3', { priorityClassName: 'vital' })));
  world.until(() => world.pod('vital')?.status?.nominatedNodeName === 'node-0', 5_000);
  for (const master of world.masters) if (isActive(world, master)) world.kill(master, `${master}/scheduler`);
  world.create(pods, podNamed('rival', asking('3')));
  world.until(() => isReady(world.pod('vital')), 60_000);
  expect(world.pod('rival')?.spec.nodeName).toBe(undefined);
});

test('a gated pod says so, and is scheduled when its last gate is removed', () => {
  const world = new NodeWorld();
  const schedulingGates = [{ name: 'example.com/one' }, { name: 'example.com/two' }];
  world.create(pods, podNamed('gated', { schedulingGates }));
  expect(scheduled(world.pod('gated'))).toMatchObject({ status: 'False', reason: 'SchedulingGated' });
  world.patch(`${pods}/gated`, 'merge', { spec: { schedulingGates: [{ name: 'example.com/two' }] } });
  world.runFor(5_000);
  expect(world.pod('gated')?.spec.nodeName).toBe(undefined);
  expect(world.events('gated')).toEqual([]);
  world.patch(`${pods}/gated`, 'merge', { spec: { schedulingGates: null } });
  world.until(() => isReady(world.pod('gated')), 5_000);
});

test('an event that could help wakes a pod, and others do not', () => {
  const world = new NodeWorld({ nodes: 2 });
  world.create(pods, podNamed('picky', { nodeSelector: { disk: 'ssd' } }));
  world.until(() => scheduled(world.pod('picky'))?.reason === 'Unschedulable', 5_000);
  world.runFor(2_000);
  world.create(pods, podNamed('other'));
  world.patch('core/v1/-/nodes/node-0', 'merge', { metadata: { labels: { disk: 'hdd' } } });
  world.runFor(20_000);
  expect(world.events('picky')).toEqual([expect.stringMatching(/^FailedScheduling x1: /)]);
  world.patch('core/v1/-/nodes/node-1', 'merge', { metadata: { labels: { disk: 'ssd' } } });
  world.until(() => isReady(world.pod('picky')), 2_000);
});

test('pods spread over what is left when a node is gone', () => {
  const world = new NodeWorld({ nodes: 3 });
  const constraint = {
    maxSkew: 1,
    topologyKey: 'kubernetes.io/hostname',
    whenUnsatisfiable: 'DoNotSchedule',
    labelSelector: { matchLabels: { app: 'web' } },
  };
  const web = (name: string) => podNamed(name, { topologySpreadConstraints: [constraint] }, { labels: { app: 'web' } });
  for (const name of ['one', 'two', 'three']) world.create(pods, web(name));
  world.until(() => ['one', 'two', 'three'].every((name) => isReady(world.pod(name))), 5_000);
  const places = ['one', 'two', 'three'].map((name) => world.pod(name)?.spec.nodeName);
  expect([...places].sort()).toEqual(['node-0', 'node-1', 'node-2']);
  world.patch('core/v1/-/nodes/node-2', 'merge', { spec: { taints: [{ key: 'dead', effect: 'NoSchedule' }] } });
  world.create(pods, web('four'));
  world.create(pods, web('five'));
  world.create(pods, web('six'));
  // The empty place of the dead node holds the others back to one more each, until the node is gone for good.
  world.until(() => ['four', 'five', 'six'].filter((name) => isReady(world.pod(name))).length === 2, 10_000);
  world.runFor(2_000);
  const waiting = ['four', 'five', 'six'].filter((name) => world.pod(name)?.spec.nodeName === undefined);
  expect(waiting).toHaveLength(1);
  expect(scheduled(world.pod(waiting[0] ?? ''))?.message).toContain(
    "0/3 nodes are available: 1 node(s) had untolerated taint {dead: }, 2 node(s) didn't match pod topology spread constraints.",
  );
  world.kill('node-2', 'node-2/kubelet');
  world.delete('core/v1/-/nodes/node-2');
  world.until(() => isReady(world.pod(waiting[0] ?? '')), 15_000);
});

test.each([1, 2, 3])('two active schedulers never bind one pod twice (seed %i)', (seed) => {
  const world = new NodeWorld({ seed, masters: 3, nodes: 3, electionKey: (master) => `election/scheduler/${master}` });
  world.until(() => world.masters.every((master) => isActive(world, master)), 10_000);
  const names = Array.from({ length: 30 }, (_, index) => `pod-${index}`);
  const placeOf = new Map<string, string>();
  for (const [index, name] of names.entries()) {
    world.create(pods, podNamed(name, asking('50m')));
    if (index % 10 === 9) noteMoves(world, names, placeOf);
  }
  world.until(() => {
    noteMoves(world, names, placeOf);
    return names.every((name) => isReady(world.pod(name)));
  }, 20_000);
  world.runFor(5_000);
  noteMoves(world, names, placeOf);
  for (const name of names) {
    const told = world.events(name).filter((event) => event.startsWith('Scheduled'));
    // Two that chose the same node both tell; nobody tells another.
    const [first, ...others] = new Set(told);
    expect([first, others], name).toEqual([
      `Scheduled x1: Successfully assigned default/${name} to ${placeOf.get(name)}`,
      [],
    ]);
  }
});

/** Notes where pods are, and that none has moved. */
function noteMoves(world: NodeWorld, names: readonly string[], placeOf: Map<string, string>): void {
  for (const name of names) {
    const nodeName = world.pod(name)?.spec.nodeName;
    if (nodeName === undefined) continue;
    expect(placeOf.get(name) ?? nodeName, name).toBe(nodeName);
    placeOf.set(name, nodeName);
  }
}

function isActive(world: NodeWorld, master: string): boolean {
  const cell = world.universe.thread(master)?.host.cellAt(`${master}/scheduler`);
  return (cell as unknown as { state?: { active: unknown } } | undefined)?.state?.active !== null;
}
