/** A cluster whose masters join and leave under faults, from one to five and back, while clients write to the store and to the API. */
import { MastersRun } from '../masters/run.ts';
import type { Scenario } from '../scenario.ts';

export const mastersScenario: Scenario = {
  name: 'masters',
  expectedMarks: ['settled', 'leader removed'],
  run: (seed, trace = () => {}) => new MastersRun(seed, trace).run(),
};
