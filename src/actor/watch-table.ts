/**
 * Who watches whom. Watches are on paths and outlive both ends: a watcher is told `terminated` when the actor or its thread dies and
 * `running` when the path is taken again. A thread that answers no ping is `unresponsive` until it is heard of.
 */
import type { MonotonicMs } from '../base/brand.ts';
import type { Cell } from './cell.ts';
import { operation } from './envelope.ts';
import type { ActorStatus } from './failure.ts';
import type { Kernel } from './kernel.ts';
import { livenessPingMs, livenessTimeoutMs } from './limits.ts';

interface Interest {
  readonly watchers: Set<Cell>;
  /** False until the host of the path has answered. */
  isKnown: boolean;
  peer: string | null;
  incarnation: number;
  status: ActorStatus;
  /** What the watched host last said, to return to when the thread is heard of again. */
  statusWhenHeard: ActorStatus;
}

export class WatchTable {
  readonly #kernel: Kernel;
  /** Paths that actors here watch. */
  readonly #interests = new Map<string, Interest>();
  /** Paths here that peers watch. */
  readonly #watchedBy = new Map<string, Set<string>>();
  readonly #heardAtMs = new Map<string, MonotonicMs>();
  #isPinging = false;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  watch(cell: Cell, path: string): void {
    cell.watching.add(path);
    const known = this.#interests.get(path);
    if (known !== undefined) {
      known.watchers.add(cell);
      if (known.isKnown) this.#tell(cell, path, known);
      return;
    }
    const interest: Interest = {
      watchers: new Set([cell]),
      isKnown: false,
      peer: null,
      incarnation: 0,
      status: 'terminated',
      statusWhenHeard: 'terminated',
    };
    this.#interests.set(path, interest);
    const peer = this.#kernel.routeOf(path);
    if (peer === undefined) this.#change(path, interest, 0, 'terminated');
    else this.#askAfter(path, interest, peer);
  }

  unwatch(cell: Cell, path: string): void {
    cell.watching.delete(path);
    const interest = this.#interests.get(path);
    if (interest === undefined) return;
    interest.watchers.delete(cell);
    if (interest.watchers.size > 0) return;
    this.#interests.delete(path);
    if (interest.peer !== null) this.#kernel.send(interest.peer, this.#kernel.thread, path, [operation.unwatch, path]);
  }

  receiveWatch(peer: string, path: string): void {
    const watchers = this.#watchedBy.get(path) ?? new Set<string>();
    this.#watchedBy.set(path, watchers.add(peer));
    const cell = this.#kernel.cellAt(path);
    const status = cell === undefined ? 'terminated' : 'running';
    this.#kernel.send(peer, path, this.#kernel.thread, [operation.watched, path, cell?.self.incarnation ?? 0, status]);
  }

  receiveUnwatch(peer: string, path: string): void {
    this.#watchedBy.get(path)?.delete(peer);
  }

  receiveWatched(peer: string, path: string, incarnation: number, status: ActorStatus): void {
    const interest = this.#interests.get(path);
    if (interest === undefined || interest.peer !== peer) return;
    interest.statusWhenHeard = status;
    this.#change(path, interest, incarnation, status);
  }

  /** An actor here started or ended: its watchers learn it. */
  statusChanged(path: string, incarnation: number, status: ActorStatus): void {
    for (const peer of this.#watchedBy.get(path) ?? []) {
      this.#kernel.send(peer, path, peer, [operation.watched, path, incarnation, status]);
    }
  }

  peerConnected(peer: string, paths: readonly string[]): void {
    this.#heardAtMs.set(peer, this.#kernel.stamp.monotonicMs);
    for (const path of paths) {
      const interest = this.#interests.get(path);
      if (interest !== undefined) this.#askAfter(path, interest, peer);
    }
  }

  peerGone(peer: string): void {
    this.#heardAtMs.delete(peer);
    for (const watchers of this.#watchedBy.values()) watchers.delete(peer);
    for (const [path, interest] of this.#interests) {
      if (interest.peer !== peer) continue;
      interest.peer = null;
      interest.statusWhenHeard = 'terminated';
      this.#change(path, interest, interest.incarnation, 'terminated');
    }
  }

  actorGone(cell: Cell): void {
    for (const path of cell.watching) this.unwatch(cell, path);
  }

  /** Something arrived from `peer`. */
  heard(peer: string): void {
    if (!this.#heardAtMs.has(peer)) return;
    this.#heardAtMs.set(peer, this.#kernel.stamp.monotonicMs);
    for (const [path, interest] of this.#interests) {
      if (interest.peer !== peer || interest.status !== 'unresponsive') continue;
      this.#change(path, interest, interest.incarnation, interest.statusWhenHeard);
    }
  }

  #askAfter(path: string, interest: Interest, peer: string): void {
    interest.peer = peer;
    this.#kernel.send(peer, this.#kernel.thread, path, [operation.watch, path]);
    if (this.#isPinging || peer === this.#kernel.thread) return;
    this.#isPinging = true;
    this.#kernel.after(livenessPingMs, () => this.#ping());
  }

  #ping(): void {
    const peers = new Set([...this.#interests.values()].flatMap(({ peer }) => peer ?? []));
    peers.delete(this.#kernel.thread);
    this.#isPinging = peers.size > 0;
    if (!this.#isPinging) return;
    const nowMs = this.#kernel.stamp.monotonicMs;
    for (const peer of peers) {
      if (nowMs - (this.#heardAtMs.get(peer) ?? nowMs) >= livenessTimeoutMs) this.#markUnresponsive(peer);
      this.#kernel.send(peer, this.#kernel.thread, peer, [operation.ping]);
    }
    this.#kernel.after(livenessPingMs, () => this.#ping());
  }

  #markUnresponsive(peer: string): void {
    for (const [path, interest] of this.#interests) {
      if (interest.peer !== peer || interest.status !== 'running') continue;
      this.#change(path, interest, interest.incarnation, 'unresponsive');
    }
  }

  #change(path: string, interest: Interest, incarnation: number, status: ActorStatus): void {
    if (interest.isKnown && interest.status === status && interest.incarnation === incarnation) return;
    interest.isKnown = true;
    interest.status = status;
    interest.incarnation = incarnation;
    for (const cell of interest.watchers) this.#tell(cell, path, interest);
  }

  #tell(cell: Cell, path: string, { incarnation, status }: Interest): void {
    this.#kernel.deliver(cell, { type: 'watched', path, incarnation, status });
  }
}
