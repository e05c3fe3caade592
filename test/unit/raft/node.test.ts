/** Behaviour of whole replicas that the paper does not speak of: hints of the transport, durability of votes, refusals, restarts, stalls. */
import { expect, test } from 'vitest';
import { emptyBytes, utf8 } from '../../../src/base/bytes.ts';
import { Random } from '../../../src/base/random.ts';
import { foundingStart } from '../../../src/raft/bootstrap.ts';
import { membershipOf } from '../../../src/raft/membership.ts';
import { encodeMembershipChange } from '../../../src/raft/membership-change.ts';
import { RaftNode } from '../../../src/raft/node.ts';
import { Group } from './group.ts';
import { at, id, ids, RaftHost, startWith, term } from './host.ts';

test('a candidate that crashed before its term was durable has asked nobody, so it cannot lead the same term twice', () => {
  const host = new RaftHost(id(1), { start: startWith([1, 2, 3], [], 1) });
  const asked: string[] = [];
  host.send = (message) => asked.push(message.type);
  const known = { commit: at(1), commitTerm: term(1) };
  host.node.campaign();
  host.take();
  host.node.step({ type: 'preVoteReply', from: id(2), to: id(1), term: term(2), granted: true, ...known });
  host.take();
  expect(host.node.status()).toMatchObject({ role: 'candidate', term: 2 });
  host.restart();
  expect(host.node.status()).toMatchObject({ role: 'follower', term: 1, votedFor: 0 });
  expect(asked).not.toContain('vote');
});

test('the news that the leader has died brings another within a few ticks, and one term', () => {
  let ticks = 0;
  for (let seed = 1; seed <= 200; seed += 1) {
    const group = new Group([1, 2, 3], { seed });
    group.elect(1);
    const before = group.status(1).term;
    group.isolate(1);
    for (const replica of [2, 3]) group.host(replica).node.peerGone(id(1));
    group.settle();
    while (group.leaders().length < 2) {
      group.tick(1, 2, 3);
      ticks += 1;
    }
    const leader = group.leaders().find((replica) => replica !== 1) ?? 0;
    expect(group.status(leader).term).toBe(before + 1);
  }
  expect(ticks / 200).toBeLessThan(2);
});

test('the news that a follower has died makes the leader probe it and count it as silent', () => {
  const group = new Group([1, 2, 3]);
  group.elect(1);
  group.host(1).node.peerGone(id(3));
  expect(group.status(1).progress[2]).toMatchObject({ replica: 3, state: 'probe', recentActive: false });
  expect(group.status(1).role).toBe('leader');
  group.host(2).node.peerGone(id(3));
  expect(group.status(2).leader).toBe(1);
});

test('a learner whose leader fell silent does not claim a lease for it', () => {
  const group = new Group([1, 2], {}, [3]);
  group.elect(1);
  group.tick(40, 3);
  const said: unknown[] = [];
  group.host(3).send = (message) => said.push(message);
  const position = { lastIndex: at(9), lastTerm: term(9) };
  group.host(3).node.step({ type: 'preVote', from: id(2), to: id(3), term: term(3), ...position, transfer: false });
  group.host(3).settle();
  expect(said).toMatchObject([{ type: 'preVoteReply', granted: true }]);
});

test('a follower that stalled campaigns for no reason only if it ticks before it reads its mail', () => {
  const group = new Group([1, 2, 3]);
  group.elect(1);
  // The others go on; what they send to 3 waits.
  for (let round = 0; round < 10; round += 1) {
    group.host(1).node.tick();
    for (const replica of [1, 2]) group.host(replica).settle();
    const mail = group.network.filter((message) => message.to !== 3);
    group.network = group.network.filter((message) => message.to === 3);
    for (const message of mail) group.host(message.to).node.step(message);
  }
  const waiting = group.network.splice(0);
  for (const message of waiting) group.host(3).node.step(message);
  for (let ticks = 0; ticks < 9; ticks += 1) group.host(3).node.tick();
  expect(waiting.length).toBeGreaterThan(0);
  expect(group.status(3)).toMatchObject({ role: 'follower', leader: 1 });
});

test('proposals are refused with a reason', () => {
  const group = new Group([1, 2, 3], { limits: { uncommittedBytesMax: 4 } });
  expect(group.propose(1, 'x')).toEqual({ dropped: 'noLeader' });
  group.elect(1);
  group.isolate(1);
  expect(group.propose(1, 'large enough')).toBe('accepted');
  expect(group.propose(1, 'x')).toEqual({ dropped: 'tooMuchUncommitted' });
  expect(group.propose(1, '')).toBe('accepted');
  group.host(1).node.transferLeadership(id(2));
  expect(group.propose(1, 'x')).toEqual({ dropped: 'transferring' });
});

test('a proposal for an impossible membership becomes an empty entry, and nothing else changes', () => {
  const group = new Group([1, 2, 3]);
  group.elect(1);
  const steps = ids(1, 2, 3).map((replica) => ({ type: 'remove' as const, replica }));
  expect(group.host(1).node.proposeMembership({ transition: 'auto', steps, context: emptyBytes })).toBe('accepted');
  group.settle();
  expect(group.host(2).membership.voters).toEqual([1, 2, 3]);
  expect(group.host(2).state.at(-1)).toMatchObject({ index: 3, type: 'command', data: emptyBytes });
});

