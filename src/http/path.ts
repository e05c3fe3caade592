/**
 * From a method and a URL to what is asked of which resource, and back. Only the shape of the path counts here: whether the
 * resource exists is for the API server to say. Models apiserver pkg/endpoints/request/requestinfo.go.
 *
 *   /api/v1/namespaces/default/pods/web/log          get, pods/log, namespace default, name web
 *   /apis/apps/v1/deployments?watch=true             watch, deployments of all namespaces
 *   /api/v1/namespaces/default                       get, namespaces, name and namespace default
 *   /openapi/v2, /openapi/v3                         nonResource
 */
import type { NonResourceRequest, RequestInfo, ResourceRequest, ResourceVerb } from '../api/request.ts';
import { badRequest } from '../api/status-errors.ts';
import { flagOf, parseQuery, type Query } from './query.ts';

export interface ParsedTarget {
  readonly info: RequestInfo;
  readonly query: Query;
}

const verbsByMethod: Readonly<Record<string, ResourceVerb>> = {
  GET: 'get',
  HEAD: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};
/** What may follow the name of a namespace and is not a resource in it. */
const namespaceSubresources = new Set(['status', 'finalize']);

export function isKnownMethod(method: string): boolean {
  return Object.hasOwn(verbsByMethod, method);
}

/** Parses a request target such as `/api/v1/pods?limit=5`. Throws StatusError BadRequest on a malformed escape. */
export function parseTarget(method: string, target: string): ParsedTarget {
  const mark = target.indexOf('?');
  const path = mark === -1 ? target : target.slice(0, mark);
  const query = parseQuery(mark === -1 ? '' : target.slice(mark + 1));
  return { info: parsePath(method, path, query), query };
}

function parsePath(method: string, path: string, query: Query): RequestInfo {
  const raw = path.split('/').filter((segment) => segment !== '');
  const prefixLength = raw[0] === 'api' ? 2 : 3;
  const verb = verbsByMethod[method];
  if ((raw[0] !== 'api' && raw[0] !== 'apis') || raw.length <= prefixLength || verb === undefined) {
    return nonResource(method, path);
  }
  const group = raw[0] === 'api' ? '' : decode(raw[1] as string);
  const version = decode(raw[prefixLength - 1] as string);
  let rest = raw.slice(prefixLength);
  // The former spelling of a watch: /api/v1/watch/pods.
  const isWatchPath = rest[0] === 'watch' && rest.length > 1;
  if (isWatchPath) rest = rest.slice(1);
  let namespace = '';
  if (rest[0] === 'namespaces' && rest.length > 1) {
    namespace = decode(rest[1] as string);
    if (rest.length > 2 && !namespaceSubresources.has(rest[2] as string)) rest = rest.slice(2);
  }
  const [resource = '', name = '', subresource = '', ...subpath] = rest;
  return {
    type: 'resource',
    verb: isWatchPath ? 'watch' : refineVerb(verb, name, query),
    group,
    version,
    resource: decode(resource),
    subresource: decode(subresource),
    subpath: subpathOf(path, subpath),
    namespace,
    name: decode(name),
  };
}

/** A trailing slash means something to a proxied server. */
function subpathOf(path: string, segments: readonly string[]): string {
  const joined = segments.join('/');
  return joined !== '' && path.endsWith('/') ? `${joined}/` : joined;
}

/** Without a name, a get is a list or a watch, and a delete takes the whole collection. */
function refineVerb(verb: ResourceVerb, name: string, query: Query): ResourceVerb {
  if (name !== '') return verb;
  if (verb === 'get') return flagOf(query, 'watch') ? 'watch' : 'list';
  return verb === 'delete' ? 'deletecollection' : verb;
}

/** Returns the path of a resource request; parsing it with the method of its verb gives the request back. */
export function formatPath(request: Omit<ResourceRequest, 'type' | 'verb'>): string {
  const segments = request.group === '' ? ['api'] : ['apis', request.group];
  segments.push(request.version);
  if (request.namespace !== '' && request.resource !== 'namespaces') segments.push('namespaces', request.namespace);
  segments.push(request.resource);
  for (const part of [request.name, request.subresource]) if (part !== '') segments.push(part);
  const path = `/${segments.map(encodeURIComponent).join('/')}`;
  return request.subpath === '' ? path : `${path}/${request.subpath}`;
}

function nonResource(method: string, path: string): NonResourceRequest {
  return { type: 'nonResource', verb: method.toLowerCase(), path };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw badRequest(`invalid URL escape in ${JSON.stringify(segment)}`);
  }
}
