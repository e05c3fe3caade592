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
import { storeReadTimeoutMs, storeRetryMs, storeWriteTimeoutMs } from './limits.ts';

/** Given after the cache has moved: a higher revision, or complete again. */
export const cacheSignal = 'cache';

type ReplyOfType<Type extends StoreReply['type']> = Extract<StoreReply, { readonly type: Type }>;

/** Asks until there is an answer. Throws StatusError when the store refuses or the outcome is unknown. */
export function* askStore<Type extends StoreReply['type']>(
  environment: Environment,
  request: StoreRequest,
  expected: Type,
): Flow<ReplyOfType<Type>> {
  const isRead = changesNothing(request);
  const timeoutMs = isRead ? storeReadTimeoutMs : storeWriteTimeoutMs;
  for (;;) {
    const { replicas } = environment;
    const replica = replicas.current(environment.stamp.monotonicMs);
    const outcome = yield* ask<StoreProtocol['asks'], 'request'>(replica, 'request', request, timeoutMs);
    if (outcome.type === 'reply' && outcome.reply.type === expected) {
      if (outcome.reply.type === 'revision') replicas.noteLeader(replica, outcome.reply.isLeader);
      return outcome.reply as ReplyOfType<Type>;
    }
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
export function* readRevision(environment: Environment): Flow<Revision> {
  const reply = yield* askStore(environment, { type: 'readRevision' }, 'revision');
  return reply.revision;
}

/** Asks the replica in use for its revision, so that one that is cut off comes under suspicion, and the preferred one whether it is well. */
export function* probeReplicas(environment: Environment): Flow<void> {
  const { replicas } = environment;
  const { preferred } = replicas;
  if (replicas.current(environment.stamp.monotonicMs) === preferred) {
    yield* readRevision(environment);
    return;
  }
  const request: StoreRequest = { type: 'readRevision' };
  const outcome = yield* ask<StoreProtocol['asks'], 'request'>(preferred, 'request', request, storeReadTimeoutMs);
  if (outcome.type === 'reply' && outcome.reply.type === 'revision') replicas.restore();
  else yield* readRevision(environment);
}

function changesNothing(request: StoreRequest): boolean {
  if (request.type === 'transaction') return isReadOnly(request.transaction);
  return request.type === 'range' || request.type === 'readRevision' || request.type === 'status';
}
