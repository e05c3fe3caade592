/**
 * Kubernetes' Status, and the one error that carries it. Every refusal that a client may see is a StatusError; anything else
 * that is thrown is a bug. Constructors (status-errors.ts) hold the exact wording, because clients and scripts match on it.
 * Source: API conventions, "Response Status Kind"; models apimachinery pkg/apis/meta/v1 Status.
 */

export type StatusReason =
  | ''
  | 'BadRequest'
  | 'Unauthorized'
  | 'Forbidden'
  | 'NotFound'
  | 'MethodNotAllowed'
  | 'NotAcceptable'
  | 'AlreadyExists'
  | 'Conflict'
  | 'Gone'
  | 'Expired'
  | 'RequestEntityTooLarge'
  | 'UnsupportedMediaType'
  | 'Invalid'
  | 'TooManyRequests'
  | 'InternalError'
  | 'ServiceUnavailable'
  | 'ServerTimeout'
  | 'Timeout';

export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  /** The resource or the kind, as each constructor says. */
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

export interface StatusMetadata {
  readonly continue?: string;
}

export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  /** `continue`: where an inconsistent list goes on, in the Status of a list that cannot go on consistently. */
  readonly metadata: StatusMetadata;
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  readonly reason?: StatusReason;
  readonly details?: StatusDetails;
  /** The HTTP status code. */
  readonly code: number;
}

/** A refusal with its Status. Thrown by validation and by handlers, and turned into the response at one place. */
export class StatusError extends Error {
  readonly status: Status;

  constructor(
    code: number,
    reason: StatusReason,
    message: string,
    details?: StatusDetails,
    metadata: StatusMetadata = {},
  ) {
    super(message);
    this.name = 'StatusError';
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata,
      status: 'Failure',
      message,
      ...(reason === '' ? {} : { reason }),
      ...(details === undefined ? {} : { details }),
      code,
    };
  }
}

/** Returns the Status that answers a deletion which left nothing to return. */
export function successStatus(details: StatusDetails): Status {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details, code: 200 };
}

/** Returns the reason of a StatusError, and undefined for anything else. */
export function reasonOf(error: unknown): StatusReason | undefined {
  return error instanceof StatusError ? (error.status.reason ?? '') : undefined;
}

/** Rebuilds the error from a Status that travelled as data. */
export function statusErrorOf(status: Status): StatusError {
  return new StatusError(status.code, status.reason ?? '', status.message ?? '', status.details, status.metadata);
}
