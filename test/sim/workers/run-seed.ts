/** Piscina's thread: runs one seed of one scenario, in a universe of its own. */
import type { ScenarioResult } from '../scenario.ts';
import { scenarios } from '../scenarios/scenarios.ts';

export interface SeedTask {
  readonly scenario: string;
  readonly seed: number;
}

export default async function runSeed({ scenario, seed }: SeedTask): Promise<ScenarioResult> {
  const known = scenarios.get(scenario);
  if (known === undefined) throw new Error(`no scenario ${scenario}`);
  return known.run(seed);
}
