/**
 * Proposals, made here or forwarded by a follower. A refusal is an outcome, never silence, for whoever proposes here; what a follower
 * forwards is at the mercy of the network and of the leader anyway. Forwarding is one hop: a forwarded proposal that meets no leader
 * is dropped, so that two replicas with outdated ideas of each other cannot play ball with it.
 */
import { assert } from '../base/assert.ts';
import { emptyBytes } from '../base/bytes.ts';
import { nextIndex, offsetIndex } from './log-index.ts';
import { isMember } from './membership.ts';
import { decodeMembershipChange } from './membership-change.ts';
import type { Message, ProposedEntry } from './message.ts';
import { noReplica } from './message.ts';
import { isChangeAllowed } from './reconfiguration.ts';
import { appendOwn } from './replication.ts';
import type { RaftState } from './state.ts';

export type ProposalDrop = 'noLeader' | 'transferring' | 'tooMuchUncommitted' | 'removed';

/** `accepted` promises no more than that the entry is appended here or on its way to the leader. */
export type ProposalOutcome = 'accepted' | { readonly dropped: ProposalDrop };

/** Takes a proposal of this replica: appends it as leader, else forwards it with the next Ready. */
export function proposeHere(state: RaftState, entry: ProposedEntry): ProposalOutcome {
  if (state.role === 'leader') return proposeAsLeader(state, [entry]);
  if (state.leader === noReplica) return { dropped: 'noLeader' };
  const waiting = state.forwardedBytes + entry.data.length;
  if (state.forwardedBytes > 0 && waiting > state.limits.uncommittedBytesMax) return { dropped: 'tooMuchUncommitted' };
  state.forwardedBytes = waiting;
  state.forwardedProposals.push(entry);
  return 'accepted';
}

/** Takes proposals that a follower forwarded. */
export function onPropose(state: RaftState, message: Extract<Message, { type: 'propose' }>): void {
  assert(message.from !== state.id, 'a proposal is forwarded to another', { from: message.from });
  if (state.role === 'leader') proposeAsLeader(state, message.entries);
}

/** Appends `entries` as leader, all of them or none. */
export function proposeAsLeader(state: RaftState, entries: readonly ProposedEntry[]): ProposalOutcome {
  if (!isMember(state.membership, state.id)) return { dropped: 'removed' };
  if (state.transferee !== noReplica) return { dropped: 'transferring' };
  let bytes = 0;
  for (const { data } of entries) bytes += data.length;
  // One proposal of any size fits when nothing else waits, or it could never be made.
  const crowded = state.uncommittedBytes > 0 && state.uncommittedBytes + bytes > state.limits.uncommittedBytesMax;
  if (bytes > 0 && crowded) return { dropped: 'tooMuchUncommitted' };
  const first = nextIndex(state.log.lastIndex);
  const admitted = entries.map((entry, at) => {
    if (entry.type === 'command') return entry;
    if (!isChangeAllowed(state, decodeMembershipChange(entry.data)))
      return { type: 'command', data: emptyBytes } as const;
    state.pendingMembershipIndex = offsetIndex(first, at);
    return entry;
  });
  appendOwn(state, admitted);
  return 'accepted';
}
