/**
 * Streams of kubelets that are passed on to clients, one to one: the client's credit, less one item for the head, is the credit that the
 * kubelet gets. The head waits for the first item, because that may be a refusal; but not for long, because a client that
 * follows a silent container wants to know that it is connected.
 */
import type { Effect } from '../actor/effect.ts';
import type { StreamEndReason } from '../actor/failure.ts';
import type { StreamId } from '../actor/input.ts';
import { StatusError, type StatusReason } from '../api/status.ts';
import { serviceUnavailable } from '../api/status-errors.ts';
import { utf8, utf8Text } from '../base/bytes.ts';
import type { ApiStreamItem } from '../protocol/apiserver.ts';
import type { KubeletLogsItem } from '../protocol/kubelet.ts';
import { type Answer, jsonContentType } from './answer.ts';
import { relayHeadMs } from './limits.ts';

/** Subscriptions of relays have ids from here on; those of the store's watch lie below. */
export const relayIdMin = 1_000_000_000;
const timerPrefix = 'relay-head:';

interface Relay {
  readonly stream: StreamId;
  readonly subscription: number;
  readonly contentType: string;
  isHeadSent: boolean;
  /** Credit of the client that is kept back for the head. */
  owed: number;
}

const reasons: Readonly<Record<number, StatusReason>> = {
  400: 'BadRequest',
  404: 'NotFound',
  503: 'ServiceUnavailable',
};

export class Relays {
  readonly #byStream = new Map<StreamId, Relay>();
  readonly #bySubscription = new Map<number, Relay>();
  #lastSubscription = relayIdMin;

  open(stream: StreamId, answer: Answer & { readonly type: 'relay' }, credit: number): readonly Effect[] {
    this.#lastSubscription += 1;
    const { to, body, contentType } = answer;
    const subscription = this.#lastSubscription;
    const owed = credit === 0 ? 1 : 0;
    const relay = { stream, subscription, contentType, isHeadSent: false, owed };
    this.#byStream.set(stream, relay);
    this.#bySubscription.set(subscription, relay);
    const timer: Effect = { type: 'timer', key: timerPrefix + stream, afterMs: relayHeadMs };
    return [{ type: 'subscribe', to, id: subscription, body, credit: Math.max(0, credit - 1) }, timer];
  }

  grant(stream: StreamId, messages: number): readonly Effect[] {
    const relay = this.#byStream.get(stream);
    if (relay === undefined) return [];
    const passed = messages - relay.owed;
    relay.owed = 0;
    return passed === 0 ? [] : [{ type: 'credit', id: relay.subscription, messages: passed }];
  }

  item(subscription: number, { bytes, status }: KubeletLogsItem): readonly Effect[] {
    const relay = this.#bySubscription.get(subscription);
    if (relay === undefined) return [];
    if (status !== 200 && !relay.isHeadSent) {
      const message = utf8Text(bytes).trim();
      return this.#refuse(relay, new StatusError(status, reasons[status] ?? 'InternalError', message));
    }
    return [...this.#head(relay), emit(relay, { type: 'chunk', bytes })];
  }

  ended(subscription: number, reason: StreamEndReason): readonly Effect[] {
    const relay = this.#bySubscription.get(subscription);
    if (relay === undefined) return [];
    if (reason !== 'completed' && !relay.isHeadSent) {
      return this.#refuse(relay, serviceUnavailable('the kubelet of the pod does not answer', 1));
    }
    const effects = this.#head(relay);
    this.#forget(relay);
    return [...effects, { type: 'end', stream: relay.stream, reason }];
  }

  /** Takes the timer of a head; null when the timer is another's. */
  timer(key: string): readonly Effect[] | null {
    if (!key.startsWith(timerPrefix)) return null;
    const relay = this.#byStream.get(Number(key.slice(timerPrefix.length)));
    return relay === undefined || relay.owed > 0 ? [] : this.#head(relay);
  }

  /** The client is gone. */
  close(stream: StreamId): readonly Effect[] {
    const relay = this.#byStream.get(stream);
    if (relay === undefined) return [];
    this.#forget(relay);
    return [{ type: 'unsubscribe', id: relay.subscription }];
  }

  #head(relay: Relay): readonly Effect[] {
    if (relay.isHeadSent) return [];
    relay.isHeadSent = true;
    return [emit(relay, { type: 'head', status: 200, contentType: relay.contentType, headers: {} })];
  }

  /** The stream is a response with a Status. */
  #refuse(relay: Relay, { status }: StatusError): readonly Effect[] {
    this.#forget(relay);
    return [
      { type: 'unsubscribe', id: relay.subscription },
      emit(relay, { type: 'head', status: status.code, contentType: jsonContentType, headers: {} }),
      emit(relay, { type: 'chunk', bytes: utf8(JSON.stringify(status)) }),
      { type: 'end', stream: relay.stream, reason: 'completed' },
    ];
  }

  #forget(relay: Relay): void {
    this.#byStream.delete(relay.stream);
    this.#bySubscription.delete(relay.subscription);
  }
}

function emit({ stream }: Relay, body: ApiStreamItem): Effect {
  return { type: 'emit', stream, body };
}
