/**
 * Quorum arithmetic over a membership. In a joint configuration a decision needs a majority of the voters and, separately, a
 * majority of the outgoing voters (dissertation §4.3), so a joint result is the weaker one of its two halves.
 * An empty half decides everything: it commits infinity and wins every vote, so that a configuration which is not joint is
 * simply a joint one with an empty second half. Models etcd-io/raft quorum/majority.go and quorum/joint.go.
 */
import { assert } from '../base/assert.ts';
import type { Membership, ReplicaId } from './message.ts';

export type VoteResult = 'won' | 'lost' | 'pending';

/** What an empty set of voters commits. */
export const quorumInfinity = Number.MAX_SAFE_INTEGER;

/**
 * Returns the largest value that a quorum has reached. `acknowledged` gives each voter's value, 0 when nothing is known.
 * Serves commit indexes and heartbeat rounds alike: both only grow, and reaching one value means having reached all below.
 */
export function quorumValue(membership: Membership, acknowledged: (voter: ReplicaId) => number): number {
  const incoming = majorityValue(membership.voters, acknowledged);
  if (membership.votersOutgoing.length === 0) return incoming;
  return Math.min(incoming, majorityValue(membership.votersOutgoing, acknowledged));
}

/** Returns the largest value that a majority of `voters` has reached. */
export function majorityValue(voters: readonly ReplicaId[], acknowledged: (voter: ReplicaId) => number): number {
  if (voters.length === 0) return quorumInfinity;
  const values: number[] = [];
  for (const voter of voters) values.push(acknowledged(voter));
  values.sort(descending);
  const value = values[voters.length >> 1];
  assert(value !== undefined && value >= 0, 'quorum value', { voters, values });
  return value;
}

/** Tells how a vote stands; `votes` holds the answers so far, of voters and possibly of others, which do not count. */
export function voteResult(membership: Membership, votes: ReadonlyMap<ReplicaId, boolean>): VoteResult {
  const incoming = majorityVote(membership.voters, votes);
  const outgoing = majorityVote(membership.votersOutgoing, votes);
  if (incoming === outgoing) return incoming;
  if (incoming === 'lost' || outgoing === 'lost') return 'lost';
  return 'pending';
}

/** Tells how a vote among `voters` stands. */
export function majorityVote(voters: readonly ReplicaId[], votes: ReadonlyMap<ReplicaId, boolean>): VoteResult {
  if (voters.length === 0) return 'won';
  let granted = 0;
  let missing = 0;
  for (const voter of voters) {
    const vote = votes.get(voter);
    if (vote === undefined) missing += 1;
    else if (vote) granted += 1;
  }
  const needed = (voters.length >> 1) + 1;
  assert(granted + missing <= voters.length, 'vote count', { granted, missing, voters });
  if (granted >= needed) return 'won';
  return granted + missing >= needed ? 'pending' : 'lost';
}

function descending(left: number, right: number): number {
  return right - left;
}
