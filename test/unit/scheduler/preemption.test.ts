/** Whom a pod displaces, on which node, and what becomes of its nomination; on the pure scheduler under a virtual clock. */
import { describe, expect, test } from 'vitest';
import type { MonotonicMs } from '../../../src/base/brand.ts';
import { Random } from '../../../src/base/random.ts';
import type { Node } from '../../../src/kinds/node/types.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import type { PodDisruptionBudget } from '../../../src/kinds/poddisruptionbudget/types.ts';
import { defaultProfile } from '../../../src/scheduler/default-profile.ts';
import { type RejectDecision, Scheduler } from '../../../src/scheduler/scheduler.ts';
import { emptySurroundings } from '../../../src/scheduler/surroundings.ts';
import { node, type PodShape, pod } from './builders.ts';

const at = (ms: number): MonotonicMs => ms as MonotonicMs;

interface Case {
  readonly name: string;
  readonly nodes: readonly Node[];
  /** Pods that run, by node. */
  readonly running: readonly (readonly [string, Pod])[];
  readonly budgets?: readonly PodDisruptionBudget[];
  readonly pod: PodShape;
  /** `NODE: VICTIM, …`, or the end of the message. */
  readonly want: string;
}

const low = (name: string, shape: PodShape = {}): Pod => pod(name, { cpu: '2', priority: 0, ...shape });
const started = (made: Pod, startTime: string): Pod => ({ ...made, status: { ...made.status, startTime } });
const terminating = (made: Pod): Pod => ({
  ...made,
  metadata: { ...made.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
});
const budget = (app: string, disruptionsAllowed: number): PodDisruptionBudget => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: app, namespace: 'default' },
  spec: { selector: { matchLabels: { app } } },
  status: { disruptionsAllowed, currentHealthy: 1, desiredHealthy: 1 },
});
const high: PodShape = { cpu: '2', priority: 100 };

const cases: readonly Case[] = [
  {
    name: 'the least important pod that frees enough goes',
    nodes: [node('a')],
    running: [
      ['a', low('zero')],
      ['a', low('ten', { priority: 10 })],
    ],
    pod: high,
    want: 'a: zero',
  },
  {
    name: 'as few as possible go, and small ones stay',
    nodes: [node('a')],
    running: [
      ['a', low('big', { cpu: '3' })],
      ['a', low('small', { cpu: '1', priority: 5 })],
    ],
    pod: { cpu: '3', priority: 100 },
    want: 'a: big',
  },
  {
    name: 'pods of the same or a higher priority stay',
    nodes: [node('a')],
    running: [
      ['a', low('equal', { priority: 100 })],
      ['a', low('higher', { priority: 200 })],
    ],
    pod: high,
    want: 'preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
  },
  {
    name: 'a node that would not do when empty is left alone',
    nodes: [node('a', { labels: { disk: 'hdd' } }), node('b', { cpu: '1' })],
    running: [['a', low('x', { cpu: '4' })]],
    pod: { ...high, nodeSelector: { disk: 'ssd' } },
    want: 'preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.',
  },
  {
    name: 'where the less important victim is, harm is less',
    nodes: [node('a', { cpu: '2' }), node('b', { cpu: '2' })],
    running: [
      ['a', low('five', { priority: 5 })],
      ['b', low('three', { priority: 3 })],
    ],
    pod: high,
    want: 'b: three',
  },
  {
    name: 'of victims alike, fewer are better',
    nodes: [node('a', { cpu: '2' }), node('b', { cpu: '2' })],
    running: [
      ['a', low('one', { cpu: '1' })],
      ['a', low('two', { cpu: '1' })],
      ['b', low('single')],
    ],
    pod: high,
    want: 'b: single',
  },
  {
    name: 'of single victims the one that started last goes',
    nodes: [node('a', { cpu: '2' }), node('b', { cpu: '2' })],
    running: [
      ['a', started(low('old'), '2026-01-01T00:00:00Z')],
      ['b', started(low('young'), '2026-01-02T00:00:00Z')],
    ],
    pod: high,
    want: 'b: young',
  },
  {
    name: 'a disruption budget sends the choice elsewhere',
    nodes: [node('a', { cpu: '2' }), node('b', { cpu: '2' })],
    running: [
      ['a', low('kept', { labels: { app: 'kept' } })],
      ['b', low('free', { priority: 50 })],
    ],
    budgets: [budget('kept', 0)],
    pod: high,
    want: 'b: free',
  },
  {
    name: 'on one node the pods that a budget protects are spared first',
    nodes: [node('a')],
    running: [
      ['a', low('kept', { labels: { app: 'kept' } })],
      ['a', low('more-important', { priority: 50 })],
    ],
    budgets: [budget('kept', 0)],
    pod: high,
    want: 'a: more-important',
  },
  {
    name: 'when nothing else helps, a budget is broken',
    nodes: [node('a', { cpu: '2' })],
    running: [['a', low('kept', { labels: { app: 'kept' } })]],
    budgets: [budget('kept', 0)],
    pod: high,
    want: 'a: kept',
  },
  {
    name: 'a pod that keeps others away by anti-affinity is displaced',
    nodes: [node('a')],
    running: [
      [
        'a',
        low('loner', {
          cpu: '1',
          affinity: {
            podAntiAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: [
                { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'web' } } },
              ],
            },
          },
        }),
      ],
      ['a', low('bystander', { cpu: '1' })],
    ],
    pod: { ...high, labels: { app: 'web' } },
    want: 'a: loner',
  },
  {
    name: 'a host port is freed',
    nodes: [node('a')],
    running: [['a', low('holder', { hostPort: 80 })]],
    pod: { priority: 1, hostPort: 80 },
    want: 'a: holder',
  },
  {
    name: 'preemptionPolicy Never displaces nobody',
    nodes: [node('a', { cpu: '2' })],
    running: [['a', low('x')]],
    pod: { ...high, preemptionPolicy: 'Never' },
    want: 'preemption: not eligible due to preemptionPolicy=Never.',
  },
];

