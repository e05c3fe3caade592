/**
 * A group of replicas under a hostile schedule: messages are lost, repeated and reordered, disks are slow, replicas crash with writes in
 * flight and restart from what was durable. Every choice comes from one seed. `Checker` watches each step.
 */
import { must } from '../../../src/base/assert.ts';
import { emptyBytes, utf8 } from '../../../src/base/bytes.ts';
import { Random } from '../../../src/base/random.ts';
import { emptyStart, foundingStart } from '../../../src/raft/bootstrap.ts';
import type { RaftLimits } from '../../../src/raft/limits.ts';
import { membershipOf } from '../../../src/raft/membership.ts';
import type { MembershipStep } from '../../../src/raft/membership-change.ts';
import type { Message } from '../../../src/raft/message.ts';
import { id, ids, RaftHost } from '../../unit/raft/host.ts';
import { Checker } from './checker.ts';

export interface SimulationOptions {
  readonly seed: number;
  readonly voters: number;
  /** Replicas that exist and are not members at first. */
  readonly spares: number;
  readonly limits?: Partial<RaftLimits>;
}

export class Simulation {
  readonly hosts: RaftHost[];
  readonly checker = new Checker();
  readonly #random: Random;
  readonly #reconfigures: boolean;
  #network: Message[] = [];
  #cut: ReadonlySet<number> = new Set();
  #proposals = 0;
  #reads = 0;

  constructor(options: SimulationOptions) {
    this.#random = new Random(options.seed, 'simulation');
    this.#reconfigures = options.spares > 0;
    const voters = Array.from({ length: options.voters }, (_, index) => index + 1);
    const start = foundingStart(membershipOf(ids(...voters)));
    const timing = { electionTicks: 6, heartbeatTicks: 2 };
    const common = { seed: options.seed, timing, limits: options.limits ?? {} };
    this.hosts = Array.from({ length: options.voters + options.spares }, (_, index) => {
      return new RaftHost(id(index + 1), { ...common, start: index < options.voters ? start : emptyStart() });
    });
    for (const host of this.hosts) this.#wire(host);
  }

  /** Does one random thing. */
  step(): void {
    const random = this.#random;
    const host = random.pick(this.hosts);
    const dice = random.integer(0, 999);
    if (dice < 420) this.#deliverOne();
    else if (dice < 560) host.node.tick();
    else if (dice < 760) this.#take(host);
    else if (dice < 880) this.#persist(host);
    else if (dice < 940) this.#propose(host);
    else if (dice < 955) this.#read(host);
    else this.#disturb(host, dice);
    for (const each of this.hosts) this.checker.checkHost(each);
  }

  /** Ends all faults and lets time pass in an orderly way, up to `rounds` ticks, until everyone has applied a new proposal. */
  heal(rounds: number): boolean {
    this.#cut = new Set();
    this.#network = [];
    for (const host of this.hosts) {
      for (const { replica, state } of host.node.status().progress) {
        if (state === 'snapshot') host.node.snapshotDelivered(replica, false);
      }
    }
    const goal = utf8('healed');
    for (let round = 0; round < rounds; round += 1) {
      for (const host of this.hosts) host.node.tick();
      this.#drain();
      const leader = this.hosts.find((host) => host.node.status().role === 'leader');
      if (leader !== undefined && round % 10 === 9) leader.node.propose(goal);
      this.#drain();
      const members = new Set(leader?.membership.voters ?? []);
      const voters = this.hosts.filter((host) => members.has(host.id));
      const done = voters.filter((host) => host.state.some((entry) => entry.data.length === goal.length));
      if (leader !== undefined && done.length === voters.length) return true;
    }
    return false;
  }

  #drain(): void {
    for (const host of this.hosts) this.#settle(host);
    while (this.#network.length > 0) {
      const message = must(this.#network.shift(), 'message');
      const host = must(this.hosts[message.to - 1], 'receiver');
      host.node.step(message);
      this.#settle(host);
      this.checker.checkHost(host);
    }
  }

  #settle(host: RaftHost): void {
    while (host.node.hasReady() || host.writing.length > 0) {
      this.#take(host);
      while (host.writing.length > 0) this.#persist(host);
    }
  }

  #wire(host: RaftHost): void {
    host.observe = (ready) => this.checker.observe(host, ready);
    host.send = (message) => {
      this.checker.observeMessage(message);
      if (message.type === 'snapshot') {
        // The state travels along only if it is still the one that the message names.
        if (host.disk.snapshot.index !== message.snapshot.index) return host.node.snapshotDelivered(message.to, false);
        this.hosts[message.to - 1]?.shipped.set(message.snapshot.index, host.disk.snapshot);
      }
      this.#network.push(message);
    };
  }

  #take(host: RaftHost): void {
    if (!host.node.hasReady()) return;
    host.take();
    this.checker.checkReads(host);
  }

  #persist(host: RaftHost): void {
    if (host.writing.length > 0) host.persist();
  }

  #deliverOne(): void {
    const random = this.#random;
    if (this.#network.length === 0) return;
    // Mostly in order, sometimes anything.
    const place = random.chance(0.7) ? 0 : random.integer(0, this.#network.length - 1);
    const message = must(this.#network[place], 'message');
    if (!random.chance(0.05)) this.#network.splice(place, 1);
    if (this.#network.length > 400) this.#network.splice(0, 200);
    if (random.chance(0.05) || this.#cut.has(message.from) !== this.#cut.has(message.to)) return;
    must(this.hosts[message.to - 1], 'receiver').node.step(message);
  }

  #propose(host: RaftHost): void {
    this.#proposals += 1;
    host.node.propose(utf8(`p${String(this.#proposals).padStart(7, '0')}`));
  }

  #read(host: RaftHost): void {
    this.#reads += 1;
    this.checker.beginRead(host, this.#reads);
    host.node.readIndex(this.#reads);
  }

  #disturb(host: RaftHost, dice: number): void {
    const random = this.#random;
    const other = random.pick(this.hosts);
    if (dice < 962) this.#crash(host);
    else if (dice < 970) host.compact(random.chance(0.5) ? host.node.status().firstIndex : undefined);
    else if (dice < 974) host.node.campaign();
    else if (dice < 978) host.node.transferLeadership(other.id);
    else if (dice < 984) this.#cut = new Set(this.hosts.filter(() => random.chance(0.4)).map((each) => each.id));
    else if (dice < 990) this.#cut = new Set();
    else if (dice < 993 && other !== host) host.node.peerGone(other.id);
    else if (dice < 995 && other !== host) host.node.snapshotDelivered(other.id, random.chance(0.5));
    else if (this.#reconfigures) this.#reconfigure(host);
  }

  #crash(host: RaftHost): void {
    host.restart();
    this.checker.restarted(host);
  }

  #reconfigure(host: RaftHost): void {
    const random = this.#random;
    const types = ['addVoter', 'addVoter', 'addLearner', 'remove'] as const;
    const steps: MembershipStep[] = random
      .shuffle(this.hosts)
      .slice(0, random.integer(0, 2))
      .map((each) => ({ type: random.pick(types), replica: each.id }));
    const transition = random.pick(['auto', 'auto', 'jointImplicit', 'jointExplicit'] as const);
    host.node.proposeMembership({ transition: steps.length === 0 ? 'auto' : transition, steps, context: emptyBytes });
  }
}
