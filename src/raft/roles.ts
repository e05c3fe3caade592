/**
 * The transitions between roles (Raft §5.1, figure 4). Each one starts from a clean slate: votes, progress, reads and a pending
 * transfer belong to one role in one term, and a fresh random timeout is drawn on each (§5.2).
 */
import { assert } from '../base/assert.ts';
import { emptyBytes } from '../base/bytes.ts';
import { nextIndex, noIndex } from './log-index.ts';
import { isVoter, membersOf } from './membership.ts';
import type { LogIndex, ReplicaId, Term } from './message.ts';
import { noReplica } from './message.ts';
import { Progress } from './progress.ts';
import { ReadRounds } from './read-rounds.ts';
import { appendOwn } from './replication.ts';
import type { RaftState } from './state.ts';

/** Follows `leader`, which may be none, in `term`, which is the current one or a later one. */
export function becomeFollower(state: RaftState, term: Term, leader: ReplicaId): void {
  assert(term >= state.term, 'the term goes back', { term, current: state.term });
  assert(leader !== state.id, 'a replica does not follow itself', { leader, term });
  reset(state, term);
  state.role = 'follower';
  state.leader = leader;
}

/** Asks whether an election could be won, without touching term or vote (dissertation §9.6). */
export function becomePreCandidate(state: RaftState): void {
  assert(state.role !== 'leader', 'a leader does not campaign', { term: state.term });
  reset(state, state.term);
  state.role = 'preCandidate';
}

/** Stands for election in the next term, with its own vote; the vote counts once it is durable. */
export function becomeCandidate(state: RaftState): void {
  assert(state.role !== 'leader', 'a leader does not campaign', { term: state.term });
  assert(isVoter(state.membership, state.id), 'only a voter stands for election', { id: state.id });
  reset(state, (state.term + 1) as Term);
  state.role = 'candidate';
  state.votedFor = state.id;
}

/** Leads the current term: watches every member's progress and appends an empty entry of this term (§5.4.2, §8). */
export function becomeLeader(state: RaftState): void {
  assert(state.role === 'candidate', 'only a candidate becomes leader', { role: state.role, term: state.term });
  assert(state.votedFor === state.id, 'a leader voted for itself', { votedFor: state.votedFor, term: state.term });
  reset(state, state.term);
  state.role = 'leader';
  state.leader = state.id;
  const next = nextIndex(state.log.lastIndex);
  for (const member of membersOf(state.membership)) addProgress(state, member, next, member === state.id);
  // Among the entries that are not applied yet there may be a membership change.
  state.pendingMembershipIndex = state.log.lastIndex;
  appendOwn(state, [{ type: 'command', data: emptyBytes }]);
}

/** Forgets the leader without a change of term, and with it the reason to refuse votes. */
export function forgetLeader(state: RaftState): void {
  assert(state.role === 'follower', 'only a follower forgets its leader', { role: state.role });
  state.leader = noReplica;
  state.electionElapsed = 0;
}

/** Starts to watch the progress of `member`, sending from `next` on; of no log but this replica's own is anything known. */
export function addProgress(state: RaftState, member: ReplicaId, next: LogIndex, recentActive: boolean): void {
  assert(state.role === 'leader' && !state.progress.has(member), 'progress is kept once, by a leader', { member });
  const progress = new Progress(noIndex, next, recentActive, state.limits);
  if (member === state.id) {
    progress.maybeUpdate(state.log.marks.stable);
    progress.becomeReplicate();
  }
  state.progress.set(member, progress);
}

function reset(state: RaftState, term: Term): void {
  if (term !== state.term) {
    state.term = term;
    state.votedFor = noReplica;
    state.timeoutNowSent = false;
  }
  state.leader = noReplica;
  state.electionElapsed = 0;
  state.heartbeatElapsed = 0;
  const { electionTicks } = state.timing;
  state.electionTimeout = state.random.integer(electionTicks, 2 * electionTicks - 1);
  state.votes.clear();
  state.progress.clear();
  state.rounds = new ReadRounds();
  state.transferee = noReplica;
  state.pendingMembershipIndex = noIndex;
  state.uncommittedBytes = 0;
  state.broadcastDue = false;
}
