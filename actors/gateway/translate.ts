/** Between HTTP and the typed requests of the API server. Pure: a request in, a request or a refusal out. */
import type { HttpHeaders, HttpRequest } from '../../src/actor/listener-port.ts';
import type { OutputForm as Negotiated, PatchFormat, ResourceRequest as ResourceInfo } from '../../src/api/request.ts';
import { StatusError } from '../../src/api/status.ts';
import { badRequest, methodNotServed, unauthorized } from '../../src/api/status-errors.ts';
import { utf8 } from '../../src/base/bytes.ts';
import { objectFormatOf, patchFormatOf } from '../../src/http/content-type.ts';
import { negotiate } from '../../src/http/negotiation.ts';
import { isKnownMethod, parseTarget } from '../../src/http/path.ts';
import type { Query } from '../../src/http/query.ts';
import { statusHeaders, warningHeader } from '../../src/http/status-code.ts';
import { chooseUpgrade, type Upgrade } from '../../src/http/upgrade.ts';
import type {
  ApiRequest,
  ApiResponse,
  Credentials,
  Impersonation,
  OutputForm,
  PatchType,
  RequestBody,
  ResourceRequest,
} from '../../src/protocol/apiserver.ts';

/** `call`: one answer. `open`: a stream of chunks. `refuse`: the request is not understood. */
export type Translation =
  | { readonly type: 'call'; readonly request: ApiRequest; readonly isYaml: boolean }
  | { readonly type: 'open'; readonly request: ResourceRequest }
  | { readonly type: 'refuse'; readonly error: StatusError };

export type UpgradeTranslation =
  | { readonly type: 'session'; readonly request: ResourceRequest; readonly upgrade: Upgrade }
  | { readonly type: 'refuse'; readonly error: StatusError };

const upgradable: ReadonlySet<string> = new Set(['pods/exec', 'pods/attach', 'pods/portforward']);
const extraHeader = 'impersonate-extra-';

const patchTypes: Readonly<Record<PatchFormat, PatchType>> = {
  jsonPatch: 'json',
  mergePatch: 'merge',
  strategicMergePatch: 'strategic',
  applyPatch: 'apply',
};

/** Turns an HTTP request into a typed one. */
export function translateRequest(http: HttpRequest): Translation {
  try {
    return translate(http);
  } catch (error) {
    if (error instanceof StatusError) return { type: 'refuse', error };
    throw error;
  }
}

function translate(http: HttpRequest): Translation {
  if (!isKnownMethod(http.method)) throw methodNotServed();
  const { info, query } = parseTarget(http.method, http.target);
  const parameters = flatten(query);
  const identity = identityOf(http);
  if (info.type === 'nonResource') {
    const accept = http.headers['accept'] ?? '';
    const ifNoneMatch = http.headers['if-none-match'];
    const condition = ifNoneMatch === undefined ? {} : { ifNoneMatch };
    return {
      type: 'call',
      isYaml: accept.startsWith('application/yaml'),
      request: {
        type: 'nonResource',
        verb: info.verb,
        path: info.path,
        parameters,
        accept,
        ...identity,
        ...condition,
      },
    };
  }
  const { verb, group, version, resource, subresource, subpath, namespace, name } = info;
  if (!isMethodServed(info)) throw methodNotServed();
  // What a node answers is nobody's object, so nothing can be asked of its form.
  const isProxied = subresource === 'proxy';
  const answerForm = negotiate(isProxied ? undefined : acceptOf(http), 'resource');
  const request: ResourceRequest = {
    type: 'resource',
    verb,
    group,
    version,
    resource,
    subresource,
    namespace,
    name,
    ...(subpath === '' ? {} : { subpath }),
    parameters,
    ...repeatedOf(query),
    output: outputOf(answerForm),
    body: isProxied ? null : bodyOf(http),
    ...identity,
    userAgent: http.headers['user-agent'] ?? '',
    fence: null,
  };
  if (verb === 'watch' || subresource === 'log') return { type: 'open', request };
  return { type: 'call', request, isYaml: answerForm.format === 'yaml' };
}

/** A collection takes what is new, an object what changes it. */
function isMethodServed({ verb, name, subresource }: ResourceInfo): boolean {
  if (name === '') return verb !== 'update' && verb !== 'patch';
  return verb !== 'create' || subresource !== '';
}

