/**
 * The Kubernetes API as user code sees it, without HTTP: typed requests to any API server that answers. Failures are StatusErrors as a client
 * over HTTP would get them. A write whose outcome is unknown is never sent again.
 */
import { Observable } from 'rxjs';
import type { AskOutcome } from '../../src/actor/flow.ts';
import { apiVersionOf, parseApiVersion } from '../../src/api/group-version.ts';
import type { Json, JsonObject } from '../../src/api/json.ts';
import { makeMergePatch } from '../../src/api/merge-patch.ts';
import type { AnyObject } from '../../src/api/object-meta.ts';
import { type Status, StatusError, statusErrorOf } from '../../src/api/status.ts';
import { badRequest, isNotFound, serviceUnavailable, timeout } from '../../src/api/status-errors.ts';
import { utf8, utf8Text } from '../../src/base/bytes.ts';
import { builtInRegistry, type KindRegistry, type ResourceInfo } from '../../src/kinds/registry.ts';
import type {
  ApiRequest,
  ApiResponse,
  ApiStreamItem,
  PatchType,
  ResourceRequest,
  Verb,
} from '../../src/protocol/apiserver.ts';
import type { Bridge } from './bridge.ts';
import { discoveredKinds, discoveryRequest } from './discovered-kinds.ts';
import type { Fabric } from './fabric.ts';
import { parseManifest } from './manifest.ts';

export interface Reference {
  readonly namespace?: string;
}

export interface ApiEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: AnyObject;
}

/** What `apply` did to one object. */
export interface Applied {
  readonly object: AnyObject;
  readonly change: 'created' | 'configured' | 'unchanged';
}

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
const requestTimeoutMs = 30_000;
const attemptTimeoutMs = 5_000;
const retryDelayMs = 20;

export class ApiClient {
  readonly #bridge: Bridge;
  readonly #fabric: Fabric;
  readonly #servers: () => readonly string[];
  /** What is known to be served; custom kinds are learnt when one is asked for that is not known. */
  #registry: KindRegistry = builtInRegistry();
  #preferred = 0;

  constructor(bridge: Bridge, fabric: Fabric, servers: () => readonly string[]) {
    this.#bridge = bridge;
    this.#fabric = fabric;
    this.#servers = servers;
  }

