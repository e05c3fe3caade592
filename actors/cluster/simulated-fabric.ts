/**
 * The fabric of simulation: every thread is a simulated one of one universe, on this thread. Virtual time passes only while somebody waits
 * for something (`drive`), and user code runs between two events of the universe, always at the same point of the same seed.
 */

import type { AnyRole } from '../../src/actor/behaviour.ts';
import type { ActorSpec } from '../../src/actor/cell.ts';
import type { FaultRule } from '../../src/actor/faults.ts';
import type { Host, HostReport } from '../../src/actor/host.ts';
import { assert, must } from '../../src/base/assert.ts';
import type { WallMs } from '../../src/base/brand.ts';
import { Universe } from '../../src/sim/universe.ts';
import type { Fabric, FabricEvents, LinkEnd, ThreadPlan } from './fabric.ts';

export interface SimulatedFabricOptions extends FabricEvents {
  readonly universe: Universe;
  readonly ownThread: string;
  /** The roles that a thread of a given entry offers. */
  readonly rolesOf: (entry: string) => readonly AnyRole[];
  readonly ownRoles: readonly AnyRole[];
}

export class SimulatedFabric implements Fabric {
  readonly universe: Universe;
  readonly #options: SimulatedFabricOptions;
  /** Promises that user code waits for: time passes while there are any. */
  #waiting = 0;
  #isPumping = false;
  /** Something reached user code in this step, so it must run before the next one. */
  #mustDrain = true;

  constructor(options: SimulatedFabricOptions) {
    this.#options = options;
    this.universe = options.universe;
    this.universe.onReport = (thread, event) => options.onEvent(thread, event);
    this.universe.startThread(options.ownThread, options.ownRoles);
  }

  /** To be called whenever an event of the universe hands something to user code. */
  reachedUserCode(): void {
    this.#mustDrain = true;
  }

  async startThread({ name, entry }: ThreadPlan): Promise<void> {
    this.universe.startThread(name, this.#options.rolesOf(entry));
  }

  async startActors(thread: string, specs: readonly ActorSpec[]): Promise<void> {
    for (const spec of specs) this.#host(thread).start(spec);
  }

  async stopActor(thread: string, path: string): Promise<void> {
    this.#host(thread).stop(path);
  }

  async killActor(thread: string, path: string): Promise<void> {
    this.universe.killActor(thread, path);
  }

  async reconfigureActor(thread: string, path: string, args: unknown): Promise<void> {
    this.#host(thread).reconfigure(path, args);
  }

  async suspendActor(thread: string, path: string): Promise<void> {
    this.#host(thread).suspend(path);
  }

  async resumeActor(thread: string, path: string): Promise<void> {
    this.#host(thread).resume(path);
  }

  async link(left: LinkEnd, right: LinkEnd): Promise<void> {
    this.universe.connect(left.thread, left.paths, right.thread, right.paths);
  }

  async killThread(name: string): Promise<void> {
    assert(name !== this.#options.ownThread, 'the own thread cannot be killed');
    this.universe.killThread(name);
  }

  pauseThread(name: string): void {
    this.universe.pauseThread(name);
  }

  resumeThread(name: string): void {
    this.universe.resumeThread(name);
  }

  isPaused(name: string): boolean {
    return this.universe.thread(name)?.isPaused ?? false;
  }

  threads(): readonly string[] {
    return this.universe.threads().flatMap(({ name }) => (name === this.#options.ownThread ? [] : [name]));
  }

  async setFaults(rules: readonly FaultRule[]): Promise<void> {
    this.universe.setFaults(rules);
  }

  async observeMessages(enabled: boolean): Promise<void> {
    for (const { name, host } of this.universe.threads()) {
      host.post.observe = enabled
        ? (from, to, envelope, bytes) => {
            this.#options.onEvent(name, { type: 'messageSent', from, to, operation: envelope[0], body: '', bytes });
          }
        : null;
    }
  }

  async inspect(thread: string): Promise<HostReport | null> {
    const known = this.universe.thread(thread);
    return known === undefined || known.isPaused ? null : known.host.inspect();
  }

  traceHash(): string {
    return this.universe.trace.digest();
  }

  wallMs(): WallMs {
    return this.universe.wallMs;
  }

  monotonicMs(): number {
    return this.universe.nowMs;
  }

  sleep(durationMs: number): Promise<void> {
    return this.drive(
      new Promise((resolve) => {
        this.universe.schedule(durationMs, () => {
          this.#mustDrain = true;
          resolve();
        });
      }),
    );
  }

  after(delayMs: number, run: () => void): () => void {
    let isCancelled = false;
    this.universe.schedule(delayMs, () => {
      if (isCancelled) return;
      this.#mustDrain = true;
      run();
    });
    return () => {
      isCancelled = true;
    };
  }

  async drive<T>(promise: Promise<T>): Promise<T> {
    this.#waiting += 1;
    this.#mustDrain = true;
    if (!this.#isPumping) void this.#pump();
    try {
      return await promise;
    } finally {
      this.#waiting -= 1;
    }
  }

  async close(): Promise<void> {
    for (const name of this.threads()) this.universe.killThread(name);
  }

  async #pump(): Promise<void> {
    this.#isPumping = true;
    for (;;) {
      if (this.#mustDrain) {
        this.#mustDrain = false;
        // An immediate runs after all microtasks: user code has reacted to everything that reached it.
        await new Promise((resolve) => setImmediate(resolve));
        if (this.#waiting === 0) break;
        continue;
      }
      if (!this.universe.step()) break;
    }
    this.#isPumping = false;
  }

  #host(thread: string): Host {
    return must(this.universe.thread(thread), `no thread ${thread}`).host;
  }
}
