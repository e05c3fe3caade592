/** Questions to the store as flows. They find a replica that answers, and repeat what certainly had no effect until the flow's deadline. */
import { ask, type Flow, sleep, waitFor } from '../actor/flow.ts';
import { must } from '../base/assert.ts';
import { ownBytes } from '../base/bytes.ts';
import { singleKey } from '../mvcc/key-range.ts';
import type { KeyValue, Revision } from '../mvcc/key-value.ts';
import { isReadOnly, type RangeQuery, rangeQuery, type Transaction } from '../mvcc/transaction.ts';
import type { StoreProtocol } from '../protocol/store.ts';
import type { StoreReply, StoreRequest } from '../store/store-request.ts';
import type { Environment } from './environment.ts';
import { interpretSendFailure, interpretStoreError } from './interpret-store-error.ts';
import { storeAskTimeoutMs, storeRetryMs } from './limits.ts';

/** Given after the cache has moved: a higher revision, or complete again. */
export const cacheSignal = 'cache';

type ReplyOfType<Type extends StoreReply['type']> = Extract<StoreReply, { readonly type: Type }>;

/** Asks until there is an answer. Throws StatusError when the store refuses or the outcome is unknown. */
export function* askStore<Type extends StoreReply['type']>(
  environment: Environment,
  request: StoreRequest,
  expected: Type,
  timeoutMs: number = storeAskTimeoutMs,
): Flow<ReplyOfType<Type>> {
  const isRead = changesNothing(request);
  for (;;) {
    const { replicas } = environment;
    const replica = replicas.current(environment.stamp.monotonicMs);
    const outcome = yield* ask<StoreProtocol['asks'], 'request'>(replica, 'request', request, timeoutMs);
    if (outcome.type === 'reply' && outcome.reply.type === expected) return outcome.reply as ReplyOfType<Type>;
    const verdict =
      outcome.type === 'failed'
        ? interpretSendFailure(outcome.failure, isRead)
        : interpretStoreError(must(outcome.reply.type === 'failed' ? outcome.reply.error : null, expected), isRead);
    if (verdict.type === 'refuse') throw verdict.error;
    if (verdict.isReplicaSuspect) replicas.suspect(replica, environment.stamp.monotonicMs);
    yield* sleep(storeRetryMs);
  }
}

export function* transact(environment: Environment, transaction: Transaction): Flow<ReplyOfType<'transaction'>> {
  return yield* askStore(environment, { type: 'transaction', transaction }, 'transaction');
}

export function* readRange(environment: Environment, query: RangeQuery): Flow<ReplyOfType<'range'>> {
  return yield* askStore(environment, { type: 'range', query, serializable: false }, 'range');
}

/** Reads one key, linearizably. The value is owned by the caller. */
export function* readKey(environment: Environment, key: string): Flow<KeyValue | null> {
  const reply = yield* readRange(environment, rangeQuery(singleKey(key)));
  const found = reply.keyValues[0];
  return found === undefined ? null : { ...found, value: ownBytes(found.value) };
}

/** Waits until the cache is complete and has reached `revision`. */
export function* waitForCache(environment: Environment, revision: number): Flow<void> {
  const { cache } = environment;
  while (!cache.isSynced || cache.revision < revision) yield* waitFor(cacheSignal);
}

/** Returns the store's revision now: at or above that of every write acknowledged before the question. */
export function* readRevision(environment: Environment, timeoutMs: number = storeAskTimeoutMs): Flow<Revision> {
  const reply = yield* askStore(environment, { type: 'readRevision' }, 'revision', timeoutMs);
  return reply.revision;
}

function changesNothing(request: StoreRequest): boolean {
  if (request.type === 'transaction') return isReadOnly(request.transaction);
  return request.type === 'range' || request.type === 'readRevision' || request.type === 'status';
}
