/**
 * Injects faults into a store, as the swarm drew them, and undoes each after a while. It knows who leads, so that it can aim. Every fault is
 * counted, and everything ends with `heal`.
 */
import type { FaultRule } from '../../../src/actor/faults.ts';
import type { Random } from '../../../src/base/random.ts';
import { Tally } from '../tally.ts';
import type { Evidence } from './evidence.ts';
import type { FaultName, Swarm } from './swarm.ts';
import { replicaMember, replicaPath, type StoreWorld } from './world.ts';

export class Nemesis {
  readonly injected = new Tally();
  readonly #world: StoreWorld;
  readonly #swarm: Swarm;
  readonly #random: Random;
  readonly #evidence: Evidence;
  #isOver = false;
  /** Counts link faults, so that the end of an earlier one does not end a later one. */
  #partitions = 0;
  #disturbances = 0;

  constructor(world: StoreWorld, swarm: Swarm, random: Random, evidence: Evidence) {
    this.#world = world;
    this.#swarm = swarm;
    this.#random = random;
    this.#evidence = evidence;
    world.onGivenUp = (id) => this.#givenUp(id);
  }

  start(): void {
    this.#next();
  }

  /** Undoes everything: all run, all are linked, all disks are sound. */
  heal(): void {
    this.#isOver = true;
    const world = this.#world;
    world.say('healed');
    world.setPartition([]);
    world.setDisturbance([]);
    for (const id of world.ids) {
      this.#soundDisk(id);
      if (world.isUp(id)) world.universe.resumeThread(replicaPath(id));
      else world.startReplica(id, 'again');
    }
    for (const name of world.clients) world.universe.resumeThread(`${name}/actor`);
  }

