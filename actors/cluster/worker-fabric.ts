/** The fabric of real threads: one worker per planned thread, and the main thread as a host among them. */

import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { AnyRole } from '../../src/actor/behaviour.ts';
import type { ActorSpec } from '../../src/actor/cell.ts';
import type { FaultRule } from '../../src/actor/faults.ts';
import type { HostReport } from '../../src/actor/host.ts';
import { must } from '../../src/base/assert.ts';
import type { WallMs } from '../../src/base/brand.ts';
import { linkThreads, OwnThread, type Thread, WorkerThread } from '../runtime/thread.ts';
import type { ThreadControl } from '../runtime/thread-control.ts';
import { ThreadWorld } from '../runtime/thread-world.ts';
import type { Fabric, FabricEvents, LinkEnd, ThreadPlan } from './fabric.ts';

export interface WorkerFabricOptions extends FabricEvents {
  readonly clusterSeed: number;
  /** The name of the main thread as a host, and the roles that it offers. */
  readonly ownThread: string;
  readonly ownRoles: readonly AnyRole[];
}

/** An inspection that takes longer than this means that the thread does not answer. */
const inspectTimeoutMs = 500;

export class WorkerFabric implements Fabric {
  readonly #options: WorkerFabricOptions;
  readonly #world: ThreadWorld;
  readonly #own: OwnThread;
  readonly #workers = new Map<string, WorkerThread>();
  #rules: readonly FaultRule[] = [];
  #isObserving = false;

  constructor(options: WorkerFabricOptions) {
    this.#options = options;
    const { ownThread, ownRoles, clusterSeed } = options;
    this.#world = new ThreadWorld({
      thread: ownThread,
      clusterSeed,
      roles: ownRoles,
      report: (event) => options.onEvent(ownThread, event),
    });
    this.#own = new OwnThread(this.#world);
  }

  async startThread(plan: ThreadPlan): Promise<void> {
    const { name, entry, memoryLimitMb } = plan;
    const worker = new WorkerThread({
      name,
      entry,
      clusterSeed: this.#options.clusterSeed,
      onEvent: (event) => this.#options.onEvent(name, event),
      onExit: (exit) => {
        if (this.#workers.get(name) === worker) this.#workers.delete(name);
        if (exit.reason !== 'killed') this.#options.onCrash(name, `${exit.reason} ${exit.message}`.trim());
      },
      ...(memoryLimitMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: memoryLimitMb } }),
    });
    this.#workers.set(name, worker);
    await worker.call((control) => control.setFaults(this.#rules));
    if (this.#isObserving) await worker.call((control) => control.observe(true));
  }

  startActors(thread: string, specs: readonly ActorSpec[]): Promise<void> {
    return this.#call(thread, (control) => control.start(specs));
  }

  stopActor(thread: string, path: string): Promise<void> {
    return this.#call(thread, (control) => control.stop(path));
  }

  killActor(thread: string, path: string): Promise<void> {
    return this.#call(thread, (control) => control.kill(path));
  }

  reconfigureActor(thread: string, path: string, args: unknown): Promise<void> {
    return this.#notify(thread, (control) => control.reconfigure(path, args));
  }

  suspendActor(thread: string, path: string): Promise<void> {
    return this.#call(thread, (control) => control.suspend(path));
  }

  resumeActor(thread: string, path: string): Promise<void> {
    return this.#call(thread, (control) => control.resume(path));
  }

  async link(left: LinkEnd, right: LinkEnd): Promise<void> {
    const opened = linkThreads(
      { thread: this.#thread(left.thread), paths: left.paths },
      { thread: this.#thread(right.thread), paths: right.paths },
    );
    if (!this.isPaused(left.thread) && !this.isPaused(right.thread)) return opened;
    void opened.catch(() => {});
  }

  async killThread(name: string): Promise<void> {
    await this.#workers.get(name)?.kill();
  }

  pauseThread(name: string): void {
    this.#workers.get(name)?.pause();
  }

  resumeThread(name: string): void {
    this.#workers.get(name)?.resume();
  }

  isPaused(name: string): boolean {
    return this.#workers.get(name)?.isPaused ?? false;
  }

  threads(): readonly string[] {
    return [...this.#workers.keys()];
  }

  async setFaults(rules: readonly FaultRule[]): Promise<void> {
    this.#rules = rules;
    await this.#callAll((control) => control.setFaults(rules));
  }

  async observeMessages(enabled: boolean): Promise<void> {
    this.#isObserving = enabled;
    await this.#callAll((control) => control.observe(enabled));
  }

  async inspect(thread: string): Promise<HostReport | null> {
    const worker = this.#workers.get(thread);
    if (worker === undefined || worker.isPaused) return null;
    const silence = delay(inspectTimeoutMs, null, { ref: false });
    return Promise.race([worker.call((control) => control.inspect()).catch(() => null), silence]);
  }

  traceHash(): null {
    return null;
  }

  wallMs(): WallMs {
    return Date.now() as WallMs;
  }

  monotonicMs(): number {
    return performance.now();
  }

  sleep(durationMs: number): Promise<void> {
    return delay(durationMs);
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  }

  drive<T>(promise: Promise<T>): Promise<T> {
    return promise;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.kill()));
    this.#world.close();
  }

  #thread(name: string): Thread {
    if (name === this.#own.name) return this.#own;
    return must(this.#workers.get(name), `no thread ${name}`);
  }

  async #call<Result>(thread: string, use: (control: ThreadControl) => Result | Promise<Result>): Promise<Result> {
    return this.#thread(thread).call(use);
  }

  /** A paused thread handles the call when it runs again, before anything else. */
  async #notify(thread: string, use: (control: ThreadControl) => void | Promise<void>): Promise<void> {
    const called = this.#thread(thread).call(use);
    if (!this.isPaused(thread)) return called;
    void called.catch(() => {});
  }

  /** Calls every thread that can answer; a paused one gets what it missed before it is resumed. */
  async #callAll(use: (control: ThreadControl) => void | Promise<void>): Promise<void> {
    const workers = [...this.#workers.values()];
    const answering = workers.filter((worker) => !worker.isPaused);
    // A paused thread handles the call when it runs again; waiting for that would block whoever wants to heal it.
    for (const worker of workers.filter(({ isPaused }) => isPaused)) void worker.call(use).catch(() => {});
    await Promise.all([this.#own.call(use), ...answering.map((worker) => worker.call(use).catch(() => {}))]);
  }
}
