/**
 * A whole cluster under faults: three masters and a few nodes, everything as on real threads but simulated. Deployments are created, scaled,
 * rolled and deleted while masters, their parts, the majority, and some of the nodes are killed, paused and cut off.
 *
 * Then all is healed, but perhaps for one master and one node, and within a bound everything must be as the specs ask. What happened in
 * between is read from the chronicle of the store.
 */
import { Cluster } from '../../../actors/cluster/index.ts';
import { Random } from '../../../src/base/random.ts';
import { checkAcknowledged, checkBindings, checkReplicaSets, checkUntouched } from '../cluster/checks.ts';
import { Chronicle } from '../cluster/chronicle.ts';
import { unconverged } from '../cluster/convergence.ts';
import { ClusterNemesis } from '../cluster/nemesis.ts';
import { checkRollouts } from '../cluster/rollouts.ts';
import { type ClusterSwarm, drawClusterSwarm } from '../cluster/swarm.ts';
import { User } from '../cluster/user.ts';
import type { Scenario, ScenarioResult, Trace } from '../scenario.ts';
import { Tally } from '../tally.ts';

/** Node grace, eviction, roles' leases, restarts with back-off, a rollout or two on top. */
const convergesWithinMs = 40_000;
const pollMs = 100;

export const clusterScenario: Scenario = {
  name: 'cluster',
  expectedMarks: ['leader killed', 'majority killed', 'rolled', 'evicted', 'answer 504', 'converged'],
  run: (seed, trace = () => {}) => new ClusterRun(seed, trace).run(),
};

class ClusterRun {
  readonly #seed: number;
  readonly #swarm: ClusterSwarm;
  readonly #trace: Trace;
  readonly #marks = new Tally();
  readonly #violations: string[] = [];
  #cluster: Cluster | null = null;

  constructor(seed: number, trace: Trace) {
    this.#seed = seed;
    this.#trace = trace;
    this.#swarm = drawClusterSwarm(new Random(seed, 'cluster swarm'));
  }

  async run(): Promise<ScenarioResult> {
    const { masters, nodes, snapshotEveryEntries } = this.#swarm;
    const options = { masters, nodes, simulated: { seed: this.#seed }, store: { snapshotEveryEntries } };
    const cluster = await Cluster.start(options);
    this.#cluster = cluster;
    this.#listen(cluster);
    this.#say(JSON.stringify(this.#swarm));
    const out = { marks: this.#marks, violations: this.#violations, say: (line: string) => this.#say(line) };
    const chronicle = new Chronicle(cluster);
    const user = new User(cluster, new Random(this.#seed, 'user'), out);
    const nemesis = new ClusterNemesis(cluster, this.#swarm, new Random(this.#seed, 'cluster nemesis'), out);
    for (let count = 0; count < this.#swarm.deployments; count += 1) await user.create();
    await this.#settle(chronicle, new Set(), 'before any fault');
    await this.#chaos(cluster, user, nemesis);
    const down = new Set(await nemesis.heal());
    await this.#settle(chronicle, down, 'after healing');
    this.#check(chronicle, user);
    const result = this.#result(cluster, chronicle, user, nemesis);
    chronicle.close();
    await cluster.stop();
    return result;
  }

  /** Faults and work side by side, then waits for what is still under way. */
  async #chaos(cluster: Cluster, user: User, nemesis: ClusterNemesis): Promise<void> {
    const random = new Random(this.#seed, 'chaos');
    const endMs = cluster.nowMs() + this.#swarm.chaosMs;
    const underWay: Promise<void>[] = [];
    nemesis.onMajorityDown = () => void underWay.push(user.write());
    const repeat = async (everyMs: number, run: () => Promise<void>): Promise<void> => {
      for (;;) {
        await cluster.sleep(random.fraction() * 2 * everyMs);
        if (cluster.nowMs() >= endMs) return;
        underWay.push(run());
      }
    };
    await Promise.all([
      repeat(this.#swarm.faultEveryMs, () => nemesis.inject()),
      repeat(this.#swarm.actEveryMs, () => user.act()),
    ]);
    this.#underWay = underWay;
  }

  #underWay: readonly Promise<void>[] = [];

  async #settle(chronicle: Chronicle, down: ReadonlySet<string>, when: string): Promise<void> {
    const cluster = this.#cluster as Cluster;
    const endMs = cluster.nowMs() + convergesWithinMs;
    // Requests of unknown fate end at their deadlines; what they did is then for the cluster to carry out.
    await Promise.all(this.#underWay);
    for (;;) {
      const fault = unconverged(chronicle, down);
      if (fault === null) {
        this.#marks.add('converged');
        this.#say(`converged ${when}`);
        return;
      }
      if (cluster.nowMs() >= endMs) return this.#violate(`not converged ${when}: ${fault}`);
      await cluster.sleep(pollMs);
    }
  }

  #check(chronicle: Chronicle, user: User): void {
    const untouched = new Set((this.#cluster as Cluster).nodes().slice(this.#swarm.touchedNodes));
    for (const violation of [
      ...checkBindings(chronicle),
      ...checkUntouched(chronicle, untouched),
      ...checkReplicaSets(chronicle),
      ...checkRollouts(chronicle),
      ...checkAcknowledged(chronicle, user.acknowledged),
    ]) {
      this.#violate(violation);
    }
    const evicted = chronicle
      .of('pods')
      .some(({ object }) => JSON.stringify(object).includes('DeletionByTaintManager'));
    if (evicted) this.#marks.add('evicted');
  }

  #listen(cluster: Cluster): void {
    cluster.events$.subscribe((event) => {
      if (event.type === 'actorFailed') {
        const { path, phase, inputType, error } = event.fault;
        this.#violate(`${path} failed in ${phase} of ${inputType}: ${error.stack}`);
      } else if (event.type === 'threadCrashed') this.#violate(`${event.thread} crashed: ${event.reason}`);
    });
    cluster.logs$.subscribe(({ actor, level, message, fields }) => {
      if (level !== 'debug') this.#say(`${actor} ${level} ${message} ${JSON.stringify(fields)}`);
    });
  }

  #say(line: string): void {
    this.#trace(`${(this.#cluster?.nowMs() ?? 0).toFixed(1).padStart(9)} ${line}`);
  }

  #violate(violation: string): void {
    this.#say(`VIOLATION ${violation}`);
    this.#violations.push(violation);
  }

  #result(cluster: Cluster, chronicle: Chronicle, user: User, nemesis: ClusterNemesis): ScenarioResult {
    user.counts.add('revisions', chronicle.revision);
    user.counts.add('changes', chronicle.entries.length);
    return {
      scenario: clusterScenario.name,
      seed: this.#seed,
      options: { ...this.#swarm },
      injected: nemesis.injected.toRecord(),
      marks: this.#marks.toRecord(),
      operations: user.counts.toRecord(),
      virtualMs: cluster.nowMs(),
      steps: 0,
      traceHash: cluster.traceHash() ?? '',
      violations: this.#violations,
    };
  }
}
