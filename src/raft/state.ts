/**
 * The state of one replica. Only the files of this room change it: roles.ts moves between roles, replication.ts and on-*.ts do the rest.
 *
 * Invariants: term only grows; votedFor changes only together with the term, or from none; leader is this replica exactly while it leads;
 * progress is empty unless it leads, and then has one entry for every member.
 */
import type { Random } from '../base/random.ts';
import type { RaftLimits } from './limits.ts';
import type { RaftLog } from './log.ts';
import type { LogIndex, Membership, ProposedEntry, ReplicaId, Term } from './message.ts';
import type { Outbox } from './outbox.ts';
import type { Progress } from './progress.ts';
import type { ReadRounds } from './read-rounds.ts';
import type { Role } from './ready.ts';

/** Counted in ticks of the host's clock. Heartbeats must fit into an election timeout several times. */
export interface RaftTiming {
  readonly electionTicks: number;
  readonly heartbeatTicks: number;
}

export interface RaftState {
  readonly id: ReplicaId;
  readonly log: RaftLog;
  readonly outbox: Outbox;
  readonly random: Random;
  readonly timing: RaftTiming;
  readonly limits: RaftLimits;

  role: Role;
  term: Term;
  votedFor: ReplicaId;
  leader: ReplicaId;
  /** The newest membership that was applied, not merely appended. */
  membership: Membership;

  /** Ticks since this replica started, for leases. */
  tick: number;
  /** Ticks since the leader was heard, a vote was granted, or (on a leader) the quorum was checked. */
  electionElapsed: number;
  /** Ticks since the last heartbeat; leaders only. */
  heartbeatElapsed: number;
  /** When to campaign: in [electionTicks, 2 electionTicks), sooner after the death of the leader. */
  electionTimeout: number;

  /** Answers to the current campaign, this replica's own among them once it counts. */
  readonly votes: Map<ReplicaId, boolean>;
  readonly progress: Map<ReplicaId, Progress>;
  /** The rounds of the current leadership; replaced with every change of role. */
  rounds: ReadRounds;
  /** Who is to become leader by request of this one; none if nobody. */
  transferee: ReplicaId;
  /** Whether a `timeoutNow` left in this term: it lets its receiver ignore the lease at any later time. */
  timeoutNowSent: boolean;
  /** No membership change may be proposed while this index is not applied. */
  pendingMembershipIndex: LogIndex;
  uncommittedBytes: number;

  /** A leader has appended or committed, and its followers are to be told before the next Ready. */
  broadcastDue: boolean;
  /** What goes to the leader in one message with the next Ready. */
  forwardedProposals: ProposedEntry[];
  forwardedBytes: number;
  forwardedReads: number[];
}
