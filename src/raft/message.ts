/**
 * The values that Raft replicas exchange and store. Plain data throughout: they cross threads encoded and are written to disk.
 * Names follow Ongaro's dissertation and etcd-io/raft.
 */
import type { Brand } from '../base/brand.ts';

/** Identifies one replica for ever; an identifier is never reused, because a replica that forgot its vote could vote twice. */
export type ReplicaId = Brand<number, 'ReplicaId'>;
export type Term = Brand<number, 'Term'>;
/** Position in the log; the first entry has index 1. */
export type LogIndex = Brand<number, 'LogIndex'>;

export const noReplica = 0 as ReplicaId;

/** `command`: opaque bytes of the layer above (empty for the entry a new leader writes); `membership`: an encoded change. */
export type EntryType = 'command' | 'membership';

export interface Entry {
  readonly term: Term;
  readonly index: LogIndex;
  readonly type: EntryType;
  readonly data: Uint8Array;
}

/**
 * What must be durable before any message that depends on it leaves. Commit may lag, since the leader teaches it anew, but never behind
 * entries that are durable: it is written whenever entries are. A replica that restarts with the entry of a membership change must
 * know that the change before it is committed, or it could campaign with an outdated membership and win.
 */
export interface HardState {
  readonly term: Term;
  readonly votedFor: ReplicaId;
  readonly commit: LogIndex;
}

/** The members at one log position. While `votersOutgoing` is not empty the configuration is joint (dissertation §4.3). */
export interface Membership {
  readonly voters: readonly ReplicaId[];
  readonly votersOutgoing: readonly ReplicaId[];
  readonly learners: readonly ReplicaId[];
  readonly learnersNext: readonly ReplicaId[];
  readonly autoLeave: boolean;
}

export interface SnapshotMetadata {
  readonly index: LogIndex;
  readonly term: Term;
  readonly membership: Membership;
}

/** A snapshot message carries metadata only; the layer above ships the state itself and steps the message when it has arrived. */
interface Envelope {
  readonly from: ReplicaId;
  readonly to: ReplicaId;
  readonly term: Term;
}

export type Message = Envelope &
  (
    | {
        readonly type: 'preVote' | 'vote';
        readonly lastIndex: LogIndex;
        readonly lastTerm: Term;
        readonly transfer: boolean;
      }
    | {
        readonly type: 'preVoteReply' | 'voteReply';
        readonly granted: boolean;
        /** What the replier knows to be committed: always true, and may be what the candidate has failed to learn. */
        readonly commit: LogIndex;
        readonly commitTerm: Term;
      }
    | {
        readonly type: 'append';
        readonly previousIndex: LogIndex;
        readonly previousTerm: Term;
        readonly entries: readonly Entry[];
        readonly commit: LogIndex;
      }
    | { readonly type: 'appendReply'; readonly index: LogIndex; readonly rejection: AppendRejection | null }
    | { readonly type: 'heartbeat'; readonly commit: LogIndex; readonly readContext: number }
    | { readonly type: 'heartbeatReply'; readonly readContext: number }
    | { readonly type: 'snapshot'; readonly snapshot: SnapshotMetadata }
    | { readonly type: 'timeoutNow' }
    | { readonly type: 'propose'; readonly entries: readonly ProposedEntry[] }
    | { readonly type: 'readIndex'; readonly contexts: readonly ReadContext[] }
    | { readonly type: 'readIndexReply'; readonly contexts: readonly ReadContext[]; readonly index: LogIndex }
    | { readonly type: 'transferLeader'; readonly target: ReplicaId }
  );

export type MessageType = Message['type'];

/** An entry that has no place in the log yet. */
export interface ProposedEntry {
  readonly type: EntryType;
  readonly data: Uint8Array;
}

/** Why an append was refused, and where the logs may still agree (fast back-off by term, as in etcd-io/raft). */
export interface AppendRejection {
  readonly index: LogIndex;
  readonly hintIndex: LogIndex;
  readonly hintTerm: Term;
}

/** Names one read-index request: the replica that asked, and its own number for it. */
export interface ReadContext {
  readonly replica: ReplicaId;
  readonly id: number;
}
