/** A client that takes leases, hangs keys on them, keeps them alive for a while, and then revokes them or falls silent. */
import { type Flow, sleep } from '../../../../src/actor/flow.ts';
import { utf8 } from '../../../../src/base/bytes.ts';
import type { LeaseId } from '../../../../src/mvcc/key-value.ts';
import { putOperation } from '../../../../src/mvcc/transaction.ts';
import type { LeaseRecord } from '../evidence.ts';
import { type ClientContext, request } from './client.ts';

export const leasePrefix = 'lease/';

export function* holdLeases(context: ClientContext, id: string): Flow<void> {
  const { random } = context;
  for (let number = 1; !context.isOver(); number += 1) {
    const record = yield* grantLease(context, id, random.integer(1, 2));
    if (record !== null) yield* useLease(context, record, `${leasePrefix}${id}/${number}`);
    yield* sleep(random.fraction() * 300);
  }
}

/** Grants a lease and writes it down; null when it is not known to exist. */
export function* grantLease(context: ClientContext, client: string, ttlSeconds: number): Flow<LeaseRecord | null> {
  const sentAtMs = context.nowMs();
  const answer = yield* request(context, { type: 'leaseGrant', id: 0 as LeaseId, ttlSeconds });
  if (answer.type === 'failed' || answer.reply.type !== 'leaseGranted') return null;
  const { id } = answer.reply;
  const record: LeaseRecord = { id, client, ttlMs: ttlSeconds * 1_000, keptAtMs: sentAtMs, isRevoked: false };
  context.evidence.leases.set(id, record);
  return record;
}

/** Renews once; returns whether the lease was said to live on. */
export function* keepLease(context: ClientContext, record: LeaseRecord): Flow<boolean> {
  const sentAtMs = context.nowMs();
  const answer = yield* request(context, { type: 'leaseKeepAlive', id: record.id as LeaseId });
  if (answer.type === 'failed') return false;
  context.evidence.marks.add('lease kept');
  record.keptAtMs = sentAtMs;
  return true;
}

function* useLease(context: ClientContext, record: LeaseRecord, key: string): Flow<void> {
  const { random } = context;
  const put = putOperation(key, utf8(key), { lease: record.id as LeaseId });
  yield* request(context, { type: 'transaction', transaction: { compares: [], success: [put], failure: [] } });
  for (let count = random.integer(0, 6); count > 0 && !context.isOver(); count -= 1) {
    yield* sleep(random.fraction() * record.ttlMs * 0.5);
    yield* keepLease(context, record);
  }
  if (random.chance(0.7)) {
    yield* sleep(random.fraction() * record.ttlMs * 1.5);
    return;
  }
  record.isRevoked = true;
  yield* request(context, { type: 'leaseRevoke', id: record.id as LeaseId });
}
