/**
 * What the passing of time does. A tick is a count, not a duration: after a stall the host delivers the missed ones one by one, once it has
 * stepped the messages that waited meanwhile, so that its own stall makes no follower campaign.
 */
import { assert } from '../base/assert.ts';
import { isPromotable, maybeCampaign } from './election.ts';
import { noReplica } from './message.ts';
import { quorumValue } from './quorum.ts';
import { broadcastHeartbeat } from './replication.ts';
import { becomeFollower } from './roles.ts';
import type { RaftState } from './state.ts';

/** Moves this replica's clock by one tick. */
export function tick(state: RaftState): void {
  state.tick += 1;
  if (state.role === 'leader') tickLeader(state);
  else tickFollower(state);
}

function tickFollower(state: RaftState): void {
  state.electionElapsed += 1;
  assert(state.heartbeatElapsed === 0, 'heartbeats without leading', { role: state.role });
  // Who may not campaign goes on counting: its silence about a lost leader must not look like a lease.
  if (state.electionElapsed < state.electionTimeout || !isPromotable(state)) return;
  state.electionElapsed = 0;
  maybeCampaign(state, 'preVote');
}

function tickLeader(state: RaftState): void {
  const { electionTicks, heartbeatTicks } = state.timing;
  state.electionElapsed += 1;
  state.heartbeatElapsed += 1;
  if (state.electionElapsed >= electionTicks) {
    state.electionElapsed = 0;
    if (!isQuorumActive(state)) return becomeFollower(state, state.term, noReplica);
    // A transfer that takes longer than an election would is given up (dissertation §3.10).
    state.transferee = noReplica;
  }
  if (state.heartbeatElapsed < heartbeatTicks) return;
  state.heartbeatElapsed = 0;
  state.rounds.forgetBefore(state.tick - electionTicks);
  broadcastHeartbeat(state);
}

/** Tells whether a quorum was heard since the last call (dissertation §6.2), and starts counting anew. */
function isQuorumActive(state: RaftState): boolean {
  const { progress } = state;
  const active = quorumValue(state.membership, (voter) =>
    voter === state.id || progress.get(voter)?.recentActive === true ? 1 : 0,
  );
  for (const [peer, peerProgress] of progress) peerProgress.recentActive = peer === state.id;
  return active > 0;
}
