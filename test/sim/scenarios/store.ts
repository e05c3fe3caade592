/**
 * The store under faults: replicas of production on simulated threads and disks, clients of every sort, and a nemesis.
 *
 * Two phases. Safety: faults of the seed's mixture, while clients work; whatever happens, nothing said may be taken back. Liveness: everything
 * is healed, and within a bound every replica takes a write, all agree on everything, every watch is up to date and every lease has ended.
 * Then what clients saw is held against the journal of what was committed.
 */
import { Random } from '../../../src/base/random.ts';
import type { Revision } from '../../../src/mvcc/key-value.ts';
import type { StoreReply, StoreRequest } from '../../../src/store/store-request.ts';
import type { Scenario, ScenarioResult, Trace } from '../scenario.ts';
import { checkFences } from '../store/checks/fences.ts';
import { checkLeases } from '../store/checks/leases.ts';
import { checkOperations } from '../store/checks/operations.ts';
import { checkWatches } from '../store/checks/watches.ts';
import { standForOffice } from '../store/clients/candidate.ts';
import { type ClientContext, flowsRole } from '../store/clients/client.ts';
import { holdLeases } from '../store/clients/lease-holder.ts';
import { Probe } from '../store/clients/probe.ts';
import { watcherRole } from '../store/clients/watcher.ts';
import { work } from '../store/clients/worker.ts';
import { Evidence } from '../store/evidence.ts';
import { Journal } from '../store/journal.ts';
import { Nemesis } from '../store/nemesis.ts';
import { drawSwarm, type Swarm } from '../store/swarm.ts';
import { Tap } from '../store/tap.ts';
import { electionMs, replicaPath, StoreWorld } from '../store/world.ts';

/** After healing, in virtual time: an election that may split a few times, and what was held up by deadlines. */
const healedWithinMs = 5_000 + 10 * electionMs;
/** The longest lease, a change of leader, and the revocation. */
const leasesEndWithinMs = 4_000 + 10 * electionMs;
const foundedWithinMs = 5_000;

export const storeScenario: Scenario = {
  name: 'store',
  expectedMarks: [
    'leader killed',
    'leader paused',
    'snapshot installed',
    'log truncated',
    'torn tail cut',
    'sync failed',
    'history compacted',
    'watch resumed',
    'watch compacted',
    'watch ended: gap',
    'watch ended: peerFailed',
    'lease kept',
    'lease expired',
    'office won',
    'fence refused',
    'answer proposalDropped',
    'answer outcomeUnknown',
  ],
  run: (seed, trace = () => {}) => new StoreRun(seed, trace).run(),
};

class StoreRun {
  readonly #seed: number;
  readonly #swarm: Swarm;
  readonly #evidence = new Evidence();
  readonly #journal = new Journal();
  readonly #world: StoreWorld;
  readonly #nemesis: Nemesis;
  readonly #probe = new Probe();
  #isOver = false;

  constructor(seed: number, trace: Trace) {
    this.#seed = seed;
    this.#swarm = drawSwarm(new Random(seed, 'swarm'));
    const makeTap = (nowMs: () => number): Tap => new Tap(this.#journal, this.#evidence, nowMs);
    this.#world = new StoreWorld(seed, this.#swarm, makeTap, this.#evidence, trace);
    this.#nemesis = new Nemesis(this.#world, this.#swarm, new Random(seed, 'nemesis'), this.#evidence);
    this.#world.say(JSON.stringify(this.#swarm));
  }

  run(): ScenarioResult {
    const { universe } = this.#world;
    for (const id of this.#world.ids) this.#world.startReplica(id, 'first');
    this.#world.startClient('probe', this.#probe.role());
    if (this.#ask({ type: 'readRevision' }, foundedWithinMs)) {
      this.#startClients();
      this.#nemesis.start();
      universe.runFor(this.#swarm.faultPhaseMs);
      this.#nemesis.heal();
      this.#recover();
    } else this.#violate('the store was not founded in time');
    return this.#result();
  }

  #startClients(): void {
    for (let index = 1; index <= this.#swarm.clients; index += 1) {
      const name = `worker-${index}`;
      const context = this.#context(name);
      this.#world.startClient(
        name,
        flowsRole(() => [work(context, `${name}a`), work(context, `${name}b`)]),
      );
    }
    for (const name of ['watcher-1', 'watcher-2']) this.#world.startClient(name, watcherRole(this.#context(name)));
    for (const name of ['holder-1', 'holder-2']) {
      const context = this.#context(name);
      this.#world.startClient(
        name,
        flowsRole(() => [holdLeases(context, name), standForOffice(context, name)]),
      );
    }
  }

