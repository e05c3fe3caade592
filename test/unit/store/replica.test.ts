/** What one group of replicas does for its clients, step by step, without faults unless a test makes them. */
import { expect, test } from 'vitest';
import { utf8 } from '../../../src/base/bytes.ts';
import { singleKey } from '../../../src/mvcc/key-range.ts';
import type { LeaseId, Revision } from '../../../src/mvcc/key-value.ts';
import { type Operation, putOperation, rangeQuery } from '../../../src/mvcc/transaction.ts';
import type { ReplicaId } from '../../../src/raft/message.ts';
import type { StoreReply, StoreRequest } from '../../../src/store/store-request.ts';
import { StoreGroup } from '../../property/store/store-group.ts';

function put(key: string, value: string, lease = 0): StoreRequest {
  return {
    type: 'transaction',
    transaction: { compares: [], success: [putOperation(key, utf8(value), { lease: lease as LeaseId })], failure: [] },
  };
}

function get(key: string, serializable = false): StoreRequest {
  return { type: 'range', query: rangeQuery(singleKey(key)), serializable };
}

function valueOf(reply: StoreReply): string | null {
  if (reply.type !== 'range') throw new Error(JSON.stringify(reply));
  const [keyValue] = reply.keyValues;
  return keyValue === undefined ? null : new TextDecoder().decode(keyValue.value);
}

function codeOf(reply: StoreReply): string {
  return reply.type === 'failed' ? `${reply.error.code} ${reply.error.definite}` : reply.type;
}

test('a write through any replica is read through every other', () => {
  const group = new StoreGroup({ seed: 1 });
  for (const id of [1, 2, 3]) {
    expect(group.call(id, put(`key${id}`, `value${id}`)).type).toBe('transaction');
    for (const reader of [1, 2, 3]) expect(valueOf(group.call(reader, get(`key${id}`)))).toBe(`value${id}`);
  }
});

test('a request made before there is a leader waits for one', () => {
  const group = new StoreGroup({ seed: 2 });
  expect(group.leader()).toBeUndefined();
  expect(group.call(1, put('a', '1')).type).toBe('transaction');
});

test('the writes of one turn share an entry and the reads share a round', () => {
  const group = new StoreGroup({ seed: 3, replicas: 1 });
  const leader = group.untilLeader();
  group.run(3);
  const before = leader.status().lastIndex;
  const handles = Array.from({ length: 50 }, (_, index) => index + 1000);
  for (const handle of handles) leader.request(handle as never, put(`k${handle}`, 'v'));
  const effects = leader.takeEffects();
  expect(leader.status().lastIndex).toBe(before + 1);
  expect(effects.filter((effect) => effect.type === 'persist')).toHaveLength(1);
});

test('without a quorum a write fails as indefinite once it was proposed, and a read fails as definite', () => {
  const group = new StoreGroup({ seed: 4 });
  const leader = group.untilLeader();
  group.call(leader.id, put('a', '1'));
  for (const id of [1, 2, 3]) if (id !== leader.id) group.crash(id);
  const write = group.ask(leader.id, put('a', '2'), 500);
  const read = group.ask(leader.id, get('a'), 500);
  group.runUntil(() => group.replies.has(write) && group.replies.has(read));
  expect(codeOf(group.replies.get(write) as StoreReply)).toBe('timeout false');
  expect(codeOf(group.replies.get(read) as StoreReply)).toBe('timeout true');
  expect(valueOf(group.call(leader.id, get('a', true)))).toBe('1');
});

test('a write that was never proposed for want of a leader fails as definite', () => {
  const group = new StoreGroup({ seed: 5 });
  for (const id of [2, 3]) group.crash(id);
  expect(codeOf(group.call(1, put('a', '1'), 800))).toBe('noLeader true');
});

test('a proposal overwritten by the next leader is settled: it failed for certain', () => {
  const group = new StoreGroup({ seed: 6 });
  const old = group.untilLeader();
  group.call(old.id, put('a', '1'));
  for (const id of [1, 2, 3]) for (const other of [1, 2, 3]) if (id === old.id) group.cut.add(`${id}>${other}`);
  const lost = group.ask(old.id, put('a', 'lost'), 60_000);
  group.runUntil(() => group.leader() !== undefined && group.leader()?.id !== old.id);
  group.cut.clear();
  group.runUntil(() => group.replies.has(lost));
  expect(codeOf(group.replies.get(lost) as StoreReply)).toBe('proposalDropped true');
  expect(valueOf(group.call(old.id, get('a')))).toBe('1');
});

