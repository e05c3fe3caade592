/** A store of one for electors: src/mvcc behind the asks and the watch that an elector uses, with leases on the virtual clock. */
import { type Behaviour, defineRole, type Role } from '../../../src/actor/behaviour.ts';
import type { Effect } from '../../../src/actor/effect.ts';
import type { Input } from '../../../src/actor/input.ts';
import type { LeaseId } from '../../../src/mvcc/key-value.ts';
import { Mvcc } from '../../../src/mvcc/mvcc.ts';
import type { WatchRequest } from '../../../src/protocol/store.ts';
import { errorOf } from '../../../src/store/store-error.ts';
import type { StoreReply, StoreRequest } from '../../../src/store/store-request.ts';

export class ScriptedStore {
  readonly mvcc = new Mvcc();
  readonly #expiries = new Map<LeaseId, { readonly ttlMs: number; atMs: number }>();
  /** Streams that watch, with the key they watch. */
  readonly #watches = new Map<number, string>();
  #lastLease = 0;

  role(): Role {
    const behaviour: Behaviour<unknown, null> = { init: () => null, step: (_state, input) => [...this.#step(input)] };
    return defineRole({ name: 'store', behaviour });
  }

  *#step(input: Input): Generator<Effect> {
    if (input.type === 'started') yield { type: 'timer', key: 'clock', afterMs: 10 };
    if (input.type === 'timer') {
      for (const [id, lease] of this.#expiries) if (lease.atMs <= input.monotonicMs) yield* this.#end(id);
      yield { type: 'timer', key: 'clock', afterMs: 10 };
    }
    if (input.type === 'subscribed') {
      const { request } = input.body as unknown as { request: WatchRequest };
      this.#watches.set(input.stream, request.options.range.start);
      yield { type: 'emit', stream: input.stream, body: { type: 'watching', revision: this.mvcc.revision } };
      if (this.mvcc.keyspace.revision >= request.options.startRevision) yield* this.#tell(request.options.range.start);
    }
    if (input.type === 'unsubscribed') this.#watches.delete(input.stream);
    if (input.type === 'ask') {
      const { request } = input.body as unknown as { request: StoreRequest };
      if (request.type === 'leaseRevoke') yield* this.#end(request.id);
      yield { type: 'reply', request: input.request, body: this.#answer(request, input.monotonicMs) };
    }
  }

  #answer(request: StoreRequest, nowMs: number): StoreReply {
    const { mvcc } = this;
    if (request.type === 'leaseGrant') {
      this.#lastLease += 1;
      const id = this.#lastLease as LeaseId;
      mvcc.leaseGrant(id, request.ttlSeconds);
      const ttlMs = request.ttlSeconds * 1000;
      this.#expiries.set(id, { ttlMs, atMs: nowMs + ttlMs });
      return { type: 'leaseGranted', revision: mvcc.revision, id, ttlSeconds: request.ttlSeconds };
    }
    if (request.type === 'leaseKeepAlive') {
      const lease = this.#expiries.get(request.id);
      if (lease === undefined) return { type: 'failed', error: errorOf({ type: 'leaseNotFound', lease: request.id }) };
      lease.atMs = nowMs + lease.ttlMs;
      return { type: 'leaseKept', revision: mvcc.revision, ttlSeconds: lease.ttlMs / 1000 };
    }
    if (request.type === 'leaseRevoke') return { type: 'leaseRevoked', revision: mvcc.revision };
    if (request.type !== 'transaction') throw new Error(request.type);
    const result = mvcc.transact(request.transaction);
    if (result.type !== 'transaction') return { type: 'failed', error: errorOf(result) };
    return { type: 'transaction', revision: mvcc.revision, succeeded: result.succeeded, results: result.results };
  }

  *#end(id: LeaseId): Generator<Effect> {
    this.#expiries.delete(id);
    const keys = this.mvcc.leases.has(id) ? this.mvcc.leases.keysOf(id) : [];
    this.mvcc.leaseRevoke(id);
    for (const key of keys) yield* this.#tell(key);
  }

  *#tell(key: string): Generator<Effect> {
    const throughRevision = this.mvcc.revision;
    for (const [stream, watched] of this.#watches) {
      if (watched !== key) continue;
      const events = [{ type: 'delete', keyValue: { key }, previous: null }];
      yield { type: 'emit', stream, body: { type: 'events', events, throughRevision, fragment: false } };
    }
  }
}
