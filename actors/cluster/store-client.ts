/**
 * The replicated store as user code sees it: keys, transactions, watches, leases, locks and elections, over whichever replica answers. Only
 * failures that certainly had no effect are tried again; an unknown outcome is the caller's to judge (StoreRequestError.definite).
 */
import { concatMap, from, type Observable } from 'rxjs';
import type { AskOutcome } from '../../src/actor/flow.ts';
import { utf8, utf8Text } from '../../src/base/bytes.ts';
import type { Event } from '../../src/mvcc/event.ts';
import { type KeyRange, prefixRange, singleKey } from '../../src/mvcc/key-range.ts';
import { type KeyValue, type LeaseId, noLease, type Revision } from '../../src/mvcc/key-value.ts';
import { putOperation, rangeQuery, type Transaction } from '../../src/mvcc/transaction.ts';
import type { WatchItem } from '../../src/protocol/store.ts';
import type { StoreError } from '../../src/store/store-error.ts';
import type { StoreReply, StoreRequest } from '../../src/store/store-request.ts';
import type { Bridge } from './bridge.ts';
import type { Fabric } from './fabric.ts';

/** The store refused a request, or nobody answered in time. */
export class StoreRequestError extends Error {
  readonly code: string;
  /** True when the request certainly had no effect. */
  readonly definite: boolean;

  constructor({ code, definite, message }: Pick<StoreError, 'definite' | 'message'> & { readonly code: string }) {
    super(message);
    this.name = 'StoreRequestError';
    this.code = code;
    this.definite = definite;
  }
}

export interface StoreRequestOptions {
  /** The whole request, with everything that is tried again. */
  readonly timeoutMs?: number;
  /** Path of the replica to ask; by default the one that answered last. */
  readonly replica?: string;
}

type Reply<Type extends StoreReply['type']> = Extract<StoreReply, { type: Type }>;

const requestTimeoutMs = 5_000;
/** One replica gets this long before the next one is asked; longer than an election. */
const attemptTimeoutMs = 2_000;
const retryDelayMs = 10;

export class StoreClient {
  readonly #bridge: Bridge;
  readonly #fabric: Fabric;
  readonly #replicas: () => readonly string[];
  #preferred = 0;

  constructor(bridge: Bridge, fabric: Fabric, replicas: () => readonly string[]) {
    this.#bridge = bridge;
    this.#fabric = fabric;
    this.#replicas = replicas;
  }

  /** Reads one key; undefined when it is absent. Linearizable. */
  async get(key: string, options?: StoreRequestOptions): Promise<KeyValue | undefined> {
    const { keyValues } = await this.range(singleKey(key), options);
    return keyValues[0];
  }

  /** Reads all keys of a range, ascending, at one revision. Linearizable. */
  range(range: KeyRange, options?: StoreRequestOptions): Promise<Reply<'range'>> {
    return this.request({ type: 'range', query: rangeQuery(range), serializable: false }, 'range', options);
  }

  /** Writes one key and returns the revision of the write. */
  async put(
    key: string,
    value: string | Uint8Array,
    options?: StoreRequestOptions & { lease?: LeaseId },
  ): Promise<Revision> {
    const bytes = typeof value === 'string' ? utf8(value) : value;
    const operation = putOperation(key, bytes, { lease: options?.lease ?? noLease });
    const { revision } = await this.transaction({ compares: [], success: [operation], failure: [] }, options);
    return revision;
  }

  /** Deletes one key; returns whether it was there. */
  async delete(key: string, options?: StoreRequestOptions): Promise<boolean> {
    const operation = { type: 'deleteRange', range: singleKey(key), previous: false } as const;
    const { results } = await this.transaction({ compares: [], success: [operation], failure: [] }, options);
    return results[0]?.type === 'deleteRange' && results[0].deleted > 0;
  }

  transaction(transaction: Transaction, options?: StoreRequestOptions): Promise<Reply<'transaction'>> {
    return this.request({ type: 'transaction', transaction }, 'transaction', options);
  }

  async grantLease(ttlSeconds: number, options?: StoreRequestOptions): Promise<LeaseId> {
    const request: StoreRequest = { type: 'leaseGrant', id: noLease, ttlSeconds };
    return (await this.request(request, 'leaseGranted', options)).id;
  }

