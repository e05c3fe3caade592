/** Kills, pauses and cuts off masters, those too that are just joining or leaving, and undoes each after a while. */
import { type Cluster, ClusterOptionsError } from '../../../actors/cluster/index.ts';
import type { Random } from '../../../src/base/random.ts';
import { Tally } from '../tally.ts';

export class MastersNemesis {
  readonly injected = new Tally();
  readonly #cluster: Cluster;
  readonly #random: Random;
  readonly #say: (line: string) => void;
  readonly #busy = new Set<string>();
  #isOver = false;

  constructor(cluster: Cluster, random: Random, say: (line: string) => void) {
    this.#cluster = cluster;
    this.#random = random;
    this.#say = say;
  }

  /** Injects one fault, which ends by itself. `next`: the name of the master that comes next, or is just coming. */
  async inject(next: string): Promise<void> {
    const random = this.#random;
    const masters = this.#cluster.masters();
    const name = random.chance(0.25) ? next : random.pick(masters);
    const part = random.chance(0.3) ? '/store' : '';
    const draw = random.fraction();
    // A majority is left now and then without a fault, or nobody could join.
    if (this.#isOver || this.#busy.size > 1 || this.#busy.has(name)) return;
    this.#busy.add(name);
    try {
      if (draw < 0.45) await this.#kill(`${name}${part}`, random.pick([20, 200, 1_500]));
      else if (draw < 0.75) await this.#pause(`${name}${part}`, random.pick([50, 400, 2_500]));
      else await this.#isolate(name, masters, random.pick([100, 800, 3_000]));
    } catch (error) {
      // It may have gone, or not have come, meanwhile.
      if (!(error instanceof ClusterOptionsError)) throw error;
    }
    this.#busy.delete(name);
  }

  /** Undoes everything. */
  async heal(): Promise<void> {
    this.#isOver = true;
    await this.#cluster.heal();
  }

  async #kill(name: string, downMs: number): Promise<void> {
    await this.#cluster.kill(name);
    this.#note('kill', name);
    await this.#cluster.sleep(downMs);
    this.#say(`restart ${name}`);
    await this.#cluster.restart(name);
  }

  async #pause(name: string, forMs: number): Promise<void> {
    await this.#cluster.pause(name);
    this.#note('pause', name);
    await this.#cluster.sleep(forMs);
    this.#say(`resume ${name}`);
    await this.#cluster.resume(name);
  }

  async #isolate(name: string, masters: readonly string[], forMs: number): Promise<void> {
    await this.#cluster.partition(
      [name],
      masters.filter((other) => other !== name),
    );
    this.#note('isolate', name);
    await this.#cluster.sleep(forMs);
    this.#say('partition healed');
    await this.#cluster.partition();
  }

  #note(fault: string, name: string): void {
    this.injected.add(fault);
    this.#say(`${fault} ${name}`);
  }
}
