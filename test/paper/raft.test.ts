/**
 * The Raft paper (Ongaro and Ousterhout, extended version) and the dissertation, sentence by sentence. Each title says the rule and where it stands; each test
 * drives whole replicas and looks only at what they say, write and report.
 */
import { describe, expect, test } from 'vitest';
import { emptyBytes } from '../../src/base/bytes.ts';
import type { Message } from '../../src/raft/message.ts';
import { Group } from '../unit/raft/group.ts';
import { at, entriesOf, id, RaftHost, startWith, term } from '../unit/raft/host.ts';

type Draft = Omit<Extract<Message, { type: 'append' }>, 'type'>;

function hostOf(terms: readonly number[], current?: number, voters: readonly number[] = [1, 2, 3], seed = 1): RaftHost {
  return new RaftHost(id(1), { start: startWith(voters, terms, current), seed });
}

/** Collects what the host says from now on. */
function listen(host: RaftHost): Message[] {
  const said: Message[] = [];
  host.send = (message) => said.push(message);
  return said;
}

function append(
  value: number,
  previousIndex: number,
  previousTerm: number,
  terms: readonly number[],
  commit = 0,
): Message {
  const draft: Draft = {
    from: id(2),
    to: id(1),
    term: term(value),
    previousIndex: at(previousIndex),
    previousTerm: term(previousTerm),
    entries: entriesOf(terms, previousIndex),
    commit: at(commit),
  };
  return { type: 'append', ...draft };
}

function vote(from: number, value: number, lastIndex: number, lastTerm: number): Message {
  const position = { lastIndex: at(lastIndex), lastTerm: term(lastTerm) };
  return { type: 'vote', from: id(from), to: id(1), term: term(value), ...position, transfer: false };
}

function campaignOf(host: RaftHost, granted: readonly number[], refused: readonly number[] = []): void {
  host.node.campaign();
  host.settle();
  const { term: current } = host.node.status();
  const answer = (from: number, type: 'preVoteReply' | 'voteReply', yes: boolean): void => {
    const value = type === 'preVoteReply' && !yes ? current : current + 1;
    const known = { commit: at(1), commitTerm: term(1) };
    host.node.step({ type, from: id(from), to: id(1), term: term(value), granted: yes, ...known });
    host.settle();
  };
  const voters = host.membership.voters.filter((voter) => voter !== 1);
  for (const voter of voters) if (host.node.status().role === 'preCandidate') answer(voter, 'preVoteReply', true);
  for (const voter of granted) answer(voter, 'voteReply', true);
  for (const voter of refused) answer(voter, 'voteReply', false);
}

describe('§5.1 terms', () => {
  test.each(['follower', 'candidate', 'leader'] as const)(
    'a %s whose term is smaller than one it hears of updates its term and becomes a follower',
    (role) => {
      const host = hostOf([]);
      if (role === 'candidate') campaignOf(host, []);
      if (role === 'leader') campaignOf(host, [2]);
      expect(host.node.status().role).toBe(role);
      host.node.step(append(7, 1, 1, []));
      expect(host.node.status()).toMatchObject({ role: 'follower', term: 7, leader: 2 });
    },
  );

  test('a request with a stale term is rejected', () => {
    const host = hostOf([1, 1], 5);
    const said = listen(host);
    host.node.step(append(4, 3, 1, [4]));
    host.settle();
    expect(host.node.status()).toMatchObject({ term: 5, lastIndex: 3, leader: 0 });
    expect(said).toMatchObject([{ type: 'heartbeatReply', term: 5 }]);
  });
});

