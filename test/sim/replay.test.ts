/** A seed is a bug report: the same seed gives the same run to the byte, another seed another run. */
import { expect, test } from 'vitest';
import { replayCommand } from './scenario.ts';
import { clusterScenario } from './scenarios/cluster.ts';
import { storeScenario } from './scenarios/store.ts';

test.each([3, 14, 159])('seed %i of the store scenario gives the same run twice', async (seed) => {
  const first = await storeScenario.run(seed);
  const lines: string[] = [];
  const second = await storeScenario.run(seed, (line) => lines.push(line));
  expect(second).toEqual(first);
  expect(lines.length).toBeGreaterThan(5);
});

test('a seed of the cluster scenario gives the same run twice, user code included', async () => {
  const first = await clusterScenario.run(2);
  expect(await clusterScenario.run(2)).toEqual(first);
  expect(first.traceHash).toMatch(/^[0-9a-f]{16}$/);
});

test('two seeds give two runs', async () => {
  const hashes = await Promise.all([1, 2].map(async (seed) => (await storeScenario.run(seed)).traceHash));
  expect(new Set(hashes).size).toBe(2);
});

test('a violation names the command that replays it', () => {
  expect(replayCommand({ scenario: 'store', seed: 7 })).toBe('npm run sim -- --scenario store --seed 7 --trace');
});
