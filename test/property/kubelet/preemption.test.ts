/** Who goes for a critical pod, over all kinds of nodes: enough, nobody who may stay, and no better class while a lower one suffices. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { qosClassOf } from '../../../src/kinds/pod/quality.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import { podRequests } from '../../../src/kubelet/pod-requests.ts';
import { isPreemptable, type Need, planPreemption } from '../../../src/kubelet/preemption.ts';

const unit = 1_000_000_000n;
const critical = 2_000_000_000;

interface Shape {
  readonly cpu: number;
  readonly memory: number;
  readonly isLimited: boolean;
  readonly priority: number;
}

const shape = fc.record({
  cpu: fc.nat({ max: 4 }),
  memory: fc.nat({ max: 4 }),
  isLimited: fc.boolean(),
  priority: fc.constantFrom(0, 1_000, critical, critical + 1_000),
});
const amounts = fc.dictionary(fc.constantFrom('cpu', 'memory', 'pods'), fc.integer({ min: 1, max: 12 }));

function podOf({ cpu, memory, isLimited, priority }: Shape, index = 0): Pod {
  const requests = { ...(cpu > 0 && { cpu: `${cpu}` }), ...(memory > 0 && { memory: `${memory}` }) };
  const resources = { requests, ...(isLimited && { limits: requests }) };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `pod-${index}`, namespace: 'default', uid: `uid-${index}` },
    spec: { containers: [{ name: 'main', image: 'app', resources }], priority },
  };
}

const preemptor = podOf({ cpu: 1, memory: 1, isLimited: false, priority: critical });

function needsOf(wanted: Readonly<Record<string, number>>): readonly Need[] {
  return Object.entries(wanted).map(([resource, amount]) => ({ resource, nanos: BigInt(amount) * unit }));
}

function given(pods: readonly Pod[], resource: string): bigint {
  return pods.reduce((sum, pod) => sum + (resource === 'pods' ? unit : (podRequests(pod).get(resource) ?? 0n)), 0n);
}

const suffices = (pods: readonly Pod[], needs: readonly Need[]): boolean =>
  needs.every(({ resource, nanos }) => given(pods, resource) >= nanos);

const nodes = fc.record({
  pods: fc.array(shape, { maxLength: 7 }).map((shapes) => shapes.map(podOf)),
  wanted: amounts,
});

test('victims are enough, may go, and are found whenever there are any', () => {
  fc.assert(
    fc.property(nodes, ({ pods, wanted }) => {
      const needs = needsOf(wanted);
      const candidates = pods.filter((pod) => isPreemptable(preemptor, pod));
      const plan = planPreemption(preemptor, pods, needs);
      expect(plan.type).toBe(suffices(candidates, needs) ? 'victims' : 'hopeless');
      if (plan.type === 'hopeless') {
        const left = needs.map(({ resource, nanos }) => ({ resource, nanos: nanos - given(candidates, resource) }));
        expect(plan.left).toEqual(left.filter(({ nanos }) => nanos > 0n));
        return;
      }
      expect(suffices(plan.pods, needs)).toBe(true);
      expect(new Set(plan.pods).size).toBe(plan.pods.length);
      for (const pod of plan.pods) expect(candidates).toContain(pod);
      if (needs.length === 0) expect(plan.pods).toEqual([]);
    }),
  );
});

test('no class gives a pod while all of the lower ones suffice', () => {
  fc.assert(
    fc.property(nodes, ({ pods, wanted }) => {
      const needs = needsOf(wanted);
      const plan = planPreemption(preemptor, pods, needs);
      if (plan.type === 'hopeless') return;
      const candidates = pods.filter((pod) => isPreemptable(preemptor, pod));
      const bestEffort = candidates.filter((pod) => qosClassOf(pod) === 'BestEffort');
      const lower = candidates.filter((pod) => qosClassOf(pod) !== 'Guaranteed');
      const classes = plan.pods.map(qosClassOf);
      if (suffices(lower, needs)) expect(classes).not.toContain('Guaranteed');
      if (suffices(bestEffort, needs)) expect(new Set(classes)).not.toContain('Burstable');
    }),
  );
});

test('of one class, and for one resource, no fewer pods would do', () => {
  const one = fc.record({
    shapes: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 7 }),
    amount: fc.integer({ min: 1, max: 20 }),
  });
  fc.assert(
    fc.property(one, ({ shapes, amount }) => {
      const pods = shapes.map((cpu, index) => podOf({ cpu, memory: 0, isLimited: false, priority: 0 }, index));
      const plan = planPreemption(preemptor, pods, needsOf({ cpu: amount }));
      if (plan.type === 'hopeless') return;
      const largest = shapes.toSorted((left, right) => right - left);
      let fewest = 0;
      for (let sum = 0; sum < amount; fewest += 1) sum += largest[fewest] ?? 0;
      expect(plan.pods).toHaveLength(fewest);
    }),
  );
});
