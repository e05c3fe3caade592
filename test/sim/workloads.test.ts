/** Goal: every kind of workload comes to what its users asked for while masters, parts and nodes fail and nodes are drained. Method: seeds of the workloads scenario. */
import { expect, test } from 'vitest';
import { workloadsScenario } from './scenarios/workloads.ts';
import { runSeeds } from './seeds.ts';

test('workloads under faults keep their invariants and converge, for seeds 1 to 25', async () => {
  const summary = await runSeeds(workloadsScenario, { from: 1, count: 25 });
  expect(summary.describeFailures()).toEqual([]);
  expect(summary.missing(workloadsScenario.expectedMarks)).toEqual([]);
});