describe('§5.2 leader election', () => {
  test('servers start up as followers', () => {
    expect(hostOf([]).node.status()).toMatchObject({ role: 'follower', leader: 0 });
  });

  test('a follower that hears nothing over an election timeout begins an election', () => {
    const host = hostOf([], 3);
    const said = listen(host);
    for (let ticks = 0; ticks < 20; ticks += 1) host.node.tick();
    host.settle();
    expect(said.map((message) => message.type)).toContain('preVote');
    expect(host.node.status().role).toBe('preCandidate');
  });

  test('a leader sends heartbeats, and they keep its followers from campaigning', () => {
    const group = new Group([1, 2, 3]);
    group.elect(1);
    const { term: before } = group.status(1);
    group.tick(100);
    expect(group.leaders()).toEqual([1]);
    expect(group.status(2)).toMatchObject({ role: 'follower', term: before, leader: 1 });
  });

  test('to begin an election it increments its term and votes for itself, durably before it asks others', () => {
    const host = hostOf([], 3);
    const said = listen(host);
    host.node.campaign();
    host.settle();
    for (const from of [2, 3]) {
      const known = { commit: at(1), commitTerm: term(1) };
      host.node.step({ type: 'preVoteReply', from: id(from), to: id(1), term: term(4), granted: true, ...known });
    }
    const ready = host.take();
    expect(ready.hardState).toMatchObject({ term: 4, votedFor: 1 });
    expect(said.filter((message) => message.type === 'vote')).toEqual([]);
    host.persist();
    expect(said.filter((message) => message.type === 'vote').map((message) => message.to)).toEqual([2, 3]);
  });

  const outcomes = [
    { voters: [1], granted: [], refused: [], role: 'leader' },
    { voters: [1, 2, 3], granted: [2], refused: [], role: 'leader' },
    { voters: [1, 2, 3], granted: [], refused: [], role: 'candidate' },
    { voters: [1, 2, 3], granted: [], refused: [2, 3], role: 'follower' },
    { voters: [1, 2, 3, 4, 5], granted: [2], refused: [], role: 'candidate' },
    { voters: [1, 2, 3, 4, 5], granted: [2, 3], refused: [4, 5], role: 'leader' },
    { voters: [1, 2, 3, 4, 5], granted: [2], refused: [3, 4, 5], role: 'follower' },
  ];
  test.each(outcomes)(
    'of voters $voters, granted by $granted and refused by $refused, a candidate ends up as $role: a majority decides',
    ({ voters, granted, refused, role }) => {
      const host = hostOf([], 1, voters);
      campaignOf(host, granted, refused);
      expect(host.node.status().role).toBe(role);
    },
  );

  test('a server votes for at most one candidate in a term, first come, first served, also after a crash', () => {
    const host = hostOf([], 1);
    const said = listen(host);
    host.node.step(vote(2, 5, 1, 1));
    host.settle();
    host.restart();
    host.node.step(vote(3, 5, 1, 1));
    host.node.step(vote(2, 5, 1, 1));
    host.settle();
    const answers = said.flatMap((message) =>
      message.type === 'voteReply' ? [`${message.to} ${message.granted}`] : [],
    );
    expect(answers.sort()).toEqual(['2 true', '2 true', '3 false']);
  });

  test.each(['append', 'heartbeat'] as const)(
    'a candidate that gets an %s of its own term returns to follower',
    (type) => {
      const host = hostOf([], 1);
      campaignOf(host, []);
      const { term: current } = host.node.status();
      const envelope = { from: id(2), to: id(1), term: current };
      if (type === 'append') host.node.step(append(current, 1, 1, []));
      else host.node.step({ type, ...envelope, commit: at(1), readContext: 1 });
      expect(host.node.status()).toMatchObject({ role: 'follower', term: current, leader: 2 });
    },
  );

  test('a candidate that neither wins nor loses starts anew after its timeout', () => {
    const group = new Group([1, 2, 3]);
    group.filter = (message) => message.type !== 'voteReply';
    group.elect(1);
    expect(group.status(1)).toMatchObject({ role: 'candidate', term: 2 });
    group.heal();
    group.tick(20, 1);
    expect(group.status(1)).toMatchObject({ role: 'leader', term: 3 });
  });

  test('election timeouts are drawn at random from [T, 2T), anew for each election', () => {
    const seen = new Set<number>();
    const host = hostOf([]);
    for (let ticks = 0, last = -1; ticks < 4000; ticks += 1) {
      const said = listen(host);
      host.node.tick();
      host.settle();
      if (said.some((message) => message.type === 'preVote')) {
        seen.add(ticks - last);
        last = ticks;
      }
    }
    expect([...seen].sort((left, right) => left - right)).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
  });
});

