/**
 * What a failure of the store means to a client: the only translation there is. A request that may have taken effect is answered with
 * 504, so that the client looks before it repeats; one that certainly had none may be repeated by us.
 */
import type { SendFailure } from '../actor/failure.ts';
import type { StatusError } from '../api/status.ts';
import {
  expired,
  internalError,
  requestEntityTooLarge,
  serviceUnavailable,
  timeout,
  tooManyRequests,
} from '../api/status-errors.ts';
import type { StoreError, StoreErrorCode } from '../store/store-error.ts';

/** `retry`: nothing happened, and another try (perhaps at another replica) may succeed. */
export type StoreVerdict =
  | { readonly type: 'retry'; readonly isReplicaSuspect: boolean }
  | { readonly type: 'refuse'; readonly error: StatusError };

export const compactedMessage = 'The resourceVersion for the provided list is too old.';

const elsewhere: ReadonlySet<StoreErrorCode> = new Set(['noLeader', 'notMember', 'timeout']);

/** Judges an answer of the store. `isRead`: the request changes nothing, so it may always be repeated. */
export function interpretStoreError(error: StoreError, isRead: boolean): StoreVerdict {
  switch (error.code) {
    case 'compacted':
      return { type: 'refuse', error: expired(compactedMessage) };
    case 'requestTooLarge':
    case 'tooManyOperations':
      return { type: 'refuse', error: requestEntityTooLarge(error.message) };
    case 'noSpace':
      return {
        type: 'refuse',
        error: serviceUnavailable(`etcdserver: mvcc: database space exceeded: ${error.message}`),
      };
    case 'tooManyRequests':
      return { type: 'refuse', error: tooManyRequests('the store has too many requests', 1) };
    case 'noLeader':
    case 'proposalDropped':
    case 'notMember':
    case 'timeout':
    case 'outcomeUnknown':
    case 'futureRevision':
      if (error.definite || isRead) return { type: 'retry', isReplicaSuspect: elsewhere.has(error.code) };
      return { type: 'refuse', error: timeout('request did not complete within the allotted timeout') };
    default:
      return { type: 'refuse', error: internalError(`store: ${error.code}: ${error.message}`) };
  }
}

/** Judges a question that got no answer. */
export function interpretSendFailure(failure: SendFailure, isRead: boolean): StoreVerdict {
  if (failure.definite || isRead) return { type: 'retry', isReplicaSuspect: true };
  return { type: 'refuse', error: timeout('request did not complete within the allotted timeout') };
}
