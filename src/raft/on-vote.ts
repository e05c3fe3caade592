/**
 * Requests for a vote or a pre-vote (Raft §5.2, §5.4.1; dissertation §4.2.3, §9.6). step.ts has dealt with terms and the lease before.
 * Any replica answers, a learner too: it may be a voter of a configuration that it has not applied yet.
 */
import { assert, must } from '../base/assert.ts';
import type { Message, Term } from './message.ts';
import { noReplica } from './message.ts';
import { becomeFollower } from './roles.ts';
import type { RaftState } from './state.ts';

type VoteRequest = Extract<Message, { type: 'vote' | 'preVote' }>;

/** Answers a vote request of the current term: one vote a term, and only for a log that is at least up to date. */
export function onVote(state: RaftState, message: VoteRequest): void {
  assert(message.term === state.term, 'term of a vote request', { message: message.term, current: state.term });
  const free = state.votedFor === noReplica && state.leader === noReplica;
  const granted = (free || state.votedFor === message.from) && isLogSufficient(state, message);
  if (!granted) return reply(state, message, state.term, false);
  state.votedFor = message.from;
  state.electionElapsed = 0;
  reply(state, message, message.term, true);
}

/** Answers a pre-vote request: the answer binds nobody, so any number of pre-candidates may have one. */
export function onPreVote(state: RaftState, message: VoteRequest): void {
  assert(message.term >= state.term, 'term of a pre-vote request', { message: message.term, current: state.term });
  const later = message.term > state.term;
  const possible =
    later || state.votedFor === message.from || (state.votedFor === noReplica && state.leader === noReplica);
  if (!possible || !isLogSufficient(state, message)) return reply(state, message, state.term, false);
  reply(state, message, message.term, true);
  maybeYield(state, message);
}

/**
 * Gives up this replica's own pre-candidacy in favour of one that is as good: of two that ask each other at the same time, the one with the
 * higher identifier goes on, or both would become candidates and split the vote. Deviates from etcd-io/raft, where chance alone decides.
 */
function maybeYield(state: RaftState, message: VoteRequest): void {
  if (state.role !== 'preCandidate' || message.term !== state.term + 1 || message.from < state.id) return;
  becomeFollower(state, state.term, noReplica);
}

function isLogSufficient(state: RaftState, message: VoteRequest): boolean {
  return state.log.isUpToDate({ index: message.lastIndex, term: message.lastTerm });
}

/** Refuses a pre-vote for a term that has passed; the reply carries the present one. */
export function refuseEarlierPreVote(state: RaftState, message: VoteRequest): void {
  assert(message.term < state.term, 'term of an outdated request', { message: message.term, current: state.term });
  reply(state, message, state.term, false);
}

function reply(state: RaftState, request: VoteRequest, term: Term, granted: boolean): void {
  const { id, log } = state;
  const type = request.type === 'vote' ? 'voteReply' : 'preVoteReply';
  const commitTerm = must(log.termAt(log.committed), 'term of the commit index');
  const message: Message = { type, from: id, to: request.from, term, granted, commit: log.committed, commitTerm };
  if (type === 'voteReply' && granted) state.outbox.sendAfterPersist(message);
  else state.outbox.send(message);
}