  /** Reads `deployment/web`. Rejects with StatusError NotFound when it is absent. */
  async get(reference: string, options: Reference = {}): Promise<AnyObject> {
    const { info, name } = await this.#known(() => this.#parse(reference));
    return this.request(this.#build('get', info, options, { name }));
  }

  /** Lists `pods` of a namespace, or of all when `namespace` is empty; `selector` is a label selector. */
  async list(resource: string, options: Reference & { readonly selector?: string } = {}): Promise<AnyObject[]> {
    const info = await this.#known(() => this.#resource(resource));
    const parameters: Record<string, string> =
      options.selector === undefined ? {} : { labelSelector: options.selector };
    const list = await this.request(this.#build('list', info, options, { parameters }));
    return (list as unknown as { items: AnyObject[] }).items;
  }

  async create(object: AnyObject, options: Reference = {}): Promise<AnyObject> {
    const info = await this.#known(() => this.#infoOf(object));
    const namespace = object.metadata.namespace ?? options.namespace;
    return this.request(this.#build('create', info, namespace === undefined ? {} : { namespace }, { body: object }));
  }

  async patch(
    reference: string,
    patch: Json,
    options: Reference & { readonly type?: PatchType; readonly subresource?: string } = {},
  ): Promise<AnyObject> {
    const { info, name } = await this.#known(() => this.#parse(reference));
    const { type = 'merge', subresource = '' } = options;
    return this.request(this.#build('patch', info, options, { name, body: patch, patch: type, subresource }));
  }

  scale(reference: string, replicas: number, options: Reference = {}): Promise<AnyObject> {
    return this.patch(reference, { spec: { replicas } }, { ...options, subresource: 'scale' });
  }

  async delete(reference: string, options: Reference & { readonly body?: JsonObject } = {}): Promise<AnyObject> {
    const { info, name } = await this.#known(() => this.#parse(reference));
    return this.request(
      this.#build('delete', info, options, { name, ...(options.body === undefined ? {} : { body: options.body }) }),
    );
  }

  /** Resolves with what `deployment/web` names. Rejects with StatusError BadRequest for a kind that there is not. */
  async referenceOf(
    reference: string,
  ): Promise<{ readonly info: ResourceInfo; readonly name: string; readonly apiVersion: string }> {
    const found = await this.#known(() => this.#parse(reference));
    return { ...found, apiVersion: apiVersionOf(found.info) };
  }

  /**
   * Asks for the eviction of a pod; with a `uid` of that very one, not of another that has its name by now. Rejects with StatusError
   * TooManyRequests while a disruption budget does not allow it, Conflict when it is another one.
   */
  evict(pod: string, { namespace = 'default', uid }: Reference & { readonly uid?: string } = {}): Promise<AnyObject> {
    const metadata = { name: pod, namespace };
    const deleteOptions = { preconditions: { uid } };
    const body = {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata,
      ...(uid === undefined ? {} : { deleteOptions }),
    };
    return this.request(
      this.#build('create', this.#resource('pods'), { namespace }, { name: pod, subresource: 'eviction', body }),
    );
  }

  /**
   * Creates what a manifest names (YAML or JSON, several documents), or changes what differs from it; fields that an earlier manifest set and
   * this one leaves out are removed. Returns what was done, in order; rejects at the first failure.
   */
  async apply(manifest: string, options: Reference = {}): Promise<Applied[]> {
    const applied: Applied[] = [];
    for (const object of parseManifest(manifest)) applied.push(await this.#applyOne(object, options));
    return applied;
  }

  /** Watches a resource, first what is there; goes on over the death of API servers until it is unsubscribed. */
  watch(
    resource: string,
    options: Reference & { readonly name?: string; readonly selector?: string } = {},
  ): Observable<ApiEvent> {
    return new Observable<ApiEvent>((subscriber) => {
      let isOver = false;
      let close = (): void => {};
      const open = (info: ResourceInfo, from: string): void => {
        if (isOver) return;
        close = this.#openWatch(
          info,
          options,
          from,
          (event) => subscriber.next(event),
          (resumeFrom, isGone) => {
            if (isOver) return;
            this.#preferred += 1;
            this.#fabric.after(retryDelayMs, () => open(info, isGone ? '' : resumeFrom));
          },
        );
      };
      const found = this.#findResource(resource);
      if (found !== undefined) open(found, '');
      else {
        this.#known(() => this.#resource(resource)).then(
          (info) => open(info, ''),
          (error: unknown) => subscriber.error(error),
        );
      }
      return () => {
        isOver = true;
        close();
      };
    });
  }

  /** Sends any typed request; resolves with the object of the answer, or rejects with StatusError. */
  async request(request: ApiRequest): Promise<AnyObject> {
    const response = await this.send(request);
    const body = JSON.parse(utf8Text(response.bytes)) as AnyObject;
    if (response.status >= 400) throw statusErrorOf(body as unknown as Status);
    return body;
  }

  /** Sends any typed request and resolves with the answer as it is, failures included. */
  send(request: ApiRequest): Promise<ApiResponse> {
    return this.#fabric.drive(this.#persist(request));
  }

  async #persist(request: ApiRequest): Promise<ApiResponse> {
    const endMs = this.#fabric.monotonicMs() + requestTimeoutMs;
    const isRead = request.type === 'nonResource' || request.verb === 'get' || request.verb === 'list';
    for (;;) {
      const servers = this.#servers();
      const to = servers[this.#preferred % Math.max(1, servers.length)];
      if (to === undefined) throw serviceUnavailable('no API server is running');
      const timeoutMs = isRead ? attemptTimeoutMs : endMs - this.#fabric.monotonicMs();
      const outcome = await this.#bridge.ask<ApiResponse>(to, { type: 'call', request }, timeoutMs);
      if (outcome.type === 'reply' && outcome.reply.status !== 503) return outcome.reply;
      const isOver = outcome.type === 'failed' && outcome.failure.code === 'cancelled';
      if (isOver || this.#fabric.monotonicMs() + retryDelayMs >= endMs) return lastWord(outcome);
      // 503 says that nothing was done; a failure of the ask says so only when it is definite.
      if (outcome.type === 'failed' && !outcome.failure.definite && !isRead) return lastWord(outcome);
      this.#preferred += 1;
      await this.#fabric.sleep(retryDelayMs);
    }
  }

  async #applyOne(object: AnyObject, options: Reference): Promise<Applied> {
    const info = await this.#known(() => this.#infoOf(object));
    const namespace = object.metadata.namespace ?? options.namespace ?? 'default';
    const reference = `${info.resource}.${info.version}.${info.group}/${object.metadata.name ?? ''}`;
    const remembered = {
      ...object,
      metadata: {
        ...object.metadata,
        annotations: { ...object.metadata.annotations, [lastApplied]: `${JSON.stringify(object)}\n` },
      },
    };
    const current = await this.get(reference, { namespace }).catch((error: unknown) => {
      if (isNotFound(error)) return null;
      throw error;
    });
    if (current === null) return { object: await this.create(remembered, { namespace }), change: 'created' };
    const before = current.metadata.annotations?.[lastApplied];
    const removed =
      before === undefined ? {} : (makeMergePatch(JSON.parse(before) as Json, object as unknown as Json) as JsonObject);
    const patch = mergePatches(removed, remembered as unknown as JsonObject);
    const changed = await this.patch(reference, patch, { namespace });
    const isSame = changed.metadata.resourceVersion === current.metadata.resourceVersion;
    return { object: changed, change: isSame ? 'unchanged' : 'configured' };
  }

  #openWatch(
    info: ResourceInfo,
    options: Reference & { readonly name?: string; readonly selector?: string },
    from: string,
    next: (event: ApiEvent) => void,
    ended: (resumeFrom: string, isGone: boolean) => void,
  ): () => void {
    const start: Record<string, string> =
      from === '' ? { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' } : { resourceVersion: from };
    const parameters: Record<string, string> = { watch: 'true', allowWatchBookmarks: 'true', ...start };
    if (options.name !== undefined) parameters['fieldSelector'] = `metadata.name=${options.name}`;
    if (options.selector !== undefined) parameters['labelSelector'] = options.selector;
    const request = this.#build('watch', info, options, { parameters });
    const servers = this.#servers();
    const to = servers[this.#preferred % Math.max(1, servers.length)];
    let latest = from;
    let isGone = false;
    const end = (): void => ended(latest, isGone);
    if (to === undefined) {
      const cancel = this.#fabric.after(retryDelayMs, end);
      return cancel;
    }
    const take = (event: ApiEvent | { readonly type: 'ERROR' }): void => {
      if (event.type === 'ERROR') {
        isGone = true;
        return;
      }
      latest = event.object.metadata.resourceVersion ?? latest;
      next(event);
    };
    const lines = new LineReader((line) => take(JSON.parse(line) as ApiEvent));
    const subscription = this.#bridge.stream<ApiStreamItem>(to, { type: 'open', request }).subscribe({
      next: (item) => {
        if (item.type === 'chunk') lines.add(item.bytes);
      },
      error: end,
      complete: end,
    });
    return () => subscription.unsubscribe();
  }

  #build(
    verb: Verb,
    info: ResourceInfo,
    { namespace }: Reference,
    rest: {
      readonly name?: string;
      readonly body?: unknown;
      readonly patch?: PatchType;
      readonly subresource?: string;
      readonly parameters?: Readonly<Record<string, string>>;
    },
  ): ResourceRequest {
    const body =
      rest.body === undefined
        ? null
        : { encoding: 'json' as const, patch: rest.patch ?? null, bytes: utf8(JSON.stringify(rest.body)) };
    return {
      type: 'resource',
      verb,
      group: info.group,
      version: info.version,
      resource: info.resource,
      subresource: rest.subresource ?? '',
      namespace: info.isNamespaced ? (namespace ?? 'default') : '',
      name: rest.name ?? '',
      parameters: rest.parameters ?? {},
      output: 'object',
      body,
      credentials: { type: 'component', user: 'kubernetes-admin', groups: ['system:masters'] },
      userAgent: 'threemaster',
      fence: null,
    };
  }

  /** Finds a kind; one that is not known may have been defined since, so the cluster is asked once. */
  async #known<T>(find: () => T): Promise<T> {
    try {
      return find();
    } catch (error: unknown) {
      if (!(error instanceof StatusError)) throw error;
      this.#registry = discoveredKinds((await this.request(discoveryRequest)) as unknown as JsonObject);
      return find();
    }
  }

