/** All scenarios by name. */
import type { Scenario } from '../scenario.ts';
import { clusterScenario } from './cluster.ts';
import { mastersScenario } from './masters.ts';
import { storeScenario } from './store.ts';
import { workloadsScenario } from './workloads.ts';

export const scenarios: ReadonlyMap<string, Scenario> = new Map(
  [storeScenario, clusterScenario, workloadsScenario, mastersScenario].map((one) => [one.name, one]),
);
