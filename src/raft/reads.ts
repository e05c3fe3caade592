/**
 * Linearizable reads (dissertation §6.4). A follower forwards what one batch of input asked for; a leader serves a batch, its own
 * and forwarded reads alike, with one round of heartbeats. Without a leader, or beyond the limit, a read is dropped: its caller has a deadline.
 */
import { assert } from '../base/assert.ts';
import type { LogIndex, ReadContext, ReplicaId } from './message.ts';
import { noReplica } from './message.ts';
import { quorumInfinity, quorumValue } from './quorum.ts';
import { broadcastHeartbeat, hasCommittedInTerm } from './replication.ts';
import type { RaftState } from './state.ts';

/** Takes a read of this replica. */
export function requestRead(state: RaftState, id: number): void {
  if (state.role === 'leader') return collectRead(state, { replica: state.id, id });
  if (state.leader === noReplica || state.forwardedReads.length >= state.limits.pendingReadsMax) return;
  state.forwardedReads.push(id);
}

/** Adds a read to the leader's current batch. */
export function collectRead(state: RaftState, context: ReadContext): void {
  assert(state.role === 'leader', 'only a leader collects reads', { role: state.role });
  if (state.rounds.waitingCount < state.limits.pendingReadsMax) state.rounds.add(context);
}

/** Tells whether collected reads can be served: a new leader first has to commit in its own term (§6.4, step 1). */
export function isReadBatchDue(state: RaftState): boolean {
  return state.role === 'leader' && state.rounds.hasBatch() && hasCommittedInTerm(state);
}

/** Starts the round for the collected reads; a leader that is its own quorum answers at once. */
export function serveReadBatch(state: RaftState): void {
  assert(isReadBatchDue(state), 'reads before their time', { role: state.role, committed: state.log.committed });
  if (confirmedRound(state) >= quorumInfinity) {
    return answerReads(state, state.rounds.takeBatch(), state.log.committed);
  }
  broadcastHeartbeat(state);
  state.rounds.bindBatch(state.log.committed);
}

/** Answers the reads whose round a quorum has returned by now. */
export function confirmReads(state: RaftState): void {
  assert(state.role === 'leader', 'only a leader confirms reads', { role: state.role });
  const round = Math.min(confirmedRound(state), state.rounds.latest);
  for (const pending of state.rounds.confirm(round)) answerReads(state, pending.contexts, pending.index);
}

/** Tells whether a quorum is bound by heartbeats so recent that none of it can have voted for another leader yet. */
export function isLeaseValid(state: RaftState): boolean {
  if (state.role !== 'leader' || state.timeoutNowSent || !hasCommittedInTerm(state)) return false;
  if (confirmedRound(state) >= quorumInfinity) return true;
  const { confirmedTick } = state.rounds;
  const leaseTicks = state.timing.electionTicks - state.limits.leaseMarginTicks;
  return confirmedTick !== null && state.tick - confirmedTick < leaseTicks;
}

/** The newest round that a quorum returned; infinite when this replica is a quorum by itself. */
function confirmedRound(state: RaftState): number {
  return quorumValue(state.membership, (voter) =>
    voter === state.id ? quorumInfinity : state.rounds.returnedBy(voter),
  );
}

function answerReads(state: RaftState, contexts: readonly ReadContext[], index: LogIndex): void {
  const remote = new Map<ReplicaId, ReadContext[]>();
  const own: ReadContext[] = [];
  for (const context of contexts) {
    if (context.replica === state.id) own.push(context);
    else if (remote.has(context.replica)) remote.get(context.replica)?.push(context);
    else remote.set(context.replica, [context]);
  }
  state.outbox.answer(own, index);
  for (const [to, asked] of remote) {
    state.outbox.send({ type: 'readIndexReply', from: state.id, to, term: state.term, contexts: asked, index });
  }
}
