/**
 * A whole cluster under faults: three masters and a few nodes, everything as on real threads but simulated. Deployments are created, scaled,
 * rolled and deleted while masters, their parts, the majority, and some of the nodes are killed, paused and cut off.
 */
import { checkAcknowledged, checkBindings, checkReplicaSets, checkUntouched } from '../cluster/checks.ts';
import { unconverged } from '../cluster/convergence.ts';
import { checkRollouts } from '../cluster/rollouts.ts';
import { ClusterRun, type ClusterWork } from '../cluster/run.ts';
import { User } from '../cluster/user.ts';
import type { Scenario } from '../scenario.ts';

/** What Deployments need; the scenario `workloads` runs all. */
const controllers = [
  'deployment-controller',
  'replicaset-controller',
  'endpointslice-controller',
  'node-controller',
  'garbage-collector',
  'namespace-controller',
  'serviceaccount-controller',
];

const work: ClusterWork = {
  scenario: 'cluster',
  controllers,
  user: (cluster, _chronicle, { deployments }, random, findings) => new User(cluster, random, findings, deployments),
  unconverged,
  violations: (chronicle, untouched, { acknowledged }) => [
    ...checkBindings(chronicle),
    ...checkUntouched(chronicle, untouched),
    ...checkReplicaSets(chronicle),
    ...checkRollouts(chronicle),
    ...checkAcknowledged(chronicle, acknowledged),
  ],
};

export const clusterScenario: Scenario = {
  name: work.scenario,
  expectedMarks: ['leader killed', 'majority killed', 'rolled', 'evicted', 'answer 504', 'converged'],
  run: (seed, trace = () => {}) => new ClusterRun(work, seed, trace).run(),
};
