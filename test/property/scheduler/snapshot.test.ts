/**
 * Whatever happens to nodes and pods in whatever order, the snapshot's sums equal those of a naive count, its indexes those of a scan, and
 * decisions never put more on a node than it has nor displace whoever is as important.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { labelSelectorOfMap, matchesLabels } from '../../../src/api/label-selector.ts';
import type { MonotonicMs } from '../../../src/base/brand.ts';
import { Random } from '../../../src/base/random.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import { defaultProfile } from '../../../src/scheduler/default-profile.ts';
import { schedulerLimits } from '../../../src/scheduler/limits.ts';
import { type Decision, type RejectDecision, Scheduler } from '../../../src/scheduler/scheduler.ts';
import { node, pod } from '../../unit/scheduler/builders.ts';

type Step =
  | { readonly type: 'node'; readonly node: number; readonly cpu: number }
  | { readonly type: 'removeNode'; readonly node: number }
  | {
      readonly type: 'pod';
      readonly pod: number;
      readonly cpu: number;
      readonly app: number;
      readonly priority: number;
    }
  | { readonly type: 'deletePod'; readonly pod: number }
  /** Runs a cycle; its binding is decided later. */
  | { readonly type: 'schedule' }
  /** Settles the oldest binding: the informer shows the pod, before or after the answer, or it failed. */
  | { readonly type: 'settle'; readonly how: 'bound' | 'seenFirst' | 'failed' };

const number = (max: number) => fc.integer({ min: 0, max });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ type: fc.constant('node' as const), node: number(3), cpu: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ type: fc.constant('removeNode' as const), node: number(3) }),
  fc.record({
    type: fc.constant('pod' as const),
    pod: number(9),
    cpu: fc.integer({ min: 0, max: 2 }),
    app: number(1),
    priority: number(2),
  }),
  fc.record({ type: fc.constant('deletePod' as const), pod: number(9) }),
  fc.record({ type: fc.constant('schedule' as const) }),
  fc.record({ type: fc.constant('schedule' as const) }),
  fc.record({
    type: fc.constant('settle' as const),
    how: fc.constantFrom('bound' as const, 'seenFirst' as const, 'failed' as const),
  }),
);

/** The scheduler beside what an API server would hold. */
class World {
  readonly scheduler = new Scheduler({ profiles: [defaultProfile], random: new Random(1), limits: schedulerLimits });
  readonly pods = new Map<string, Pod>();
  readonly cpuOf = new Map<string, number>();
  readonly bindings: Extract<Decision, { type: 'bind' }>[] = [];
  #nowMs = 0;
  #generation = 0;

  take(step: Step): void {
    this.#nowMs += 1_000;
    const nowMs = this.#nowMs as MonotonicMs;
    const { scheduler } = this;
    switch (step.type) {
      case 'node':
        // A node that shrinks below what runs on it is no fault of the scheduler's, so nodes only grow.
        this.cpuOf.set(`n${step.node}`, Math.max(step.cpu, this.cpuOf.get(`n${step.node}`) ?? 0));
        return scheduler.nodeSet(node(`n${step.node}`, { cpu: String(this.cpuOf.get(`n${step.node}`)) }), nowMs);
      case 'removeNode':
        return scheduler.nodeDeleted(`n${step.node}`, nowMs);
      case 'pod':
        return this.#addPod(step, nowMs);
      case 'deletePod':
        return this.#deletePod(`p${step.pod}`, nowMs);
      case 'schedule': {
        const decision = scheduler.next(nowMs);
        if (decision?.type === 'bind') this.bindings.push(decision);
        if (decision?.type === 'rejected') this.#displace(decision, nowMs);
        return;
      }
      case 'settle':
        return this.#settle(step.how, nowMs);
    }
  }

  /** A pod displaces only less important ones, and those at once; each would fail to leave it enough room if it stayed. */
  #displace({ pod: preemptor, nomination }: RejectDecision, nowMs: MonotonicMs): void {
    if (nomination.type !== 'set') return;
    const { nodeName, victims, displaced } = nomination;
    expect(victims.length).toBeGreaterThan(0);
    for (const victim of [...victims, ...displaced]) expect(victim.priority).toBeLessThan(preemptor.priority);
    const { snapshot } = this.scheduler;
    expect(snapshot.nominations.nodeNameOf(preemptor.uid)).toBe(nodeName);
    for (const victim of victims) expect(snapshot.nodeNameOf(victim.uid)).toBe(nodeName);
    for (const victim of victims) this.#deletePod(victim.pod.metadata.name ?? '', nowMs);
  }

  #addPod({ pod: index, cpu, app, priority }: Extract<Step, { type: 'pod' }>, nowMs: MonotonicMs): void {
    const name = `p${index}`;
    if (this.pods.has(name)) return;
    this.#generation += 1;
    const made = pod(name, { cpu: String(cpu), labels: { app: `a${app}` }, priority });
    const unique: Pod = { ...made, metadata: { ...made.metadata, uid: `${name}-${this.#generation}` } };
    this.pods.set(name, unique);
    this.scheduler.podSet(unique, nowMs);
  }

  #deletePod(name: string, nowMs: MonotonicMs): void {
    const known = this.pods.get(name);
    if (known === undefined) return;
    this.pods.delete(name);
    this.scheduler.podDeleted(known, nowMs);
  }

  #settle(how: 'bound' | 'seenFirst' | 'failed', nowMs: MonotonicMs): void {
    const binding = this.bindings.shift();
    if (binding === undefined) return;
    const { uid, pod: object } = binding.pod;
    const name = object.metadata.name ?? '';
    const isThere = this.pods.get(name)?.metadata.uid === uid;
    if (how === 'failed' || !isThere) return this.scheduler.bindFailed(uid, nowMs);
    const bound: Pod = { ...object, spec: { ...object.spec, nodeName: binding.nodeName } };
    this.pods.set(name, bound);
    if (how === 'seenFirst') this.scheduler.podSet(bound, nowMs);
    this.scheduler.bound(uid);
    if (how === 'bound') this.scheduler.podSet(bound, nowMs);
  }
}

function check({ scheduler: { snapshot }, pods, cpuOf }: World): void {
  for (const info of snapshot.nodes()) {
    const placed = [...pods.values()].filter(({ metadata }) => snapshot.nodeNameOf(metadata.uid ?? '') === info.name);
    const cpu = placed.reduce(
      (sum, { spec }) => sum + Number(spec.containers[0]?.resources?.requests?.['cpu'] ?? 0),
      0,
    );
    expect(info.pods.size).toBe(placed.length);
    expect(info.requested.get('cpu') ?? 0).toBe(cpu * 1000);
    expect(cpu).toBeLessThanOrEqual(cpuOf.get(info.name) ?? 0);
    for (const app of ['a0', 'a1']) {
      const selector = labelSelectorOfMap({ app });
      const matching = placed.filter(({ metadata }) => matchesLabels(selector, metadata.labels ?? {})).length;
      expect(snapshot.matchCounts('default', selector, 'live').get(info.name) ?? 0).toBe(matching);
    }
  }
}

test('sums, indexes and room stay right under any history', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const world = new World();
      for (const each of steps) {
        world.take(each);
        check(world);
      }
    }),
    { numRuns: 300 },
  );
});
