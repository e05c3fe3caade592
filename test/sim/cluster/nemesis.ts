/** Injects faults into a cluster through its own API, as its user would, and undoes each after a while. */
import type { Cluster } from '../../../actors/cluster/index.ts';
import type { Random } from '../../../src/base/random.ts';
import { Tally } from '../tally.ts';
import type { ClusterFaultName, ClusterSwarm } from './swarm.ts';

const parts = ['store', 'apiserver', 'controllers', 'scheduler'] as const;

export class ClusterNemesis {
  readonly injected = new Tally();
  readonly #cluster: Cluster;
  readonly #swarm: ClusterSwarm;
  readonly #random: Random;
  readonly #marks: Tally;
  readonly #say: (line: string) => void;
  /** Members and parts that are down or paused, so that each is handled by one fault at a time. */
  readonly #busy = new Set<string>();
  readonly #down = new Set<string>();
  readonly #paused = new Set<string>();
  #isOver = false;
  /** Called while the majority is down: somebody should try to write. */
  onMajorityDown: () => void = () => {};

  constructor(
    cluster: Cluster,
    swarm: ClusterSwarm,
    random: Random,
    out: { readonly marks: Tally; readonly say: (line: string) => void },
  ) {
    this.#cluster = cluster;
    this.#swarm = swarm;
    this.#random = random;
    this.#marks = out.marks;
    this.#say = out.say;
  }

  /** Injects one fault, which ends by itself. */
  async inject(): Promise<void> {
    const random = this.#random;
    const master = random.pick(this.#cluster.masters());
    const node = `node-${random.integer(0, this.#swarm.touchedNodes - 1)}`;
    const fault: ClusterFaultName = random.pick(this.#swarm.faults);
    switch (fault) {
      case 'killMaster':
        return this.#kill(fault, master, random.integer(100, 3_000));
      case 'killLeader':
        this.#marks.add('leader killed');
        return this.#kill(fault, (await this.#leader()) ?? master, random.integer(100, 3_000));
      case 'killPart':
        return this.#kill(fault, `${master}/${random.pick(parts)}`, random.integer(50, 1_500));
      case 'killMajority':
        return this.#killMajority();
      case 'pauseMaster':
        return this.#pause(fault, (random.chance(0.5) ? await this.#leader() : null) ?? master);
      case 'pausePart':
        return this.#pause(fault, `${master}/${random.pick(parts)}`);
      case 'isolateMaster':
        return this.#isolateMaster(random.chance(0.5) ? master : ((await this.#leader()) ?? master));
      case 'disturbMasters':
        return this.#disturb();
      case 'killNode':
        return this.#kill(fault, node, random.pick([300, 2_000, 9_000]));
      case 'killKubelet':
        return this.#kill(fault, `${node}/kubelet`, random.pick([300, 2_000]));
      case 'pauseNode':
        return this.#pause(fault, node);
      case 'isolateNode':
        return this.#isolate(fault, [node], this.#cluster.masters());
    }
  }

  /** Ends all faults; what is left down are at most one master and one touched node. Returns their names. */
  async heal(): Promise<string[]> {
    this.#isOver = true;
    this.#say('healed');
    await this.#cluster.heal();
    const left: string[] = [];
    for (const name of this.#paused) await this.#cluster.resume(name);
    for (const name of [...this.#cluster.masters(), ...this.#touchedNodes()]) {
      const isMaster = name.startsWith('master');
      const mayStay = isMaster ? this.#swarm.leavesMasterDown : this.#swarm.leavesNodeDown;
      if (mayStay && !left.some((other) => other.startsWith('master') === isMaster)) {
        left.push(name);
        this.injected.add(isMaster ? 'masterLeftDown' : 'nodeLeftDown');
        await this.#cluster.kill(name);
        continue;
      }
      for (const down of this.#down) {
        if (down === name || down.startsWith(`${name}/`)) await this.#cluster.restart(down);
      }
    }
    return left;
  }

  #touchedNodes(): string[] {
    return this.#cluster.nodes().slice(0, this.#swarm.touchedNodes);
  }

  async #leader(): Promise<string | null> {
    const statuses = await this.#cluster.storeStatuses();
    return statuses.find(({ role }) => role === 'leader')?.name ?? null;
  }

  #note(fault: string, detail: string): void {
    this.injected.add(fault);
    this.#say(`${fault} ${detail}`);
  }

  /** Marks it as taken by a fault; false when it, or what it is part of, is taken already. */
  #take(name: string): boolean {
    for (const other of this.#busy) {
      if (other === name || other.startsWith(`${name}/`) || name.startsWith(`${other}/`)) return false;
    }
    this.#busy.add(name);
    return true;
  }

