/**
 * One run of a cluster under faults: what is common to all scenarios of that kind. Work and faults go on side by side, then all is healed, but
 * perhaps for one master and one node, and within a bound everything must be as the specs ask. What happened in between is read from the
 * chronicle of the store.
 */
import { Cluster } from '../../../actors/cluster/index.ts';
import { Random } from '../../../src/base/random.ts';
import type { ScenarioResult, Trace } from '../scenario.ts';
import { Tally } from '../tally.ts';
import type { Attempts, Findings } from './attempts.ts';
import { Chronicle } from './chronicle.ts';
import { listen } from './listen.ts';
import { ClusterNemesis } from './nemesis.ts';
import { type ClusterSwarm, drawClusterSwarm } from './swarm.ts';

/** Node grace, eviction, roles' leases, restarts with back-off, a rollout or two on top. */
const convergesWithinMs = 40_000;
const pollMs = 100;

/** Somebody who works with the cluster while it is under faults. */
export interface ClusterUser {
  readonly attempts: Attempts;
  /** What stands before any fault. */
  begin(): Promise<void>;
  /** Does one thing. */
  act(): Promise<void>;
  /** Writes something small, for the answer's sake. */
  write(): Promise<void>;
  /** The faults are over: ends what keeps the cluster from settling. */
  finish(): Promise<void>;
}

/** What the user does in a scenario, and what must hold. */
export interface ClusterWork {
  readonly scenario: string;
  /** Those that the scenario is about; see ClusterOptions. */
  readonly controllers: readonly string[];
  user(cluster: Cluster, chronicle: Chronicle, swarm: ClusterSwarm, random: Random, findings: Findings): ClusterUser;
  /** Returns the first thing that is not as the specs ask, or null. `dead`: nodes that stay down. */
  unconverged(chronicle: Chronicle, dead: ReadonlySet<string>): string | null;
  /** Returns what must not have happened. `untouched`: nodes that were left alone. */
  violations(chronicle: Chronicle, untouched: ReadonlySet<string>, attempts: Attempts): readonly string[];
}

export class ClusterRun {
  readonly #seed: number;
  readonly #swarm: ClusterSwarm;
  readonly #trace: Trace;
  readonly #marks = new Tally();
  readonly #violations: string[] = [];
  readonly #work: ClusterWork;
  #cluster: Cluster | null = null;
  #underWay: readonly Promise<void>[] = [];

  constructor(work: ClusterWork, seed: number, trace: Trace) {
    this.#work = work;
    this.#seed = seed;
    this.#trace = trace;
    this.#swarm = drawClusterSwarm(new Random(seed, 'cluster swarm'));
  }

  async run(): Promise<ScenarioResult> {
    const { masters, nodes, snapshotEveryEntries, threadsPerMaster } = this.#swarm;
    const { controllers } = this.#work;
    const simulated = { seed: this.#seed };
    const store = { snapshotEveryEntries };
    const cluster = await Cluster.start({ masters, threadsPerMaster, nodes, controllers, simulated, store });
    this.#cluster = cluster;
    listen(
      cluster,
      (what) => this.#violate(what),
      (line) => this.#say(line),
    );
    this.#say(JSON.stringify(this.#swarm));
    const out = { marks: this.#marks, violations: this.#violations, say: (line: string) => this.#say(line) };
    const chronicle = new Chronicle(cluster);
    const user = this.#work.user(cluster, chronicle, this.#swarm, new Random(this.#seed, 'user'), out);
    const nemesis = new ClusterNemesis(cluster, this.#swarm, new Random(this.#seed, 'cluster nemesis'), out);
    await user.begin();
    await this.#settle(chronicle, new Set(), 'before any fault');
    await this.#chaos(cluster, user, nemesis);
    const down = new Set(await nemesis.heal());
    await Promise.all(this.#underWay);
    await user.finish();
    await this.#settle(chronicle, down, 'after healing');
    await this.#catchUp(chronicle, user.attempts);
    this.#check(chronicle, user.attempts);
    const result = this.#result(cluster, chronicle, user.attempts, nemesis);
    chronicle.close();
    await cluster.stop();
    return result;
  }

  /** Faults and work side by side, then waits for what is still under way. */
  async #chaos(cluster: Cluster, user: ClusterUser, nemesis: ClusterNemesis): Promise<void> {
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

  async #settle(chronicle: Chronicle, down: ReadonlySet<string>, when: string): Promise<void> {
    const cluster = this.#cluster as Cluster;
    const endMs = cluster.nowMs() + convergesWithinMs;
    // Requests of unknown fate end at their deadlines; what they did is then for the cluster to carry out.
    await Promise.all(this.#underWay);
    for (;;) {
      const fault = this.#work.unconverged(chronicle, down);
      if (fault === null) {
        this.#marks.add('converged');
        this.#say(`converged ${when}`);
        return;
      }
      if (cluster.nowMs() >= endMs) return this.#violate(`not converged ${when}: ${fault}`);
      await cluster.sleep(pollMs);
    }
  }

  /** What was acknowledged may still be on its way to the chronicle; what never comes is lost. */
  async #catchUp(chronicle: Chronicle, { acknowledged }: Attempts): Promise<void> {
    const cluster = this.#cluster as Cluster;
    const endMs = cluster.nowMs() + convergesWithinMs;
    const last = Math.max(0, ...acknowledged.map(({ revision }) => revision));
    while (chronicle.revision < last && cluster.nowMs() < endMs) await cluster.sleep(pollMs);
  }

  #check(chronicle: Chronicle, attempts: Attempts): void {
    const untouched = new Set((this.#cluster as Cluster).nodes().slice(this.#swarm.touchedNodes));
    for (const violation of this.#work.violations(chronicle, untouched, attempts)) this.#violate(violation);
    const evicted = chronicle
      .of('pods')
      .some(({ object }) => JSON.stringify(object).includes('DeletionByTaintManager'));
    if (evicted) this.#marks.add('evicted');
  }

  #say(line: string): void {
    this.#trace(`${(this.#cluster?.nowMs() ?? 0).toFixed(1).padStart(9)} ${line}`);
  }

  #violate(violation: string): void {
    this.#say(`VIOLATION ${violation}`);
    this.#violations.push(violation);
  }

  #result(cluster: Cluster, chronicle: Chronicle, attempts: Attempts, nemesis: ClusterNemesis): ScenarioResult {
    attempts.counts.add('revisions', chronicle.revision);
    attempts.counts.add('changes', chronicle.entries.length);
    return {
      scenario: this.#work.scenario,
      seed: this.#seed,
      options: { ...this.#swarm },
      injected: nemesis.injected.toRecord(),
      marks: this.#marks.toRecord(),
      operations: attempts.counts.toRecord(),
      virtualMs: cluster.nowMs(),
      steps: 0,
      traceHash: cluster.traceHash() ?? '',
      violations: this.#violations,
    };
  }
}