test('a lease ends by the log: its keys go at one revision on every replica', () => {
  const group = new StoreGroup({ seed: 7 });
  const granted = group.call(1, { type: 'leaseGrant', id: 0 as LeaseId, ttlSeconds: 2 });
  if (granted.type !== 'leaseGranted') throw new Error(granted.type);
  group.call(2, put('a', '1', granted.id));
  group.call(3, put('b', '2', granted.id));
  const before = group.call(1, { type: 'readRevision' });
  group.run(150);
  expect(valueOf(group.call(1, get('a')))).toBe('1');
  group.run(150);
  expect(valueOf(group.call(1, get('a')))).toBeNull();
  const after = group.call(2, { type: 'readRevision' });
  if (before.type !== 'revision' || after.type !== 'revision') throw new Error('revision');
  expect(after.revision).toBe(before.revision + 1);
  expect(codeOf(group.call(1, { type: 'leaseKeepAlive', id: granted.id }))).toBe('leaseNotFound true');
});

test('a lease kept alive through a follower lives on', () => {
  const group = new StoreGroup({ seed: 8 });
  const leader = group.untilLeader();
  const follower = [1, 2, 3].find((id) => id !== leader.id) as number;
  group.call(follower, { type: 'leaseGrant', id: 77 as LeaseId, ttlSeconds: 1 });
  group.call(follower, put('a', '1', 77));
  for (let round = 0; round < 8; round += 1) {
    group.run(50);
    expect(group.call(follower, { type: 'leaseKeepAlive', id: 77 as LeaseId }).type).toBe('leaseKept');
  }
  const left = group.call(follower, { type: 'leaseTimeToLive', id: 77 as LeaseId, withKeys: true });
  expect(left).toMatchObject({ type: 'leaseTimeToLive', grantedTtlSeconds: 1, keys: ['a'] });
});

test('a new leader gives every lease its full time again', () => {
  const group = new StoreGroup({ seed: 9 });
  const old = group.untilLeader();
  group.call(old.id, { type: 'leaseGrant', id: 5 as LeaseId, ttlSeconds: 3 });
  group.call(old.id, put('a', '1', 5));
  group.run(250);
  group.crash(old.id);
  group.runUntil(() => group.leader() !== undefined);
  const leader = group.leader()?.id as number;
  group.run(250);
  expect(valueOf(group.call(leader, get('a')))).toBe('1');
  group.run(150);
  expect(valueOf(group.call(leader, get('a')))).toBeNull();
});

test('the election key of a fenced write decides: a deposed writer is refused by the store', () => {
  const group = new StoreGroup({ seed: 10 });
  const fenced = (createRevision: number, operation: Operation): StoreRequest => ({
    type: 'transaction',
    transaction: {
      compares: [{ type: 'createRevision', range: singleKey('leader'), operator: '=', operand: createRevision }],
      success: [operation],
      failure: [],
    },
  });
  const first = group.call(1, put('leader', 'one'));
  if (first.type !== 'transaction') throw new Error(first.type);
  expect(group.call(1, fenced(first.revision, putOperation('x', utf8('1'))))).toMatchObject({ succeeded: true });
  group.call(2, fenced(first.revision, { type: 'deleteRange', range: singleKey('leader'), previous: false }));
  group.call(2, put('leader', 'two'));
  expect(group.call(1, fenced(first.revision, putOperation('x', utf8('late'))))).toMatchObject({ succeeded: false });
  expect(valueOf(group.call(3, get('x')))).toBe('1');
});

test('a replica that was away too long catches up by a snapshot, and its watchers miss nothing', () => {
  const group = new StoreGroup({ seed: 11, settings: { snapshotEveryEntries: 20, catchUpEntries: 5 } });
  const leader = group.untilLeader();
  const slow = [1, 2, 3].find((id) => id !== leader.id) as number;
  const watcher = group.replica(slow).watch({ range: singleKey('k'), startRevision: 1 as Revision });
  for (const other of [1, 2, 3]) group.cut.add(`${other}>${slow}`);
  for (let index = 0; index < 60; index += 1) group.call(leader.id, put('k', `${index}${'x'.repeat(5000)}`));
  expect(group.replica(slow).status().applied).toBeLessThan(10);
  group.cut.clear();
  group.runUntil(() => group.replica(slow).status().applied === leader.status().applied);
  expect(group.replica(slow).status().snapshotIndex).toBeGreaterThan(20);
  const pulled = group.replica(slow).pullWatch(watcher, 1000, 1e9);
  expect(pulled?.type === 'events' ? pulled.events.length : 0).toBe(60);
});

