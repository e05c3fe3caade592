/**
 * Asks under way through one host, both halves: what actors here have asked (until the reply, a failure or the deadline), and what they
 * were asked (until they answer or the asker is gone). Every ask ends in exactly one outcome.
 */
import type { CancelTimer } from '../base/timer-queue.ts';
import type { Cell } from './cell.ts';
import type { Effect } from './effect.ts';
import { type Envelope, operation } from './envelope.ts';
import { type SendFailureCode, sendFailures } from './failure.ts';
import type { Arrival, Kernel } from './kernel.ts';

type AskEffect = Extract<Effect, { type: 'ask' }>;
type AskEnvelope = Extract<Envelope, readonly [typeof operation.ask, ...unknown[]]>;

interface Outstanding {
  readonly cell: Cell;
  /** The number by which the asking actor knows it. */
  readonly id: number;
  readonly peer: string;
  readonly to: string;
  readonly cancelDeadline: CancelTimer;
}

interface Request {
  readonly cell: Cell;
  readonly peer: string;
  readonly from: string;
  readonly askId: number;
}

export class AskTable {
  readonly #kernel: Kernel;
  readonly #outstanding = new Map<number, Outstanding>();
  readonly #requests = new Map<number, Request>();
  /** Per asking thread: its number of the ask to the request here. */
  readonly #requestOf = new Map<string, Map<number, number>>();
  #lastAsk = 0;
  #lastRequest = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  ask(cell: Cell, effect: AskEffect): void {
    const peer = this.#kernel.routeOf(effect.to);
    if (peer === undefined) return this.#refuse(cell, effect, 'noSuchActor');
    this.#lastAsk += 1;
    const askId = this.#lastAsk;
    const { path, incarnation } = cell.self;
    const envelope: Envelope = [operation.ask, effect.to, path, incarnation, askId, effect.timeoutMs, effect.body];
    if (this.#kernel.send(peer, path, effect.to, envelope) === 'rejected')
      return this.#refuse(cell, effect, 'mailboxFull');
    const cancelDeadline = this.#kernel.after(effect.timeoutMs, () => {
      this.#cancel(askId);
      this.#fail(askId, 'deadlineExceeded');
    });
    this.#outstanding.set(askId, { cell, id: effect.id, peer, to: effect.to, cancelDeadline });
    cell.asks.set(effect.id, askId);
  }

  /** The actor no longer wants the answer to its ask `id`. */
  cancelAsk(cell: Cell, id: number): void {
    const askId = cell.asks.get(id);
    if (askId === undefined) return;
    this.#cancel(askId);
    this.#forget(askId);
  }

  receiveAsk(peer: string, envelope: AskEnvelope, arrival: Arrival): void {
    const [, to, from, incarnation, askId, timeoutMs, body] = envelope;
    const cell = this.#kernel.cellAt(to);
    if (cell === undefined) {
      this.#kernel.bury('noSuchActor', to, from, body.type);
      this.#kernel.send(peer, to, from, [operation.askFailed, askId, 'noSuchActor']);
      return;
    }
    this.#lastRequest += 1;
    const request = this.#lastRequest;
    this.#requests.set(request, { cell, peer, from, askId });
    const known = this.#requestOf.get(peer) ?? new Map<number, number>();
    this.#requestOf.set(peer, known.set(askId, request));
    cell.requests.add(request);
    const address = { path: from, incarnation };
    this.#kernel.deliver(cell, { type: 'ask', from: address, request, timeoutMs, body: body as never }, arrival);
  }

  reply(cell: Cell, request: number, body: unknown): void {
    const entry = this.#takeRequest(request);
    if (entry === undefined) {
      this.#kernel.bury('lateReply', '', cell.self.path, 'reply');
      return;
    }
    this.#kernel.send(entry.peer, cell.self.path, entry.from, [operation.reply, entry.askId, body]);
  }

  receiveReply(askId: number, body: unknown, arrival: Arrival): boolean {
    const entry = this.#forget(askId);
    if (entry === undefined) return false;
    this.#kernel.deliver(entry.cell, { type: 'reply', id: entry.id, body }, arrival);
    return true;
  }

  receiveFailure(askId: number, code: SendFailureCode): void {
    this.#fail(askId, code);
  }

  receiveCancel(peer: string, askId: number): void {
    const request = this.#requestOf.get(peer)?.get(askId);
    if (request === undefined) return;
    const entry = this.#takeRequest(request);
    if (entry !== undefined) this.#kernel.deliver(entry.cell, { type: 'cancelled', request });
  }

  /** The thread is gone: nobody answers what it was asked, nobody waits for what it asked. */
  peerGone(peer: string): void {
    for (const [askId, entry] of this.#outstanding) if (entry.peer === peer) this.#fail(askId, 'peerFailed');
    for (const askId of this.#requestOf.get(peer)?.keys() ?? []) this.receiveCancel(peer, askId);
    this.#requestOf.delete(peer);
  }

  /** The actor is gone: its asks are cancelled, and whoever asked it learns that it failed. */
  actorGone(cell: Cell): void {
    for (const askId of cell.asks.values()) {
      this.#cancel(askId);
      this.#forget(askId);
    }
    for (const request of cell.requests) {
      const entry = this.#takeRequest(request);
      if (entry === undefined) continue;
      this.#kernel.send(entry.peer, cell.self.path, entry.from, [operation.askFailed, entry.askId, 'peerFailed']);
    }
  }

  #refuse(cell: Cell, effect: AskEffect, code: SendFailureCode): void {
    this.#kernel.bury(code === 'mailboxFull' ? 'mailboxFull' : 'noRoute', effect.to, cell.self.path, effect.body.type);
    this.#kernel.deliver(cell, { type: 'askFailed', id: effect.id, failure: sendFailures[code] });
  }

  #fail(askId: number, code: SendFailureCode): void {
    const entry = this.#forget(askId);
    if (entry === undefined) return;
    this.#kernel.deliver(entry.cell, { type: 'askFailed', id: entry.id, failure: sendFailures[code] });
  }

  #cancel(askId: number): void {
    const entry = this.#outstanding.get(askId);
    if (entry !== undefined) this.#kernel.send(entry.peer, entry.cell.self.path, entry.to, [operation.cancel, askId]);
  }

  #forget(askId: number): Outstanding | undefined {
    const entry = this.#outstanding.get(askId);
    if (entry === undefined) return undefined;
    this.#outstanding.delete(askId);
    entry.cell.asks.delete(entry.id);
    entry.cancelDeadline();
    return entry;
  }

  #takeRequest(request: number): Request | undefined {
    const entry = this.#requests.get(request);
    if (entry === undefined) return undefined;
    this.#requests.delete(request);
    entry.cell.requests.delete(request);
    this.#requestOf.get(entry.peer)?.delete(entry.askId);
    return entry;
  }
}