  #parse(reference: string): { readonly info: ResourceInfo; readonly name: string } {
    const slash = reference.indexOf('/');
    if (slash === -1) throw badRequest(`expected a reference such as deployment/web, not ${JSON.stringify(reference)}`);
    return { info: this.#resource(reference.slice(0, slash)), name: reference.slice(slash + 1) };
  }

  /** Finds a resource by plural, singular, short name or kind, optionally as `resource.version.group`. */
  #resource(text: string): ResourceInfo {
    const found = this.#findResource(text);
    if (found === undefined) throw badRequest(`the server doesn't have a resource type ${JSON.stringify(text)}`);
    return found;
  }

  #findResource(text: string): ResourceInfo | undefined {
    const [word = '', version, ...group] = text.toLowerCase().split('.');
    return this.#registry.resources.find(
      (info) =>
        (info.resource === word ||
          info.singular === word ||
          info.kind.toLowerCase() === word ||
          info.shortNames.includes(word)) &&
        (version === undefined || (info.version === version && info.group === group.join('.'))),
    );
  }

  #infoOf(object: AnyObject): ResourceInfo {
    const groupVersion = parseApiVersion(object.apiVersion ?? '');
    const info =
      groupVersion === undefined ? undefined : this.#registry.kind({ ...groupVersion, kind: object.kind ?? '' });
    if (info === undefined)
      throw badRequest(
        `no matches for kind ${JSON.stringify(object.kind)} in version ${JSON.stringify(object.apiVersion)}`,
      );
    return info;
  }
}

/** Joins the chunks of a stream to lines. */
class LineReader {
  readonly #onLine: (line: string) => void;
  #rest = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  add(bytes: Uint8Array): void {
    const lines = (this.#rest + utf8Text(bytes)).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') this.#onLine(line);
  }
}

/** Lays `over` onto `under`, both merge patches: where both speak, `over` is heard. */
function mergePatches(under: JsonObject, over: JsonObject): JsonObject {
  const merged: JsonObject = { ...under, ...over };
  for (const [name, value] of Object.entries(over)) {
    const below = under[name];
    if (isObject(value) && isObject(below)) merged[name] = mergePatches(below, value);
  }
  return merged;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function lastWord(outcome: AskOutcome<ApiResponse>): ApiResponse {
  if (outcome.type === 'reply') return outcome.reply;
  const { code, definite } = outcome.failure;
  const error = definite
    ? serviceUnavailable(`no API server took the request: ${code}`)
    : timeout(`the API server did not answer: ${code}`);
  return {
    status: error.status.code,
    contentType: 'application/json',
    bytes: utf8(JSON.stringify(error.status)),
    warnings: [],
    headers: {},
  };
}

export { StatusError };