test('a new member is added as learner, catches up, is promoted and counts; an old one is removed', () => {
  const group = new StoreGroup({ seed: 12, settings: { snapshotEveryEntries: 20, catchUpEntries: 5 } });
  group.untilLeader();
  for (let index = 0; index < 30; index += 1) group.call(1, put(`k${index}`, 'v'));
  const four = 4 as ReplicaId;
  group.start(four, { type: 'join' });
  expect(group.call(1, { type: 'memberAdd', replica: four, learner: true })).toMatchObject({
    type: 'members',
    membership: { voters: [1, 2, 3], learners: [4] },
  });
  group.runUntil(() => group.replica(4).status().applied === group.leader()?.status().applied);
  expect(group.call(4, { type: 'memberPromote', replica: four })).toMatchObject({ type: 'members' });
  expect(group.call(4, { type: 'memberRemove', replica: 1 as ReplicaId })).toMatchObject({
    membership: { voters: [2, 3, 4], learners: [] },
  });
  group.crash(1);
  expect(valueOf(group.call(4, get('k29')))).toBe('v');
  expect(codeOf(group.call(4, { type: 'memberPromote', replica: 9 as ReplicaId }))).toBe('invalidMembership true');
});

test('a replica recovers from its own disk alone, with leases, history and watch positions', () => {
  const group = new StoreGroup({
    seed: 13,
    replicas: 1,
    settings: { snapshotEveryEntries: 10, segmentBytesMax: 2000 },
  });
  group.call(1, { type: 'leaseGrant', id: 9 as LeaseId, ttlSeconds: 100 });
  for (let index = 0; index < 45; index += 1) group.call(1, put(`k${index % 7}`, `v${index}`, 9));
  group.run(20);
  const before = group.call(1, { type: 'hash', revision: 0 as Revision });
  expect([...group.hosts.values()][0]?.disk.files.size).toBeLessThan(8);
  for (let round = 0; round < 3; round += 1) {
    group.crash(1);
    group.restart(1);
    group.untilLeader();
    group.call(1, { type: 'readRevision' });
    expect(group.call(1, { type: 'hash', revision: 0 as Revision })).toEqual(before);
  }
  expect(group.replica(1).status()).toMatchObject({ leases: 1, keys: 7 });
});

test('a watcher on a follower is announced once when events come, and again only after it was pulled to the end', () => {
  const group = new StoreGroup({ seed: 14 });
  const leader = group.untilLeader();
  const follower = [1, 2, 3].find((id) => id !== leader.id) as number;
  let announced = 0;
  group.onEffect.push((id, effect) => {
    if (id === follower && effect.type === 'watchReady') announced += 1;
  });
  const watcher = group.replica(follower).watch({ range: singleKey('a'), startRevision: 0 as Revision });
  group.call(leader.id, put('b', '1'));
  group.run(10);
  expect(announced).toBe(0);
  for (const value of ['1', '2', '3']) group.call(leader.id, put('a', value));
  group.run(10);
  expect(announced).toBe(1);
  expect(group.replica(follower).watchProgress(watcher)).toBeNull();
  const pulled = group.replica(follower).pullWatch(watcher, 10, 1e6);
  expect(pulled?.type === 'events' ? pulled.events.length : 0).toBe(3);
  expect(group.replica(follower).watchProgress(watcher)).toBe(group.replica(follower).status().revision);
  group.call(leader.id, put('a', '4'));
  group.run(10);
  expect(announced).toBe(2);
  group.replica(follower).cancelWatch(watcher);
  expect(group.replica(follower).pullWatch(watcher, 10, 1e6)).toBeNull();
});

test('when the others learn at once that the leader died, the next one mostly stands well before an election timeout', () => {
  const took = Array.from({ length: 15 }, (_, seed) => {
    const group = new StoreGroup({ seed: seed + 100 });
    const old = group.untilLeader();
    group.call(old.id, put('a', '1'));
    group.crash(old.id);
    const died = group.tick;
    // What it had sent arrives before the word of its death, as over a port that closes.
    group.run(2);
    for (const replica of group.alive) replica.peerGone(old.id);
    group.runUntil(() => group.alive.some((replica) => replica.status().role === 'leader'));
    return group.tick - died;
  }).sort((left, right) => left - right);
  expect(took[7]).toBeLessThan(15);
});

test('requests beyond the bound are refused at once, for certain', () => {
  const group = new StoreGroup({ seed: 16 });
  const replica = group.replica(1);
  for (let handle = 1; handle <= 10_000; handle += 1) replica.request(-handle as never, get('a'));
  expect(codeOf(group.call(1, put('a', '1')))).toBe('tooManyRequests true');
});

test('after a stall, deadlines run from the time that the host tells, not from the last tick', () => {
  const group = new StoreGroup({ seed: 12 });
  for (const id of [2, 3]) group.crash(id);
  group.run(10);
  group.tick += 80;
  group.replica(1).setTime(group.nowMs);
  const write = group.ask(1, put('a', '1'), 500);
  group.run(40);
  expect(group.replies.has(write)).toBe(false);
  group.run(20);
  expect(codeOf(group.replies.get(write) as StoreReply)).toBe('noLeader true');
});
