/** Cycles, messages, assumed pods, and the queue's promises, on the pure scheduler under a virtual clock. */
import { expect, test } from 'vitest';
import type { MonotonicMs } from '../../../src/base/brand.ts';
import { Random } from '../../../src/base/random.ts';
import { feasibleWanted } from '../../../src/scheduler/cycle.ts';
import { defaultProfile } from '../../../src/scheduler/default-profile.ts';
import { type SchedulerLimits, schedulerLimits } from '../../../src/scheduler/limits.ts';
import type { Profile } from '../../../src/scheduler/plugin.ts';
import { type Decision, Scheduler } from '../../../src/scheduler/scheduler.ts';
import { unschedulable } from '../../../src/scheduler/verdict.ts';
import { node, pod } from './builders.ts';

const at = (ms: number): MonotonicMs => ms as MonotonicMs;
const scheduler = (limits: Partial<SchedulerLimits> = {}, profile: Profile = defaultProfile, seed = 1): Scheduler =>
  new Scheduler({ profiles: [profile], random: new Random(seed), limits: { ...schedulerLimits, ...limits } });
const told = (decision: Decision | null): string =>
  decision === null
    ? 'idle'
    : decision.type === 'bind'
      ? `${decision.pod.key} -> ${decision.nodeName}`
      : decision.message;

test('the reasons of all nodes are counted and sorted into one message', () => {
  const it = scheduler();
  it.nodeSet(node('a', { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] }), at(0));
  it.nodeSet(node('b', { cpu: '1' }), at(0));
  it.nodeSet(node('c', { cpu: '1', memory: '1Gi' }), at(0));
  it.podSet(pod('x', { cpu: '2', memory: '2Gi' }), at(0));
  expect(told(it.next(at(0)))).toBe(
    '0/3 nodes are available: 1 Insufficient memory, 1 node(s) had untolerated taint {k: v}, 2 Insufficient cpu. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.',
  );
});

test('without nodes the message says so, and the first node frees the pod', () => {
  const it = scheduler();
  it.podSet(pod('x'), at(0));
  expect(told(it.next(at(0)))).toBe('no nodes available to schedule pods');
  it.nodeSet(node('a'), at(2_000));
  expect(told(it.next(at(2_000)))).toBe('default/x -> a');
});

test('an assumed pod takes its room at once', () => {
  const it = scheduler();
  it.nodeSet(node('a', { cpu: '3' }), at(0));
  it.podSet(pod('x', { cpu: '2' }), at(0));
  it.podSet(pod('y', { cpu: '2' }), at(0));
  expect(told(it.next(at(0)))).toBe('default/x -> a');
  expect(told(it.next(at(0)))).toBe(
    '0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
  );
});

test('a binding that failed gives the room back, and its pod is tried again after its back-off', () => {
  const it = scheduler();
  it.nodeSet(node('a', { cpu: '3' }), at(0));
  it.podSet(pod('x', { cpu: '2' }), at(0));
  it.next(at(0));
  it.bindFailed('uid-x', at(10));
  expect(it.snapshot.node('a')?.pods.size).toBe(0);
  expect(it.next(at(1_009))).toBe(null);
  expect(told(it.next(at(1_010)))).toBe('default/x -> a');
  it.bindFailed('uid-x', at(1_010));
  expect(it.nextAtMs()).toBe(3_010);
});

test('the informer confirms an assumed pod, also on another node than was meant', () => {
  const it = scheduler();
  it.nodeSet(node('a'), at(0));
  it.podSet(pod('x'), at(0));
  it.next(at(0));
  it.nodeSet(node('b'), at(1));
  it.podSet(pod('x', { nodeName: 'b' }), at(2));
  expect(it.snapshot.isAssumed('uid-x')).toBe(false);
  expect(it.snapshot.nodeNameOf('uid-x')).toBe('b');
  it.bindFailed('uid-x', at(3));
  expect(it.snapshot.nodeNameOf('uid-x')).toBe('b');
  expect(it.next(at(60_000))).toBe(null);
});

test('only an event that could help wakes an unschedulable pod', () => {
  const it = scheduler();
  it.nodeSet(node('a', { cpu: '2' }), at(0));
  it.podSet(pod('runs', { cpu: '2', nodeName: 'a' }), at(0));
  it.podSet(pod('x', { cpu: '2' }), at(0));
  it.next(at(0));
  it.nodeSet(node('a', { cpu: '2', labels: { new: 'label' } }), at(5_000));
  it.nodeSet(node('b', { cpu: '1' }), at(5_000));
  expect(it.next(at(5_000))).toBe(null);
  it.podDeleted(pod('runs', { cpu: '2', nodeName: 'a' }), at(6_000));
  expect(told(it.next(at(6_000)))).toBe('default/x -> a');
});

test('an event during the back-off frees the pod when that ends', () => {
  const it = scheduler();
  it.nodeSet(node('a', { cpu: '1' }), at(0));
  it.podSet(pod('x', { cpu: '2' }), at(0));
  it.next(at(0));
  it.nodeSet(node('b'), at(100));
  expect(it.next(at(100))).toBe(null);
  expect(it.nextAtMs()).toBe(1_000);
  expect(told(it.next(at(1_000)))).toBe('default/x -> b');
});

