/** From a request for the port of a pod to the session that reaches it, and what is to be said there. Pure. */
import type { HttpRequest } from '../../src/actor/listener-port.ts';
import { StatusError } from '../../src/api/status.ts';
import { badRequest, methodNotServed } from '../../src/api/status-errors.ts';
import { emptyBytes } from '../../src/base/bytes.ts';
import { forwardedHeaders, forwardTargetOf, parseForwardName } from '../../src/http/forwarding.ts';
import { isKnownMethod, parseTarget } from '../../src/http/path.ts';
import type { ApiResponse, ResourceRequest } from '../../src/protocol/apiserver.ts';
import { identityOf, refusal } from './translate.ts';

/** What the listener is told once the port is connected to. */
export interface ForwardHandshake {
  readonly to: 'port';
  readonly isSecure: boolean;
  readonly target: string;
  readonly prefix: string;
  readonly headers: Readonly<Record<string, string>>;
}

export type ForwardTranslation =
  | { readonly type: 'session'; readonly request: ResourceRequest; readonly handshake: ForwardHandshake }
  /** Answered without the pod. */
  | { readonly type: 'refuse'; readonly response: ApiResponse };

export function translateForward(http: HttpRequest): ForwardTranslation {
  try {
    return translate(http);
  } catch (error) {
    if (error instanceof StatusError) return { type: 'refuse', response: refusal(error) };
    throw error;
  }
}

function translate(http: HttpRequest): ForwardTranslation {
  if (!isKnownMethod(http.method)) throw methodNotServed();
  const target = forwardTargetOf(http.target);
  const { info } = parseTarget(http.method, http.target);
  if (target === null || info.type !== 'resource') throw badRequest('no request for a port');
  const { verb, group, version, resource, subresource, namespace, name } = info;
  const request: ResourceRequest = {
    type: 'resource',
    verb,
    group,
    version,
    resource,
    subresource,
    namespace,
    name,
    parameters: {},
    output: 'object',
    body: null,
    ...identityOf(http),
    userAgent: http.headers['user-agent'] ?? '',
    fence: null,
  };
  const { prefix, path, query } = target;
  // A page at the root finds what it refers to only below a slash.
  if (path === '' && verb === 'get') return { type: 'refuse', response: redirection(`${prefix}/${query}`) };
  const handshake: ForwardHandshake = {
    to: 'port',
    isSecure: parseForwardName(name)?.scheme === 'https',
    target: `${path === '' ? '/' : path}${query}`,
    prefix,
    headers: forwardedHeaders(http.headers, target, http.headers['host'] ?? ''),
  };
  return { type: 'session', request, handshake };
}

function redirection(location: string): ApiResponse {
  return { status: 301, contentType: 'text/plain', bytes: emptyBytes, warnings: [], headers: { location } };
}
