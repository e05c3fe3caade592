/** Between HTTP and the typed requests of the API server: a request in, a request or a refusal out. */
import type { HttpRequest } from '../../actor/listener-port.ts';
import type { OutputForm as Negotiated, PatchFormat, ResourceRequest as ResourceInfo } from '../../api/request.ts';
import { StatusError } from '../../api/status.ts';
import { badRequest, methodNotServed } from '../../api/status-errors.ts';
import { objectFormatOf, patchFormatOf } from '../../http/content-type.ts';
import { negotiate } from '../../http/negotiation.ts';
import { isKnownMethod, type ParsedTarget, parseTarget } from '../../http/path.ts';
import type { Query } from '../../http/query.ts';
import { chooseUpgrade, type Upgrade } from '../../http/upgrade.ts';
import type {
  ApiRequest,
  ApiResponse,
  OutputForm,
  PatchType,
  RequestBody,
  ResourceRequest,
} from '../../protocol/apiserver.ts';
import { statusResponse } from '../answer.ts';
import { type Identity, identityOf } from './identity.ts';

export interface Refused {
  readonly type: 'refuse';
  readonly response: ApiResponse;
}

/** `call`: one answer. `open`: a stream of chunks. `refuse`: the request is not understood. */
export type Translation =
  | { readonly type: 'call'; readonly request: ApiRequest; readonly isYaml: boolean }
  | { readonly type: 'open'; readonly request: ResourceRequest }
  | Refused;

export type UpgradeTranslation =
  | { readonly type: 'session'; readonly request: ResourceRequest; readonly upgrade: Upgrade }
  | Refused;

const upgradable: ReadonlySet<string> = new Set(['pods/exec', 'pods/attach', 'pods/portforward']);

const patchTypes: Readonly<Record<PatchFormat, PatchType>> = {
  jsonPatch: 'json',
  mergePatch: 'merge',
  strategicMergePatch: 'strategic',
  applyPatch: 'apply',
};

/** Turns an HTTP request into a typed one. */
export function translateRequest(http: HttpRequest): Translation {
  return orRefused(() => translate(http));
}

/** Returns what `translate` does; a StatusError that it throws is a refusal. */
export function orRefused<Translated>(translate: () => Translated): Translated | Refused {
  try {
    return translate();
  } catch (error) {
    if (error instanceof StatusError) return { type: 'refuse', response: statusResponse(error.status) };
    throw error;
  }
}

/** Reads what is asked of what, and by whom, which comes before any question of what is served. Throws StatusError. */
export function readRequest(http: HttpRequest): ParsedTarget & { readonly identity: Identity } {
  if (!isKnownMethod(http.method)) throw methodNotServed();
  const { info, query } = parseTarget(http.method, http.target);
  return { info, query, identity: identityOf(http) };
}

/** Returns a request that has neither parameters nor a body, and wants an object. */
export function bareRequest(
  { verb, group, version, resource, subresource, namespace, name }: ResourceInfo,
  http: HttpRequest,
  identity: Identity,
): ResourceRequest {
  return {
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
    ...identity,
    userAgent: http.headers['user-agent'] ?? '',
    fence: null,
  };
}

function translate(http: HttpRequest): Exclude<Translation, Refused> {
  const { info, query, identity } = readRequest(http);
  const parameters = flatten(query);
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
  const { verb, subresource, subpath } = info;
  if (!isMethodServed(info)) throw methodNotServed();
  // What a node answers is nobody's object, so nothing can be asked of its form.
  const isProxied = subresource === 'proxy';
  const answerForm = negotiate(isProxied ? undefined : acceptOf(http), 'resource');
  const request: ResourceRequest = {
    ...bareRequest(info, http, identity),
    ...(subpath === '' ? {} : { subpath }),
    parameters,
    ...repeatedOf(query),
    output: outputOf(answerForm),
    body: isProxied ? null : bodyOf(http),
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

function flatten(query: Query): Record<string, string> {
  return Object.fromEntries([...query].map(([name, values]) => [name, values[0] ?? '']));
}

function repeatedOf(query: Query): Pick<ResourceRequest, 'repeated'> {
  const repeated = [...query].filter(([, values]) => values.length > 1);
  return repeated.length === 0 ? {} : { repeated: Object.fromEntries(repeated) };
}

/** Turns a request for an upgrade into one for a session, and says what the connection will speak. */
export function translateUpgrade(http: HttpRequest): UpgradeTranslation {
  return orRefused(() => {
    const translation = translate(http);
    if (translation.type !== 'call' || translation.request.type !== 'resource')
      throw badRequest('no upgrade is possible');
    const { request } = translation;
    if (!upgradable.has(`${request.resource}/${request.subresource}`)) throw badRequest('no upgrade is possible');
    const upgrade = chooseUpgrade(http.headers, request.subresource, parseTarget(http.method, http.target).query);
    return { type: 'session', request, upgrade };
  });
}
