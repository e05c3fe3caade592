/** Makes the replies of the store out of outcomes and of its state. */

import type { MonotonicMs } from '../base/brand.ts';
import type { LeaseId } from '../mvcc/key-value.ts';
import type { Mvcc } from '../mvcc/mvcc.ts';
import type { LeaseClock } from './lease-clock.ts';
import type { CommandOutcome } from './state-machine.ts';
import { definiteError, errorOf, type StoreError } from './store-error.ts';
import type { LeaderAsk, StoreReply, StoreRequest } from './store-request.ts';

/** Requests that are answered from the state, once it is known to be recent enough. */
export type ReadRequest = Extract<
  StoreRequest,
  { readonly type: 'range' | 'transaction' | 'readRevision' | 'leaseList' | 'hash' }
>;

export function failed(error: StoreError): StoreReply {
  return { type: 'failed', error };
}

/** Turns the outcome of a command into the reply to whoever proposed it. */
export function outcomeReply({ revision, result }: CommandOutcome): StoreReply {
  switch (result.type) {
    case 'transaction':
      return { type: 'transaction', revision, succeeded: result.succeeded, results: result.results };
    case 'leaseGranted':
      return { type: 'leaseGranted', revision, id: result.id, ttlSeconds: result.ttlSeconds };
    case 'leaseRevoked':
      return { type: 'leaseRevoked', revision };
    case 'leaseCheckpointed':
      return { type: 'revision', revision, isLeader: false };
    case 'compactionDone':
      return { type: 'compacted', revision };
    default:
      return failed(errorOf(result));
  }
}

/** Answers a read from the state as it is. A transaction must be read-only. `isLeader` tells of the replica that answers. */
export function readReply(mvcc: Mvcc, request: ReadRequest, isLeader: boolean): StoreReply {
  const { revision } = mvcc;
  switch (request.type) {
    case 'range': {
      const result = mvcc.range(request.query);
      return result.type === 'range' ? { ...result, revision } : failed(errorOf(result));
    }
    case 'transaction':
      return outcomeReply({ revision, result: mvcc.transact(request.transaction) });
    case 'readRevision':
      return { type: 'revision', revision, isLeader };
    case 'leaseList': {
      const ids: LeaseId[] = mvcc.leases.all().map((lease) => lease.id);
      return { type: 'leases', revision, ids };
    }
    case 'hash': {
      const result = mvcc.hash(request.revision);
      return result.type === 'hash' ? { ...result, revision } : failed(errorOf(result));
    }
  }
}

/** Answers a question to the leader, which this replica is at the moment; a keep-alive takes effect. */
export function leaderReply(mvcc: Mvcc, clock: LeaseClock, ask: LeaderAsk, nowMs: MonotonicMs): StoreReply {
  const { revision } = mvcc;
  const lease = mvcc.leases.get(ask.id);
  const remainingMs = clock.remainingMs(ask.id, nowMs);
  const notFound = (): StoreReply => failed(definiteError('leaseNotFound', `lease ${ask.id} does not exist`));
  if (lease === null || remainingMs === null) return notFound();
  if (ask.type === 'leaseKeepAlive') {
    if (!clock.renew(ask.id, nowMs)) return notFound();
    return { type: 'leaseKept', revision, ttlSeconds: lease.ttlSeconds };
  }
  const keys = ask.withKeys ? mvcc.leases.keysOf(ask.id) : [];
  return { type: 'leaseTimeToLive', revision, grantedTtlSeconds: lease.ttlSeconds, remainingMs, keys };
}
