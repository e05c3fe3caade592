/** A store of one replica as an actor without a log: the very keyspace of the real one, answering at once. */
import { type Behaviour, defineRole, type Role } from '../../../src/actor/behaviour.ts';
import type { Effect } from '../../../src/actor/effect.ts';
import type { Input, StreamId } from '../../../src/actor/input.ts';
import { ownBytes } from '../../../src/base/bytes.ts';
import type { LeaseId } from '../../../src/mvcc/key-value.ts';
import { Mvcc } from '../../../src/mvcc/mvcc.ts';
import type { RangeQuery, Transaction } from '../../../src/mvcc/transaction.ts';
import type { WatcherId } from '../../../src/mvcc/watcher.ts';
import type { StoreProtocol } from '../../../src/protocol/store.ts';
import { readReply } from '../../../src/store/reply.ts';
import { definiteError, indefiniteError } from '../../../src/store/store-error.ts';
import type { StoreReply, StoreRequest } from '../../../src/store/store-request.ts';

export interface MemoryStore {
  mvcc: Mvcc;
  /** What the next requests are answered with instead, oldest first. */
  readonly mishaps: ('noLeader' | 'lostReply' | 'unknown')[];
  /** Withholds events from watches while true, so that caches are behind. */
  isWatchStalled: boolean;
  requests: number;
}

interface State {
  readonly streams: Map<StreamId, WatcherId>;
}

/** Several replicas may share one `MemoryStore`: they are never behind each other. */
export function memoryStoreRole(store: MemoryStore): Role {
  const behaviour: Behaviour<unknown, State, StoreProtocol> = {
    init: () => ({ streams: new Map() }),
    step: (state, input) => step(store, state, input),
    flush: (state) => flush(store, state),
  };
  return defineRole({ name: 'store', behaviour });
}

export function makeMemoryStore(): MemoryStore {
  return { mvcc: new Mvcc(), mishaps: [], isWatchStalled: false, requests: 0 };
}

function step(store: MemoryStore, state: State, input: Input<StoreProtocol>): readonly Effect[] {
  switch (input.type) {
    case 'started':
      return [{ type: 'timer', key: 'poll', afterMs: 1 }];
    case 'timer':
      return [{ type: 'timer', key: 'poll', afterMs: 1 }];
    case 'ask':
      return answer(store, input.request, input.body.request);
    case 'subscribed': {
      if (input.body.type !== 'watch') return [];
      const watcher = store.mvcc.watches.watch(input.body.request.options);
      state.streams.set(input.stream, watcher);
      return [{ type: 'emit', stream: input.stream, body: { type: 'watching', revision: store.mvcc.revision } }];
    }
    case 'unsubscribed':
      state.streams.delete(input.stream);
      return [];
    default:
      return [];
  }
}

function answer(store: MemoryStore, request: number, asked: StoreRequest): readonly Effect[] {
  store.requests += 1;
  const mishap = asked.type === 'readRevision' ? undefined : store.mishaps.shift();
  const reply = (body: StoreReply): readonly Effect[] => [{ type: 'reply', request, body }];
  if (mishap === 'noLeader') return reply({ type: 'failed', error: definiteError('noLeader', 'nobody leads') });
  if (mishap === 'unknown') return reply({ type: 'failed', error: indefiniteError('timeout', 'nobody knows') });
  const done = carryOut(store.mvcc, asked);
  return mishap === 'lostReply' ? [] : reply(done);
}

function carryOut(mvcc: Mvcc, asked: StoreRequest): StoreReply {
  switch (asked.type) {
    case 'range':
      return readReply(mvcc, { ...asked, query: asked.query satisfies RangeQuery }, true);
    case 'readRevision':
      return readReply(mvcc, asked, true);
    case 'leaseGrant': {
      const id = (mvcc.leases.all().length + 1) as LeaseId;
      mvcc.leaseGrant(id, asked.ttlSeconds);
      return { type: 'leaseGranted', revision: mvcc.revision, id, ttlSeconds: asked.ttlSeconds };
    }
    case 'transaction': {
      const result = mvcc.transact(owned(asked.transaction));
      if (result.type !== 'transaction') throw new Error(`unexpected ${result.type}`);
      return { ...result, revision: mvcc.revision };
    }
    default:
      throw new Error(`unexpected ${asked.type}`);
  }
}

function owned(transaction: Transaction): Transaction {
  const success = transaction.success.map((operation) =>
    operation.type === 'put' ? { ...operation, value: ownBytes(operation.value) } : operation,
  );
  return { ...transaction, success };
}

function flush(store: MemoryStore, state: State): readonly Effect[] {
  if (store.isWatchStalled) return [];
  const effects: Effect[] = [];
  for (const [stream, watcher] of state.streams) {
    if (!store.mvcc.watches.has(watcher)) continue;
    const pulled = store.mvcc.watches.pull(watcher, 100, 65_536);
    if (pulled.type === 'cancelled') {
      effects.push({ type: 'emit', stream, body: { type: 'compacted', compactRevision: pulled.compactRevision } });
      effects.push({ type: 'end', stream, reason: 'completed' });
      state.streams.delete(stream);
    } else if (pulled.events.length > 0) {
      const { events, throughRevision, fragment } = pulled;
      effects.push({ type: 'emit', stream, body: { type: 'events', events, throughRevision, fragment } });
    }
  }
  return effects;
}
