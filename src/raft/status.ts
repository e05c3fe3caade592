/** What a node tells about itself, for people, metrics and tests; plain data, detached from the node. */
import type { LogIndex, Membership, ReplicaId, Term } from './message.ts';
import type { ProgressState } from './progress.ts';
import type { Role } from './ready.ts';
import type { RaftState } from './state.ts';

export interface PeerStatus {
  readonly replica: ReplicaId;
  readonly match: LogIndex;
  readonly next: LogIndex;
  readonly state: ProgressState;
  readonly recentActive: boolean;
  readonly paused: boolean;
  readonly inflightMessages: number;
}

export interface RaftStatus {
  readonly id: ReplicaId;
  readonly role: Role;
  readonly term: Term;
  readonly votedFor: ReplicaId;
  readonly leader: ReplicaId;
  readonly commit: LogIndex;
  readonly applied: LogIndex;
  readonly firstIndex: LogIndex;
  readonly lastIndex: LogIndex;
  /** The end of what is durable on this replica. */
  readonly stableIndex: LogIndex;
  readonly membership: Membership;
  /** Who leadership is being handed to; none if nobody. */
  readonly transferee: ReplicaId;
  /** Every member, this replica included, ascending; empty unless it leads. */
  readonly progress: readonly PeerStatus[];
}

export function statusOf(state: RaftState): RaftStatus {
  const { log } = state;
  const progress: PeerStatus[] = [];
  for (const [replica, peer] of state.progress) {
    const { match, next, recentActive } = peer;
    const inflightMessages = peer.inflights.count;
    progress.push({ replica, match, next, state: peer.state, recentActive, paused: peer.isPaused(), inflightMessages });
  }
  return {
    id: state.id,
    role: state.role,
    term: state.term,
    votedFor: state.votedFor,
    leader: state.leader,
    commit: log.committed,
    applied: log.applied,
    firstIndex: log.firstIndex,
    lastIndex: log.lastIndex,
    stableIndex: log.marks.stable,
    membership: state.membership,
    transferee: state.transferee,
    progress: progress.sort((left, right) => left.replica - right.replica),
  };
}
