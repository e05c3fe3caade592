/**
 * What one batch of Raft input asks its host to do. The order is part of the contract; see each field.
 * Models etcd-io/raft `Ready` with asynchronous storage writes (raft v3.6), expressed as data.
 */
import type { Entry, HardState, LogIndex, Message, ReadContext, ReplicaId, SnapshotMetadata, Term } from './message.ts';

export type Role = 'follower' | 'preCandidate' | 'candidate' | 'leader';

export interface Ready {
  /** Numbers the persists of one node: 1, 2, 3. Reported back with `RaftNode.persisted(number)`, in this order. */
  readonly number: number;
  /** To be made durable together with `entries`; null when unchanged. */
  readonly hardState: HardState | null;
  /** Contiguous and ascending. They replace whatever the log holds from the first one's index on. */
  readonly entries: readonly Entry[];
  /** A snapshot to install before `entries`: the log restarts behind it. The host loads the state, then reports `persisted`. */
  readonly snapshot: SnapshotMetadata | null;
  /** May leave at once, also before `entries` are durable: a leader replicates while it writes (dissertation §10.2.1). */
  readonly messages: readonly Message[];
  /** Must not leave before this Ready is durable: votes and acknowledgements. */
  readonly messagesAfterPersist: readonly Message[];
  /** To be applied in order. Durable on a quorum, though perhaps not yet here: `apply` does not wait for the local disk. */
  readonly committed: readonly Entry[];
  /** Reads of this replica that are linearizable once the state has applied `index`. */
  readonly reads: readonly { readonly context: ReadContext; readonly index: LogIndex }[];
  /** Role, term or leader after this batch, if any of them changed; null otherwise. */
  readonly leadership: { readonly role: Role; readonly term: Term; readonly leader: ReplicaId } | null;
}
