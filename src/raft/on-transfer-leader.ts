/**
 * Hands leadership over (dissertation §3.10): bring the target up to date, then have it campaign. Proposals are refused meanwhile, or the
 * target might never catch up. A second request replaces the first; one for this replica itself cancels it.
 */
import { assert } from '../base/assert.ts';
import { isVoter } from './membership.ts';
import type { Message, ReplicaId } from './message.ts';
import { noReplica } from './message.ts';
import { sendAll, sendTimeoutNow } from './replication.ts';
import type { RaftState } from './state.ts';

/** Takes a request of this replica: acts on it as leader, else forwards it to the leader if there is one. */
export function transferHere(state: RaftState, target: ReplicaId): void {
  if (state.role === 'leader') return transferAsLeader(state, target);
  if (state.leader === noReplica) return;
  state.outbox.send({ type: 'transferLeader', from: state.id, to: state.leader, term: state.term, target });
}

export function onTransferLeader(state: RaftState, message: Extract<Message, { type: 'transferLeader' }>): void {
  if (state.role === 'leader') transferAsLeader(state, message.target);
}

function transferAsLeader(state: RaftState, target: ReplicaId): void {
  const progress = state.progress.get(target);
  if (progress === undefined || !isVoter(state.membership, target) || target === state.transferee) return;
  state.transferee = noReplica;
  if (target === state.id) return;
  assert(state.leader === state.id, 'only the leader hands over', { leader: state.leader });
  // The transfer has one election timeout from now on.
  state.electionElapsed = 0;
  state.transferee = target;
  if (progress.match === state.log.lastIndex) sendTimeoutNow(state, target);
  else sendAll(state, target, progress);
}
