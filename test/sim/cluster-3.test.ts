/** Goal: a cluster whose masters, parts and nodes fail does what its users asked for. Method: fifty seeds of the cluster scenario. */
import { expect, test } from 'vitest';
import { clusterScenario } from './scenarios/cluster.ts';
import { runSeeds } from './seeds.ts';

test('a cluster under faults keeps its invariants and converges, for seeds 101 to 150', async () => {
  const summary = await runSeeds(clusterScenario, { from: 101, count: 50 });
  expect(summary.describeFailures()).toEqual([]);
  expect(summary.missing(clusterScenario.expectedMarks)).toEqual([]);
});