  async revokeLease(id: LeaseId, options?: StoreRequestOptions): Promise<void> {
    await this.request({ type: 'leaseRevoke', id }, 'leaseRevoked', options);
  }

  async keepLease(id: LeaseId, options?: StoreRequestOptions): Promise<void> {
    await this.request({ type: 'leaseKeepAlive', id }, 'leaseKept', options);
  }

  /** The current revision, at or above that of every write acknowledged before the call. */
  async revision(options?: StoreRequestOptions): Promise<Revision> {
    return (await this.request({ type: 'readRevision' }, 'revision', options)).revision;
  }

  /**
   * Events of a range or prefix from a revision on (0: from now), in order and without gap while the replica lives. Errors with StreamEndedError
   * when it dies; go on from the last event's revision + 1.
   */
  watch(range: KeyRange | string, fromRevision = 0, options?: StoreRequestOptions): Observable<Event> {
    const watched = typeof range === 'string' ? prefixRange(range) : range;
    const request = { options: { range: watched, startRevision: fromRevision as Revision }, progressMs: 0 };
    const items = this.#bridge.stream<WatchItem>(this.#target(options), { type: 'watch', request });
    return items.pipe(concatMap((item) => eventsOf(item)));
  }

  /** Sends any request of the store; resolves with its reply, or rejects with StoreRequestError. */
  async request<Type extends StoreReply['type']>(
    request: StoreRequest,
    expected: Type,
    options: StoreRequestOptions = {},
  ): Promise<Reply<Type>> {
    return this.#fabric.drive(this.#persist(request, expected, options));
  }

  async #persist<Type extends StoreReply['type']>(
    request: StoreRequest,
    expected: Type,
    options: StoreRequestOptions,
  ): Promise<Reply<Type>> {
    const endMs = this.#fabric.monotonicMs() + (options.timeoutMs ?? requestTimeoutMs);
    for (;;) {
      const leftMs = endMs - this.#fabric.monotonicMs();
      const body = { type: 'request', request };
      const outcome = await this.#bridge.ask<StoreReply>(
        this.#target(options),
        body,
        Math.min(leftMs, attemptTimeoutMs),
      );
      const failure = failureOf(outcome);
      if (failure === null && outcome.type === 'reply') return outcome.reply as Reply<typeof expected>;
      const error = failure ?? { code: 'timeout', definite: false, message: 'no answer' };
      const mayRetry = error.code !== 'cancelled' && ((error.definite && isPassing(error.code)) || isRead(request));
      if (!mayRetry || this.#fabric.monotonicMs() + retryDelayMs >= endMs) throw new StoreRequestError(error);
      this.#preferred += 1;
      await this.#fabric.sleep(retryDelayMs);
    }
  }

  #target(options: StoreRequestOptions | undefined): string {
    const replicas = this.#replicas();
    return options?.replica ?? (replicas[this.#preferred % replicas.length] as string);
  }
}

/** Reads the text of a value. */
export function textOf(keyValue: KeyValue): string {
  return utf8Text(keyValue.value);
}

function failureOf(
  outcome: AskOutcome<StoreReply>,
): (Pick<StoreError, 'definite' | 'message'> & { code: string }) | null {
  if (outcome.type === 'reply') return outcome.reply.type === 'failed' ? outcome.reply.error : null;
  const { code, definite } = outcome.failure;
  return { code, definite, message: `the replica could not be asked: ${code}` };
}

/** Failures that another replica, or a moment later, may not give. */
function isPassing(code: string): boolean {
  return ['noLeader', 'proposalDropped', 'timeout', 'tooManyRequests', 'noSuchActor', 'mailboxFull'].includes(code);
}

function isRead(request: StoreRequest): boolean {
  return (
    request.type === 'range' ||
    request.type === 'readRevision' ||
    request.type === 'status' ||
    request.type === 'leaseList'
  );
}

function eventsOf(item: WatchItem): Observable<Event> {
  if (item.type === 'compacted')
    throw new StoreRequestError({ code: 'compacted', definite: true, message: `compacted at ${item.compactRevision}` });
  return from(item.type === 'events' ? item.events : []);
}
