/** What is done next so that a replica becomes a voter or leaves, from what the replicas say of themselves: a table. */
import { expect, test } from 'vitest';
import { membershipOf } from '../../../src/raft/membership.ts';
import type { LogIndex, ReplicaId, Term } from '../../../src/raft/message.ts';
import { joinStep, leaveStep, lossComplaint, type MemberStep, strayStep } from '../../../src/store/member-plan.ts';
import type { StoreStatus } from '../../../src/store/store-request.ts';

interface Group {
  readonly voters: readonly number[];
  readonly learners?: readonly number[];
  readonly leader: number;
}

const commit = 1_000;
const ids = (numbers: readonly number[]): ReplicaId[] => numbers as ReplicaId[];

/** What these replicas of a group say; a replica may say something else. */
function statuses(
  { voters, learners = [], leader }: Group,
  answering: readonly number[],
  otherwise: Readonly<Record<number, Partial<StoreStatus>>> = {},
): StoreStatus[] {
  const common = {
    commit: commit as LogIndex,
    applied: commit as LogIndex,
    term: 3 as Term,
    leader: leader as ReplicaId,
  };
  const membership = membershipOf(ids(voters), ids(learners));
  return answering.map((number) => {
    const role = number === leader ? 'leader' : 'follower';
    return { ...common, membership, id: number as ReplicaId, role, ...otherwise[number] } as StoreStatus;
  });
}

const three: Group = { voters: [1, 2, 3], leader: 1 };
const withLearner: Group = { ...three, learners: [4] };
const behind = { applied: 10 as LogIndex };
const deposed = { role: 'leader', leader: 2 as ReplicaId, term: 2 as Term } as const;
const done: MemberStep = { type: 'done' };
const wait = expect.objectContaining({ type: 'wait' });
const request = (type: string, replica: number): object => ({
  type: 'request',
  request: expect.objectContaining(type === 'transferLeadership' ? { type, to: replica } : { type, replica }),
});

test.each([
  ['nobody leads', statuses({ ...three, leader: 0 }, [1, 2, 3]), wait],
  ['it is no member', statuses(three, [1, 2, 3]), request('memberAdd', 4)],
  ['it has not answered', statuses(withLearner, [1, 2, 3]), wait],
  [
    'it has heard nothing',
    statuses(withLearner, [1, 4], { 4: { membership: membershipOf([]), applied: 0 as LogIndex } }),
    wait,
  ],
  ['it is behind', statuses(withLearner, [1, 4], { 4: behind }), wait],
  ['it has caught up', statuses(withLearner, [1, 4]), request('memberPromote', 4)],
  ['it has a vote', statuses({ voters: [1, 2, 3, 4], leader: 1 }, [1, 4]), done],
  [
    'a deposed leader knows less',
    statuses({ voters: [1, 2, 3, 4], leader: 1 }, [2, 1, 4], {
      2: { ...deposed, membership: membershipOf(ids([1, 2, 3])) },
    }),
    done,
  ],
])('a join when %s', (_when, observed, step) => {
  expect(joinStep(4 as ReplicaId, observed)).toEqual(step);
});

test.each([
  ['nobody leads', statuses({ ...three, leader: 0 }, [2, 3]), wait],
  ['another leads', statuses({ ...three, leader: 2 }, [1, 2, 3]), request('memberRemove', 1)],
  ['it is a learner', statuses({ voters: [2], learners: [1], leader: 2 }, [1, 2]), request('memberRemove', 1)],
  ['it leads itself', statuses(three, [1, 2, 3], { 2: behind }), request('transferLeadership', 3)],
  ['it leads, and nobody follows', statuses(three, [1, 2], { 2: { leader: 0 as ReplicaId } }), wait],
  ['it leads, and only a learner follows', statuses({ voters: [1], learners: [2], leader: 1 }, [1, 2]), wait],
  [
    'it is gone, it seems',
    statuses({ voters: [2, 3], leader: 2 }, [1, 2, 3], { 1: deposed }),
    request('memberRemove', 1),
  ],
])('a leave when %s', (_when, observed, step) => {
  expect(leaveStep(1 as ReplicaId, observed)).toEqual(step);
});

test.each([
  ['a follower of three', 3, statuses(three, [1, 2, 3]), true],
  ['the leader of three', 1, statuses(three, [1, 2, 3]), true],
  ['a dead one of three', 3, statuses(three, [1, 2]), true],
  ['a living one of three of which another is dead', 2, statuses(three, [1, 2]), false],
  ['one of two', 2, statuses({ voters: [1, 2], leader: 1 }, [1, 2]), true],
  ['one when nobody leads', 2, statuses({ ...three, leader: 0 }, [1, 2, 3]), false],
  ['one when another is cut off', 2, statuses(three, [1, 2, 3], { 3: { leader: 0 as ReplicaId } }), false],
])('the store can do without %s: %i', (_what, replica, observed, isPossible) => {
  expect(lossComplaint(replica as ReplicaId, observed) === null).toBe(isPossible);
});

test('who is a member and unknown is removed', () => {
  expect(strayStep(ids([1, 2, 3]), statuses(three, [1, 2, 3]))).toEqual(done);
  expect(strayStep(ids([1, 2, 3]), statuses(withLearner, [1, 2, 3]))).toEqual(request('memberRemove', 4));
});