/** Typed clients prefer protobuf and take JSON, which is what they get. */
function acceptOf(http: HttpRequest): string | undefined {
  const accept = http.headers['accept'];
  return accept?.includes('application/vnd.kubernetes.protobuf') === true && !accept.includes('json')
    ? `${accept},*/*`
    : accept;
}

function outputOf({ shape }: Negotiated): OutputForm {
  if (shape.type === 'table') return 'table';
  return shape.type === 'partialMetadata' ? 'metadata' : 'object';
}

function bodyOf(http: HttpRequest): RequestBody | null {
  const contentType = http.headers['content-type'];
  if (http.method === 'PATCH') {
    const format = patchFormatOf(contentType);
    return { encoding: format === 'applyPatch' ? 'yaml' : 'json', patch: patchTypes[format], bytes: http.body };
  }
  if (http.body.length === 0) return null;
  return { encoding: objectFormatOf(contentType), patch: null, bytes: http.body };
}

/** Returns who asks, and as whom. Throws StatusError Unauthorized. */
export function identityOf(http: HttpRequest): Pick<ResourceRequest, 'credentials' | 'impersonation'> {
  const credentials = credentialsOf(http);
  const impersonation = impersonationOf(http);
  return impersonation === undefined ? { credentials } : { credentials, impersonation };
}

function credentialsOf(http: HttpRequest): Credentials {
  const authorization = http.headers['authorization'];
  const bearer = authorization === undefined ? null : /^Bearer +(\S+)$/i.exec(authorization.trim());
  if (bearer !== null) return { type: 'bearer', token: bearer[1] as string };
  if (http.isCertificateFalse === true) throw unauthorized();
  return http.certificate === null ? { type: 'anonymous' } : { type: 'certificate', ...http.certificate };
}

/** Returns as whom a request is to act; undefined when it acts as its sender, as nearly all do. */
function impersonationOf({ lists }: HttpRequest): Impersonation | undefined {
  if (lists === undefined) return undefined;
  const extra = Object.entries(lists).flatMap(([name, values]) =>
    name.startsWith(extraHeader) ? [[unescapeKey(name.slice(extraHeader.length)), values] as const] : [],
  );
  const user = lists['impersonate-user']?.[0] ?? '';
  const uid = lists['impersonate-uid']?.[0] ?? '';
  const groups = lists['impersonate-group'] ?? [];
  const isAsked = user !== '' || uid !== '' || groups.length > 0 || extra.length > 0;
  return isAsked ? { user, uid, groups, extra: Object.fromEntries(extra) } : undefined;
}

function unescapeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

function flatten(query: Query): Record<string, string> {
  return Object.fromEntries([...query].map(([name, values]) => [name, values[0] ?? '']));
}

function repeatedOf(query: Query): Pick<ResourceRequest, 'repeated'> {
  const repeated = [...query].filter(([, values]) => values.length > 1);
  return repeated.length === 0 ? {} : { repeated: Object.fromEntries(repeated) };
}

/** Turns a request for an upgrade into one for a session, and says what the connection will speak. */
export function translateUpgrade(http: HttpRequest): UpgradeTranslation {
  try {
    const translation = translate(http);
    if (translation.type !== 'call' || translation.request.type !== 'resource')
      throw badRequest('no upgrade is possible');
    const { request } = translation;
    if (!upgradable.has(`${request.resource}/${request.subresource}`)) throw badRequest('no upgrade is possible');
    const upgrade = chooseUpgrade(http.headers, request.subresource, parseTarget(http.method, http.target).query);
    return { type: 'session', request, upgrade };
  } catch (error) {
    if (error instanceof StatusError) return { type: 'refuse', error };
    throw error;
  }
}

/** The headers of an answer. */
export function responseHeaders(
  response: Pick<ApiResponse, 'contentType' | 'headers'> & { readonly warnings?: readonly string[] },
): HttpHeaders {
  const warnings = response.warnings ?? [];
  return {
    'content-type': response.contentType,
    'cache-control': 'no-cache, private',
    ...response.headers,
    ...(warnings.length === 0 ? {} : { warning: warnings.map(warningHeader) }),
  };
}

/** A refusal as an answer. */
export function refusal({ status }: StatusError): ApiResponse {
  return {
    status: status.code,
    contentType: 'application/json',
    bytes: utf8(JSON.stringify(status)),
    warnings: [],
    headers: statusHeaders(status),
  };
}
