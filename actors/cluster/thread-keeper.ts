/** The top of the supervision tree: starts threads that crashed again, with growing pauses, until they crash too often. */

import { FaultRecord, restartByDefault } from '../../src/actor/supervision.ts';
import type { MonotonicMs } from '../../src/base/brand.ts';
import { Random } from '../../src/base/random.ts';
import type { Assembly } from './assembly.ts';
import type { Fabric } from './fabric.ts';

export class ThreadKeeper {
  readonly #fabric: Fabric;
  readonly #assembly: Assembly;
  readonly #random: Random;
  readonly #records = new Map<string, FaultRecord>();
  readonly #onGivenUp: (thread: string) => void;
  #isClosed = false;

  constructor(fabric: Fabric, assembly: Assembly, seed: number, onGivenUp: (thread: string) => void) {
    this.#fabric = fabric;
    this.#assembly = assembly;
    this.#random = new Random(seed, 'thread-keeper');
    this.#onGivenUp = onGivenUp;
  }

  /** A thread ended by itself, or an actor on it is beyond its own supervision: the thread is replaced. */
  crashed(thread: string): void {
    if (!this.#isKept(thread)) return;
    this.#assembly.noteCrash(thread);
    const record = this.#records.get(thread) ?? new FaultRecord(restartByDefault);
    this.#records.set(thread, record);
    const decision = record.decide(this.#fabric.monotonicMs() as MonotonicMs, this.#random);
    if (decision.type !== 'restart') {
      this.#onGivenUp(thread);
      return;
    }
    this.#fabric.after(decision.afterMs, () => {
      if (!this.#isKept(thread)) return;
      this.#assembly.startAgain(thread).catch(() => this.crashed(thread));
    });
  }

  #isKept(thread: string): boolean {
    const isPlanned = this.#assembly.topology.threads.has(thread);
    return isPlanned && !this.#isClosed && !this.#assembly.isDownOnPurpose(thread);
  }

  close(): void {
    this.#isClosed = true;
  }
}
