/** Streams of other actors that are passed on to clients, one to one: the client's credit is the credit that the other actor gets. */
import type { Effect } from '../actor/effect.ts';
import type { StreamEndReason } from '../actor/failure.ts';
import type { StreamId } from '../actor/input.ts';
import type { ApiStreamItem } from '../protocol/apiserver.ts';
import type { Answer } from './answer.ts';

/** Subscriptions of relays have ids from here on; those of the store's watch lie below. */
export const relayIdMin = 1_000_000_000;

interface Relay {
  readonly stream: StreamId;
  readonly subscription: number;
}

export class Relays {
  readonly #byStream = new Map<StreamId, Relay>();
  readonly #bySubscription = new Map<number, Relay>();
  #lastSubscription = relayIdMin;

  /** Opens the other actor's stream and sends the head. The head costs one credit. */
  open(stream: StreamId, answer: Answer & { readonly type: 'relay' }, credit: number): readonly Effect[] {
    this.#lastSubscription += 1;
    const relay = { stream, subscription: this.#lastSubscription };
    this.#byStream.set(stream, relay);
    this.#bySubscription.set(relay.subscription, relay);
    const { to, body, contentType } = answer;
    const head: ApiStreamItem = { type: 'head', status: 200, contentType, headers: {} };
    return [
      { type: 'emit', stream, body: head },
      { type: 'subscribe', to, id: relay.subscription, body, credit: Math.max(0, credit - 1) },
    ];
  }

  grant(stream: StreamId, messages: number): readonly Effect[] {
    const relay = this.#byStream.get(stream);
    return relay === undefined ? [] : [{ type: 'credit', id: relay.subscription, messages }];
  }

  item(subscription: number, body: unknown): readonly Effect[] {
    const relay = this.#bySubscription.get(subscription);
    if (relay === undefined) return [];
    const { bytes } = body as { readonly bytes: Uint8Array };
    const chunk: ApiStreamItem = { type: 'chunk', bytes };
    return [{ type: 'emit', stream: relay.stream, body: chunk }];
  }

  ended(subscription: number, reason: StreamEndReason): readonly Effect[] {
    const relay = this.#bySubscription.get(subscription);
    if (relay === undefined) return [];
    this.#forget(relay);
    return [{ type: 'end', stream: relay.stream, reason }];
  }

  /** The client is gone. */
  close(stream: StreamId): readonly Effect[] {
    const relay = this.#byStream.get(stream);
    if (relay === undefined) return [];
    this.#forget(relay);
    return [{ type: 'unsubscribe', id: relay.subscription }];
  }

  #forget(relay: Relay): void {
    this.#byStream.delete(relay.stream);
    this.#bySubscription.delete(relay.subscription);
  }
}
