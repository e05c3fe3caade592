/**
 * One run of a cluster whose masters join and leave under faults while clients write. Afterwards all is healed, and within a bound the store's
 * members are exactly the masters that the cluster says it has, all of them serve, and all replicas hold the same.
 */
import { Cluster, MembershipError, StoreRequestError } from '../../../actors/cluster/index.ts';
import { Random } from '../../../src/base/random.ts';
import type { Revision } from '../../../src/mvcc/key-value.ts';
import type { ReplicaId } from '../../../src/raft/message.ts';
import { listen } from '../cluster/listen.ts';
import type { ScenarioResult, Trace } from '../scenario.ts';
import { Tally } from '../tally.ts';
import { MastersClients } from './clients.ts';
import { MastersNemesis } from './nemesis.ts';

const chaosMs = 8_000;
const settlesWithinMs = 60_000;
const mostMasters = 5;
/** Changes that are asked for at once. */
const changesMax = 3;
const web = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: web:1 }] }
`;

interface Draw {
  readonly masters: number;
  readonly snapshotEveryEntries: number;
  readonly changeEveryMs: number;
  readonly faultEveryMs: number;
  readonly threadsPerMaster: 2 | 3;
}

export class MastersRun {
  readonly #seed: number;
  readonly #draw: Draw;
  readonly #trace: Trace;
  readonly #marks = new Tally();
  readonly #counts = new Tally();
  readonly #violations: string[] = [];
  readonly #leaders = new Map<number, string>();
  /** All names that were ever given. */
  readonly #names = new Set<string>();
  #cluster: Cluster | null = null;
  #changing = 0;

  constructor(seed: number, trace: Trace) {
    this.#seed = seed;
    this.#trace = trace;
    const random = new Random(seed, 'masters swarm');
    this.#draw = {
      masters: random.pick([1, 1, 2, 3]),
      snapshotEveryEntries: random.pick([20, 100, 10_000]),
      changeEveryMs: random.pick([150, 600, 1_500]),
      faultEveryMs: random.pick([200, 600, 2_000]),
      threadsPerMaster: random.pick([2, 3]),
    };
  }

  async run(): Promise<ScenarioResult> {
    const { masters, snapshotEveryEntries, threadsPerMaster } = this.#draw;
    const store = { snapshotEveryEntries, catchUpEntries: 10 };
    const simulated = { seed: this.#seed };
    const cluster = await Cluster.start({ masters, threadsPerMaster, nodes: 1, simulated, store });
    this.#cluster = cluster;
    this.#say(JSON.stringify(this.#draw));
    this.#listen(cluster);
    const say = (line: string): void => this.#say(line);
    const clients = new MastersClients(cluster, { marks: this.#marks, violations: this.#violations, say });
    const nemesis = new MastersNemesis(cluster, new Random(this.#seed, 'masters nemesis'), say);
    await this.#chaos(cluster, clients, nemesis);
    await this.#settle(cluster);
    await this.#check(cluster, clients);
    this.#counts.add('acknowledged', clients.acknowledged);
    const result = this.#result(cluster, nemesis);
    await cluster.stop();
    return result;
  }

  async #chaos(cluster: Cluster, clients: MastersClients, nemesis: MastersNemesis): Promise<void> {
    const random = new Random(this.#seed, 'masters chaos');
    const { changeEveryMs, faultEveryMs } = this.#draw;
    const endMs = cluster.nowMs() + chaosMs;
    const underWay: Promise<void>[] = [];
    const repeat = async (everyMs: number, run: () => Promise<void>): Promise<void> => {
      for (;;) {
        await cluster.sleep(random.fraction() * 2 * everyMs);
        if (cluster.nowMs() >= endMs) return;
        underWay.push(run());
      }
    };
    const inTurn = async (pauseMs: number, run: () => Promise<void>): Promise<void> => {
      while (cluster.nowMs() < endMs) {
        await run();
        await cluster.sleep(random.fraction() * pauseMs);
      }
    };
    await Promise.all([
      ...[0, 1, 2].map((client) => inTurn(100, () => clients.operate(client, random))),
      inTurn(300, () => clients.create()),
      repeat(changeEveryMs, () => this.#change(cluster, random)),
      repeat(faultEveryMs, () => nemesis.inject(this.#nextName())),
      repeat(60, () => this.#look(cluster)),
    ]);
    this.#say('healing');
    await nemesis.heal();
    await Promise.all(underWay);
  }

  /** Asks for a master more or less; sometimes while that is still being done. */
  async #change(cluster: Cluster, random: Random): Promise<void> {
    if (this.#changing >= changesMax) return;
    this.#changing += 1;
    await this.#changeNow(cluster, random);
    this.#changing -= 1;
  }

  async #changeNow(cluster: Cluster, random: Random): Promise<void> {
    const masters = cluster.masters();
    const shallAdd = masters.length < 2 || (masters.length < mostMasters && random.chance(0.5));
    const leader = random.chance(0.5) ? this.#leaders.get(Math.max(...this.#leaders.keys())) : undefined;
    const name = leader ?? random.pick(masters);
    const what = shallAdd ? 'add' : `remove ${name}`;
    this.#say(what);
    const startMs = cluster.nowMs();
    try {
      if (shallAdd) this.#names.add((await cluster.addMaster()).name);
      else await cluster.removeMaster(name);
      this.#counts.add(shallAdd ? 'added' : 'removed');
      if (leader !== undefined && !shallAdd) this.#marks.add('leader removed');
      this.#say(`${what} done after ${(cluster.nowMs() - startMs).toFixed(0)} ms; ${cluster.masters().join(' ')}`);
    } catch (error) {
      if (!(error instanceof MembershipError))
        return this.#violate(`${what} failed unclearly: ${(error as Error).stack}`);
      this.#marks.add(`refused ${error.code}`);
      this.#say(`${what} failed: ${error.code} ${error.message}`);
    }
  }

  /** The name that the next master gets, or that the one has that is just joining. */
  #nextName(): string {
    const numbers = [...this.#names, ...(this.#cluster as Cluster).masters()].map((name) => Number(name.slice(7)));
    return `master-${Math.max(...numbers) + 1}`;
  }

  async #look(cluster: Cluster): Promise<void> {
    for (const { name, role, term } of await cluster.storeStatuses()) {
      if (role !== 'leader') continue;
      const known = this.#leaders.get(term) ?? name;
      this.#leaders.set(term, known);
      if (known !== name) this.#violate(`${known} and ${name} both led term ${term}`);
    }
  }

  async #settle(cluster: Cluster): Promise<void> {
    const endMs = cluster.nowMs() + settlesWithinMs;
    for (;;) {
      const fault = (await cluster.status()).missing ?? (await this.#membershipFault(cluster));
      if (fault === null) break;
      if (cluster.nowMs() >= endMs) return this.#violate(`not settled: ${fault}`);
      await cluster.sleep(100);
    }
    this.#marks.add('settled');
    await cluster.apply(web);
    await cluster.waitFor('deployment/web', 'Available', { timeoutMs: 30_000 });
  }

  /** The members of the store are the masters of the cluster, each with a vote. */
  async #membershipFault(cluster: Cluster): Promise<string | null> {
    const statuses = await cluster.storeStatuses();
    const leader = statuses.find(({ role }) => role === 'leader');
    if (leader === undefined) return 'no leader';
    const { voters, learners } = leader.membership;
    const wanted = cluster.masters().map((name) => (Number(name.slice(7)) + 1) as ReplicaId);
    const isEqual = voters.join() === wanted.toSorted((left, right) => left - right).join() && learners.length === 0;
    return isEqual ? null : `voters ${voters.join()}, learners ${learners.join()}, masters ${wanted.join()}`;
  }

  async #check(cluster: Cluster, clients: MastersClients): Promise<void> {
    try {
      await this.#checkEnd(cluster, clients);
    } catch (error) {
      if (!(error instanceof StoreRequestError)) throw error;
      this.#violate(`the end cannot be read: ${error.code}`);
    }
  }

  async #checkEnd(cluster: Cluster, clients: MastersClients): Promise<void> {
    for (const violation of await clients.violations()) this.#violate(violation);
    const masters = cluster.masters();
    for (const name of this.#names)
      if (!masters.includes(name) && isKnown(cluster, name)) this.#violate(`${name} stays`);
    const revision = await cluster.store.revision();
    const digests = await Promise.all(masters.map((name) => this.#digest(cluster, `${name}/store`, revision)));
    if (new Set(digests).size > 1) this.#violate(`replicas differ at ${revision}: ${digests.join(' ')}`);
  }

  async #digest(cluster: Cluster, replica: string, revision: Revision): Promise<string> {
    for (;;) {
      const { status } = await cluster.store.request({ type: 'status' }, 'status', { replica });
      if (status.revision >= revision) break;
      await cluster.sleep(20);
    }
    return (await cluster.store.request({ type: 'hash', revision }, 'hash', { replica })).digest;
  }

  #listen(cluster: Cluster): void {
    for (const name of cluster.masters()) this.#names.add(name);
    listen(
      cluster,
      (what) => this.#violate(what),
      (line) => this.#say(line),
    );
    cluster.logs$.subscribe(({ message }) => {
      if (message === 'a master is not gone yet') this.#marks.add('gone later');
    });
  }

  #say(line: string): void {
    this.#trace(`${(this.#cluster?.nowMs() ?? 0).toFixed(1).padStart(9)} ${line}`);
  }

  #violate(violation: string): void {
    this.#say(`VIOLATION ${violation}`);
    this.#violations.push(violation);
  }

  #result(cluster: Cluster, nemesis: MastersNemesis): ScenarioResult {
    return {
      scenario: 'masters',
      seed: this.#seed,
      options: { ...this.#draw },
      injected: nemesis.injected.toRecord(),
      marks: this.#marks.toRecord(),
      operations: this.#counts.toRecord(),
      virtualMs: cluster.nowMs(),
      steps: 0,
      traceHash: cluster.traceHash() ?? '',
      violations: this.#violations,
    };
  }
}

function isKnown(cluster: Cluster, name: string): boolean {
  try {
    cluster.member(name);
    return true;
  } catch {
    return false;
  }
}
