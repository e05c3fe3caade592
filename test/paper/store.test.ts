/**
 * Goal: what etcd promises about reads and writes, and the defects of a replicated store that etcd and Jepsen found, hold here.
 * Method: one test for each, named by its sentence or number, on a simulated group.
 */
import { expect, test } from 'vitest';
import type { MonotonicMs } from '../../src/base/brand.ts';
import { utf8, utf8Text } from '../../src/base/bytes.ts';
import { Random } from '../../src/base/random.ts';
import { everyKey, singleKey } from '../../src/mvcc/key-range.ts';
import type { LeaseId, Revision } from '../../src/mvcc/key-value.ts';
import { putOperation, rangeQuery } from '../../src/mvcc/transaction.ts';
import { membershipOf } from '../../src/raft/membership.ts';
import type { ReplicaId } from '../../src/raft/message.ts';
import { Replica } from '../../src/store/replica.ts';
import type { ReplicaEffect } from '../../src/store/replica-effect.ts';
import type { RequestHandle, StoreReply, StoreRequest } from '../../src/store/store-request.ts';
import { StoreGroup } from '../property/store/store-group.ts';

function put(key: string, value: string): StoreRequest {
  return {
    type: 'transaction',
    transaction: { compares: [], success: [putOperation(key, utf8(value))], failure: [] },
  };
}

function get(key: string): StoreRequest {
  return { type: 'range', query: rangeQuery(singleKey(key)), serializable: false };
}

function valueOf(reply: StoreReply | undefined): string | undefined {
  const keyValue = reply?.type === 'range' ? reply.keyValues[0] : undefined;
  return keyValue === undefined ? undefined : utf8Text(keyValue.value);
}

/** A replica alone, whose disk is in the hands of the test. */
class Solitary {
  readonly replica = new Replica({
    id: 1 as ReplicaId,
    clusterId: 'solitary',
    start: { type: 'found', membership: membershipOf([1 as ReplicaId]) },
    random: new Random(1),
    timing: { electionTicks: 30, heartbeatTicks: 5 },
    tickMs: 10,
    nowMs: 0 as MonotonicMs,
  });
  readonly unsynced: number[] = [];

  /** Takes the effects, keeping the writes back, and returns the replies. */
  turn(): ReplicaEffect[] {
    const effects = this.replica.takeEffects();
    for (const effect of effects) if (effect.type === 'persist') this.unsynced.push(effect.number);
    return effects.filter((effect) => effect.type === 'reply');
  }

  sync(): ReplicaEffect[] {
    const last = this.unsynced.at(-1);
    this.unsynced.length = 0;
    if (last !== undefined) this.replica.persisted(last);
    return this.turn();
  }

  settle(): void {
    this.replica.campaign();
    this.turn();
    for (let round = 0; round < 5; round += 1) this.sync();
    expect(this.replica.status().role).toBe('leader');
  }
}

test('durability, and etcd 14370: a lone member answers a write only when it is on the disk', () => {
  const alone = new Solitary();
  alone.settle();
  alone.replica.request(1 as RequestHandle, put('a', '1'));
  expect(alone.turn()).toEqual([]);
  expect(alone.unsynced.length).toBe(1);
  expect(alone.sync()).toMatchObject([{ type: 'reply', handle: 1, reply: { type: 'transaction' } }]);
});

test('reads never show what is not durable', () => {
  const alone = new Solitary();
  alone.settle();
  alone.replica.request(1 as RequestHandle, put('a', '1'));
  alone.turn();
  alone.replica.request(2 as RequestHandle, get('a'));
  const [early] = alone.turn();
  expect(early?.type === 'reply' ? valueOf(early.reply) : undefined).toBeUndefined();
});

test('no proposal leaves before the first write of this start is durable, or its numbers might be used twice', () => {
  const fresh = new Solitary();
  fresh.replica.campaign();
  fresh.replica.request(1 as RequestHandle, put('a', '1'));
  fresh.turn();
  expect(fresh.replica.status().lastIndex).toBe(1);
});

test('a turn of many reads costs one round of heartbeats', () => {
  const group = new StoreGroup({ seed: 21 });
  const leader = group.untilLeader();
  group.call(leader.id, put('a', '1'));
  for (let handle = 1; handle <= 20; handle += 1) leader.request(-handle as RequestHandle, get('a'));
  const heartbeats = leader
    .takeEffects()
    .filter(
      (effect) =>
        effect.type === 'send' && effect.message.type === 'raft' && effect.message.message.type === 'heartbeat',
    );
  expect(heartbeats).toHaveLength(2);
});

test('strict serializability, and etcd 20418: a leader that stood still does not answer with what it remembers', () => {
  const group = new StoreGroup({ seed: 22 });
  const old = group.untilLeader();
  group.call(old.id, put('a', 'old'));
  group.paused.add(old.id);
  group.runUntil(() => group.alive.some((replica) => replica.id !== old.id && replica.status().role === 'leader'));
  const next = group.leader() as Replica;
  expect(next.id).not.toBe(old.id);
  group.call(next.id, put('a', 'new'));
  group.paused.delete(old.id);
  expect(old.status().role).toBe('leader');
  expect(valueOf(group.call(old.id, get('a')))).toBe('new');
});

