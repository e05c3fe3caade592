/** The HTTP side of outcomes: status codes and the headers that go with refusals. */
import type { ResourceVerb } from '../api/request.ts';
import type { Status } from '../api/status.ts';

/** The code of a success. `isCreated` tells whether the object is new; a patch and an update may create one, too. */
export function successCode(verb: ResourceVerb, isCreated: boolean): 200 | 201 {
  return verb === 'create' || isCreated ? 201 : 200;
}

/** Headers that tell of a refusal what the body tells, for clients that look there. */
export function statusHeaders(status: Status): Readonly<Record<string, string>> {
  const retryAfterSeconds = status.details?.retryAfterSeconds;
  return {
    ...(retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) }),
    ...(status.code === 401 ? { 'WWW-Authenticate': 'Bearer realm="kubernetes"' } : {}),
  };
}

/** Formats a Warning header, RFC 7234 section 5.5, as kubectl prints it. */
export function warningHeader(text: string): string {
  return `299 - "${text.replace(/[\\"]/g, '\\$&').replace(/[\r\n]+/g, ' ')}"`;
}