describe('§5.3 log replication', () => {
  test('the leader appends a command to its log and sends it with the index and term that precede it', () => {
    const group = new Group([1, 2, 3]);
    group.elect(1);
    const host = group.host(1);
    const said = listen(host);
    host.node.propose(new Uint8Array([9]));
    host.settle();
    const entries = [{ index: 3, term: 2, data: new Uint8Array([9]) }];
    expect(said.filter((message) => message.type === 'append')).toMatchObject([
      { to: 2, previousIndex: 2, previousTerm: 2, entries },
      { to: 3, previousIndex: 2, previousTerm: 2, entries },
    ]);
  });

  const acknowledgements = [1, 2, 3, 4, 5].flatMap((size) =>
    Array.from({ length: 2 ** (size - 1) }, (_, bits) => ({
      size,
      acknowledging: Array.from({ length: size - 1 }, (__, peer) => peer + 2).filter(
        (peer) => bits & (1 << (peer - 2)),
      ),
    })),
  );
  test.each(acknowledgements)(
    'of $size servers, acknowledged by the leader and $acknowledging: an entry commits once it is on a majority',
    ({ size, acknowledging }) => {
      const voters = Array.from({ length: size }, (_, index) => index + 1);
      const group = new Group(voters);
      group.elect(1);
      group.filter = (message) => message.type !== 'appendReply' || acknowledging.includes(message.from);
      group.propose(1, 'x');
      const committed = 1 + acknowledging.length > size / 2;
      expect(group.status(1).commit).toBe(committed ? 3 : 2);
      expect(group.applied(1)).toEqual(committed ? ['x'] : []);
    },
  );

  test('committing an entry commits all that precede it, those of earlier leaders too', () => {
    const group = new Group([]);
    for (const replica of [1, 2, 3]) group.add(replica, { start: startWith([1, 2, 3], replica === 1 ? [1, 2] : [1]) });
    group.elect(1);
    expect(group.status(1)).toMatchObject({ role: 'leader', commit: 4, applied: 4 });
    expect(group.host(3).state.map((entry) => entry.term)).toEqual([1, 2, group.status(1).term]);
  });

  test('a follower applies an entry once it learns that it is committed, in log order', () => {
    const host = hostOf([]);
    host.node.step(append(2, 1, 1, [2, 2, 2], 1));
    host.settle();
    expect(host.state).toEqual([]);
    host.node.step(append(2, 4, 2, [], 3));
    host.settle();
    expect(host.state.map((entry) => entry.index)).toEqual([2, 3]);
  });

  test('the commit index of a follower is at most the last entry that it knows to be the leader’s', () => {
    const host = hostOf([1, 1, 1], 1);
    host.node.step(append(2, 2, 1, [], 9));
    expect(host.node.status().commit).toBe(2);
  });

  test('a follower refuses entries whose predecessor it lacks, and the leader brings it to its own log (figure 7)', () => {
    const leader = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
    const followers = [
      [1, 1, 1, 4, 4, 5, 5, 6, 6],
      [1, 1, 1, 4],
      [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
      [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
      [1, 1, 1, 4, 4, 4, 4],
      [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
    ];
    for (const terms of followers) {
      const group = new Group([]);
      group.add(1, { start: startWith([1, 2, 3], leader, 7) });
      group.add(2, { start: startWith([1, 2, 3], terms, 7) });
      group.add(3, { start: startWith([1, 2, 3], [], 7) });
      group.elect(1);
      expect(group.host(2).disk.entries).toEqual(group.host(1).disk.entries);
      expect(group.host(2).disk.entries.map((entry) => entry.term)).toEqual([...leader, 8]);
    }
  });

  test('a leader never overwrites or deletes entries in its own log', () => {
    const group = new Group([1, 2, 3]);
    group.elect(1);
    group.propose(1, 'a');
    const before = [...group.host(1).disk.entries];
    const { term: current } = group.status(1);
    expect(() => group.host(1).node.step(append(current, 1, 1, [current]))).toThrow(/two leaders in one term/);
    expect(group.host(1).disk.entries).toEqual(before);
  });
});

describe('§5.4 safety', () => {
  const logs = [
    { own: [1], candidate: [2, 1], granted: true },
    { own: [1], candidate: [3, 1], granted: true },
    { own: [1], candidate: [2, 2], granted: true },
    { own: [1, 1], candidate: [2, 1], granted: false },
    { own: [2], candidate: [9, 1], granted: false },
    { own: [1, 2], candidate: [2, 2], granted: false },
  ];
  test.each(logs)(
    '§5.4.1 with a log of terms $own a voter answers $granted to one that ends at (index, term) $candidate',
    ({ own, candidate: [index = 0, last = 0], granted }) => {
      const host = hostOf(own, 3);
      const said = listen(host);
      host.node.step(vote(2, 4, index, last));
      host.settle();
      expect(said).toMatchObject([{ type: 'voteReply', granted, term: 4 }]);
    },
  );

  test('§5.4.2 only entries of the current term are committed by counting replicas', () => {
    const host = hostOf([2], 3);
    campaignOf(host, [2]);
    const { term: current } = host.node.status();
    const reply = (index: number): void => {
      const envelope = { from: id(2), to: id(1), term: current };
      host.node.step({ type: 'appendReply', ...envelope, index: at(index), rejection: null });
      host.settle();
    };
    reply(2);
    expect(host.node.status().commit).toBe(1);
    reply(3);
    expect(host.node.status().commit).toBe(3);
  });
});

describe('§6 and dissertation chapter 4: membership', () => {
  test('§4.2.3 a vote request within the minimum election timeout of hearing from a leader changes nothing', () => {
    const group = new Group([1, 2, 3]);
    group.elect(2);
    const before = group.status(1);
    group.host(1).node.step(vote(3, 99, 99, 99));
    group.settle();
    expect(group.status(1)).toMatchObject({ term: before.term, votedFor: before.votedFor, leader: 2 });
  });

  test('§4.2.1 learners receive the log and count in no majority', () => {
    const group = new Group([1, 2], {}, [3, 4]);
    group.elect(1);
    group.isolate(2);
    group.propose(1, 'x');
    expect(group.applied(1)).toEqual([]);
    expect(group.status(3).lastIndex).toBe(3);
    group.heal();
    group.tick(4);
    expect(group.applied(3)).toEqual(['x']);
    group.host(4).node.campaign();
    expect(group.status(4).role).toBe('follower');
  });

  test('§4.1 one change is under way at a time', () => {
    const group = new Group([1, 2, 3]);
    group.elect(1);
    const steps = (replica: number) => [{ type: 'remove' as const, replica: id(replica) }];
    group.host(1).node.proposeMembership({ transition: 'auto', steps: steps(3), context: emptyBytes });
    group.host(1).node.proposeMembership({ transition: 'auto', steps: steps(2), context: emptyBytes });
    group.settle();
    expect(group.host(1).membership.voters).toEqual([1, 2]);
    expect(
      group
        .host(1)
        .state.slice(-2)
        .map((entry) => entry.type),
    ).toEqual(['membership', 'command']);
  });
});

describe('§7 log compaction', () => {
  test('a follower that needs discarded entries is sent the snapshot and replaces its whole log by it', () => {
    const group = new Group([1, 2, 3]);
    group.elect(1);
    group.isolate(3);
    for (const text of ['a', 'b', 'c']) group.propose(1, text);
    group.host(1).compact();
    group.heal();
    group.tick(6);
    expect(group.applied(3)).toEqual(['a', 'b', 'c']);
    expect(group.status(3)).toMatchObject({ firstIndex: 6, commit: 5 });
  });

  test('a snapshot of a prefix of the log leaves the entries behind it alone', () => {
    const host = hostOf([2, 2, 2], 2);
    const snapshot = { index: at(3), term: term(2), membership: host.membership };
    host.node.step({ type: 'snapshot', from: id(2), to: id(1), term: term(2), snapshot });
    host.settle();
    expect(host.node.status()).toMatchObject({ commit: 3, firstIndex: 2, lastIndex: 4 });
  });
});

describe('§8 clients', () => {
  test('a leader commits an empty entry at the start of its term', () => {
    const group = new Group([1, 2, 3]);
    group.elect(1);
    expect(group.host(1).state).toMatchObject([{ index: 2, term: 2, type: 'command', data: { length: 0 } }]);
  });

  test('a leader that was deposed without knowing it answers no read', () => {
    const group = new Group([1, 2, 3]);
    group.elect(1);
    group.isolate(1);
    group.elect(2);
    group.propose(2, 'new');
    group.host(1).node.readIndex(1);
    group.tick(1, 1);
    expect(group.host(1).reads).toEqual([]);
    group.host(2).node.readIndex(2);
    group.settle();
    expect(group.host(2).reads).toMatchObject([{ context: { replica: 2, id: 2 }, index: group.status(2).commit }]);
  });
});
