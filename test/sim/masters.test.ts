/** Goal: masters come and go under faults, and nothing is lost. Method: eighteen seeds of the masters scenario. */
import { expect, test } from 'vitest';
import { mastersScenario } from './scenarios/masters.ts';
import { runSeeds } from './seeds.ts';

const title = 'masters that join and leave under faults lose no write and leave nothing behind';

test.each([1, 10])(`${title}, for nine seeds from %i on`, async (from) => {
  const summary = await runSeeds(mastersScenario, { from, count: 9 });
  expect(summary.describeFailures()).toEqual([]);
  expect(summary.missing(mastersScenario.expectedMarks)).toEqual([]);
});

test('a seed gives the same run twice', async () => {
  const first = await mastersScenario.run(3);
  expect(await mastersScenario.run(3)).toEqual(first);
});
