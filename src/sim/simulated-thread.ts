/** One thread of a universe: the HostWorld of its host, with links that keep order and a pause that keeps everything waiting. */

import type { Host } from '../actor/host.ts';
import type { HostEvent, HostWorld } from '../actor/host-world.ts';
import type { Stamp } from '../actor/input.ts';
import { must } from '../base/assert.ts';
import type { MonotonicMs } from '../base/brand.ts';
import type { Universe } from './universe.ts';

interface SimulatedLink {
  /** Differs for each opening, so that the end of an earlier link does not close a later one. */
  readonly id: number;
  lastArrivalMs: number;
}

export class SimulatedThread implements HostWorld {
  readonly name: string;
  isAlive = true;
  isPaused = false;
  readonly #universe: Universe;
  readonly #links = new Map<string, SimulatedLink>();
  #host: Host | undefined;
  #isAwake = false;
  #wakeAtMs = Number.POSITIVE_INFINITY;

  constructor(name: string, universe: Universe) {
    this.name = name;
    this.#universe = universe;
  }

  get host(): Host {
    return must(this.#host, 'the host is set right after construction');
  }

  set host(host: Host) {
    this.#host = host;
  }

  now(): Stamp {
    return { monotonicMs: this.#universe.nowMs, wallMs: this.#universe.wallMs };
  }

  wake(): void {
    if (this.#isAwake) return;
    this.#isAwake = true;
    this.#universe.schedule(this.#universe.turnDelayMs(), () => this.#turn());
  }

  wakeAt(atMs: MonotonicMs): void {
    this.#wakeAtMs = atMs;
    this.#universe.schedule(Math.max(0, atMs - this.#universe.nowMs), () => {
      if (this.#wakeAtMs !== atMs || !this.isAlive) return;
      this.#wakeAtMs = Number.POSITIVE_INFINITY;
      this.wake();
    });
  }

  post(peer: string, batch: Uint8Array): void {
    const link = this.#links.get(peer);
    if (link === undefined) return;
    const { nowMs, trace } = this.#universe;
    // One link keeps order: a batch never arrives before the one sent before it.
    link.lastArrivalMs = Math.max(link.lastArrivalMs, nowMs + this.#universe.latencyMs());
    trace.addText(`${this.name} ${peer}`);
    trace.addNumber(nowMs);
    trace.addBytes(batch);
    const { id } = link;
    this.#universe.schedule(link.lastArrivalMs - nowMs, () =>
      this.#universe.thread(peer)?.batchArrived(this.name, id, batch),
    );
  }

  report(event: HostEvent): void {
    this.#universe.onReport(this.name, event);
  }

  openLink(peer: string, id: number): void {
    this.#links.set(peer, { id, lastArrivalMs: 0 });
  }

  linkId(peer: string): number {
    return this.#links.get(peer)?.id ?? 0;
  }

  linkedPeers(): readonly string[] {
    return [...this.#links.keys()];
  }

  batchArrived(peer: string, link: number, batch: Uint8Array): void {
    if (this.linkId(peer) === link) this.host.receive(peer, batch);
  }

  linkClosed(peer: string, link: number): void {
    if (this.linkId(peer) !== link) return;
    this.#links.delete(peer);
    this.host.disconnected(peer);
  }

  #turn(): void {
    if (!this.isAlive) return;
    this.#isAwake = false;
    if (this.isPaused) return;
    this.host.turn();
  }
}
