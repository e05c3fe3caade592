/** What clients ask of a replica, and what it answers. Any replica takes any request; it finds the leader itself. */
import type { Brand } from '../base/brand.ts';
import type { KeyValue, LeaseId, Revision } from '../mvcc/key-value.ts';
import type { OperationResult, RangeQuery, Transaction } from '../mvcc/transaction.ts';
import type { LogIndex, Membership, ReplicaId, Term } from '../raft/message.ts';
import type { Role } from '../raft/ready.ts';
import type { StoreError } from './store-error.ts';

/** Chosen by the host for each request; the reply names it. */
export type RequestHandle = Brand<number, 'RequestHandle'>;

/** Questions that only the leader can answer, because it alone keeps the clock of the leases. */
export type LeaderAsk =
  | { readonly type: 'leaseKeepAlive'; readonly id: LeaseId }
  | { readonly type: 'leaseTimeToLive'; readonly id: LeaseId; readonly withKeys: boolean };

export type MemberRequest =
  | { readonly type: 'memberAdd'; readonly replica: ReplicaId; readonly learner: boolean }
  | { readonly type: 'memberPromote'; readonly replica: ReplicaId }
  | { readonly type: 'memberRemove'; readonly replica: ReplicaId };

export type StoreRequest =
  /** Linearizable unless `serializable`: then it is answered from this replica's state, which may be behind. */
  | { readonly type: 'range'; readonly query: RangeQuery; readonly serializable: boolean }
  /** One that only reads takes no place in the log. */
  | { readonly type: 'transaction'; readonly transaction: Transaction }
  /** Id 0 lets the store choose. */
  | { readonly type: 'leaseGrant'; readonly id: LeaseId; readonly ttlSeconds: number }
  | { readonly type: 'leaseRevoke'; readonly id: LeaseId }
  | { readonly type: 'leaseList' }
  | LeaderAsk
  | { readonly type: 'compact'; readonly revision: Revision }
  /** A barrier: the current revision, at or above that of every write acknowledged before the request was made. */
  | { readonly type: 'readRevision' }
  /** Digest of the keys at a revision (0: now) of this replica, for comparing replicas. */
  | { readonly type: 'hash'; readonly revision: Revision }
  | { readonly type: 'status' }
  | { readonly type: 'transferLeadership'; readonly to: ReplicaId }
  | MemberRequest;

/** `revision` is the store's revision when the request was carried out. */
export type StoreReply =
  | {
      readonly type: 'range';
      readonly revision: Revision;
      readonly keyValues: readonly KeyValue[];
      readonly count: number;
      readonly more: boolean;
    }
  | {
      readonly type: 'transaction';
      readonly revision: Revision;
      readonly succeeded: boolean;
      readonly results: readonly OperationResult[];
    }
  | { readonly type: 'leaseGranted'; readonly revision: Revision; readonly id: LeaseId; readonly ttlSeconds: number }
  | { readonly type: 'leaseRevoked'; readonly revision: Revision }
  | { readonly type: 'leases'; readonly revision: Revision; readonly ids: readonly LeaseId[] }
  | { readonly type: 'leaseKept'; readonly revision: Revision; readonly ttlSeconds: number }
  | {
      readonly type: 'leaseTimeToLive';
      readonly revision: Revision;
      readonly grantedTtlSeconds: number;
      readonly remainingMs: number;
      readonly keys: readonly string[];
    }
  | { readonly type: 'compacted'; readonly revision: Revision }
  /** `isLeader`: whether the replica that answers led when it did. */
  | { readonly type: 'revision'; readonly revision: Revision; readonly isLeader: boolean }
  | { readonly type: 'hash'; readonly revision: Revision; readonly digest: string }
  | { readonly type: 'status'; readonly status: StoreStatus }
  | { readonly type: 'transferRequested' }
  | { readonly type: 'members'; readonly membership: Membership }
  | { readonly type: 'failed'; readonly error: StoreError };

export interface StoreStatus {
  readonly id: ReplicaId;
  readonly role: Role;
  readonly term: Term;
  readonly leader: ReplicaId;
  readonly commit: LogIndex;
  readonly applied: LogIndex;
  readonly lastIndex: LogIndex;
  readonly snapshotIndex: LogIndex;
  readonly revision: Revision;
  readonly compactRevision: Revision;
  readonly bytes: number;
  readonly quotaBytes: number;
  readonly keys: number;
  readonly leases: number;
  readonly watchers: number;
  readonly membership: Membership;
}
