/**
 * Campaigns: who may stand, the pre-vote before the vote, counting (Raft §5.2, §5.4.1; dissertation §9.6).
 * A pre-vote binds nobody, so this replica's own counts at once; its vote counts only once it is durable (node.ts).
 */
import { assert } from '../base/assert.ts';
import { nextIndex } from './log-index.ts';
import { isVoter, votersOf } from './membership.ts';
import type { Message, ReplicaId, Term } from './message.ts';
import { noReplica } from './message.ts';
import { voteResult } from './quorum.ts';
import { becomeCandidate, becomeFollower, becomeLeader, becomePreCandidate } from './roles.ts';
import type { RaftState } from './state.ts';

/** `transfer`: by order of the leader, so without a pre-vote and without regard for its lease. */
export type CampaignType = 'preVote' | 'vote' | 'transfer';

/**
 * Tells whether this replica may stand for election: a voter of the applied membership, with its snapshot installed, and
 * without a committed membership change that is still to be applied (its quorum would be that of an outdated membership).
 */
export function isPromotable(state: RaftState): boolean {
  const { log } = state;
  if (!isVoter(state.membership, state.id) || log.isInstalling()) return false;
  return !log.slice(nextIndex(log.applied), log.committed).some((entry) => entry.type === 'membership');
}

/** Campaigns if this replica may; a leader and a non-voter do nothing. */
export function maybeCampaign(state: RaftState, type: CampaignType): void {
  if (state.role === 'leader' || !isPromotable(state)) return;
  if (type === 'preVote') campaignForPreVotes(state);
  else campaignForVotes(state, type === 'transfer');
}

/** Counts `from`'s answer to the current campaign; a second answer of the same replica does not count. */
export function recordVote(state: RaftState, from: ReplicaId, granted: boolean): void {
  assert(state.role === 'candidate' || state.role === 'preCandidate', 'votes need a campaign', { role: state.role });
  if (!state.votes.has(from)) state.votes.set(from, granted);
  const result = voteResult(state.membership, state.votes);
  if (result === 'pending') return;
  if (result === 'lost') becomeFollower(state, state.term, noReplica);
  else if (state.role === 'preCandidate') campaignForVotes(state, false);
  else becomeLeader(state);
}

function campaignForPreVotes(state: RaftState): void {
  becomePreCandidate(state);
  askForVotes(state, 'preVote', (state.term + 1) as Term, false);
  recordVote(state, state.id, true);
}

function campaignForVotes(state: RaftState, transfer: boolean): void {
  becomeCandidate(state);
  askForVotes(state, 'vote', state.term, transfer);
}

/**
 * Vote requests wait for the disk like the vote itself. Otherwise a candidate could win by the others' votes, lead, crash, come back
 * without knowing the term, ask for the same votes again and lead in the same term a second time, with other entries.
 */
function askForVotes(state: RaftState, type: 'preVote' | 'vote', term: Term, transfer: boolean): void {
  const { lastIndex, lastTerm } = state.log;
  for (const to of votersOf(state.membership)) {
    if (to === state.id) continue;
    const message: Message = { type, from: state.id, to, term, lastIndex, lastTerm, transfer };
    if (type === 'vote') state.outbox.sendAfterPersist(message);
    else state.outbox.send(message);
  }
}
