/**
 * Answers to a campaign; those to an earlier campaign, or of the wrong sort, count for nothing. Every answer tells what its sender knows to be
 * committed. That frees a candidate which depends on the vote of a leader that has removed itself: the news of the removal's commit
 * got lost, and the removed leader, whose log is longer, neither votes for it nor may stand itself.
 * Deviates from etcd-io/raft, which can stay stuck there; after raft-rs, which tells commit indexes along with votes.
 */
import { assert } from '../base/assert.ts';
import { isPromotable, recordVote } from './election.ts';
import type { Message } from './message.ts';
import { noReplica } from './message.ts';
import { becomeFollower } from './roles.ts';
import type { RaftState } from './state.ts';

type VoteReply = Extract<Message, { type: 'voteReply' | 'preVoteReply' }>;

export function onVoteReply(state: RaftState, message: VoteReply): void {
  const preVote = message.type === 'preVoteReply';
  assert(message.term >= state.term, 'term of a vote reply', { message: message.term, current: state.term });
  learnCommit(state, message);
  if (state.role !== (preVote ? 'preCandidate' : 'candidate')) return;
  // A granted pre-vote carries the term that the campaign was for; only the next one was asked about.
  if (preVote && message.granted && message.term !== state.term + 1) return;
  recordVote(state, message.from, message.granted);
}

/** Commits, whatever the term of the reply, what the replier knows to be committed, if this log has the same entry; a campaign with a membership now outdated ends. */
export function learnCommit(state: RaftState, message: VoteReply): void {
  const { log } = state;
  if (!log.matches({ index: message.commit, term: message.commitTerm }) || !log.commitTo(message.commit)) return;
  assert(state.role !== 'leader' || message.commit <= log.lastIndex, 'commit of a leader', { commit: message.commit });
  if (state.role !== 'follower' && state.role !== 'leader' && !isPromotable(state)) {
    becomeFollower(state, state.term, noReplica);
  }
}
