/**
 * One constructor and one predicate for each reason of a Status.
 * Models apimachinery pkg/api/errors/errors.go and apiserver pkg/endpoints/handlers/negotiation/errors.go.
 */
import { type FieldError, formatFieldErrors } from './field-error.ts';
import { formatGroupKind, formatGroupResource, type GroupKind, type GroupResource } from './group-version.ts';
import { quoted } from './json.ts';
import { reasonOf, type StatusCause, type StatusDetails, StatusError, type StatusReason } from './status.ts';

export function notFound(resource: GroupResource, name: string): StatusError {
  const message = `${formatGroupResource(resource)} ${quoted(name)} not found`;
  return new StatusError(404, 'NotFound', message, resourceDetails(resource, name));
}

/** For a path that no resource serves. */
export function notServed(): StatusError {
  return new StatusError(404, 'NotFound', 'the server could not find the requested resource', {});
}

export function alreadyExists(resource: GroupResource, name: string): StatusError {
  const message = `${formatGroupResource(resource)} ${quoted(name)} already exists`;
  return new StatusError(409, 'AlreadyExists', message, resourceDetails(resource, name));
}

/** For a generated name that was taken; clients may try again. */
export function generateNameConflict(resource: GroupResource, name: string, retryAfterSeconds: number): StatusError {
  const message =
    `${formatGroupResource(resource)} ${quoted(name)} already exists, ` +
    'the server was not able to generate a unique name for the object';
  return new StatusError(409, 'AlreadyExists', message, { ...resourceDetails(resource, name), retryAfterSeconds });
}

export const staleObject =
  'the object has been modified; please apply your changes to the latest version and try again';

/** `cause` defaults to the text of an optimistic lock that failed. */
export function conflict(resource: GroupResource, name: string, cause: string = staleObject): StatusError {
  const message = `Operation cannot be fulfilled on ${formatGroupResource(resource)} ${quoted(name)}: ${cause}`;
  return new StatusError(409, 'Conflict', message, resourceDetails(resource, name));
}

/** For server-side apply: `causes` name the fields and their managers. */
export function applyConflict(causes: readonly StatusCause[], message: string): StatusError {
  return new StatusError(409, 'Conflict', message, { causes });
}

export function invalidObject(kind: GroupKind, name: string, errors: readonly FieldError[]): StatusError {
  const causes = errors.map((error) => ({ reason: error.reason, message: error.body, field: error.field }));
  const subject = `${formatGroupKind(kind)} ${quoted(name)} is invalid`;
  const message = errors.length === 0 ? subject : `${subject}: ${formatFieldErrors(errors)}`;
  const details: StatusDetails = { ...withoutEmpty({ name, group: kind.group, kind: kind.kind }), causes };
  return new StatusError(422, 'Invalid', message, details);
}

/** For a patch that is well formed but cannot be applied to the object. */
export function unprocessablePatch(cause: string): StatusError {
  const message = 'the server rejected our request due to an error in our request';
  return new StatusError(422, 'Invalid', message, { causes: [{ reason: 'UnexpectedServerResponse', message: cause }] });
}

export function badRequest(message: string): StatusError {
  return new StatusError(400, 'BadRequest', message);
}

export function unauthorized(message = 'Unauthorized'): StatusError {
  return new StatusError(401, 'Unauthorized', message);
}

/** `name` is empty when the request concerns a collection; `resource` is undefined for a non-resource path. */
export function forbidden(resource: GroupResource | undefined, name: string, cause: string): StatusError {
  if (resource === undefined) return new StatusError(403, 'Forbidden', `forbidden: ${cause}`, {});
  const subject = formatGroupResource(resource) + (name === '' ? '' : ` ${quoted(name)}`);
  return new StatusError(403, 'Forbidden', `${subject} is forbidden: ${cause}`, resourceDetails(resource, name));
}

export function methodNotAllowed(resource: GroupResource, action: string): StatusError {
  const message = `${action} is not supported on resources of kind ${quoted(formatGroupResource(resource))}`;
  return new StatusError(405, 'MethodNotAllowed', message, resourceDetails(resource, ''));
}

/** For a path that is served, but not by that method. */
export function methodNotServed(): StatusError {
  const message = 'the server does not allow this method on the requested resource';
  return new StatusError(405, 'MethodNotAllowed', message, {});
}

