/** A work queue against the few sentences that describe it, under any sequence of calls. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MonotonicMs } from '../../../src/base/brand.ts';
import { Random } from '../../../src/base/random.ts';
import { backoffMaxMs, backoffMinMs } from '../../../src/streams/limits.ts';
import { WorkQueue } from '../../../src/streams/work-queue.ts';

const key = fc.constantFrom('a', 'b', 'c', 'd');
const call = fc.oneof(
  fc.record({ type: fc.constant('add' as const), key }),
  fc.record({ type: fc.constant('take' as const) }),
  fc.record({ type: fc.constant('done' as const), key }),
  fc.record({ type: fc.constant('later' as const), key, delayMs: fc.integer({ min: 0, max: 30 }) }),
  fc.record({ type: fc.constant('wait' as const), durationMs: fc.integer({ min: 0, max: 20 }) }),
);

test('a key is never taken twice at once, and no key that was added is forgotten', () => {
  fc.assert(
    fc.property(fc.array(call, { maxLength: 60 }), (calls) => {
      const queue = new WorkQueue(new Random(1));
      /** Keys that owe a reconcile: added after they were last taken. */
      const owed = new Set<string>();
      const taken = new Set<string>();
      const due = new Map<string, number>();
      let nowMs = 0;
      const passTime = (durationMs: number): void => {
        nowMs += durationMs;
        queue.advance(nowMs as MonotonicMs);
        for (const [delayed, atMs] of due) {
          if (atMs > nowMs) continue;
          due.delete(delayed);
          owed.add(delayed);
        }
      };
      const take = (): void => {
        const next = queue.take();
        if (next === undefined) {
          expect([...owed].filter((waiting) => !taken.has(waiting))).toEqual([]);
          return;
        }
        expect(taken.has(next)).toBe(false);
        expect(owed.delete(next)).toBe(true);
        taken.add(next);
      };
      for (const step of calls) {
        if (step.type === 'add') {
          queue.add(step.key);
          owed.add(step.key);
        } else if (step.type === 'take') take();
        else if (step.type === 'done' && taken.delete(step.key)) queue.done(step.key);
        else if (step.type === 'later') {
          queue.addAfter(step.key, step.delayMs, nowMs as MonotonicMs);
          if (step.delayMs === 0) owed.add(step.key);
          else due.set(step.key, Math.min(due.get(step.key) ?? Number.POSITIVE_INFINITY, nowMs + step.delayMs));
        } else if (step.type === 'wait') passTime(step.durationMs);
        expect(queue.processing).toBe(taken.size);
        expect(queue.delayed).toBe(due.size);
      }
      passTime(100);
      for (const key of taken) queue.done(key);
      taken.clear();
      while (queue.length > 0) take();
      expect([...owed]).toEqual([]);
    }),
  );
});

test('keys are taken in the order in which they were added', () => {
  const queue = new WorkQueue(new Random(1));
  for (const name of ['c', 'a', 'b', 'a']) queue.add(name);
  expect([queue.take(), queue.take(), queue.take(), queue.take()]).toEqual(['c', 'a', 'b', undefined]);
});

test('the back-off doubles from the minimum to the maximum, and starts again once forgotten', () => {
  const queue = new WorkQueue(new Random(1));
  const delays = Array.from({ length: 25 }, () => queue.addAfterFailure('a', 0 as MonotonicMs));
  for (const [index, delayMs] of delays.entries()) {
    const fullMs = Math.min(backoffMaxMs, backoffMinMs * 2 ** index);
    expect(delayMs).toBeLessThanOrEqual(fullMs);
    expect(delayMs).toBeGreaterThan(fullMs * 0.89);
  }
  queue.forget('a');
  expect(queue.addAfterFailure('a', 0 as MonotonicMs)).toBeLessThanOrEqual(backoffMinMs);
});
