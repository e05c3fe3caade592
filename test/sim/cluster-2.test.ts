/** Goal: a cluster whose masters, parts and nodes fail does what its users asked for. Method: fifty seeds of the cluster scenario. */
import { expect, test } from 'vitest';
import { clusterScenario } from './scenarios/cluster.ts';
import { runSeeds } from './seeds.ts';

test('a cluster under faults keeps its invariants and converges, for seeds 51 to 100', async () => {
  const summary = await runSeeds(clusterScenario, { from: 51, count: 50 });
  expect(summary.describeFailures()).toEqual([]);
  expect(summary.missing(clusterScenario.expectedMarks)).toEqual([]);
});
