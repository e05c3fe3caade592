/**
 * Streams through one host, both halves. Items carry a sequence number: a subscriber that misses one ends the stream with `gap` instead of
 * going on with a hole. A publisher that emits beyond the credit it was given is cut with `overflow`.
 */
import type { Cell } from './cell.ts';
import type { Effect } from './effect.ts';
import { type Envelope, operation } from './envelope.ts';
import type { StreamEndReason } from './failure.ts';
import type { Arrival, Kernel } from './kernel.ts';

type SubscribeEffect = Extract<Effect, { type: 'subscribe' }>;
type SubscribeEnvelope = Extract<Envelope, readonly [typeof operation.subscribe, ...unknown[]]>;

interface Subscription {
  readonly cell: Cell;
  readonly id: number;
  readonly peer: string;
  readonly to: string;
  nextSequence: number;
}

interface Publication {
  readonly cell: Cell;
  readonly peer: string;
  readonly from: string;
  readonly subscription: number;
  credit: number;
  nextSequence: number;
}

export class StreamTable {
  readonly #kernel: Kernel;
  readonly #subscriptions = new Map<number, Subscription>();
  readonly #publications = new Map<number, Publication>();
  /** Per subscribing thread: its number of the subscription to the stream here. */
  readonly #streamOf = new Map<string, Map<number, number>>();
  #lastSubscription = 0;
  #lastStream = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  subscribe(cell: Cell, effect: SubscribeEffect): void {
    const peer = this.#kernel.routeOf(effect.to);
    const { path, incarnation } = cell.self;
    this.#lastSubscription += 1;
    const subscription = this.#lastSubscription;
    const envelope: Envelope = [
      operation.subscribe,
      effect.to,
      path,
      incarnation,
      subscription,
      effect.credit,
      effect.body,
    ];
    if (peer === undefined || this.#kernel.send(peer, path, effect.to, envelope) === 'rejected') {
      this.#kernel.bury(peer === undefined ? 'noRoute' : 'mailboxFull', effect.to, path, effect.body.type);
      this.#kernel.deliver(cell, { type: 'ended', id: effect.id, reason: 'noSuchActor' });
      return;
    }
    this.#subscriptions.set(subscription, { cell, id: effect.id, peer, to: effect.to, nextSequence: 0 });
    cell.subscriptions.set(effect.id, subscription);
  }

  grantCredit(cell: Cell, id: number, messages: number): void {
    const subscription = cell.subscriptions.get(id);
    const entry = subscription === undefined ? undefined : this.#subscriptions.get(subscription);
    if (entry === undefined || subscription === undefined) return;
    this.#kernel.send(entry.peer, cell.self.path, entry.to, [operation.credit, subscription, messages]);
  }

  unsubscribe(cell: Cell, id: number): void {
    const subscription = cell.subscriptions.get(id);
    if (subscription === undefined) return;
    this.#tellUnsubscribed(subscription);
    this.#forgetSubscription(subscription);
  }

  receiveSubscribe(peer: string, envelope: SubscribeEnvelope, arrival: Arrival): void {
    const [, to, from, incarnation, subscription, credit, body] = envelope;
    const cell = this.#kernel.cellAt(to);
    if (cell === undefined) {
      this.#kernel.bury('noSuchActor', to, from, body.type);
      this.#kernel.send(peer, to, from, [operation.ended, subscription, 0, 'noSuchActor']);
      return;
    }
    this.#lastStream += 1;
    const stream = this.#lastStream;
    this.#publications.set(stream, { cell, peer, from, subscription, credit, nextSequence: 0 });
    const known = this.#streamOf.get(peer) ?? new Map<number, number>();
    this.#streamOf.set(peer, known.set(subscription, stream));
    cell.streams.add(stream);
    const address = { path: from, incarnation };
    this.#kernel.deliver(cell, { type: 'subscribed', from: address, stream, credit, body: body as never }, arrival);
  }

  receiveCredit(peer: string, subscription: number, messages: number, arrival: Arrival): boolean {
    const stream = this.#streamOf.get(peer)?.get(subscription);
    const entry = stream === undefined ? undefined : this.#publications.get(stream);
    if (entry === undefined || stream === undefined) return false;
    entry.credit += messages;
    this.#kernel.deliver(entry.cell, { type: 'credit', stream, messages }, arrival);
    return true;
  }

  receiveUnsubscribe(peer: string, subscription: number): void {
    const stream = this.#streamOf.get(peer)?.get(subscription);
    const entry = stream === undefined ? undefined : this.#forgetPublication(stream);
    if (entry === undefined || stream === undefined) return;
    this.#kernel.deliver(entry.cell, { type: 'unsubscribed', stream });
  }

  emit(cell: Cell, stream: number, body: unknown): void {
    const entry = this.#publications.get(stream);
    if (entry === undefined || entry.cell !== cell) return;
    if (entry.credit === 0) {
      this.end(cell, stream, 'overflow');
      this.#kernel.deliver(cell, { type: 'unsubscribed', stream });
      return;
    }
    entry.credit -= 1;
    const envelope: Envelope = [operation.item, entry.subscription, entry.nextSequence, body];
    entry.nextSequence += 1;
    this.#kernel.send(entry.peer, cell.self.path, entry.from, envelope);
  }

  end(cell: Cell, stream: number, reason: StreamEndReason): void {
    const entry = this.#publications.get(stream);
    if (entry === undefined || entry.cell !== cell) return;
    this.#forgetPublication(stream);
    const envelope: Envelope = [operation.ended, entry.subscription, entry.nextSequence, reason];
    this.#kernel.send(entry.peer, cell.self.path, entry.from, envelope);
  }

  receiveItem(subscription: number, sequence: number, body: unknown, arrival: Arrival): boolean {
    const entry = this.#subscriptions.get(subscription);
    if (entry === undefined) return false;
    if (sequence !== entry.nextSequence) {
      this.#tellUnsubscribed(subscription);
      this.#endSubscription(subscription, 'gap');
      return false;
    }
    entry.nextSequence += 1;
    this.#kernel.deliver(entry.cell, { type: 'item', id: entry.id, body }, arrival);
    return true;
  }

  receiveEnded(subscription: number, sequence: number, reason: StreamEndReason): void {
    const entry = this.#subscriptions.get(subscription);
    if (entry === undefined) return;
    this.#endSubscription(subscription, sequence === entry.nextSequence ? reason : 'gap');
  }

  peerGone(peer: string): void {
    for (const [subscription, entry] of this.#subscriptions) {
      if (entry.peer === peer) this.#endSubscription(subscription, 'peerFailed');
    }
    for (const subscription of this.#streamOf.get(peer)?.keys() ?? []) this.receiveUnsubscribe(peer, subscription);
    this.#streamOf.delete(peer);
  }

  actorGone(cell: Cell): void {
    for (const id of cell.subscriptions.keys()) this.unsubscribe(cell, id);
    for (const stream of cell.streams) this.end(cell, stream, 'peerFailed');
  }

  #tellUnsubscribed(subscription: number): void {
    const entry = this.#subscriptions.get(subscription);
    if (entry === undefined) return;
    this.#kernel.send(entry.peer, entry.cell.self.path, entry.to, [operation.unsubscribe, subscription]);
  }

  #endSubscription(subscription: number, reason: StreamEndReason): void {
    const entry = this.#forgetSubscription(subscription);
    if (entry !== undefined) this.#kernel.deliver(entry.cell, { type: 'ended', id: entry.id, reason });
  }

  #forgetSubscription(subscription: number): Subscription | undefined {
    const entry = this.#subscriptions.get(subscription);
    if (entry === undefined) return undefined;
    this.#subscriptions.delete(subscription);
    entry.cell.subscriptions.delete(entry.id);
    return entry;
  }

  #forgetPublication(stream: number): Publication | undefined {
    const entry = this.#publications.get(stream);
    if (entry === undefined) return undefined;
    this.#publications.delete(stream);
    entry.cell.streams.delete(stream);
    this.#streamOf.get(entry.peer)?.delete(entry.subscription);
    return entry;
  }
}