function world(budgets: readonly PodDisruptionBudget[] = []): Scheduler {
  const surroundings = { ...emptySurroundings, budgets: () => budgets };
  return new Scheduler({ profiles: [defaultProfile], random: new Random(1), surroundings });
}

const placed = (made: Pod, nodeName: string): Pod => ({ ...made, spec: { ...made.spec, nodeName } });

function rejected(it: Scheduler, nowMs: number): RejectDecision {
  const decision = it.next(at(nowMs));
  if (decision?.type !== 'rejected') throw new Error(`not rejected: ${decision?.type}`);
  return decision;
}

function summary({ nomination, message }: RejectDecision): string {
  if (nomination.type !== 'set') return message.slice(message.indexOf('preemption:'));
  return `${nomination.nodeName}: ${nomination.victims.map(({ pod: victim }) => victim.metadata.name).join(', ')}`;
}

describe('victims', () => {
  test.each(cases)('$name', ({ nodes, running, budgets, pod: shape, want }) => {
    const it = world(budgets);
    for (const each of nodes) it.nodeSet(each, at(0));
    for (const [name, each] of running) it.podSet(placed(each, name), at(0));
    it.podSet(pod('preemptor', shape), at(0));
    expect(summary(rejected(it, 0))).toBe(want);
    for (const [name, each] of running) expect(it.snapshot.nodeNameOf(each.metadata.uid ?? '')).toBe(name);
  });
});

describe('nominations', () => {
  const full = (): Scheduler => {
    const it = world();
    it.nodeSet(node('a', { cpu: '2' }), at(0));
    it.podSet(placed(low('victim'), 'a'), at(0));
    it.podSet(pod('preemptor', high), at(0));
    expect(summary(rejected(it, 0))).toBe('a: victim');
    return it;
  };

  test('the pod runs where room was made once the victim is gone, and nobody less important takes it', () => {
    const it = full();
    it.podSet(pod('rival', { cpu: '2', priority: 50 }), at(2_000));
    it.podDeleted(placed(low('victim'), 'a'), at(2_000));
    expect(it.next(at(2_000))).toMatchObject({ type: 'bind', nodeName: 'a', pod: { key: 'default/preemptor' } });
    expect(rejected(it, 2_000).message).toContain('1 Insufficient cpu');
  });

  test('a less important pod does not fit beside a nominated one, though the node is free', () => {
    const it = full();
    it.podDeleted(placed(low('victim'), 'a'), at(10));
    it.podSet(pod('rival', { cpu: '1', priority: 50 }), at(10));
    expect(rejected(it, 10).message).toContain('1 Insufficient cpu');
    expect(it.next(at(1_000))).toMatchObject({ type: 'bind', pod: { key: 'default/preemptor' } });
  });

  test('while the victim ends, no other is displaced', () => {
    const it = full();
    it.podSet(placed(terminating(low('victim')), 'a'), at(10));
    it.podSet(pod('preemptor', { ...high, labels: { changed: 'yes' } }), at(20));
    const again = rejected(it, 5_000);
    expect(again.message).toContain('not eligible due to a terminating pod on the nominated node.');
    expect(again.nomination).toEqual({ type: 'keep' });
  });

  test('a pod that fits elsewhere meanwhile is nominated no more', () => {
    const it = full();
    it.nodeSet(node('b'), at(2_000));
    expect(it.next(at(2_000))).toMatchObject({ type: 'bind', nodeName: 'b' });
    expect(it.snapshot.nominations.size).toBe(0);
  });

  test('a more important pod takes over the room, and the nomination of the other ends', () => {
    const it = full();
    it.podSet(pod('vip', { cpu: '2', priority: 1_000 }), at(10));
    const decision = rejected(it, 10);
    expect(summary(decision)).toBe('a: victim');
    expect(decision.nomination).toMatchObject({ displaced: [{ key: 'default/preemptor' }] });
    expect(it.snapshot.nominations.nodeNameOf('uid-preemptor')).toBe(undefined);
  });

  test('what an earlier scheduler nominated is known from the status', () => {
    const it = world();
    it.nodeSet(node('a', { cpu: '2' }), at(0));
    const waiting = pod('preemptor', { ...high, schedulingGates: [{ name: 'later' }] });
    it.podSet({ ...waiting, status: { nominatedNodeName: 'a' } }, at(0));
    it.podSet(pod('rival', { cpu: '2', priority: 50 }), at(0));
    expect(rejected(it, 0).message).toContain('1 Insufficient cpu');
    it.podSet(waiting, at(2_000));
    it.podSet(pod('rival', { cpu: '2', priority: 50, labels: { changed: 'yes' } }), at(2_000));
    expect(it.next(at(2_000))).toMatchObject({ type: 'bind', pod: { key: 'default/rival' } });
  });

  test('a nomination that helps no more is cleared', () => {
    const it = full();
    it.nodeSet(node('a', { cpu: '2', unschedulable: true }), at(5_000));
    it.podSet(pod('preemptor', { ...high, labels: { changed: 'yes' } }), at(5_000));
    expect(rejected(it, 5_000).nomination).toEqual({ type: 'clear' });
  });

  test('a victim that could not be deleted lets the pod be tried again', () => {
    const it = full();
    it.preemptionFailed('uid-preemptor', at(10));
    expect(it.next(at(999))).toBe(null);
    expect(summary(rejected(it, 1_000))).toBe('a: victim');
  });
});
