/**
 * One thread's actors and the loop that runs them: take what arrived, let each actor handle its inputs one at a time, carry out the effects,
 * send one batch per peer, sleep until the next timer. The same host runs on real threads and in simulation; it reaches the world only
 * through HostWorld. docs/actor-semantics.md states what it promises.
 */
import { assert } from '../base/assert.ts';
import type { MonotonicMs } from '../base/brand.ts';
import { Random } from '../base/random.ts';
import { type CancelTimer, TimerQueue } from '../base/timer-queue.ts';
import { AskTable } from './ask-table.ts';
import type { AnyRole } from './behaviour.ts';
import type { ActorSpec, Cell } from './cell.ts';
import { type Decoded, decodeBatch } from './codec.ts';
import { type DeadLetterReason, DeadLetters } from './dead-letters.ts';
import { type Dispatch, dispatchEnvelope } from './dispatch.ts';
import type { Overflow } from './effect.ts';
import { type EffectTables, perform } from './effect-performer.ts';
import type { Envelope } from './envelope.ts';
import { FaultPlane, type FaultRule } from './faults.ts';
import type { EndReason, HostWorld } from './host-world.ts';
import type { Input, InputBody, Stamp } from './input.ts';
import type { Arrival, Kernel } from './kernel.ts';
import { Lifecycle } from './lifecycle.ts';
import { inputsPerShare, inputsPerTurn } from './limits.ts';
import { noteConsumed } from './mailbox.ts';
import type { Offer } from './outbound-link.ts';
import { PostOffice } from './post-office.ts';
import type { Protocol } from './protocol.ts';
import { StreamTable } from './stream-table.ts';
import { WatchTable } from './watch-table.ts';

export interface HostOptions {
  /** The thread's name; its first segment is the member that fault rules and people mean. */
  readonly thread: string;
  /** Every Random on this host is derived from it. */
  readonly clusterSeed: number;
  readonly roles: readonly AnyRole[];
  readonly world: HostWorld;
}

/** What a host tells of itself. */
export interface HostReport {
  readonly thread: string;
  readonly actors: readonly {
    readonly path: string;
    readonly incarnation: number;
    readonly status: string;
    readonly waiting: number;
    readonly inputs: number;
  }[];
  readonly deadLetters: Readonly<Record<string, number>>;
  readonly metrics: Readonly<Record<string, number>>;
}

interface Received {
  readonly peer: string;
  readonly batch: Uint8Array;
}

export class Host implements Kernel {
  readonly thread: string;
  readonly post: PostOffice;
  readonly deadLetters = new DeadLetters();
  readonly metrics = new Map<string, number>();
  readonly #world: HostWorld;
  readonly #faults: FaultPlane;
  readonly #life: Lifecycle;
  readonly #tables: EffectTables;
  readonly #dispatch: Dispatch;
  readonly #timers = new TimerQueue<() => void>();
  readonly #withheldDeaths = new Set<string>();
  #received: Received[] = [];
  #runnable: Cell[] = [];
  #touched: Cell[] = [];
  #stamp: Stamp;

