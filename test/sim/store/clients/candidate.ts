/**
 * A client that stands for an office and writes while it believes to hold it, each write fenced. It is paused, cut off and dozes, so that it
 * often believes in an office that it lost; the store has to refuse what it writes then.
 */
import { type Flow, sleep } from '../../../../src/actor/flow.ts';
import { utf8 } from '../../../../src/base/bytes.ts';
import type { LeaseId } from '../../../../src/mvcc/key-value.ts';
import { putOperation } from '../../../../src/mvcc/transaction.ts';
import { campaign, type Fence, fenced, readCampaign, resign } from '../../../../src/store/recipes/election.ts';
import type { FencedWrite, LeaseRecord } from '../evidence.ts';
import { type ClientContext, request } from './client.ts';
import { grantLease, keepLease } from './lease-holder.ts';

export const officeKey = 'election/office';
/** Written by holders only. */
export const workKey = 'office/work';

export function* standForOffice(context: ClientContext, id: string): Flow<void> {
  for (let term = 1; !context.isOver(); term += 1) {
    const lease = yield* grantLease(context, id, 1);
    if (lease !== null) yield* hold(context, id, term, lease);
    yield* sleep(context.random.fraction() * 200);
  }
}

function* hold(context: ClientContext, id: string, term: number, lease: LeaseRecord): Flow<void> {
  const { random, evidence } = context;
  const fence = yield* win(context, id, lease);
  if (fence === null) return;
  evidence.marks.add('office won');
  for (let number = 1; !context.isOver(); number += 1) {
    const isStanding = yield* writeFenced(context, { client: id, fence, value: `${id}-${term}-${number}` });
    if (!isStanding) return;
    if (random.chance(0.7)) yield* keepLease(context, lease);
    // A holder that dozes for longer than its lease writes again all the same.
    yield* sleep(random.chance(0.15) ? random.fraction() * 4_000 : random.fraction() * 60);
    if (!random.chance(0.05)) continue;
    yield* request(context, { type: 'transaction', transaction: resign(fence) });
    return;
  }
}

/** Campaigns until the office is won; null when the lease ends before. */
function* win(context: ClientContext, id: string, lease: LeaseRecord): Flow<Fence | null> {
  while (!context.isOver()) {
    const transaction = campaign(officeKey, utf8(id), lease.id as LeaseId);
    const answer = yield* request(context, { type: 'transaction', transaction });
    if (answer.type === 'failed' && answer.code === 'leaseNotFound') return null;
    if (answer.type === 'reply' && answer.reply.type === 'transaction') {
      const outcome = readCampaign(officeKey, lease.id as LeaseId, answer.reply);
      if (outcome.type === 'held') return outcome.fence;
    }
    yield* sleep(50 + context.random.fraction() * 200);
    if (!(yield* keepLease(context, lease)) && context.nowMs() - lease.keptAtMs > lease.ttlMs) return null;
  }
  return null;
}

/** Returns whether the holder may still believe in its office. */
function* writeFenced(context: ClientContext, what: Omit<FencedWrite, 'outcome'>): Flow<boolean> {
  const { evidence } = context;
  const write: FencedWrite = { ...what, outcome: 'pending' };
  evidence.fencedWrites.push(write);
  const put = { compares: [], success: [putOperation(workKey, utf8(what.value))], failure: [] };
  const answer = yield* request(context, { type: 'transaction', transaction: fenced(what.fence, put) });
  if (answer.type === 'failed') {
    write.outcome = answer.definite ? 'refused' : 'unknown';
    return true;
  }
  const isWritten = answer.reply.type === 'transaction' && answer.reply.succeeded;
  write.outcome = isWritten ? 'written' : 'refused';
  if (!isWritten) evidence.marks.add('fence refused');
  return isWritten;
}
