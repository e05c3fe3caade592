/**
 * A deterministic universe: many hosts on one thread under a virtual clock. Every event (a turn, a batch on its way, a disk completion)
 * stands in one queue ordered by virtual time and then by insertion; every delay is drawn from the seed. Equal seeds and equal
 * calls give equal runs, which the trace hash states. The hosts are the very ones that real threads run.
 */

import type { AnyRole } from '../actor/behaviour.ts';
import type { FaultRule } from '../actor/faults.ts';
import { Host } from '../actor/host.ts';
import type { HostEvent } from '../actor/host-world.ts';
import { assert, must } from '../base/assert.ts';
import type { MonotonicMs, WallMs } from '../base/brand.ts';
import { RunningHash } from '../base/hash.ts';
import { Random } from '../base/random.ts';
import { TimerQueue } from '../base/timer-queue.ts';
import { SimulatedDisk } from './simulated-disk.ts';
import { SimulatedThread } from './simulated-thread.ts';

export interface UniverseOptions {
  readonly seed: number;
  /** One-way latency between two threads. */
  readonly latencyMinMs?: number;
  readonly latencyMaxMs?: number;
  /** How long a woken thread may wait for its turn, as on a busy processor. */
  readonly turnDelayMaxMs?: number;
  /** Wall time at the start of the universe. */
  readonly startWallMs?: number;
}

export class Universe {
  readonly seed: number;
  readonly random: Random;
  readonly trace = new RunningHash();
  /** Sees every event that a host reports, with its thread. */
  onReport: (thread: string, event: HostEvent) => void = () => {};
  readonly #options: Required<UniverseOptions>;
  readonly #events = new TimerQueue<() => void>();
  readonly #threads = new Map<string, SimulatedThread>();
  readonly #disks = new Map<string, SimulatedDisk>();
  #rules: readonly FaultRule[] = [];
  #nowMs = 0 as MonotonicMs;
  #steps = 0;
  #lastLink = 0;

  constructor(options: UniverseOptions) {
    this.#options = {
      latencyMinMs: 0.05,
      latencyMaxMs: 2,
      turnDelayMaxMs: 0.2,
      startWallMs: 1_700_000_000_000,
      ...options,
    };
    this.seed = options.seed;
    this.random = new Random(options.seed, 'universe');
  }

  /** Virtual milliseconds since the start. */
  get nowMs(): MonotonicMs {
    return this.#nowMs;
  }

  get wallMs(): WallMs {
    return (this.#options.startWallMs + this.#nowMs) as WallMs;
  }

  /** Events handled so far. */
  get steps(): number {
    return this.#steps;
  }

  threads(): readonly SimulatedThread[] {
    return [...this.#threads.values()];
  }

  thread(name: string): SimulatedThread | undefined {
    return this.#threads.get(name);
  }

  /** Starts a thread that can run actors of the given roles. A thread of that name must not be alive. */
  startThread(name: string, roles: readonly AnyRole[]): SimulatedThread {
    assert(!this.#threads.has(name), 'thread name is taken', { name });
    const thread: SimulatedThread = new SimulatedThread(name, this);
    thread.host = new Host({ thread: name, clusterSeed: this.seed, roles, world: thread });
    thread.host.setFaults(this.#rules);
    this.#threads.set(name, thread);
    return thread;
  }

  /** Opens a link in both directions; the paths are those that live on each end. */
  connect(left: string, leftPaths: readonly string[], right: string, rightPaths: readonly string[]): void {
    const [leftThread, rightThread] = [this.#mustThread(left), this.#mustThread(right)];
    this.#lastLink += 1;
    leftThread.openLink(right, this.#lastLink);
    rightThread.openLink(left, this.#lastLink);
    leftThread.host.connect(right, rightPaths);
    rightThread.host.connect(left, leftPaths);
  }

  /**
   * The thread is gone from one moment to the next, as with kill -9. Its peers learn it from their links. Unless `keepsPageCache`, its machine
   * goes with it, and with that what its disks had not synced.
   */
  killThread(name: string, { keepsPageCache = false }: { readonly keepsPageCache?: boolean } = {}): void {
    const thread = this.#threads.get(name);
    if (thread === undefined) return;
    this.#threads.delete(name);
    thread.isAlive = false;
    for (const [path, disk] of this.#disks) {
      if (thread.host.cellAt(path) === undefined) continue;
      if (keepsPageCache) disk.abandon();
      else disk.crash();
    }
    for (const peer of thread.linkedPeers()) {
      const link = thread.linkId(peer);
      this.schedule(this.random.fraction() * 3, () => this.#threads.get(peer)?.linkClosed(name, link));
    }
  }

  /** Ends one actor at once; its disk, if it has one, keeps what was durable. */
  killActor(thread: string, path: string): void {
    const known = this.#threads.get(thread);
    if (known?.host.cellAt(path) === undefined) return;
    this.#disks.get(path)?.crash();
    known.host.kill(path);
  }

  /** The thread stops where it is; what arrives waits. */
  pauseThread(name: string): void {
    const thread = this.#threads.get(name);
    if (thread !== undefined) thread.isPaused = true;
  }

  resumeThread(name: string): void {
    const thread = this.#threads.get(name);
    if (thread === undefined || !thread.isPaused) return;
    thread.isPaused = false;
    thread.wake();
  }

  setFaults(rules: readonly FaultRule[]): void {
    this.#rules = rules;
    for (const thread of this.#threads.values()) thread.host.setFaults(rules);
  }

  /** The disk of the actor at `path`, made when first asked for. */
  disk(path: string): SimulatedDisk {
    const known = this.#disks.get(path);
    if (known !== undefined) return known;
    const disk = new SimulatedDisk(new Random(this.seed, 'disk', path), (delayMs, run) => this.schedule(delayMs, run));
    this.#disks.set(path, disk);
    return disk;
  }

  schedule(delayMs: number, run: () => void): void {
    this.#events.add((this.#nowMs + delayMs) as MonotonicMs, run);
  }

  latencyMs(): number {
    const { latencyMinMs, latencyMaxMs } = this.#options;
    return latencyMinMs + (latencyMaxMs - latencyMinMs) * this.random.fraction();
  }

  turnDelayMs(): number {
    return this.#options.turnDelayMaxMs * this.random.fraction();
  }

  /** Handles the next event; returns false when nothing will ever happen again. */
  step(): boolean {
    const atMs = this.#events.nextAtMs();
    if (atMs === undefined) return false;
    this.#nowMs = Math.max(this.#nowMs, atMs) as MonotonicMs;
    const run = must(this.#events.takeDue(this.#nowMs), 'an event queue with a deadline but no event');
    this.#steps += 1;
    run();
    return true;
  }

  /** Steps until `condition` holds or `limitMs` of virtual time have passed; returns whether it holds. */
  runUntil(condition: () => boolean, limitMs: number): boolean {
    const endMs = this.#nowMs + limitMs;
    while (!condition()) {
      const atMs = this.#events.nextAtMs();
      if (atMs === undefined || atMs > endMs) {
        this.#nowMs = Math.max(this.#nowMs, endMs) as MonotonicMs;
        return condition();
      }
      this.step();
    }
    return true;
  }

  /** Lets `durationMs` of virtual time pass. */
  runFor(durationMs: number): void {
    this.runUntil(() => false, durationMs);
  }

  #mustThread(name: string): SimulatedThread {
    return must(this.#threads.get(name), `no thread ${name}`);
  }
}
