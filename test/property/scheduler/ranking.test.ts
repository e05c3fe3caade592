/** The order in which nodes and preemptions rank does not hang on the order in which they are listed. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MonotonicMs } from '../../../src/base/brand.ts';
import { Random } from '../../../src/base/random.ts';
import { defaultProfile } from '../../../src/scheduler/default-profile.ts';
import { leastHarmful } from '../../../src/scheduler/plugins/default-preemption/ranking.ts';
import type { Candidate } from '../../../src/scheduler/plugins/default-preemption/victims.ts';
import { Scheduler } from '../../../src/scheduler/scheduler.ts';
import { info, node, pod } from '../../unit/scheduler/builders.ts';

const nowMs = 0 as MonotonicMs;

test('the best node stays the best in whatever order nodes are listed', () => {
  const room = fc.record({ cpu: fc.integer({ min: 1, max: 64 }), memory: fc.integer({ min: 1, max: 64 }) });
  fc.assert(
    fc.property(fc.array(room, { minLength: 2, maxLength: 8 }), fc.integer(), (rooms, seed) => {
      const named = rooms.map(({ cpu, memory }, index) => node(`n${index}`, { cpu: `${cpu}`, memory: `${memory}Gi` }));
      const chosen = [named, new Random(seed).shuffle(named)].map((nodes) => {
        const it = new Scheduler({ profiles: [defaultProfile], random: new Random(1) });
        for (const each of nodes) it.nodeSet(each, nowMs);
        it.podSet(pod('x', { cpu: '1', memory: '1Gi' }), nowMs);
        const decision = it.next(nowMs);
        if (decision?.type !== 'bind') throw new Error('there is room');
        const at = rooms[Number(decision.nodeName.slice(1))];
        return scoreOf(at?.cpu ?? 0, at?.memory ?? 0);
      });
      expect(chosen[0]).toBe(chosen[1]);
      const best = Math.max(...rooms.map(({ cpu, memory }) => scoreOf(cpu, memory)));
      expect(chosen[0]).toBe(best);
    }),
  );
});

/** LeastAllocated and balance of a pod that asks for 1 cpu and 1Gi of an empty node. */
function scoreOf(cpu: number, memory: number): number {
  const free = (capacity: number): number => Math.floor(((capacity - 1) * 100) / capacity);
  const deviation = Math.abs(1 / cpu - 1 / memory) / 2;
  return Math.floor((free(cpu) + free(memory)) / 2) + Math.floor((1 - deviation) * 100);
}

test('the least harmful preemption has the fewest violations, then the lowest highest priority, in any order', () => {
  const candidate = fc.record({
    violations: fc.integer({ min: 0, max: 2 }),
    priorities: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 }),
  });
  fc.assert(
    fc.property(fc.array(candidate, { minLength: 1, maxLength: 6 }), fc.integer(), (shapes, seed) => {
      const candidates = shapes.map(({ violations, priorities }, index): Candidate => {
        const victims = priorities.map((priority, place) => info(`v${index}-${place}`, { priority }));
        return { nodeName: `n${index}`, violations, victims };
      });
      const [best, again] = [candidates, new Random(seed).shuffle(candidates)].map((each) => leastHarmful(each));
      const harm = (each: Candidate | undefined) =>
        JSON.stringify([
          each?.violations,
          Math.max(...(each?.victims ?? []).map(({ priority }) => priority)),
          (each?.victims ?? []).length,
        ]);
      expect(harm(again)).toBe(harm(best));
      for (const other of candidates) expect(other.violations).toBeGreaterThanOrEqual(best?.violations ?? 0);
    }),
  );
});
