/**
 * Goal: whatever the network, the disks and crashes do, the store stays one register per key that everybody agrees on.
 * Method: random groups of three under loss, doubling, reordering, partitions, crashes with torn writes, compactions and snapshots;
 * clients write unique values by compare-and-swap and read linearizably; afterwards the history is held against the watch of the survivors:
 *
 *  - every acknowledged write is there, at the revision that was answered; every write that failed for certain is not;
 *  - a read saw the value current at some moment between its call and its answer;
 *  - all replicas have equal digests, and a watch from the start on each of them equals the same history.
 */
import { expect, test } from 'vitest';
import { utf8, utf8Text } from '../../../src/base/bytes.ts';
import { Random } from '../../../src/base/random.ts';
import { everyKey, singleKey } from '../../../src/mvcc/key-range.ts';
import type { LeaseId, Revision } from '../../../src/mvcc/key-value.ts';
import { putOperation, rangeQuery } from '../../../src/mvcc/transaction.ts';
import type { RequestHandle, StoreReply, StoreRequest } from '../../../src/store/store-request.ts';
import { StoreGroup } from './store-group.ts';

const keys = ['a', 'b', 'c'];

interface Asked {
  readonly type: 'write' | 'read';
  readonly key: string;
  readonly value: string;
  /** The last revision that any client knew of when the request was made: the answer may not be older. */
  readonly knownBefore: number;
}

class Clients {
  readonly asked = new Map<RequestHandle, Asked>();
  readonly #group: StoreGroup;
  readonly #random: Random;
  readonly #versions = new Map<string, number>();
  #known = 1;
  #nextValue = 1;

  constructor(group: StoreGroup, random: Random) {
    this.#group = group;
    this.#random = random;
    group.onEffect.push((_id, effect) => {
      if (effect.type === 'reply') this.#learn(effect.handle, effect.reply);
    });
  }

  act(): void {
    const replica = this.#random.integer(1, 3);
    if (this.#group.hosts.get(replica as never)?.replica === null) return;
    const key = this.#random.pick(keys);
    const value = `v${this.#nextValue}`;
    this.#nextValue += 1;
    const type = this.#random.chance(0.6) ? 'write' : 'read';
    const request = type === 'write' ? this.#write(key, value) : this.#read(key);
    const knownBefore = this.#known;
    const handle = this.#group.ask(replica, request, 2000);
    this.asked.set(handle, { type, key, value, knownBefore });
    const reply = this.#group.replies.get(handle);
    if (reply !== undefined) this.#learn(handle, reply);
  }

  #write(key: string, value: string): StoreRequest {
    const compares = this.#random.chance(0.5)
      ? [
          {
            type: 'modRevision',
            range: singleKey(key),
            operator: '=',
            operand: this.#versions.get(key) ?? 0,
          } as const,
        ]
      : [];
    return { type: 'transaction', transaction: { compares, success: [putOperation(key, utf8(value))], failure: [] } };
  }

  #read(key: string): StoreRequest {
    return { type: 'range', query: rangeQuery(singleKey(key)), serializable: false };
  }

  #learn(handle: RequestHandle, reply: StoreReply): void {
    const asked = this.asked.get(handle);
    if (asked === undefined || reply.type === 'failed' || !('revision' in reply)) return;
    this.#known = Math.max(this.#known, reply.revision);
    if (reply.type === 'transaction' && reply.succeeded) this.#versions.set(asked.key, reply.revision);
  }
}

function disturb(group: StoreGroup, random: Random): void {
  const id = random.integer(1, 3);
  const host = group.hosts.get(id as never);
  if (random.chance(0.01)) {
    if (host?.replica === null) group.restart(id);
    else if (group.alive.length > 1) {
      group.crash(id);
      for (const other of group.alive) if (random.chance(0.7)) other.peerGone(id as never);
    }
  }
  if (random.chance(0.005)) {
    group.cut.clear();
    if (random.chance(0.7)) {
      for (const other of [1, 2, 3]) {
        if (other === id) continue;
        group.cut.add(`${id}>${other}`);
        if (random.chance(0.8)) group.cut.add(`${other}>${id}`);
      }
    }
  }
  const leader = group.leader();
  if (random.chance(0.003) && leader !== undefined) {
    group.ask(leader.id, { type: 'transferLeadership', to: id as never });
  }
}

interface Change {
  readonly key: string;
  readonly value: string;
  readonly revision: number;
}

/** The history as a watch from the beginning tells it. */
function watchHistory(group: StoreGroup, id: number): Change[] {
  const replica = group.replica(id);
  const watcher = replica.watch({ range: everyKey, startRevision: 1 as Revision });
  const changes: Change[] = [];
  for (;;) {
    const result = replica.pullWatch(watcher, 100, 1e6);
    if (result?.type !== 'events') throw new Error('cancelled');
    for (const { keyValue } of result.events) {
      changes.push({ key: keyValue.key, value: utf8Text(keyValue.value), revision: keyValue.modRevision });
    }
    if (!result.more) return changes;
  }
}

function checkWrite(asked: Asked, reply: StoreReply, byValue: ReadonlyMap<string, Change>): void {
  const change = byValue.get(asked.value);
  if (reply.type === 'transaction' && reply.succeeded) {
    expect(change).toEqual({ key: asked.key, value: asked.value, revision: reply.revision });
    expect(reply.revision).toBeGreaterThan(asked.knownBefore);
  } else if (reply.type === 'transaction' || (reply.type === 'failed' && reply.error.definite)) {
    expect(change).toBeUndefined();
  }
}