test('a restart hands out what is committed and not applied, once, and nothing below', () => {
  const group = new Group([1, 2, 3]);
  group.elect(1);
  for (const text of ['a', 'b', 'c']) group.propose(1, text);
  const host = group.host(2);
  const commit = host.disk.hardState.commit;
  host.restart();
  host.settle();
  expect(host.state.map((entry) => entry.index)).toEqual(Array.from({ length: commit - 1 }, (_, index) => index + 2));
  group.tick(3);
  expect(group.applied(2)).toEqual(['a', 'b', 'c']);
});

test('the commit index becomes durable together with later entries', () => {
  const group = new Group([1, 2, 3]);
  group.elect(1);
  group.propose(1, 'a');
  const committed = group.status(1).commit;
  group.host(1).node.propose(utf8('b'));
  for (const host of group.hosts.values())
    host.observe = (ready) => {
      if (ready.entries.length > 0) expect(ready.hardState?.commit).toBeGreaterThanOrEqual(committed);
    };
  group.settle();
  expect(group.host(3).disk.hardState.commit).toBeGreaterThanOrEqual(committed);
});

test('a new leader lets no membership change in while its log may hold one that is not applied', () => {
  const start = startWith([1, 2, 3], [2], 2);
  const steps = [{ type: 'remove' as const, replica: id(3) }];
  const change = { transition: 'auto' as const, steps, context: emptyBytes };
  const entries = [{ term: term(2), index: at(2), type: 'membership' as const, data: encodeMembershipChange(change) }];
  const group = new Group([]);
  for (const replica of [1, 2, 3]) group.add(replica, { start: { ...start, log: { ...start.log, entries } } });
  group.filter = (message) => message.type !== 'append';
  group.elect(1);
  group.host(1).node.proposeMembership({ ...change, steps: [{ type: 'remove', replica: id(2) }] });
  group.host(1).settle();
  expect(group.host(1).disk.entries.map((entry) => entry.type)).toEqual(['membership', 'command', 'command']);
  group.heal();
  group.tick(4);
  expect(group.host(1).membership.voters).toEqual([1, 2]);
});

test('the death of whom leadership is being handed to ends the transfer, and that of a snapshot’s receiver the snapshot', () => {
  const group = new Group([1, 2, 3]);
  group.elect(1);
  group.isolate(3);
  group.propose(1, 'a');
  group.host(1).node.transferLeadership(id(3));
  expect(group.propose(1, 'b')).toEqual({ dropped: 'transferring' });
  group.host(1).node.peerGone(id(3));
  expect(group.propose(1, 'b')).toBe('accepted');
  group.host(1).compact();
  group.heal();
  group.filter = (message) => message.type !== 'snapshot';
  group.tick(4);
  expect(group.status(1).progress[2]).toMatchObject({ state: 'snapshot', next: 5 });
  group.host(1).node.peerGone(id(3));
  expect(group.status(1).progress[2]).toMatchObject({ state: 'probe', next: 3 });
  group.heal();
  group.tick(4);
  expect(group.applied(3)).toEqual(['a', 'b']);
});

test('a replica with a committed membership change that is not applied does not campaign', () => {
  const group = new Group([1, 2, 3]);
  group.elect(1);
  const follower = group.host(2);
  follower.autoApply = false;
  group
    .host(1)
    .node.proposeMembership({ transition: 'auto', steps: [{ type: 'remove', replica: id(3) }], context: emptyBytes });
  group.settle();
  follower.node.campaign();
  expect(follower.node.status().role).toBe('follower');
  follower.apply(follower.waiting.splice(0));
  follower.node.campaign();
  expect(follower.node.status().role).toBe('preCandidate');
});

test('a removed leader whose farewell was lost helps its successor by telling what is committed', () => {
  const group = new Group([1, 2]);
  group.elect(1);
  group
    .host(1)
    .node.proposeMembership({ transition: 'auto', steps: [{ type: 'remove', replica: id(1) }], context: emptyBytes });
  group.host(1).settle();
  group.host(1).node.propose(utf8('tail'));
  // 2 acknowledges the removal and never hears that it is committed, nor of the tail.
  group.filter = (message) => message.type === 'appendReply';
  group.settle();
  expect([group.status(1).lastIndex, group.status(2).lastIndex, group.status(2).commit]).toEqual([4, 3, 2]);
  expect(group.status(1)).toMatchObject({ role: 'follower', membership: { voters: [2] } });
  group.heal();
  group.tick(60);
  expect(group.status(2)).toMatchObject({ role: 'leader', membership: { voters: [2] } });
});

test('persists are reported in order, and of Readies that exist', () => {
  const group = new Group([1]);
  const { node } = group.host(1);
  node.campaign();
  const { number } = node.ready();
  expect(() => node.persisted(number + 1)).toThrow(/in order/);
  node.persisted(number);
  expect(() => node.persisted(number)).toThrow(/in order/);
});

test('a log that is ahead of the term, or lacks committed entries, is not started', () => {
  const start = foundingStart(membershipOf(ids(1)));
  const rest = { id: id(1), random: new Random(1), timing: { electionTicks: 10, heartbeatTicks: 1 } };
  const make = (hardState: Partial<typeof start.hardState>): RaftNode =>
    new RaftNode({ ...start, ...rest, hardState: { ...start.hardState, ...hardState } });
  expect(() => make({ term: term(0) })).toThrow(/ahead of the term/);
  expect(() => make({ commit: at(5) })).toThrow(/missing from the log/);
  expect(make({}).status()).toMatchObject({ role: 'follower', term: 1, commit: 1 });
});