test('a pod that nothing frees is tried again after five minutes all the same', () => {
  const it = scheduler();
  it.nodeSet(node('a', { cpu: '1' }), at(0));
  it.podSet(pod('x', { cpu: '2' }), at(0));
  it.next(at(0));
  expect(it.next(at(299_999))).toBe(null);
  expect(it.nextAtMs()).toBe(300_000);
  expect(told(it.next(at(300_000)))).toContain('Insufficient cpu');
});

test('higher priority goes first, then who came first', () => {
  const it = scheduler();
  it.nodeSet(node('a'), at(0));
  it.podSet(pod('low-1'), at(0));
  it.podSet(pod('low-2'), at(1));
  it.podSet(pod('high', { priority: 10 }), at(2));
  expect([1, 2, 3].map(() => told(it.next(at(3))))).toEqual([
    'default/high -> a',
    'default/low-1 -> a',
    'default/low-2 -> a',
  ]);
});

test('a pod with scheduling gates waits until the last is removed', () => {
  const it = scheduler();
  it.nodeSet(node('a'), at(0));
  it.podSet(pod('x', { schedulingGates: [{ name: 'example.com/wait' }] }), at(0));
  expect(it.next(at(0))).toBe(null);
  it.podSet(pod('x'), at(1));
  expect(told(it.next(at(1)))).toBe('default/x -> a');
});

test('pods of another scheduler, deleted and finished pods are left alone', () => {
  const it = scheduler();
  it.nodeSet(node('a'), at(0));
  it.podSet(pod('other', { schedulerName: 'mine' }), at(0));
  const gone = pod('gone');
  it.podSet({ ...gone, metadata: { ...gone.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }, at(0));
  it.podSet({ ...pod('done'), status: { phase: 'Succeeded' } }, at(0));
  expect(it.next(at(0))).toBe(null);
});

test('no more bindings than the limit are under way', () => {
  const it = scheduler({ bindingsMax: 2 });
  it.nodeSet(node('a'), at(0));
  for (const name of ['x', 'y', 'z']) it.podSet(pod(name), at(0));
  expect([1, 2, 3].map(() => it.next(at(0))?.type)).toEqual(['bind', 'bind', undefined]);
  it.bound('uid-x');
  expect(it.next(at(0))?.type).toBe('bind');
});

test('a reserve or permit plugin that refuses gives everything back', () => {
  const undone: string[] = [];
  const profile: Profile = {
    ...defaultProfile,
    reserve: [{ name: 'Volumes', reserve: () => ({ type: 'success' }), unreserve: ({ key }) => undone.push(key) }],
    permit: [{ name: 'Gang', permit: () => unschedulable('the gang is not complete') }],
  };
  const it = scheduler({}, profile);
  it.nodeSet(node('a'), at(0));
  it.podSet(pod('x'), at(0));
  expect(told(it.next(at(0)))).toBe('the gang is not complete');
  expect(undone).toEqual(['default/x']);
  expect(it.snapshot.nodeNameOf('uid-x')).toBe(undefined);
});

test('of equal nodes each is chosen, and the same seed chooses the same', () => {
  const choices = (seed: number): string[] => {
    const it = scheduler({}, defaultProfile, seed);
    for (let n = 0; n < 5; n += 1) it.nodeSet(node(`n${n}`), at(0));
    return Array.from({ length: 30 }, (_, n) => {
      it.podSet(pod(`p${n}`), at(0));
      const decision = it.next(at(0));
      it.podDeleted(pod(`p${n}`), at(0));
      it.bound(`uid-p${n}`);
      return decision?.type === 'bind' ? decision.nodeName : '';
    });
  };
  expect(new Set(choices(1)).size).toBe(5);
  expect(choices(1)).toEqual(choices(1));
  expect(choices(1)).not.toEqual(choices(2));
});

test('large clusters are searched in part', () => {
  expect([50, 100, 500, 5_000, 10_000].map((count) => feasibleWanted(count, 0))).toEqual([50, 100, 230, 500, 500]);
  expect(feasibleWanted(1_000, 100)).toBe(1_000);
});

test('a thousand nodes are filled evenly', () => {
  const it = scheduler({ bindingsMax: 10_000 });
  for (let n = 0; n < 1_000; n += 1) {
    it.nodeSet(node(`n${n}`, { labels: { 'topology.kubernetes.io/zone': `z${n % 3}` } }), at(0));
  }
  const constraint = {
    maxSkew: 1,
    topologyKey: 'topology.kubernetes.io/zone',
    whenUnsatisfiable: 'DoNotSchedule' as const,
    labelSelector: { matchLabels: { app: 'web' } },
  };
  const shape = { labels: { app: 'web' }, cpu: '100m', topologySpreadConstraints: [constraint] };
  for (let n = 0; n < 600; n += 1) it.podSet(pod(`p${n}`, shape), at(0));
  const perZone = new Map<string, number>();
  for (let n = 0; n < 600; n += 1) {
    const decision = it.next(at(0));
    if (decision?.type !== 'bind') throw new Error(told(decision));
    const zone = it.snapshot.node(decision.nodeName)?.labels['topology.kubernetes.io/zone'] ?? '';
    perZone.set(zone, (perZone.get(zone) ?? 0) + 1);
  }
  expect([...perZone.values()].sort()).toEqual([200, 200, 200]);
});
