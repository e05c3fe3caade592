/**
 * What one batch of Raft input asks its host to do. The order is part of the contract; see each field.
 * Models etcd-io/raft `Ready` with asynchronous storage writes (raft v3.6), expressed as data.
 */
import type { Entry, HardState, LogIndex, Message, ReadContext, ReplicaId, SnapshotMetadata, Term } from './message.ts';

export type Role = 'follower' | 'preCandidate' | 'candidate' | 'leader';

export interface Ready {
  /**
   * Numbers the Readies of one node: 1, 2, 3. Once this one and all before it are durable, the host reports the number with
   * `RaftNode.persisted(number)`, also when there was nothing to write; one report may stand for several.
   */
  readonly number: number;
  /**
   * To be made durable together with `entries`, and written behind them, so that a torn write cannot leave a commit index beyond the
   * log. Null when unchanged; a commit index alone is no reason to write (it comes along with the next entries), unless a change of the members
   * was committed: who forgets the last removal but one waits for the votes of those who are gone.
   */
  readonly hardState: HardState | null;
  /** Contiguous and ascending. They replace whatever the log holds from the first one's index on. */
  readonly entries: readonly Entry[];
  /** A snapshot to install before `entries`: the log restarts behind it. The host loads the state, then reports `persisted`. */
  readonly snapshot: SnapshotMetadata | null;
  /** May leave at once, also before `entries` are durable: a leader replicates while it writes (dissertation §10.2.1). */
  readonly messages: readonly Message[];
  /** Must not leave before this Ready and all earlier ones are durable, even if this one writes nothing: votes, requests for them, acknowledgements. */
  readonly messagesAfterPersist: readonly Message[];
  /**
   * To be applied in order, behind `snapshot`; the host reports `RaftNode.applied(index)`. Durable on a quorum, though perhaps not yet here:
   * applying does not wait for the local disk. For an entry of type `membership` the host calls `RaftNode.applyMembership`.
   */
  readonly committed: readonly Entry[];
  /** Reads of this replica that are linearizable once the state has applied `index`. */
  readonly reads: readonly { readonly context: ReadContext; readonly index: LogIndex }[];
  /** Role, term or leader after this batch, if any of them changed; null otherwise. */
  readonly leadership: { readonly role: Role; readonly term: Term; readonly leader: ReplicaId } | null;
}
