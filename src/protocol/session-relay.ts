/**
 * Sessions that an actor passes on, one to one, between who asked and who serves: the reader's credit becomes the credit of the next hop, an
 * ask for input becomes an ask there. It holds no bytes. Whichever side goes, the other is told.
 */
import type { Effect } from '../actor/effect.ts';
import type { StreamEndReason } from '../actor/failure.ts';
import type { RequestId, StreamId } from '../actor/input.ts';
import type { Body } from '../actor/protocol.ts';
import type { RuntimeFailure } from './runtime.ts';
import { noSession, type SessionInput, type SessionSize, sessionInputTimeoutMs } from './session.ts';

interface Relay {
  readonly stream: StreamId;
  readonly subscription: number;
  readonly sessionId: string;
  readonly to: string;
}

export class SessionRelays {
  readonly #byStream = new Map<StreamId, Relay>();
  readonly #bySubscription = new Map<number, Relay>();
  readonly #bySession = new Map<string, Relay>();
  /** Who waits for the answer to an ask of ours, and the ask that serves a request. */
  readonly #requests = new Map<number, RequestId>();
  readonly #asks = new Map<RequestId, number>();
  #lastId: number;

  /** Its subscriptions and asks have ids above `idMin`. */
  constructor(idMin: number) {
    this.#lastId = idMin;
  }

  /** How many sessions are open. */
  get size(): number {
    return this.#byStream.size;
  }

  /** `body` opens the session at `to`; `credit` is what is left of the reader's. */
  open(stream: StreamId, sessionId: string, to: string, body: Body, credit: number): readonly Effect[] {
    if (this.#bySession.has(sessionId)) return [{ type: 'end', stream, reason: 'rejected' }];
    this.#lastId += 1;
    const relay = { stream, subscription: this.#lastId, sessionId, to };
    this.#byStream.set(stream, relay);
    this.#bySubscription.set(relay.subscription, relay);
    this.#bySession.set(sessionId, relay);
    return [{ type: 'subscribe', to, id: relay.subscription, body, credit }];
  }

  grant(stream: StreamId, messages: number): readonly Effect[] {
    const relay = this.#byStream.get(stream);
    return relay === undefined ? [] : [{ type: 'credit', id: relay.subscription, messages }];
  }

  /** Returns the reader of a subscription; undefined when it is none of a relay's. */
  readerOf(subscription: number): StreamId | undefined {
    return this.#bySubscription.get(subscription)?.stream;
  }

  item(subscription: number, body: unknown): readonly Effect[] | null {
    const stream = this.readerOf(subscription);
    return stream === undefined ? null : [{ type: 'emit', stream, body }];
  }

  ended(subscription: number, reason: StreamEndReason): readonly Effect[] | null {
    const relay = this.#bySubscription.get(subscription);
    if (relay === undefined) return null;
    this.#forget(relay);
    return [{ type: 'end', stream: relay.stream, reason }];
  }

  /** The reader is gone. */
  close(stream: StreamId): readonly Effect[] {
    const relay = this.#byStream.get(stream);
    if (relay === undefined) return [];
    this.#forget(relay);
    return [{ type: 'unsubscribe', id: relay.subscription }];
  }

  input(request: RequestId, input: SessionInput): readonly Effect[] {
    const relay = this.#bySession.get(input.sessionId);
    if (relay === undefined) return [{ type: 'reply', request, body: noSession(input.sessionId) }];
    this.#lastId += 1;
    const id = this.#lastId;
    this.#requests.set(id, request);
    this.#asks.set(request, id);
    const body = { type: 'sendInput', request: input };
    return [{ type: 'ask', to: relay.to, id, body, timeoutMs: sessionInputTimeoutMs }];
  }

  resize(size: SessionSize): readonly Effect[] {
    const relay = this.#bySession.get(size.sessionId);
    if (relay === undefined) return [];
    const body = { type: 'resizeSession', message: size };
    return [{ type: 'send', to: relay.to, body, overflow: { coalesce: size.sessionId } }];
  }

  /** Takes the outcome of an ask; null when the ask is none of a relay's. */
  handle(input: SessionAnswer): readonly Effect[] | null {
    const request = this.#requests.get(input.id);
    if (request === undefined) return null;
    this.#requests.delete(input.id);
    this.#asks.delete(request);
    return [{ type: 'reply', request, body: input.type === 'reply' ? input.body : unanswered }];
  }

  /** Whoever sent the input has gone; null when the request is none of a relay's. */
  cancel(request: RequestId): readonly Effect[] | null {
    const id = this.#asks.get(request);
    if (id === undefined) return null;
    this.#asks.delete(request);
    this.#requests.delete(id);
    return [{ type: 'cancelAsk', id }];
  }

  #forget({ stream, subscription, sessionId }: Relay): void {
    this.#byStream.delete(stream);
    this.#bySubscription.delete(subscription);
    this.#bySession.delete(sessionId);
  }
}

type SessionAnswer =
  | { readonly type: 'reply'; readonly id: number; readonly body: unknown }
  | { readonly type: 'askFailed'; readonly id: number };

const unanswered: RuntimeFailure = {
  type: 'failed',
  code: 'timedOut',
  message: 'nobody took the input of the session',
};
