/** History is compacted once an interval, at the revision of an interval ago. */
import { expect, test } from 'vitest';
import type { MonotonicMs } from '../../../src/base/brand.ts';
import type { Revision } from '../../../src/mvcc/key-value.ts';
import { Retention } from '../../../src/store/retention.ts';

test('the revision of an interval ago is due once an interval, and nothing when nothing was written', () => {
  const retention = new Retention(100);
  const due = (nowMs: number, revision: number): number | null =>
    retention.due(nowMs as MonotonicMs, revision as Revision);
  expect([due(0, 5), due(99, 7), due(100, 8), due(150, 9), due(200, 9), due(300, 9), due(400, 12)]).toEqual([
    null,
    null,
    5,
    null,
    8,
    null,
    9,
  ]);
});
