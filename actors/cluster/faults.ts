/** What can be done to the members of a cluster, and what has been done: kills, pauses, partitions, disturbed links. */
import type { FaultRule } from '../../src/actor/faults.ts';
import type { Assembly } from './assembly.ts';
import type { ClusterEvent } from './events.ts';
import type { Fabric } from './fabric.ts';
import { ClusterOptionsError } from './options.ts';
import { partitionRules } from './partitions.ts';
import { findTarget, membersOf, type Target } from './topology.ts';

export class Faults {
  readonly #fabric: Fabric;
  readonly #assembly: Assembly;
  readonly #tell: (event: ClusterEvent) => void;
  #partition: readonly FaultRule[] = [];
  #disturbances: readonly FaultRule[] = [];

  constructor(fabric: Fabric, assembly: Assembly, tell: (event: ClusterEvent) => void) {
    this.#fabric = fabric;
    this.#assembly = assembly;
    this.#tell = tell;
  }

  async kill(name: string): Promise<void> {
    const target = this.target(name);
    this.#tell({ type: 'killed', wallMs: this.#fabric.wallMs(), name });
    if (target.type === 'actors') {
      await this.#assembly.killActors(target.thread.name, target.paths);
      return;
    }
    await Promise.all(target.threads.map((thread) => this.#assembly.kill(thread.name)));
  }

  async pause(name: string, { forMs }: { readonly forMs?: number } = {}): Promise<void> {
    const target = this.target(name);
    if (target.type === 'actors') {
      await this.#assembly.suspendActors(target.thread.name, target.paths);
    } else {
      for (const thread of target.threads) this.#fabric.pauseThread(thread.name);
    }
    this.#tell({ type: 'paused', wallMs: this.#fabric.wallMs(), name });
    // A member may be gone for good by then.
    if (forMs !== undefined) this.#fabric.after(forMs, () => void this.resume(name).catch(() => {}));
  }

  async resume(name: string): Promise<void> {
    const target = this.target(name);
    if (target.type === 'actors') {
      await this.#assembly.resumeActors(target.thread.name, target.paths);
    } else {
      for (const thread of target.threads) this.#fabric.resumeThread(thread.name);
    }
    this.#tell({ type: 'resumed', wallMs: this.#fabric.wallMs(), name });
  }

  async restart(name: string): Promise<void> {
    const target = this.target(name);
    if (target.type === 'actors') {
      await this.#assembly.killActors(target.thread.name, target.paths);
      await this.#assembly.startActorsAgain(target.thread.name, target.paths);
    } else {
      const running = target.threads.filter((thread) => this.#assembly.isUp(thread.name));
      await Promise.all(running.map((thread) => this.#assembly.kill(thread.name)));
      this.#assembly.forgetDown(target.threads.flatMap(({ actors }) => actors.map(({ path }) => path)));
      await Promise.all(target.threads.map((thread) => this.#assembly.startAgain(thread.name)));
    }
    this.#tell({ type: 'restarted', wallMs: this.#fabric.wallMs(), name });
  }

  async partition(groups: readonly (readonly string[])[]): Promise<void> {
    for (const name of groups.flat()) this.target(name);
    this.#partition = partitionRules(groups);
    await this.#apply();
    this.#tell({ type: 'partitioned', wallMs: this.#fabric.wallMs(), groups });
  }

  async disturb(rules: readonly FaultRule[]): Promise<void> {
    this.#disturbances = rules;
    await this.#apply();
  }

  async heal(): Promise<void> {
    this.#partition = [];
    this.#disturbances = [];
    await this.#apply();
    this.#tell({ type: 'healed', wallMs: this.#fabric.wallMs() });
  }

  /** Tells whether all of it runs, as far as was done to it and anybody has noticed. */
  isRunning(name: string): boolean {
    const target = this.target(name);
    const threads = target.type === 'actors' ? [target.thread] : target.threads;
    const isUp = threads.every((thread) => this.#assembly.isUp(thread.name) && !this.#fabric.isPaused(thread.name));
    const parts =
      target.type === 'actors' ? target.paths : threads.flatMap(({ actors }) => actors.map(({ path }) => path));
    return isUp && !parts.some((path) => this.#assembly.isActorDown(path));
  }

  /** Tells whether a thread is down although nobody stopped it: it crashed, and is started again or was given up. */
  isMissing(thread: string): boolean {
    return !this.#assembly.isUp(thread) && !this.#assembly.isDownOnPurpose(thread);
  }

  /** Finds what a name means. Throws ClusterOptionsError that says what there is. */
  target(name: string): Target {
    const { topology } = this.#assembly;
    const target = findTarget(topology, name);
    if (target !== undefined) return target;
    const members = membersOf(topology);
    throw new ClusterOptionsError(
      `no member ${name}; there are ${members.join(', ')}, and parts such as ${members[0]}/store`,
    );
  }

  async #apply(): Promise<void> {
    await this.#fabric.setFaults([...this.#partition, ...this.#disturbances]);
  }
}
