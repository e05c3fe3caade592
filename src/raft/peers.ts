/**
 * What the transport learns about peers: that one's thread has died, that a message could not be delivered, how a snapshot fared.
 * Each is a hint that saves a timeout; none is needed for safety, and a false one costs no more than an election or a probe.
 */
import { assert } from '../base/assert.ts';
import { maybeCampaign } from './election.ts';
import type { ReplicaId } from './message.ts';
import { noReplica } from './message.ts';
import { forgetLeader } from './roles.ts';
import type { RaftState } from './state.ts';

/**
 * The followers of a dead leader campaign one after another, in the order of their ids and so many ticks apart: two that stand together would
 * split the vote and cost an election timeout. The first one has won long before the second one's turn comes, unless its log is behind.
 */
const orphanSpacingTicks = 4;

/** Takes note that `peer` has died: its followers replace it without waiting for a timeout, a leader stops counting on it. */
export function onPeerGone(state: RaftState, peer: ReplicaId): void {
  assert(peer !== state.id, 'a replica outlives itself', { peer });
  if (state.role === 'leader') {
    abandon(state, peer);
  } else if (state.role === 'follower' && state.leader === peer) {
    forgetLeader(state);
    const orphans = state.membership.voters.filter((voter) => voter !== peer).toSorted((left, right) => left - right);
    const delay = Math.max(0, orphans.indexOf(state.id)) * orphanSpacingTicks;
    if (delay === 0) maybeCampaign(state, 'preVote');
    else state.electionTimeout = delay;
  }
}

/** As leader: whatever was under way to `peer`, entries, a snapshot or leadership itself, is lost. */
function abandon(state: RaftState, peer: ReplicaId): void {
  if (state.transferee === peer) state.transferee = noReplica;
  const progress = state.progress.get(peer);
  if (progress === undefined) return;
  progress.finishSnapshot(false);
  progress.becomeProbe();
  progress.recentActive = false;
}

/** Takes note that messages to `peer` were lost: what is in flight can't be relied on. */
export function onPeerUnreachable(state: RaftState, peer: ReplicaId): void {
  assert(peer !== state.id, 'a replica reaches itself', { peer });
  const progress = state.progress.get(peer);
  if (progress?.state === 'replicate') progress.becomeProbe();
}

/** Takes note that the snapshot for `peer` has arrived, or failed to; the next sign of life of the peer resumes replication. */
export function onSnapshotDelivered(state: RaftState, peer: ReplicaId, ok: boolean): void {
  assert(peer !== state.id, 'a snapshot goes to another', { peer });
  state.progress.get(peer)?.finishSnapshot(ok);
}
