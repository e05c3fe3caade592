/**
 * Membership changes on a running node (dissertation §4). A change takes effect when it is applied, as in etcd-io/raft, not when it is
 * appended as in the paper; so at most one may be under way, and nobody campaigns over one that is committed and not applied.
 * That argument also needs the commit index on the disk whenever entries are: see `HardState` and README.md.
 */
import { assert, must } from '../base/assert.ts';
import { changeMembership, isJoint, isVoter, membersOf } from './membership.ts';
import type { MembershipChange } from './membership-change.ts';
import { decodeMembershipChange, encodeMembershipChange, leaveJoint } from './membership-change.ts';
import type { Entry, LogIndex, Membership, ReplicaId } from './message.ts';
import { noReplica } from './message.ts';
import { confirmReads } from './reads.ts';
import { appendOwn, maybeCommit, sendAll, sendTimeoutNow } from './replication.ts';
import { addProgress, becomeFollower } from './roles.ts';
import type { RaftState } from './state.ts';

/** Tells whether a leader may append `change` now: none is under way, and it leads to a valid membership. */
export function isChangeAllowed(state: RaftState, change: MembershipChange): boolean {
  if (state.pendingMembershipIndex > state.log.applied) return false;
  return changeMembership(state.membership, change).type === 'changed';
}

/** Switches to the membership that the committed `entry` leads to, and returns it. An impossible change leaves things as they are. */
export function applyMembershipEntry(state: RaftState, entry: Entry): Membership {
  assert(entry.type === 'membership', 'type of a membership entry', { type: entry.type, index: entry.index });
  assert(entry.index > state.log.applied && entry.index <= state.log.applying, 'membership applied out of turn', {
    index: entry.index,
    applied: state.log.applied,
    applying: state.log.applying,
  });
  const outcome = changeMembership(state.membership, decodeMembershipChange(entry.data));
  if (outcome.type === 'changed') switchMembership(state, outcome.membership);
  return state.membership;
}

/** Makes `membership` the one that counts. A leader adjusts what it watches, and steps down when it lost its vote. */
export function switchMembership(state: RaftState, membership: Membership): void {
  state.membership = membership;
  if (state.role !== 'leader') return;
  const members = membersOf(membership);
  for (const peer of state.progress.keys()) if (!members.includes(peer)) state.progress.delete(peer);
  // A new member counts as active, so that adding it deposes nobody; it is probed with the last entry at once.
  for (const member of members) {
    if (!state.progress.has(member)) addProgress(state, member, state.log.lastIndex, true);
  }
  if (!isVoter(membership, state.id)) return retire(state);
  maybeCommit(state);
  confirmReads(state);
  for (const [peer, progress] of state.progress) if (peer !== state.id) sendAll(state, peer, progress);
  if (!isVoter(membership, state.transferee)) state.transferee = noReplica;
}

/** Proposes to leave a joint configuration that asks for it, once everything up to the change is applied. */
export function maybeLeaveJoint(state: RaftState, applied: LogIndex): void {
  if (state.role !== 'leader' || !state.membership.autoLeave || applied < state.pendingMembershipIndex) return;
  assert(isJoint(state.membership), 'only a joint configuration is left', { applied });
  appendOwn(state, [{ type: 'membership', data: encodeMembershipChange(leaveJoint) }]);
  state.pendingMembershipIndex = state.log.lastIndex;
}

/** Steps down as a leader that was removed or demoted, and has the most advanced voter campaign at once. */
function retire(state: RaftState): void {
  let heir: ReplicaId = noReplica;
  for (const voter of state.membership.voters) {
    const match = must(state.progress.get(voter), 'progress of a voter').match;
    if (heir === noReplica || match > must(state.progress.get(heir), 'progress of a voter').match) heir = voter;
  }
  assert(heir !== noReplica && heir !== state.id, 'heir of a removed leader', { heir });
  sendTimeoutNow(state, heir);
  becomeFollower(state, state.term, noReplica);
}
