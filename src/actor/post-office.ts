/**
 * All links of one host: which peer holds which path, what waits to be sent to whom, and the faults that disturb it. Every message that
 * leaves an actor passes `send`, also to an actor of the same thread: that is the one place where links are observed and disturbed.
 */
import { must } from '../base/assert.ts';
import type { MonotonicMs } from '../base/brand.ts';
import { TimerQueue } from '../base/timer-queue.ts';
import { type Decoded, decodeBatch, encodeEnvelope } from './codec.ts';
import type { Overflow } from './effect.ts';
import { type Envelope, isControl, operation } from './envelope.ts';
import type { FaultPlane } from './faults.ts';
import type { InboundLink } from './mailbox.ts';
import { type Offer, OutboundLink } from './outbound-link.ts';

/** `bounded`: replies and stream items, which wait for credit; otherwise the overflow policy of a tell or an ask. */
export type Handling = 'control' | 'bounded' | Overflow;

interface Delayed {
  readonly peer: string;
  readonly bytes: Uint8Array;
  readonly handling: Handling;
}

/** Sees each message as it leaves: from, to, operation code, tag of the body, bytes. */
export type Observe = (from: string, to: string, envelope: Envelope, bytes: number) => void;

/** A link's window is refilled at the latest when this share of it has been consumed. */
const refillMessages = 1_024;
const refillBytes = 1024 * 1024;

export class PostOffice {
  readonly thread: string;
  observe: Observe | null = null;
  readonly #faults: FaultPlane;
  readonly #links = new Map<string, OutboundLink>();
  readonly #routes = new Map<string, string>();
  readonly #inbound = new Map<string, InboundLink>();
  readonly #delayed = new TimerQueue<Delayed>();
  /** When the last delayed message of a pair is released: later ones of the pair wait behind it. */
  readonly #releaseAtMs = new Map<string, MonotonicMs>();

  constructor(thread: string, faults: FaultPlane) {
    this.thread = thread;
    this.#faults = faults;
    this.connect(thread, []);
  }

  /** Opens the link to a peer that holds `paths`. A link that was open is forgotten with all that waited on it. */
  connect(peer: string, paths: readonly string[]): void {
    this.#links.set(peer, new OutboundLink());
    this.#inbound.set(peer, { peer, messages: 0, bytes: 0 });
    for (const path of paths) this.#routes.set(path, peer);
  }

  disconnect(peer: string): void {
    this.#links.delete(peer);
    this.#inbound.delete(peer);
  }

  isConnected(peer: string): boolean {
    return this.#links.has(peer);
  }

  peers(): readonly string[] {
    return [...this.#links.keys()].filter((peer) => peer !== this.thread);
  }

  /** The thread that holds `path`, or undefined when no open link leads there. */
  routeOf(path: string): string | undefined {
    const peer = this.#routes.get(path);
    return peer !== undefined && this.#links.has(peer) ? peer : undefined;
  }

  /** Encodes and sends one envelope; `from` and `to` are the paths (or threads) that fault rules name. */
  send(peer: string, from: string, to: string, envelope: Envelope, overflow: Overflow, nowMs: MonotonicMs): Offer {
    const bytes = encodeEnvelope(envelope);
    this.observe?.(from, to, envelope, bytes.length);
    const handling = handlingOf(envelope, overflow);
    const { copies, delayMs, reorder } = this.#faults.judge(from, to, envelope[0] === operation.tell);
    if (copies === 0) return 'taken';
    const pair = `${from} ${to}`;
    const behindMs = this.#releaseAtMs.get(pair) ?? 0;
    if (delayMs > 0 || behindMs > nowMs) {
      const atMs = (reorder ? nowMs + delayMs : Math.max(nowMs + delayMs, behindMs)) as MonotonicMs;
      if (!reorder) this.#releaseAtMs.set(pair, atMs);
      for (let copy = 0; copy < copies; copy += 1) this.#delayed.add(atMs, { peer, bytes: bytes.slice(), handling });
      return 'taken';
    }
    if (copies === 2) this.#hand(peer, bytes, handling);
    return this.#hand(peer, bytes, handling);
  }

  /** Hands delayed messages that are due to their links. */
  release(nowMs: MonotonicMs): void {
    for (let due = this.#delayed.takeDue(nowMs); due !== undefined; due = this.#delayed.takeDue(nowMs)) {
      this.#hand(due.peer, due.bytes, due.handling);
    }
    if (this.#delayed.length === 0) this.#releaseAtMs.clear();
  }

  nextReleaseAtMs(): MonotonicMs | undefined {
    return this.#delayed.nextAtMs();
  }

  /** The receiving half of the open link to `peer`; inputs that it brings refer to it until they are consumed. */
  inbound(peer: string): InboundLink | undefined {
    return this.#inbound.get(peer);
  }

  peerConsumed(peer: string, messages: number, bytes: number): void {
    this.#links.get(peer)?.consumed(messages, bytes);
  }

  /** Returns and clears what this host sent to its own actors, decoded, or null when there is nothing. */
  takeLocal(): Decoded[] | null {
    const batch = this.#takeBatch(this.thread, true);
    return batch === null ? null : decodeBatch(batch);
  }

  /** Hands each peer's batch of this turn to `post`. */
  flush(post: (peer: string, batch: Uint8Array) => void): void {
    for (const peer of this.#links.keys()) {
      if (peer === this.thread) continue;
      const batch = this.#takeBatch(peer, false);
      if (batch !== null) post(peer, batch);
    }
  }

  /** What may go to `peer` now, with a refill of its window when one is due or travels along for nothing. */
  #takeBatch(peer: string, refillAlways: boolean): Uint8Array | null {
    const link = must(this.#links.get(peer), 'no link to take a batch from');
    const inbound = must(this.#inbound.get(peer), 'a link without its receiving half');
    const isDue = inbound.messages >= refillMessages || inbound.bytes >= refillBytes;
    if (inbound.messages > 0 && (isDue || refillAlways || link.hasBatch())) {
      link.addControl(encodeEnvelope([operation.consumed, inbound.messages, inbound.bytes]));
      inbound.messages = 0;
      inbound.bytes = 0;
    }
    return link.takeBatch();
  }

  #hand(peer: string, bytes: Uint8Array, handling: Handling): Offer {
    const link = this.#links.get(peer);
    if (link === undefined) return 'taken';
    if (handling === 'control') link.addControl(bytes);
    else if (handling === 'bounded') link.addBounded(bytes);
    else return link.offer(bytes, handling);
    return 'taken';
  }
}

function handlingOf(envelope: Envelope, overflow: Overflow): Handling {
  if (isControl(envelope)) return 'control';
  if (envelope[0] === operation.tell || envelope[0] === operation.ask || envelope[0] === operation.subscribe)
    return overflow;
  return 'bounded';
}
