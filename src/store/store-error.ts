/**
 * Why a request failed. `definite`: it certainly had no effect, and may be sent again. Otherwise nobody knows whether it took
 * effect, and the store never sends it again by itself.
 */
import type { MvccFailure } from '../mvcc/failure.ts';
import type { Revision } from '../mvcc/key-value.ts';

export type StoreErrorCode =
  | MvccFailure['type']
  /** No leader was found in time, so the request was never proposed. */
  | 'noLeader'
  /** It was proposed and lost, and it is known that it can never be applied. */
  | 'proposalDropped'
  /** It was proposed, and its entry reached this replica only inside a snapshot, which does not tell results. */
  | 'outcomeUnknown'
  | 'timeout'
  | 'requestTooLarge'
  | 'tooManyOperations'
  | 'tooManyRequests'
  | 'emptyKey'
  | 'invalidLease'
  | 'invalidMembership'
  | 'notMember';

export interface StoreError {
  readonly code: StoreErrorCode;
  readonly definite: boolean;
  /** For people and logs. */
  readonly message: string;
  /** With `compacted` the compaction revision, with `futureRevision` the current one; else null. */
  readonly revision: Revision | null;
}

/** Describes a refusal of the keyspace, which is always definite. */
export function errorOf(failure: MvccFailure): StoreError {
  const error = (message: string, revision: Revision | null = null): StoreError => ({
    code: failure.type,
    definite: true,
    message,
    revision,
  });
  switch (failure.type) {
    case 'compacted':
      return error(`the revision was compacted at ${failure.compactRevision}`, failure.compactRevision);
    case 'futureRevision':
      return error(`the revision is above the current one, ${failure.revision}`, failure.revision);
    case 'leaseNotFound':
      return error(`lease ${failure.lease} does not exist`);
    case 'leaseExists':
      return error(`lease ${failure.lease} exists already`);
    case 'keyNotFound':
      return error('the key whose value or lease was to be kept does not exist');
    case 'duplicateKey':
      return error('a transaction may change a key only once');
    case 'noSpace':
      return error(`the store holds ${failure.bytes} bytes of its ${failure.quotaBytes}`);
  }
}

/** Describes a request that certainly had no effect. */
export function definiteError(code: StoreErrorCode, message: string): StoreError {
  return { code, definite: true, message, revision: null };
}

/** Describes a request that may or may not have taken effect. */
export function indefiniteError(code: StoreErrorCode, message: string): StoreError {
  return { code, definite: false, message, revision: null };
}
