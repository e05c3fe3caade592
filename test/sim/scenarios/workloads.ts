/**
 * A whole cluster under faults, and every kind of workload in it: Deployments, StatefulSets, DaemonSets and Jobs are created, scaled, rolled and
 * deleted, with disks that follow their pods, and nodes are drained under disruption budgets, while masters, their parts and nodes are killed, paused and cut off.
 */
import { defaultControllers } from '../../../src/controllers/choose-controllers.ts';
import { checkAcknowledged, checkBindings, checkReplicaSets, checkUntouched } from '../cluster/checks.ts';
import { checkRollouts } from '../cluster/rollouts.ts';
import { ClusterRun, type ClusterWork } from '../cluster/run.ts';
import { checkAtMostOne, checkBudgets, checkDaemons, checkDisks, checkJobs } from '../cluster/workload-checks.ts';
import { unconvergedWorkloads } from '../cluster/workload-convergence.ts';
import { WorkloadUser } from '../cluster/workload-user.ts';
import type { Scenario } from '../scenario.ts';

const work: ClusterWork = {
  scenario: 'workloads',
  controllers: defaultControllers,
  user: (cluster, chronicle, swarm, random, findings) => new WorkloadUser(cluster, chronicle, swarm, random, findings),
  unconverged: unconvergedWorkloads,
  violations: (chronicle, untouched, { acknowledged }) => [
    ...checkBindings(chronicle),
    ...checkUntouched(chronicle, untouched),
    ...checkReplicaSets(chronicle),
    ...checkRollouts(chronicle),
    ...checkAtMostOne(chronicle),
    ...checkDaemons(chronicle),
    ...checkJobs(chronicle),
    ...checkBudgets(chronicle),
    ...checkDisks(chronicle),
    ...checkAcknowledged(chronicle, acknowledged),
  ],
};

export const workloadsScenario: Scenario = {
  name: work.scenario,
  expectedMarks: [
    'leader killed',
    'rolled deployment',
    'rolled statefulset',
    'rolled daemonset',
    'pod evicted by request',
    'drained',
    'answer 429',
    'asked for disks',
    'evicted',
    'converged',
  ],
  run: (seed, trace = () => {}) => new ClusterRun(work, seed, trace).run(),
};
