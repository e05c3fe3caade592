/**
 * Applies the log to the keyspace. Deterministic: the same entries give the same state and outcomes on every replica.
 * Besides the keyspace it holds, for each replica, the last number applied of its newest session: see command.ts.
 */
import { must } from '../base/assert.ts';
import type { MvccFailure } from '../mvcc/failure.ts';
import type { LeaseId, Revision } from '../mvcc/key-value.ts';
import { Mvcc } from '../mvcc/mvcc.ts';
import type { TransactionResult } from '../mvcc/transaction.ts';
import type { ReplicaId } from '../raft/message.ts';
import {
  type Command,
  type CommandBatch,
  lastNumberOf,
  type Origin,
  type ProposalNumber,
  type Session,
} from './command.ts';
import { decodeBatch } from './command-codec.ts';

export type CommandResult =
  | TransactionResult
  | { readonly type: 'leaseGranted'; readonly id: LeaseId; readonly ttlSeconds: number }
  | { readonly type: 'leaseRevoked'; readonly id: LeaseId; readonly deleted: number }
  | { readonly type: 'leaseCheckpointed' }
  | { readonly type: 'compactionDone'; readonly revision: Revision }
  | MvccFailure;

/** The result of one command, and the revision of the store right after it. */
export interface CommandOutcome {
  readonly revision: Revision;
  readonly result: CommandResult;
}

/** `stale`: a duplicate, or overtaken by a later batch of its session; it was passed over. */
export type AppliedBatch =
  | { readonly type: 'applied'; readonly batch: CommandBatch; readonly outcomes: readonly CommandOutcome[] }
  | { readonly type: 'stale'; readonly batch: CommandBatch };

export interface SessionState {
  readonly replica: ReplicaId;
  readonly session: Session;
  readonly lastNumber: ProposalNumber;
}

export class StateMachine {
  readonly mvcc: Mvcc;
  #sessions = new Map<ReplicaId, SessionState>();

  constructor(options: { readonly quotaBytes?: number } = {}) {
    this.mvcc = new Mvcc(options);
  }

  /** Applies the bytes of one entry; malformed bytes are a bug of whoever proposed them, and throw InvariantError. */
  apply(data: Uint8Array): AppliedBatch {
    const batch = must(decodeBatch(data), 'a committed entry is well-formed');
    const { replica, session } = batch.origin;
    const known = this.#sessions.get(replica);
    if (known !== undefined && isStale(known, batch)) return { type: 'stale', batch };
    this.#sessions.set(replica, { replica, session, lastNumber: lastNumberOf(batch) });
    const outcomes = batch.commands.map((command): CommandOutcome => {
      const result = this.#applyCommand(command);
      return { revision: this.mvcc.revision, result };
    });
    return { type: 'applied', batch, outcomes };
  }

  /** Returns the last number applied of a session, 0 when there is none. */
  lastNumberOf(origin: Origin): number {
    const known = this.#sessions.get(origin.replica);
    return known?.session === origin.session ? known.lastNumber : 0;
  }

  /** Returns the sessions by ascending replica, for a snapshot. */
  sessions(): SessionState[] {
    return [...this.#sessions.values()].sort((left, right) => left.replica - right.replica);
  }

  /** Replaces the sessions by those of a snapshot. */
  restoreSessions(sessions: readonly SessionState[]): void {
    this.#sessions = new Map(sessions.map((state) => [state.replica, state]));
  }

  #applyCommand(command: Command): CommandResult {
    switch (command.type) {
      case 'transaction':
        return this.mvcc.transact(command.transaction);
      case 'leaseGrant': {
        const result = this.mvcc.leaseGrant(command.id, command.ttlSeconds);
        return result.type === 'leaseGranted' ? { ...result, id: command.id, ttlSeconds: command.ttlSeconds } : result;
      }
      case 'leaseRevoke': {
        const result = this.mvcc.leaseRevoke(command.id);
        return result.type === 'leaseRevoked' ? { ...result, id: command.id } : result;
      }
      case 'leaseCheckpoint':
        for (const { id, remainingTtlSeconds } of command.checkpoints) {
          this.mvcc.leases.checkpoint(id, remainingTtlSeconds);
        }
        return { type: 'leaseCheckpointed' };
      case 'compact':
        return this.mvcc.compact(command.revision);
    }
  }
}

function isStale(known: SessionState, batch: CommandBatch): boolean {
  const { session } = batch.origin;
  return session < known.session || (session === known.session && batch.firstNumber <= known.lastNumber);
}
