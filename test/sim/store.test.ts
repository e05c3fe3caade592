/** Goal: the replicated store keeps its promises under faults of every sort. Method: a hundred seeds of the store scenario, on the simulator. */
import { expect, test } from 'vitest';
import { storeScenario } from './scenarios/store.ts';
import { runSeeds } from './seeds.ts';

test('the store keeps its promises under faults, for seeds 1 to 100', async () => {
  const summary = await runSeeds(storeScenario, { from: 1, count: 100 });
  expect(summary.describeFailures()).toEqual([]);
  // Seeds in which nothing interesting happened would prove nothing.
  expect(summary.missing(storeScenario.expectedMarks)).toEqual([]);
  expect(summary.operations.of('operations')).toBeGreaterThan(10_000);
});
