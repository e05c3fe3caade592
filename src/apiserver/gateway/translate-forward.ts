/** From a request for the port of a pod to the session that reaches it, and what is to be said there. */
import type { HttpRequest } from '../../actor/listener-port.ts';
import { badRequest } from '../../api/status-errors.ts';
import { emptyBytes } from '../../base/bytes.ts';
import { type ForwardHandshake, forwardHandshake, forwardTargetOf } from '../../http/forwarding.ts';
import type { ApiResponse, ResourceRequest } from '../../protocol/apiserver.ts';
import { bareRequest, orRefused, type Refused, readRequest } from './translate.ts';

export type ForwardTranslation =
  | { readonly type: 'session'; readonly request: ResourceRequest; readonly handshake: ForwardHandshake }
  /** Answered without the pod. */
  | Refused;

export function translateForward(http: HttpRequest): ForwardTranslation {
  return orRefused(() => translate(http));
}

function translate(http: HttpRequest): ForwardTranslation {
  const { info, identity } = readRequest(http);
  const target = forwardTargetOf(http.target);
  if (target === null || info.type !== 'resource') throw badRequest('no request for a port');
  const { prefix, path, query } = target;
  // A page at the root finds what it refers to only below a slash.
  if (path === '' && info.verb === 'get') return { type: 'refuse', response: redirection(`${prefix}/${query}`) };
  const request = bareRequest(info, http, identity);
  return { type: 'session', request, handshake: forwardHandshake(info.name, target, http.headers) };
}

function redirection(location: string): ApiResponse {
  return { status: 301, contentType: 'text/plain', bytes: emptyBytes, warnings: [], headers: { location } };
}