test('Jepsen 2014: a leader cut off from the others does not serve linearizable reads', () => {
  const group = new StoreGroup({ seed: 23 });
  const old = group.untilLeader();
  group.call(old.id, put('a', '1'));
  for (const other of [1, 2, 3]) group.cut.add(`${old.id}>${other}`).add(`${other}>${old.id}`);
  const reply = group.call(old.id, get('a'), 1000);
  expect(reply).toMatchObject({ type: 'failed', error: { code: 'timeout', definite: true } });
});

test('etcd 13766: entries applied again after a crash under load give the same revisions', () => {
  for (let seed = 1; seed <= 5; seed += 1) {
    const group = new StoreGroup({ seed, settings: { snapshotEveryEntries: 7, segmentBytesMax: 1500 } });
    group.untilLeader();
    for (let index = 0; index < 40; index += 1) {
      group.ask(1 + (index % 3), put(`k${index % 5}`, String(index)));
      if (index % 9 === 4) {
        group.crash(2);
        group.run(group.random.integer(1, 60));
        group.restart(2);
      }
      group.run(2);
    }
    group.run(200);
    const digests = [1, 2, 3].map((id) => group.call(id, { type: 'hash', revision: 0 as Revision }));
    expect(new Set(digests.map((digest) => JSON.stringify(digest))).size).toBe(1);
    expect(digests[0]?.type).toBe('hash');
  }
});

test('a batch that the network doubles is applied once', () => {
  const group = new StoreGroup({ seed: 24, doubleChance: 1 });
  const leader = group.untilLeader();
  const follower = [1, 2, 3].find((id) => id !== leader.id) as number;
  for (let index = 0; index < 10; index += 1)
    expect(group.call(follower, put('a', String(index))).type).toBe('transaction');
  group.run(20);
  const last = group.call(follower, get('a'));
  expect(last.type === 'range' ? last.keyValues[0]?.version : 0).toBe(10);
});

test('etcd 18055: several snapshots on the disk do not confuse a restart', () => {
  const group = new StoreGroup({ seed: 25, settings: { snapshotEveryEntries: 5, segmentBytesMax: 600 } });
  group.untilLeader();
  for (let index = 0; index < 30; index += 1) {
    group.call(1, put('a', String(index)));
    if (index % 5 === 4) {
      group.crash(3);
      group.restart(3);
    }
  }
  group.run(100);
  expect(valueOf(group.call(3, get('a')))).toBe('29');
  expect(group.replica(3).status().snapshotIndex).toBeGreaterThan(10);
});

test('a keep-alive is refused by a leader that was deposed without knowing it', () => {
  const group = new StoreGroup({ seed: 26 });
  const old = group.untilLeader();
  group.call(old.id, { type: 'leaseGrant', id: 4 as LeaseId, ttlSeconds: 60 });
  for (const other of [1, 2, 3]) group.cut.add(`${old.id}>${other}`).add(`${other}>${old.id}`);
  const reply = group.call(old.id, { type: 'leaseKeepAlive', id: 4 as LeaseId }, 1000);
  expect(reply).toMatchObject({ type: 'failed', error: { code: 'timeout' } });
});

test('requests that could never succeed are refused at once, for certain', () => {
  const group = new StoreGroup({ seed: 27 });
  const refused = (request: StoreRequest): string => {
    const reply = group.call(1, request);
    return reply.type === 'failed' ? `${reply.error.code} ${reply.error.definite}` : reply.type;
  };
  const many = Array.from({ length: 129 }, (_, index) => putOperation(`k${index}`, utf8('')));
  expect(refused(put('', 'x'))).toBe('emptyKey true');
  expect(refused(put('a', 'x'.repeat(2_000_000)))).toBe('requestTooLarge true');
  expect(refused({ type: 'transaction', transaction: { compares: [], success: many, failure: [] } })).toBe(
    'tooManyOperations true',
  );
  expect(refused({ type: 'leaseGrant', id: 1 as LeaseId, ttlSeconds: 0 })).toBe('invalidLease true');
  const twice = [putOperation('a', utf8('1')), putOperation('a', utf8('2'))];
  expect(refused({ type: 'transaction', transaction: { compares: [], success: twice, failure: [] } })).toBe(
    'duplicateKey true',
  );
  expect(refused({ type: 'compact', revision: 50 as Revision })).toBe('futureRevision true');
});

test('a compaction holds on every replica, and its error tells the revision', () => {
  const group = new StoreGroup({ seed: 28 });
  for (let index = 0; index < 10; index += 1) group.call(1, put('a', String(index)));
  expect(group.call(2, { type: 'compact', revision: 8 as Revision })).toMatchObject({ type: 'compacted' });
  for (const id of [1, 2, 3]) {
    const reply = group.call(id, {
      type: 'range',
      query: rangeQuery(everyKey, { revision: 7 as Revision }),
      serializable: false,
    });
    expect(reply).toMatchObject({ type: 'failed', error: { code: 'compacted', definite: true, revision: 8 } });
  }
});
