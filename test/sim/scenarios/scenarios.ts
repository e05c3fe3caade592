/** All scenarios by name. */
import type { Scenario } from '../scenario.ts';
import { storeScenario } from './store.ts';

export const scenarios: ReadonlyMap<string, Scenario> = new Map([storeScenario].map((one) => [one.name, one]));
