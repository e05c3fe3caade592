/** Logs on their way from the runtime to whoever asked the kubelet: the reader's credit is the credit that the runtime gets. */
import type { Effect } from '../../src/actor/effect.ts';
import type { StreamEndReason } from '../../src/actor/failure.ts';
import type { StreamId } from '../../src/actor/input.ts';
import { utf8 } from '../../src/base/bytes.ts';
import type { LogSource } from '../../src/kubelet/log-source.ts';
import type { KubeletLogsItem } from '../../src/protocol/kubelet.ts';

export class LogRelays {
  readonly #runtime: string;
  readonly #subscriptionOf = new Map<StreamId, number>();
  readonly #streamOf = new Map<number, StreamId>();
  #lastSubscription: number;

  /** Subscriptions of relays have ids above `subscriptionMin`. */
  constructor(runtime: string, subscriptionMin: number) {
    this.#runtime = runtime;
    this.#lastSubscription = subscriptionMin;
  }

  open(stream: StreamId, source: LogSource, credit: number): readonly Effect[] {
    if (source.type === 'refused') {
      const item: KubeletLogsItem = { bytes: utf8(`${source.message}\n`), status: source.status };
      return [
        { type: 'emit', stream, body: item },
        { type: 'end', stream, reason: 'completed' },
      ];
    }
    this.#lastSubscription += 1;
    const id = this.#lastSubscription;
    this.#subscriptionOf.set(stream, id);
    this.#streamOf.set(id, stream);
    const { containerId, options } = source;
    const body = { type: 'logs', request: { containerId, options } };
    return [{ type: 'subscribe', to: this.#runtime, id, body, credit }];
  }

  grant(stream: StreamId, messages: number): readonly Effect[] {
    const id = this.#subscriptionOf.get(stream);
    return id === undefined ? [] : [{ type: 'credit', id, messages }];
  }

  /** Returns null when the subscription is none of a relay's. */
  item(id: number, body: unknown): readonly Effect[] | null {
    const stream = this.#streamOf.get(id);
    if (stream === undefined) return null;
    const item: KubeletLogsItem = { bytes: (body as { readonly bytes: Uint8Array }).bytes, status: 200 };
    return [{ type: 'emit', stream, body: item }];
  }

  ended(id: number, reason: StreamEndReason): readonly Effect[] | null {
    const stream = this.#streamOf.get(id);
    if (stream === undefined) return null;
    this.#forget(stream, id);
    return [{ type: 'end', stream, reason }];
  }

  /** The reader is gone. */
  close(stream: StreamId): readonly Effect[] {
    const id = this.#subscriptionOf.get(stream);
    if (id === undefined) return [];
    this.#forget(stream, id);
    return [{ type: 'unsubscribe', id }];
  }

  #forget(stream: StreamId, id: number): void {
    this.#subscriptionOf.delete(stream);
    this.#streamOf.delete(id);
  }
}