  constructor(options: HostOptions) {
    this.thread = options.thread;
    this.#world = options.world;
    this.#faults = new FaultPlane(new Random(options.clusterSeed, options.thread, 'faults'));
    this.post = new PostOffice(options.thread, this.#faults);
    this.#stamp = options.world.now();
    const asks = new AskTable(this);
    const streams = new StreamTable(this);
    const watches = new WatchTable(this);
    const { clusterSeed, roles, world } = options;
    this.#life = new Lifecycle({
      kernel: this,
      clusterSeed,
      roles,
      asks,
      streams,
      watches,
      report: (event) => world.report(event),
      wake: () => world.wake(),
    });
    this.#tables = { asks, streams, watches, host: this };
    this.#dispatch = { kernel: this, post: this.post, asks, streams, watches };
  }

  get stamp(): Stamp {
    return this.#stamp;
  }

  // --- Life of actors -------------------------------------------------------------------------------------------------

  /** Starts an actor. Throws what its `init` threw, or InvariantError when the path is taken or the role unknown. */
  start(spec: ActorSpec): void {
    this.#refreshStamp();
    this.#life.start(spec);
    this.#world.wake();
  }

  /** Asks an actor to finish; it is ended after a grace if it does not. Unknown paths are ignored. */
  stop(path: string): void {
    this.#refreshStamp();
    this.#life.stop(path);
    this.#world.wake();
  }

  /** Tells an actor what it is started with from now on, in this life and in later ones. Unknown paths are ignored. */
  reconfigure(path: string, args: unknown): void {
    this.#refreshStamp();
    this.#life.reconfigure(path, args);
    this.#world.wake();
  }

  /** Ends an actor at once, without a word to it. Unknown paths are ignored. */
  kill(path: string): void {
    const cell = this.#life.cellAt(path);
    if (cell === undefined) return;
    this.#refreshStamp();
    this.#life.end(cell, 'killed');
    this.#world.wake();
  }

  /** Stops handling the actor's inputs; they wait. */
  suspend(path: string): void {
    const cell = this.#life.cellAt(path);
    if (cell !== undefined) cell.status = 'suspended';
  }

  resume(path: string): void {
    const cell = this.#life.cellAt(path);
    if (cell?.status !== 'suspended') return;
    cell.status = 'running';
    if (cell.mailbox.length > 0) this.#makeRunnable(cell);
    this.#world.wake();
  }

  // --- Links ----------------------------------------------------------------------------------------------------------

  /** Opens the link to the thread `peer`, on which the actors at `paths` live or will live. */
  connect(peer: string, paths: readonly string[]): void {
    assert(peer !== this.thread, 'a host does not connect to itself', { peer });
    this.#refreshStamp();
    if (this.post.isConnected(peer)) this.#buryPeer(peer);
    this.post.connect(peer, paths);
    this.#tables.watches.peerConnected(peer, paths);
    this.#world.wake();
  }

  /** The link to `peer` is gone: its thread died. Withheld while faults cut that thread off, as over a network. */
  disconnected(peer: string): void {
    this.#refreshStamp();
    if (this.#faults.isCut(peer, this.thread)) this.#withheldDeaths.add(peer);
    else this.#buryPeer(peer);
    this.#world.wake();
  }

  /** Takes a batch that the thread `peer` posted. It is handled in the next turn. */
  receive(peer: string, batch: Uint8Array): void {
    this.#received.push({ peer, batch });
    this.#world.wake();
  }

  setFaults(rules: readonly FaultRule[]): void {
    this.#refreshStamp();
    this.#faults.setRules(rules);
    for (const peer of this.#withheldDeaths) {
      if (!this.#faults.isCut(peer, this.thread)) this.#buryPeer(peer);
    }
    this.#world.wake();
  }

  // --- The turn -------------------------------------------------------------------------------------------------------

  /** Handles what waits, within the turn's budget, and flushes. Asks for another turn when something is left. */
  turn(): void {
    this.#stamp = this.#world.now();
    let budget = inputsPerTurn;
    // Messages that waited come before timers that fell due: a stalled follower hears its leader before it campaigns.
    budget = this.#settle(budget);
    this.#fireTimers();
    this.#settle(budget);
    this.#flushTouched();
    this.post.flush((peer, batch) => this.#world.post(peer, batch));
    this.#sleep();
  }

  inspect(): HostReport {
    return {
      thread: this.thread,
      actors: Array.from(this.#life.cells(), ({ self, status, mailbox, inputs }) => ({
        ...self,
        status,
        waiting: mailbox.length,
        inputs,
      })),
      deadLetters: this.deadLetters.counts(),
      metrics: Object.fromEntries(this.metrics),
    };
  }

  // --- What tables and the performer of effects use -------------------------------------------------------------------

  cellAt(path: string): Cell | undefined {
    return this.#life.cellAt(path);
  }

  routeOf(path: string): string | undefined {
    return this.#life.cellAt(path) !== undefined ? this.thread : this.post.routeOf(path);
  }

  deliver(cell: Cell, input: InputBody<Protocol>, arrival?: Arrival): void {
    const link = arrival?.link ?? null;
    const bytes = arrival?.bytes ?? 0;
    if (cell.status === 'ended' || !cell.mailbox.push({ input, link, bytes })) {
      if (link !== null) noteConsumed(link, bytes);
      if (cell.status !== 'ended') this.bury('mailboxFull', cell.self.path, link?.peer ?? this.thread, input.type);
      return;
    }
    if (cell.status === 'running') this.#makeRunnable(cell);
  }

  send(peer: string, from: string, to: string, envelope: Envelope, overflow: Overflow = 'reject'): Offer {
    return this.post.send(peer, from, to, envelope, overflow, this.#stamp.monotonicMs);
  }

  after(delayMs: number, run: () => void): CancelTimer {
    return this.#timers.add((this.#stamp.monotonicMs + delayMs) as MonotonicMs, run);
  }

  bury(reason: DeadLetterReason, to: string, from: string, type: string): void {
    this.deadLetters.add({ reason, to, from, type });
  }

  logEntry(
    cell: Cell,
    level: 'debug' | 'info' | 'warn' | 'error',
    message: string,
    fields: Readonly<Record<string, unknown>>,
  ): void {
    const entry = { wallMs: this.#stamp.wallMs, actor: cell.self.path, level, message, fields };
    if (cell.log.isFull()) cell.log.shift();
    cell.log.push(entry);
    this.#world.report({ type: 'log', entry });
  }

  end(cell: Cell, reason: EndReason): void {
    this.#life.end(cell, reason);
  }

  // --- Inside ---------------------------------------------------------------------------------------------------------

  #settle(budget: number): number {
    let left = budget;
    for (;;) {
      this.#takeReceived();
      left -= this.#drain(left);
      if (left <= 0) return 0;
      if (this.#received.length > 0 || this.#runnable.length > 0) continue;
      this.#flushTouched();
      this.post.release(this.#stamp.monotonicMs);
      const local = this.post.takeLocal();
      if (local !== null) this.#dispatchAll(this.thread, local);
      if (this.#runnable.length === 0 && this.#touched.length === 0 && local === null) return left;
    }
  }

  #takeReceived(): void {
    const received = this.#received;
    this.#received = [];
    for (const { peer, batch } of received) {
      if (!this.post.isConnected(peer)) continue;
      this.#tables.watches.heard(peer);
      this.#dispatchAll(peer, decodeBatch(batch));
    }
  }

  #dispatchAll(peer: string, decoded: readonly Decoded[]): void {
    const link = this.post.inbound(peer);
    if (link === undefined) return;
    for (const { envelope, bytes } of decoded) dispatchEnvelope(this.#dispatch, link, envelope, bytes);
  }

  /** Lets runnable actors handle up to `budget` inputs, each a share at a time; returns how many were handled. */
  #drain(budget: number): number {
    let handled = 0;
    while (this.#runnable.length > 0 && handled < budget) {
      const cells = this.#runnable;
      this.#runnable = [];
      for (const cell of cells) {
        cell.isRunnable = false;
        handled += this.#runShare(cell);
      }
    }
    return handled;
  }

  #runShare(cell: Cell): number {
    let handled = 0;
    while (handled < inputsPerShare && cell.status === 'running') {
      const queued = cell.mailbox.shift();
      if (queued === undefined) return handled;
      handled += 1;
      if (queued.link !== null) noteConsumed(queued.link, queued.bytes);
      this.#step(cell, queued.input);
    }
    if (cell.status === 'running' && cell.mailbox.length > 0) this.#makeRunnable(cell);
    return handled;
  }

  #step(cell: Cell, input: InputBody<Protocol>): void {
    cell.inputs += 1;
    if (input.type === 'timer') {
      if (cell.timers.get(input.key)?.hasFired !== true) return;
      cell.timers.delete(input.key);
    }
    try {
      // The input is ours alone, so it is stamped in place: a copy per input would cost as much as a small step.
      const stamped = Object.assign(input, this.#stamp) as Input;
      const effects = cell.role.behaviour.step(cell.state, stamped);
      for (const effect of effects) perform(this.#tables, cell, effect);
    } catch (error) {
      this.#life.fail(cell, 'step', input.type, error);
      return;
    }
    if (cell.role.behaviour.flush === undefined || cell.isTouched) return;
    cell.isTouched = true;
    this.#touched.push(cell);
  }

  #flushTouched(): void {
    const touched = this.#touched;
    this.#touched = [];
    for (const cell of touched) {
      cell.isTouched = false;
      if (cell.status !== 'running') continue;
      try {
        const effects = cell.role.behaviour.flush?.(cell.state, this.#stamp) ?? [];
        for (const effect of effects) perform(this.#tables, cell, effect);
      } catch (error) {
        this.#life.fail(cell, 'flush', 'flush', error);
      }
    }
  }

  #buryPeer(peer: string): void {
    this.#withheldDeaths.delete(peer);
    this.post.disconnect(peer);
    this.#received = this.#received.filter((received) => received.peer !== peer);
    this.#tables.asks.peerGone(peer);
    this.#tables.streams.peerGone(peer);
    this.#tables.watches.peerGone(peer);
  }

  #makeRunnable(cell: Cell): void {
    if (cell.isRunnable) return;
    cell.isRunnable = true;
    this.#runnable.push(cell);
  }

  #fireTimers(): void {
    const nowMs = this.#stamp.monotonicMs;
    for (let run = this.#timers.takeDue(nowMs); run !== undefined; run = this.#timers.takeDue(nowMs)) run();
  }

  #sleep(): void {
    if (this.#received.length > 0 || this.#runnable.length > 0 || this.#touched.length > 0) {
      this.#world.wake();
      return;
    }
    const timerAtMs = this.#timers.nextAtMs() ?? Number.POSITIVE_INFINITY;
    const atMs = Math.min(timerAtMs, this.post.nextReleaseAtMs() ?? Number.POSITIVE_INFINITY);
    if (atMs !== Number.POSITIVE_INFINITY) this.#world.wakeAt(atMs as MonotonicMs);
  }

  #refreshStamp(): void {
    this.#stamp = this.#world.now();
  }
}
