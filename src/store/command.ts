/**
 * What the replicas agree on: the commands in the log. All the writes of one turn of one replica share an entry (a batch).
 *
 * A batch names its origin: the replica, the session of that replica (raised on every start, never reused), and the number of its
 * first command. Numbers rise within a session. Every replica applies a batch only if its number is above the last one it
 * applied of that session. So a batch that the network duplicated changes nothing the second time, and once the origin sees a
 * higher number applied, it knows of each lower one that is still waiting that it can never be applied any more.
 */
import type { Brand } from '../base/brand.ts';
import type { LeaseId, Revision } from '../mvcc/key-value.ts';
import type { Transaction } from '../mvcc/transaction.ts';
import type { ReplicaId } from '../raft/message.ts';

/** Counts the starts of a replica; every start has a higher one. */
export type Session = Brand<number, 'Session'>;

/** Numbers the commands of one session: 1, 2, 3. */
export type ProposalNumber = Brand<number, 'ProposalNumber'>;

export interface LeaseCheckpoint {
  readonly id: LeaseId;
  readonly remainingTtlSeconds: number;
}

export type Command =
  | { readonly type: 'transaction'; readonly transaction: Transaction }
  | { readonly type: 'leaseGrant'; readonly id: LeaseId; readonly ttlSeconds: number }
  | { readonly type: 'leaseRevoke'; readonly id: LeaseId }
  | { readonly type: 'leaseCheckpoint'; readonly checkpoints: readonly LeaseCheckpoint[] }
  | { readonly type: 'compact'; readonly revision: Revision };

export interface Origin {
  readonly replica: ReplicaId;
  readonly session: Session;
}

/** One log entry. A batch without commands takes one number too: it only settles the fate of the numbers below it. */
export interface CommandBatch {
  readonly origin: Origin;
  readonly firstNumber: ProposalNumber;
  readonly commands: readonly Command[];
}

/** Returns the highest number that the batch takes. */
export function lastNumberOf(batch: CommandBatch): ProposalNumber {
  return (batch.firstNumber + Math.max(batch.commands.length, 1) - 1) as ProposalNumber;
}
