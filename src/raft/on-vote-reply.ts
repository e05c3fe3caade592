/** Answers to a campaign; those to an earlier campaign, or of the wrong sort, count for nothing. */
import { assert } from '../base/assert.ts';
import { recordVote } from './election.ts';
import type { Message } from './message.ts';
import type { RaftState } from './state.ts';

export function onVoteReply(state: RaftState, message: Extract<Message, { type: 'voteReply' | 'preVoteReply' }>): void {
  const preVote = message.type === 'preVoteReply';
  assert(message.term >= state.term, 'term of a vote reply', { message: message.term, current: state.term });
  if (state.role !== (preVote ? 'preCandidate' : 'candidate')) return;
  // A granted pre-vote carries the term that the campaign was for; only the next one was asked about.
  if (preVote && message.granted && message.term !== state.term + 1) return;
  recordVote(state, message.from, message.granted);
}