  #context(name: string): ClientContext {
    return {
      name,
      random: new Random(this.#seed, 'client', name),
      swarm: this.#swarm,
      evidence: this.#evidence,
      replicas: this.#world.ids.map(replicaPath),
      nowMs: () => this.#world.universe.nowMs,
      isOver: () => this.#isOver,
    };
  }

  /** Every replica takes a write; then the workload ends, and all come to agree. */
  #recover(): void {
    const { universe } = this.#world;
    const deadlineMs = universe.nowMs + healedWithinMs;
    for (const id of this.#world.ids) {
      const request: StoreRequest = { type: 'readRevision' };
      if (!this.#ask(request, deadlineMs - universe.nowMs, id))
        return this.#violate(`${replicaPath(id)} takes no request`);
    }
    this.#isOver = true;
    if (!universe.runUntil(() => this.#leasesAreGone(), leasesEndWithinMs)) this.#violate('leases do not end');
    if (!universe.runUntil(() => this.#isSettled(), healedWithinMs)) return this.#violate(this.#unsettled());
    const hashes = this.#world.ids.map((id) => this.#askReplica(id, { type: 'hash', revision: 0 as Revision }));
    const digests = new Set(hashes.map((reply) => JSON.stringify(reply)));
    if (digests.size !== 1) this.#violate(`replicas differ: ${[...digests].join(' ')}`);
    const { operations, fencedWrites } = this.#evidence;
    for (const violation of [
      ...checkOperations(this.#evidence, this.#journal),
      ...checkWatches(this.#evidence, this.#journal),
      ...checkLeases(this.#evidence, this.#journal),
      ...checkFences(this.#evidence, this.#journal),
    ]) {
      this.#violate(violation);
    }
    this.#evidence.counts.add('operations', operations.length);
    this.#evidence.counts.add('fenced writes', fencedWrites.length);
    this.#evidence.counts.add('unknown', operations.filter(({ outcome }) => outcome.type === 'unknown').length);
    this.#evidence.counts.add('revisions', this.#journal.last);
  }

  #leasesAreGone(): boolean {
    return [...this.#statuses()].every(({ leases }) => leases === 0);
  }

  /** All replicas have applied the same, the workload is done, and every watch has everything. */
  #isSettled(): boolean {
    const statuses = this.#statuses();
    const [first] = statuses;
    const isEqual = statuses.every(
      ({ applied, revision }) => applied === first?.applied && revision === first.revision,
    );
    return isEqual && this.#evidence.watches.every((watch) => !watch.isCurrent || reached(watch) >= this.#journal.last);
  }

  #unsettled(): string {
    const places = this.#statuses().map(({ id, role, term, applied, revision }) => ({
      id,
      role,
      term,
      applied,
      revision,
    }));
    const late = this.#evidence.watches.filter((watch) => watch.isCurrent && reached(watch) < this.#journal.last);
    const watches = late.map((watch) => `${watch.name} at ${reached(watch)}`);
    return `nothing settles at revision ${this.#journal.last}: ${JSON.stringify(places)} ${watches.join(', ')}`;
  }

  #statuses() {
    return this.#world.ids.flatMap((id) => this.#world.statusOf(id) ?? []);
  }

  /** Asks until somebody answers, or this one replica does; false when the time is up. */
  #ask(request: StoreRequest, withinMs: number, id?: number): boolean {
    const { universe, ids } = this.#world;
    const endMs = universe.nowMs + withinMs;
    for (let attempt = 0; universe.nowMs < endMs; attempt += 1) {
      const replica = id ?? (ids[attempt % ids.length] as number);
      const reply = this.#askReplica(replica, request);
      if (reply !== null && reply.type !== 'failed') return true;
      universe.runFor(20);
    }
    return false;
  }

  #askReplica(id: number, request: StoreRequest): StoreReply | null {
    const pending = this.#probe.ask(replicaPath(id), request, 1_000);
    this.#world.universe.runUntil(() => pending.isDone, 3_000);
    return pending.reply;
  }

  #violate(violation: string): void {
    this.#world.say(`VIOLATION ${violation}`);
    this.#evidence.violations.push(violation);
  }

  #result(): ScenarioResult {
    const { universe } = this.#world;
    return {
      scenario: storeScenario.name,
      seed: this.#seed,
      options: { ...this.#swarm },
      injected: this.#nemesis.injected.toRecord(),
      marks: this.#evidence.marks.toRecord(),
      operations: this.#evidence.counts.toRecord(),
      virtualMs: universe.nowMs,
      steps: universe.steps,
      traceHash: universe.trace.digest(),
      violations: this.#evidence.violations,
    };
  }
}

function reached(watch: {
  readonly from: number;
  readonly deliveries: readonly { readonly through: number }[];
}): number {
  return watch.deliveries.at(-1)?.through ?? watch.from;
}
