/** How many threads there are when nobody says so. */
import { expect, test } from 'vitest';
import { checkOptions } from '../../../actors/cluster/options.ts';

const simulated = { seed: 1 };

test('a simulated cluster has the same threads on every machine', () => {
  expect(checkOptions({ simulated })).toMatchObject({ threadsPerMaster: 3, nodesPerThread: 1 });
  expect(checkOptions({ simulated, nodes: 32 }).nodesPerThread).toBe(1);
  expect(checkOptions({ simulated, nodes: 100 }).nodesPerThread).toBe(25);
});

test('no thread has more nodes than its heap has room for, however few processors there are', () => {
  for (const nodes of [33, 1_000, 1_001, 5_000]) {
    const { nodesPerThread } = checkOptions({ nodes });
    expect(nodesPerThread).toBeGreaterThan(1);
    expect(nodesPerThread).toBeLessThanOrEqual(1_000);
  }
});

test('what is said goes before, if it is allowed', () => {
  expect(checkOptions({ threadsPerMaster: 2, nodes: 100, nodesPerThread: 7 })).toMatchObject({
    threadsPerMaster: 2,
    nodesPerThread: 7,
  });
  expect(() => checkOptions({ threadsPerMaster: 4 as never })).toThrow(
    'threadsPerMaster must be a whole number from 2 to 3',
  );
});
