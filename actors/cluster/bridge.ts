/**
 * Where user code meets actors: one actor on the main thread that asks and subscribes on behalf of Promises and Observables. What passes are
 * messages like any other, so faults and simulation apply to it.
 */
import { Observable } from 'rxjs';
import type { Role } from '../../src/actor/behaviour.ts';
import type { Effect } from '../../src/actor/effect.ts';
import { type StreamEndReason, sendFailures } from '../../src/actor/failure.ts';
import type { AskOutcome } from '../../src/actor/flow.ts';
import type { Input } from '../../src/actor/input.ts';
import type { Body } from '../../src/actor/protocol.ts';

/** A stream that ended otherwise than by having no more to say. */
export class StreamEndedError extends Error {
  readonly reason: StreamEndReason;

  constructor(to: string, reason: StreamEndReason) {
    super(`the stream from ${to} ended: ${reason}`);
    this.name = 'StreamEndedError';
    this.reason = reason;
  }
}

interface OpenStream {
  readonly to: string;
  readonly next: (item: unknown) => void;
  readonly end: (reason: StreamEndReason) => void;
}

/** Items that may be on their way to user code. */
const streamCredit = 256;

export class Bridge {
  readonly path: string;
  /** Called whenever something is handed to user code; simulation lets that code run before time goes on. */
  onDelivery: () => void = () => {};
  readonly #asks = new Map<number, (outcome: AskOutcome<never>) => void>();
  readonly #streams = new Map<number, OpenStream>();
  readonly #watches = new Map<string, Set<(input: Extract<Input, { type: 'watched' }>) => void>>();
  #emit: (effects: readonly Effect[]) => void = () => {};
  #lastId = 0;
  #state: 'open' | 'closing' | 'closed' = 'open';

  constructor(path: string) {
    this.path = path;
  }

  role(): Role {
    return {
      name: 'bridge',
      behaviour: { init: () => null, step: (_state, input) => this.#step(input) },
      ports: {
        code: (emit) => {
          this.#emit = emit;
          return { handle: () => {}, close: () => {} };
        },
      },
    };
  }

  /** Asks an actor; resolves with the reply or the failure, never rejects. */
  ask<Reply>(to: string, body: Body, timeoutMs: number): Promise<AskOutcome<Reply>> {
    if (this.#state === 'closed') return Promise.resolve({ type: 'failed', failure: sendFailures.cancelled });
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve) => {
      this.#asks.set(id, resolve as (outcome: AskOutcome<never>) => void);
      this.#emit([{ type: 'ask', to, id, body, timeoutMs }]);
    });
  }

  /** Opens a stream per subscriber. Completes when the publisher had no more; errors with StreamEndedError otherwise. */
  stream<Item>(to: string, body: Body): Observable<Item> {
    return new Observable<Item>((subscriber) => {
      this.#lastId += 1;
      const id = this.#lastId;
      this.#streams.set(id, {
        to,
        next: (item) => subscriber.next(item as Item),
        end: (reason) => {
          if (reason === 'completed' || this.#state !== 'open') subscriber.complete();
          else subscriber.error(new StreamEndedError(to, reason));
        },
      });
      this.#emit([{ type: 'subscribe', to, id, body, credit: streamCredit }]);
      return () => {
        if (this.#streams.delete(id)) this.#emit([{ type: 'unsubscribe', id }]);
      };
    });
  }

  /** Tells of the life of an actor: its status now, and each change. */
  watch(path: string): Observable<Extract<Input, { type: 'watched' }>> {
    return new Observable((subscriber) => {
      const watchers = this.#watches.get(path) ?? new Set();
      const next = (input: Extract<Input, { type: 'watched' }>): void => subscriber.next(input);
      this.#watches.set(path, watchers.add(next));
      this.#emit([
        { type: 'unwatch', path },
        { type: 'watch', path },
      ]);
      return () => {
        watchers.delete(next);
        if (watchers.size === 0) this.#emit([{ type: 'unwatch', path }]);
      };
    });
  }

  /** The cluster is ending: streams go on to their end, and whatever ends them, nothing has failed. */
  prepareToClose(): void {
    this.#state = 'closing';
  }

  /** Fails whatever user code still waits for: the cluster is gone. */
  close(): void {
    this.#state = 'closed';
    const failure = sendFailures.cancelled;
    for (const resolve of this.#asks.values()) resolve({ type: 'failed', failure });
    for (const stream of this.#streams.values()) stream.end('completed');
    this.#asks.clear();
    this.#streams.clear();
    this.#watches.clear();
    this.#emit = () => {};
  }

  #step(input: Input): readonly Effect[] {
    switch (input.type) {
      case 'io':
        return input.event as readonly Effect[];
      case 'reply':
        this.#resolve(input.id, { type: 'reply', reply: input.body as never });
        return [];
      case 'askFailed':
        this.#resolve(input.id, { type: 'failed', failure: input.failure });
        return [];
      case 'item':
        this.onDelivery();
        this.#streams.get(input.id)?.next(input.body);
        return [{ type: 'credit', id: input.id, messages: 1 }];
      case 'ended':
        this.#end(input.id, input.reason);
        return [];
      case 'watched':
        this.onDelivery();
        for (const next of this.#watches.get(input.path) ?? []) next(input);
        return [];
      default:
        return [];
    }
  }

  #resolve(id: number, outcome: AskOutcome<never>): void {
    const resolve = this.#asks.get(id);
    this.#asks.delete(id);
    this.onDelivery();
    resolve?.(outcome);
  }

  #end(id: number, reason: StreamEndReason): void {
    const stream = this.#streams.get(id);
    this.#streams.delete(id);
    this.onDelivery();
    stream?.end(reason);
  }
}
