/** A master cannot join or leave; the message says why in one line. */

/**
 * `noQuorum`: too few masters run. `lastMaster`: a cluster keeps one. `tooMany`: it has as many as it may. `timeout`: it took too long; what was begun is taken back, or goes on by
 * itself until it is done. `failed`: anything else.
 */
export type MembershipErrorCode = 'noQuorum' | 'lastMaster' | 'tooMany' | 'timeout' | 'failed';

export class MembershipError extends Error {
  readonly code: MembershipErrorCode;

  constructor(code: MembershipErrorCode, message: string) {
    super(message);
    this.name = 'MembershipError';
    this.code = code;
  }
}