  #next(): void {
    const pauseMs = this.#random.fraction() * 2 * this.#swarm.faultEveryMs;
    this.#world.universe.schedule(pauseMs, () => {
      if (this.#isOver) return;
      this.#inject(this.#random.pick(this.#swarm.faults));
      this.#next();
    });
  }

  /** Runs later, unless all was healed meanwhile. */
  #after(minMs: number, maxMs: number, run: () => void): void {
    this.#world.universe.schedule(minMs + (maxMs - minMs) * this.#random.fraction(), () => {
      if (!this.#isOver) run();
    });
  }

  #inject(fault: FaultName): void {
    const victim = this.#random.pick(this.#world.ids);
    switch (fault) {
      case 'kill':
        return this.#kill('kill', victim);
      case 'killLeader':
        return this.#kill('killLeader', this.#world.leader() ?? victim);
      case 'killMajority':
        return this.#killMajority();
      case 'pause':
        return this.#pause(this.#random.chance(0.5) ? (this.#world.leader() ?? victim) : victim);
      case 'pauseClient':
        return this.#pauseClient();
      case 'partition':
        return this.#partition('partition', this.#random.shuffle(this.#world.ids).slice(0, this.#random.integer(1, 2)));
      case 'isolateLeader':
        return this.#partition('isolateLeader', [this.#world.leader() ?? victim]);
      case 'oneWay':
        return this.#oneWay(victim);
      case 'disturb':
        return this.#disturb();
      case 'slowDisk':
        return this.#disk('slowDisk', victim, { latencyMinMs: 5, latencyMaxMs: this.#random.pick([20, 60, 200]) });
      case 'syncFailure':
        return this.#disk('syncFailure', victim, { syncFailure: this.#random.pick([0.05, 0.5]) });
    }
  }

  #note(name: string, detail: string): void {
    this.injected.add(name);
    this.#world.say(`${name} ${detail}`);
  }

  #kill(name: string, id: number): void {
    if (!this.#world.isUp(id)) return;
    if (this.#world.leader() === id) this.#evidence.marks.add('leader killed');
    const keepsPageCache = this.#random.chance(0.4);
    this.#note(name, `${replicaPath(id)}${keepsPageCache ? '' : ' with its machine'}`);
    this.#world.killReplica(id, { keepsPageCache });
    this.#after(20, this.#random.pick([100, 500, 2_000]), () => this.#restart(id));
  }

  #restart(id: number): void {
    if (this.#world.isUp(id)) return;
    this.#note('restart', replicaPath(id));
    this.#world.startReplica(id, 'again');
  }

  #killMajority(): void {
    const { ids } = this.#world;
    const count = this.#random.integer(Math.floor(ids.length / 2) + 1, ids.length);
    this.injected.add('killMajority');
    for (const id of this.#random.shuffle(ids).slice(0, count)) this.#kill('killMajority of', id);
  }

  #pause(id: number): void {
    if (!this.#world.isUp(id) || this.#world.isPaused(id)) return;
    const path = replicaPath(id);
    const wasLeader = this.#world.leader() === id;
    if (wasLeader) this.#evidence.marks.add('leader paused');
    this.#note('pause', path);
    this.#world.universe.pauseThread(path);
    this.#after(50, 1_500, () => {
      this.#world.say(`resume ${path}`);
      this.#world.universe.resumeThread(path);
    });
  }

  #pauseClient(): void {
    const path = `${this.#random.pick(this.#world.clients)}/actor`;
    this.#note('pauseClient', path);
    this.#world.universe.pauseThread(path);
    this.#after(200, 2_500, () => this.#world.universe.resumeThread(path));
  }

  #partition(name: string, group: readonly number[]): void {
    const inside = group.map(replicaMember);
    const others = this.#world.ids.filter((id) => !group.includes(id)).map(replicaMember);
    // Clients are on one side, on the other, or reach both.
    for (const client of this.#world.clients) {
      const side = this.#random.integer(0, 2);
      if (side === 0) inside.push(client);
      else if (side === 1) others.push(client);
    }
    this.#note(name, `${inside.join(' ')} | ${others.join(' ')}`);
    this.#cut(inside.flatMap((from) => others.flatMap((to) => [cut(from, to), cut(to, from)])));
  }

  #oneWay(victim: number): void {
    const from = replicaMember(victim);
    const others = [...this.#world.ids.map(replicaMember), ...this.#world.clients].filter((name) => name !== from);
    const ends = others.filter(() => this.#random.chance(0.6));
    const inward = this.#random.chance(0.5);
    this.#note('oneWay', `${from} ${inward ? 'hears' : 'reaches'} none of ${ends.join(' ')}`);
    this.#cut(ends.map((to) => (inward ? cut(to, from) : cut(from, to))));
  }

  #cut(rules: readonly FaultRule[]): void {
    this.#partitions += 1;
    const number = this.#partitions;
    this.#world.setPartition(rules);
    this.#after(100, 2_500, () => {
      if (number !== this.#partitions) return;
      this.#world.say('partition healed');
      this.#world.setPartition([]);
    });
  }

  #disturb(): void {
    const rule: FaultRule = {
      from: '*',
      to: '*',
      drop: this.#random.pick([0, 0.01, 0.1, 0.3]),
      delayMaxMs: this.#random.pick([0, 5, 40, 150]),
      duplicate: this.#random.pick([0, 0.05, 0.3]),
      reorder: this.#random.pick([0, 0.1, 0.5]),
    };
    this.#note('disturb', JSON.stringify(rule));
    this.#disturbances += 1;
    const number = this.#disturbances;
    this.#world.setDisturbance([rule]);
    this.#after(200, 2_500, () => {
      if (number === this.#disturbances) this.#world.setDisturbance([]);
    });
  }

  #disk(name: string, id: number, faults: object): void {
    this.#note(name, `${replicaPath(id)} ${JSON.stringify(faults)}`);
    const disk = this.#world.universe.disk(replicaPath(id));
    disk.faults = { ...disk.faults, ...faults };
    this.#after(100, 2_000, () => this.#soundDisk(id));
  }

  #soundDisk(id: number): void {
    const disk = this.#world.universe.disk(replicaPath(id));
    const latencyMaxMs = this.#swarm.diskLatencyMaxMs;
    disk.faults = { ...disk.faults, latencyMinMs: 0.05, latencyMaxMs, syncFailure: 0 };
  }

  /** A replica whose disk failed has stopped; it is started again, on the same machine. */
  #givenUp(id: number): void {
    this.#evidence.marks.add('sync failed');
    this.#world.say(`${replicaPath(id)} gave up`);
    this.#world.killReplica(id);
    this.#world.universe.schedule(50 + 450 * this.#random.fraction(), () => this.#restart(id));
  }
}

function cut(from: string, to: string): FaultRule {
  return { from, to, drop: 1 };
}