export function notAcceptable(accepted: readonly string[]): StatusError {
  const message = `only the following media types are accepted: ${accepted.join(', ')}`;
  return new StatusError(406, 'NotAcceptable', message);
}

export function unsupportedMediaType(accepted: readonly string[]): StatusError {
  const types = accepted.join(', ');
  const message = `the body of the request was in an unknown format - accepted media types include: ${types}`;
  return new StatusError(415, 'UnsupportedMediaType', message);
}

export function requestEntityTooLarge(message: string): StatusError {
  return new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: ${message}`);
}

/** For a resourceVersion or continue token that history no longer covers; the client lists again. */
export function expired(message: string): StatusError {
  return new StatusError(410, 'Expired', message);
}

/** For a list whose next page is asked for too late; `token` continues it, but with the objects of now. */
export function expiredList(token: string): StatusError {
  const message =
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
    'the continue parameter, or use the continue token in this response to retrieve the remainder of the results. ' +
    'Continuing with the provided token results in an inconsistent list - objects that were created, modified, or ' +
    'deleted between the time the first chunk was returned and now may show up in the list.';
  return new StatusError(410, 'Expired', message, undefined, { continue: token });
}

export function gone(message: string): StatusError {
  return new StatusError(410, 'Gone', message);
}

/** For a request whose outcome is unknown when its deadline passes. */
export function timeout(message: string, retryAfterSeconds = 0): StatusError {
  return new StatusError(504, 'Timeout', `Timeout: ${message}`, retryDetails(retryAfterSeconds));
}

/** For an operation that certainly did not happen and may be tried again. */
export function serverTimeout(resource: GroupResource, operation: string, retryAfterSeconds: number): StatusError {
  const message =
    `The ${operation} operation against ${formatGroupResource(resource)} ` +
    'could not be completed at this time, please try again.';
  const details = { ...resourceDetails(resource, ''), ...retryDetails(retryAfterSeconds) };
  return new StatusError(500, 'ServerTimeout', message, details);
}

export function serviceUnavailable(message: string, retryAfterSeconds = 0): StatusError {
  return new StatusError(503, 'ServiceUnavailable', message, retryDetails(retryAfterSeconds));
}

export function tooManyRequests(message: string, retryAfterSeconds: number): StatusError {
  return new StatusError(429, 'TooManyRequests', message, retryDetails(retryAfterSeconds));
}

export function internalError(cause: string): StatusError {
  return new StatusError(500, 'InternalError', `Internal error occurred: ${cause}`, { causes: [{ message: cause }] });
}

export const isNotFound = predicate('NotFound');
export const isAlreadyExists = predicate('AlreadyExists');
export const isConflict = predicate('Conflict');
export const isInvalid = predicate('Invalid');
export const isBadRequest = predicate('BadRequest');
export const isUnauthorized = predicate('Unauthorized');
export const isForbidden = predicate('Forbidden');
export const isMethodNotAllowed = predicate('MethodNotAllowed');
export const isNotAcceptable = predicate('NotAcceptable');
export const isUnsupportedMediaType = predicate('UnsupportedMediaType');
export const isRequestEntityTooLarge = predicate('RequestEntityTooLarge');
export const isExpired = predicate('Expired');
export const isGone = predicate('Gone');
export const isTimeout = predicate('Timeout');
export const isServerTimeout = predicate('ServerTimeout');
export const isServiceUnavailable = predicate('ServiceUnavailable');
export const isTooManyRequests = predicate('TooManyRequests');
export const isInternalError = predicate('InternalError');

function predicate(reason: StatusReason): (error: unknown) => error is StatusError {
  return (error): error is StatusError => reasonOf(error) === reason;
}

function resourceDetails(resource: GroupResource, name: string): StatusDetails {
  return withoutEmpty({ name, group: resource.group, kind: resource.resource });
}

function retryDetails(retryAfterSeconds: number): StatusDetails {
  return retryAfterSeconds > 0 ? { retryAfterSeconds } : {};
}

function withoutEmpty(details: Readonly<Record<'name' | 'group' | 'kind', string>>): StatusDetails {
  return Object.fromEntries(Object.entries(details).filter(([, text]) => text !== ''));
}
