/** Why an ask got no reply, a stream ended or a message was not delivered. Each says whether the request was certainly not handled. */

export type SendFailureCode = 'deadlineExceeded' | 'peerFailed' | 'noSuchActor' | 'mailboxFull' | 'cancelled';

export interface SendFailure {
  readonly code: SendFailureCode;
  /** True when the request certainly had no effect, so that it may be repeated without thought. */
  readonly definite: boolean;
}

export const sendFailures: { readonly [Code in SendFailureCode]: SendFailure & { readonly code: Code } } = {
  deadlineExceeded: { code: 'deadlineExceeded', definite: false },
  peerFailed: { code: 'peerFailed', definite: false },
  noSuchActor: { code: 'noSuchActor', definite: true },
  mailboxFull: { code: 'mailboxFull', definite: true },
  cancelled: { code: 'cancelled', definite: false },
};

/**
 * Why a stream ended. `completed`: the publisher had no more; `rejected`: it refused the subscription; `overflow`: it ran ahead of the
 * subscriber's credit; `gap`: the link lost an item; `peerFailed` and `noSuchActor` as for asks.
 */
export type StreamEndReason = 'completed' | 'rejected' | 'overflow' | 'gap' | 'peerFailed' | 'noSuchActor';

export type ActorStatus = 'running' | 'unresponsive' | 'terminated';
