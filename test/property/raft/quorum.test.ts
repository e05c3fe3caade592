/** Quorum arithmetic against the definitions, spelt out naively. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Membership, ReplicaId } from '../../../src/raft/message.ts';
import { quorumInfinity, quorumValue, voteResult } from '../../../src/raft/quorum.ts';
import { id } from '../../unit/raft/host.ts';

const voters = fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 7 }).map((list) => list.map(id));
const values = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 9, maxLength: 9 });
const ballots = fc.array(fc.constantFrom(true, false, undefined), { minLength: 9, maxLength: 9 });

function membership(incoming: readonly ReplicaId[], outgoing: readonly ReplicaId[]): Membership {
  return { voters: incoming, votersOutgoing: outgoing, learners: [], learnersNext: [], autoLeave: false };
}

/** Whether more than half of `half` satisfy `predicate`; nobody is needed of an empty half. */
function majority(half: readonly ReplicaId[], predicate: (voter: ReplicaId) => boolean): boolean {
  return half.length === 0 || half.filter(predicate).length > half.length / 2;
}

test('the quorum value is the largest that both majorities have reached', () => {
  fc.assert(
    fc.property(voters, voters, values, (incoming, outgoing, acknowledged) => {
      const reached = (voter: ReplicaId): number => acknowledged[voter - 1] ?? 0;
      const isReached = (value: number): boolean =>
        majority(incoming, (voter) => reached(voter) >= value) &&
        majority(outgoing, (voter) => reached(voter) >= value);
      let naive = incoming.length + outgoing.length === 0 ? quorumInfinity : 0;
      for (let value = 1; value <= 12; value += 1) if (naive < value && isReached(value)) naive = value;
      expect(quorumValue(membership(incoming, outgoing), reached)).toBe(naive);
    }),
    { numRuns: 5000 },
  );
});

test('a vote is won by both majorities, lost when one is out of reach, and pending otherwise', () => {
  fc.assert(
    fc.property(voters, voters, ballots, (incoming, outgoing, ballot) => {
      const votes = new Map<ReplicaId, boolean>();
      ballot.forEach((vote, index) => {
        if (vote !== undefined) votes.set(id(index + 1), vote);
      });
      const halves = [incoming, outgoing];
      const won = halves.every((half) => majority(half, (voter) => votes.get(voter) === true));
      const winnable = halves.every((half) => majority(half, (voter) => votes.get(voter) !== false));
      let naive = 'pending';
      if (won) naive = 'won';
      else if (!winnable) naive = 'lost';
      expect(voteResult(membership(incoming, outgoing), votes)).toBe(naive);
    }),
    { numRuns: 5000 },
  );
});
