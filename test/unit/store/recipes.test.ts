/** Elections and locks on a store of one: who holds what, and what a fence lets through. */
import { expect, test } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import { singleKey } from '../../../src/mvcc/key-range.ts';
import type { LeaseId } from '../../../src/mvcc/key-value.ts';
import { Mvcc } from '../../../src/mvcc/mvcc.ts';
import { putOperation, type Transaction } from '../../../src/mvcc/transaction.ts';
import { campaign, type Fence, fenced, proclaim, readCampaign, resign } from '../../../src/store/recipes/election.ts';
import { enqueue, inspect, type LockOutcome, lockKey, readQueue, release } from '../../../src/store/recipes/lock.ts';

const one = 1 as LeaseId;
const two = 2 as LeaseId;
const three = 3 as LeaseId;

function store(): Mvcc {
  const mvcc = new Mvcc();
  for (const lease of [one, two, three]) mvcc.leaseGrant(lease, 10);
  return mvcc;
}

function run(mvcc: Mvcc, transaction: Transaction) {
  const result = mvcc.transact(transaction);
  if (result.type !== 'transaction') throw new Error(result.type);
  return { ...result, revision: mvcc.revision };
}

function campaignFor(mvcc: Mvcc, lease: LeaseId) {
  return readCampaign('office', lease, run(mvcc, campaign('office', utf8(`candidate ${lease}`), lease)));
}

function holds(mvcc: Mvcc, fence: Fence): boolean {
  return run(mvcc, fenced(fence, { compares: [], success: [putOperation('work', utf8('done'))], failure: [] }))
    .succeeded;
}

test('one candidate gets the office, the other learns who has it', () => {
  const mvcc = store();
  const first = campaignFor(mvcc, one);
  const second = campaignFor(mvcc, two);
  expect(first.type).toBe('held');
  expect(second).toMatchObject({ type: 'occupied', holder: { key: 'office', lease: one } });
});

test('a candidate whose answer was lost finds himself in office, with the same fence', () => {
  const mvcc = store();
  expect(campaignFor(mvcc, one)).toEqual(campaignFor(mvcc, one));
});

test('the end of the lease vacates the office, and the fence of the deposed holder is refused', () => {
  const mvcc = store();
  const first = campaignFor(mvcc, one);
  if (first.type !== 'held') throw new Error(first.type);
  expect(holds(mvcc, first.fence)).toBe(true);
  mvcc.leaseRevoke(one);
  expect(holds(mvcc, first.fence)).toBe(false);
  const second = campaignFor(mvcc, two);
  if (second.type !== 'held') throw new Error(second.type);
  expect(holds(mvcc, first.fence)).toBe(false);
  expect(holds(mvcc, second.fence)).toBe(true);
});

test('a proclamation keeps the fence; a late resignation of a deposed holder removes nobody', () => {
  const mvcc = store();
  const first = campaignFor(mvcc, one);
  if (first.type !== 'held') throw new Error(first.type);
  expect(run(mvcc, proclaim(first.fence, utf8('still here'), one)).succeeded).toBe(true);
  expect(holds(mvcc, first.fence)).toBe(true);
  expect(run(mvcc, resign(first.fence)).succeeded).toBe(true);
  const second = campaignFor(mvcc, two);
  if (second.type !== 'held') throw new Error(second.type);
  expect(run(mvcc, resign(first.fence)).succeeded).toBe(false);
  expect(holds(mvcc, second.fence)).toBe(true);
});

test('a lock is handed on in the order of the queue, past a waiter who gave up', () => {
  const mvcc = store();
  const join = (lease: LeaseId): LockOutcome => readQueue('lock', lease, run(mvcc, enqueue('lock', lease)).results);
  const look = (lease: LeaseId): LockOutcome => readQueue('lock', lease, run(mvcc, inspect('lock')).results);
  expect(join(one).type).toBe('held');
  expect(join(two)).toMatchObject({ type: 'waiting', behind: { key: lockKey('lock', one) } });
  expect(join(three)).toMatchObject({ type: 'waiting', behind: { key: lockKey('lock', two) } });
  run(mvcc, release('lock', two));
  expect(look(three)).toMatchObject({ type: 'waiting', behind: { key: lockKey('lock', one) } });
  run(mvcc, release('lock', one));
  expect(look(three).type).toBe('held');
});

test('joining twice keeps the place in the queue', () => {
  const mvcc = store();
  const first = readQueue('lock', one, run(mvcc, enqueue('lock', one)).results);
  run(mvcc, enqueue('lock', two));
  expect(readQueue('lock', one, run(mvcc, enqueue('lock', one)).results)).toEqual(first);
});

test('a waiter whose lease ended while he waited does not get the lock (etcd issue 11456)', () => {
  const mvcc = store();
  run(mvcc, enqueue('lock', one));
  run(mvcc, enqueue('lock', two));
  mvcc.leaseRevoke(two);
  run(mvcc, release('lock', one));
  expect(readQueue('lock', two, run(mvcc, inspect('lock')).results)).toEqual({ type: 'lost' });
});

test('the fence of a lock is the key of its holder', () => {
  const mvcc = store();
  const held = readQueue('lock', one, run(mvcc, enqueue('lock', one)).results);
  if (held.type !== 'held') throw new Error(held.type);
  expect(holds(mvcc, held.fence)).toBe(true);
  run(mvcc, {
    compares: [],
    success: [{ type: 'deleteRange', range: singleKey(held.fence.key), previous: false }],
    failure: [],
  });
  expect(holds(mvcc, held.fence)).toBe(false);
});