  async #later(delayMs: number, run: () => Promise<void>): Promise<void> {
    await this.#cluster.sleep(delayMs);
    if (!this.#isOver) await run();
  }

  async #kill(fault: string, name: string, downMs: number): Promise<void> {
    if (this.#isOver || !this.#take(name)) return;
    this.#note(fault, name);
    this.#down.add(name);
    await this.#cluster.kill(name);
    await this.#later(downMs, async () => {
      this.#say(`restart ${name}`);
      this.#down.delete(name);
      await this.#cluster.restart(name);
      this.#busy.delete(name);
    });
  }

  async #killMajority(): Promise<void> {
    const random = this.#random;
    const part = random.chance(0.5) ? '/store' : '';
    const downMs = random.pick([500, 2_000, 7_000]);
    this.#marks.add('majority killed');
    const victims = random.shuffle(this.#cluster.masters()).slice(0, 2);
    const killing = victims.map((victim) => this.#kill('killMajority', `${victim}${part}`, downMs));
    this.onMajorityDown();
    await Promise.all(killing);
  }

  async #pause(fault: string, name: string): Promise<void> {
    if (this.#isOver || !this.#take(name)) return;
    this.#note(fault, name);
    this.#paused.add(name);
    await this.#cluster.pause(name);
    await this.#later(this.#random.pick([200, 1_000, 4_000]), async () => {
      this.#say(`resume ${name}`);
      this.#paused.delete(name);
      await this.#cluster.resume(name);
      this.#busy.delete(name);
    });
  }

  /** Cuts a master off from the others, and perhaps from nodes that are not to be left alone. */
  async #isolateMaster(master: string): Promise<void> {
    const others = this.#cluster.masters().filter((name) => name !== master);
    const nodes = this.#random.chance(0.5) ? this.#touchedNodes() : [];
    return this.#isolate('isolateMaster', [master], [...others, ...nodes]);
  }

  async #isolate(fault: string, group: readonly string[], others: readonly string[]): Promise<void> {
    if (this.#isOver || !this.#take('partition')) return;
    this.#note(fault, `${group.join(' ')} | ${others.join(' ')}`);
    await this.#cluster.partition(group, others);
    await this.#later(this.#random.pick([300, 2_000, 7_000]), async () => {
      this.#say('partition healed');
      await this.#cluster.partition();
      this.#busy.delete('partition');
    });
  }

  async #disturb(): Promise<void> {
    if (this.#isOver || !this.#take('disturbance')) return;
    const masters = this.#cluster.masters();
    const rule = {
      drop: this.#random.pick([0, 0.02, 0.2]),
      delayMaxMs: this.#random.pick([5, 40, 150]),
      duplicate: this.#random.pick([0, 0.2]),
      reorder: this.#random.pick([0, 0.2]),
    };
    this.#note('disturbMasters', JSON.stringify(rule));
    await this.#cluster.disturb(...masters.flatMap((from) => masters.map((to) => ({ from, to, ...rule }))));
    await this.#later(this.#random.pick([500, 3_000]), async () => {
      await this.#cluster.disturb();
      this.#busy.delete('disturbance');
    });
  }
}
