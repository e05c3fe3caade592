/** Goal: masters come and go under faults, and nothing is lost. Method: thirty seeds of the masters scenario. */
import { expect, test } from 'vitest';
import { mastersScenario } from './scenarios/masters.ts';
import { runSeeds } from './seeds.ts';

test('masters that join and leave under faults lose no write and leave nothing behind, for seeds 1 to 30', async () => {
  const summary = await runSeeds(mastersScenario, 1, 30);
  expect(summary.describeFailures()).toEqual([]);
  expect(summary.missing(mastersScenario.expectedMarks)).toEqual([]);
});