function checkRead(asked: Asked, reply: StoreReply, history: readonly Change[]): void {
  if (reply.type !== 'range') return;
  expect(reply.revision).toBeGreaterThanOrEqual(asked.knownBefore);
  const seen = reply.keyValues[0];
  const last = history.findLast(({ key, revision }) => key === asked.key && revision <= reply.revision);
  expect(seen === undefined ? undefined : utf8Text(seen.value)).toBe(last?.value);
}

function runGroup(seed: number): { acknowledged: number; snapshots: number; lost: number } {
  const random = new Random(seed, 'faults');
  const group = new StoreGroup({
    seed,
    lossChance: random.pick([0, 0.02, 0.1]),
    doubleChance: random.pick([0, 0.1]),
    delayTicksMax: random.integer(0, 3),
    diskTicksMax: random.integer(0, 4),
    settings: {
      snapshotEveryEntries: random.integer(10, 60),
      catchUpEntries: random.integer(0, 20),
      segmentBytesMax: 3000,
    },
  });
  let snapshots = 0;
  group.onEffect.push((_id, effect) => {
    if (effect.type === 'send' && effect.message.type === 'snapshotChunk') snapshots += 1;
  });
  group.untilLeader();
  const clients = new Clients(group, random);
  for (let tick = 0; tick < 600; tick += 1) {
    for (let count = random.integer(0, 2); count > 0; count -= 1) clients.act();
    disturb(group, random);
    group.step();
  }
  group.cut.clear();
  group.lossChance = 0;
  for (const [id, host] of group.hosts) if (host.replica === null) group.restart(id);
  group.run(300);
  const final = group.call(1, { type: 'readRevision' });
  expect(final.type).toBe('revision');
  group.run(30);
  const digests = [1, 2, 3].map((id) => group.call(id, { type: 'hash', revision: 0 as Revision }));
  expect(digests[1]).toEqual(digests[0]);
  expect(digests[2]).toEqual(digests[0]);
  const history = watchHistory(group, 1);
  expect(watchHistory(group, 2)).toEqual(history);
  expect(watchHistory(group, 3)).toEqual(history);
  expect(history.map(({ revision }) => revision)).toEqual(history.map((_change, index) => index + 2));
  const byValue = new Map(history.map((change) => [change.value, change]));
  const tally = { acknowledged: 0, snapshots, lost: 0 };
  for (const [handle, asked] of clients.asked) {
    const reply = group.replies.get(handle);
    if (reply === undefined) continue;
    if (asked.type === 'write') checkWrite(asked, reply, byValue);
    else checkRead(asked, reply, history);
    if (reply.type === 'transaction' && reply.succeeded) tally.acknowledged += 1;
    if (reply.type === 'failed' && reply.error.code === 'proposalDropped') tally.lost += 1;
  }
  return tally;
}

test('under faults of every sort no acknowledged write is lost, no failed one appears, and no read is stale', () => {
  const total = { acknowledged: 0, snapshots: 0, lost: 0 };
  for (let seed = 1; seed <= 12; seed += 1) {
    const tally = runGroup(seed);
    total.acknowledged += tally.acknowledged;
    total.snapshots += tally.snapshots;
    total.lost += tally.lost;
  }
  // A run in which nothing happened would prove nothing.
  expect(total.acknowledged).toBeGreaterThan(800);
  expect(total.snapshots).toBeGreaterThan(10);
  expect(total.lost).toBeGreaterThan(3);
});

test('leases never end early, end everywhere at one revision, and survive changes of leader', () => {
  for (let seed = 1; seed <= 8; seed += 1) {
    const random = new Random(seed, 'leases');
    const group = new StoreGroup({ seed, delayTicksMax: 1, diskTicksMax: 2 });
    group.untilLeader();
    const granted = group.call(1, { type: 'leaseGrant', id: 1 as LeaseId, ttlSeconds: 2 });
    expect(granted.type).toBe('leaseGranted');
    const attach = (key: string): StoreRequest => ({
      type: 'transaction',
      transaction: { compares: [], success: [putOperation(key, utf8('x'), { lease: 1 as LeaseId })], failure: [] },
    });
    group.call(2, attach('one'));
    group.call(3, attach('two'));
    let keptAtMs = group.nowMs as number;
    for (let round = 0; round < 6; round += 1) {
      if (random.chance(0.4)) {
        const { id } = group.untilLeader();
        group.crash(id);
        group.run(random.integer(1, 10));
        group.restart(id);
      }
      const sentAtMs = group.nowMs;
      const reply = group.call(random.integer(1, 3), { type: 'leaseKeepAlive', id: 1 as LeaseId }, 1500);
      if (reply.type === 'leaseKept') keptAtMs = sentAtMs;
      else expect(reply.type === 'failed' ? reply.error.code : '').toBe('timeout');
    }
    group.runUntil(() => group.alive.every((replica) => replica.status().keys === 0));
    expect(group.nowMs - keptAtMs).toBeGreaterThanOrEqual(2000);
    const revisions = [1, 2, 3].map((id) => {
      const replica = group.replica(id);
      const watcher = replica.watch({ range: everyKey, startRevision: 1 as Revision, noPut: true });
      const result = replica.pullWatch(watcher, 100, 1e6);
      return result?.type === 'events' ? result.events.map(({ keyValue }) => keyValue.modRevision) : [];
    });
    expect(new Set(revisions.flat()).size).toBe(1);
    expect(revisions.map((list) => list.length)).toEqual([2, 2, 2]);
  }
});
