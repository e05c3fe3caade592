/**
 * The way in for every message: the rules about terms (Raft §5.1) and the lease (dissertation §4.2.3) first, then the file that handles the type.
 * Proposals, reads and transfers are requests to whoever leads; their terms mean nothing and are not looked at.
 */
import { assert, unreachable } from '../base/assert.ts';
import type { Message } from './message.ts';
import { noReplica } from './message.ts';
import { onAppend } from './on-append.ts';
import { onAppendReply } from './on-append-reply.ts';
import { onHeartbeat } from './on-heartbeat.ts';
import { onHeartbeatReply } from './on-heartbeat-reply.ts';
import { onPropose } from './on-propose.ts';
import { onReadIndex, onReadIndexReply } from './on-read-index.ts';
import { onSnapshot } from './on-snapshot.ts';
import { onTimeoutNow } from './on-timeout-now.ts';
import { onTransferLeader } from './on-transfer-leader.ts';
import { onPreVote, onVote, refuseEarlierPreVote } from './on-vote.ts';
import { learnCommit, onVoteReply } from './on-vote-reply.ts';
import { becomeFollower } from './roles.ts';
import type { RaftState } from './state.ts';

/** Takes one message from a peer; messages may be lost, repeated, delayed and reordered. */
export function step(state: RaftState, message: Message): void {
  assert(message.to === state.id, 'a message for another replica', { to: message.to, id: state.id });
  assert(message.from !== noReplica && message.from !== state.id, 'sender of a message', { from: message.from });
  if (!isRequestToLeader(message)) {
    if (message.term < state.term) return onEarlierTerm(state, message);
    if (message.term > state.term && !admitLaterTerm(state, message)) return;
  }
  dispatch(state, message);
}

function isRequestToLeader({ type }: Message): boolean {
  return type === 'propose' || type === 'readIndex' || type === 'transferLeader';
}

/**
 * Answers where silence would keep the sender stuck: a leader of an earlier term must learn that it is deposed, since with the lease a
 * candidate of a later term cannot depose it by asking for votes; and a pre-candidate must learn the term it has missed.
 * What a reply tells of the commit index is true in any term.
 */
function onEarlierTerm(state: RaftState, message: Message): void {
  const { id: from, term } = state;
  const to = message.from;
  if (message.type === 'append' || message.type === 'heartbeat' || message.type === 'snapshot') {
    state.outbox.send({ type: 'heartbeatReply', from, to, term, readContext: 0 });
  } else if (message.type === 'preVote') {
    refuseEarlierPreVote(state, message);
  } else if (message.type === 'preVoteReply' || message.type === 'voteReply') {
    learnCommit(state, message);
  }
}

/** Adopts the later term where the message proves it; returns false when the message is to be ignored altogether. */
function admitLaterTerm(state: RaftState, message: Message): boolean {
  const { type } = message;
  if ((type === 'vote' || type === 'preVote') && !message.transfer && isLeaderAlive(state)) return false;
  // A pre-vote is about a term that nobody is in yet.
  if (type === 'preVote' || (type === 'preVoteReply' && message.granted)) return true;
  becomeFollower(state, message.term, isFromLeader(message) ? message.from : noReplica);
  assert(state.term === message.term, 'the later term was adopted', { term: state.term, message: message.term });
  return true;
}

/** Tells whether the leader was heard less than an election timeout ago; then nobody may disturb it. */
function isLeaderAlive(state: RaftState): boolean {
  return state.leader !== noReplica && state.electionElapsed < state.timing.electionTicks;
}

function isFromLeader({ type }: Message): boolean {
  return type === 'append' || type === 'heartbeat' || type === 'snapshot';
}

function dispatch(state: RaftState, message: Message): void {
  if (isFromLeader(message)) follow(state, message);
  switch (message.type) {
    case 'vote':
      return onVote(state, message);
    case 'preVote':
      return onPreVote(state, message);
    case 'voteReply':
    case 'preVoteReply':
      return onVoteReply(state, message);
    case 'append':
      return onAppend(state, message);
    case 'appendReply':
      return onAppendReply(state, message);
    case 'heartbeat':
      return onHeartbeat(state, message);
    case 'heartbeatReply':
      return onHeartbeatReply(state, message);
    case 'snapshot':
      return onSnapshot(state, message);
    case 'timeoutNow':
      return onTimeoutNow(state, message);
    case 'propose':
      return onPropose(state, message);
    case 'readIndex':
      return onReadIndex(state, message);
    case 'readIndexReply':
      return onReadIndexReply(state, message);
    case 'transferLeader':
      return onTransferLeader(state, message);
    default:
      return unreachable(message);
  }
}

/** Accepts the sender as the leader of the current term, of which there is only one. */
function follow(state: RaftState, message: Message): void {
  assert(state.role !== 'leader', 'two leaders in one term', { term: state.term, id: state.id, other: message.from });
  assert(state.leader === noReplica || state.leader === message.from, 'two leaders in one term', {
    term: state.term,
    leader: state.leader,
    other: message.from,
  });
  if (state.role !== 'follower') becomeFollower(state, state.term, message.from);
  state.leader = message.from;
  state.electionElapsed = 0;
}
