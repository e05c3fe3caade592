/**
 * A part of the cluster as a client of the API servers: builds its requests, and asks one server until that fails, then the next. Used inside
 * flows; whether a failed request may be sent again is for the caller to say, who knows if it is idempotent.
 */
import { type AskOutcome, type AskStep, askAll, type Flow, question } from '../actor/flow.ts';
import type { GroupVersionResource } from '../api/group-version.ts';
import type { KubeObject } from '../api/object-meta.ts';
import type { Status } from '../api/status.ts';
import { assert, must } from '../base/assert.ts';
import { utf8, utf8Text } from '../base/bytes.ts';
import type {
  ApiResponse,
  ApiServerProtocol,
  Credentials,
  Fence,
  OutputForm,
  PatchType,
  ResourceRequest,
  Verb,
} from './apiserver.ts';

export interface ApiIdentity {
  /** Paths of API servers, the preferred one first. */
  readonly servers: readonly string[];
  readonly credentials: Credentials;
  readonly userAgent: string;
}

/** What one request is about; the rest comes from the client. */
export interface RequestSubject {
  readonly verb: Verb;
  readonly resource: GroupVersionResource;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly body?: unknown;
  readonly patch?: PatchType;
  readonly parameters?: Readonly<Record<string, string>>;
  /** The whole object unless told otherwise. */
  readonly output?: OutputForm;
  readonly fence?: Fence | null;
}

export type ApiAnswer =
  /** `revision`: the resourceVersion of the object, 0 when it has none. */
  | { readonly type: 'done'; readonly object: KubeObject; readonly revision: number }
  /** The API server answered with a Status. */
  | { readonly type: 'refused'; readonly status: Status }
  /** No answer. `definite`: the request certainly had no effect. */
  | { readonly type: 'unanswered'; readonly definite: boolean };

/** Refusals that say nothing about the request: another server, or the same one later, may take it. */
const unavailableCodes: ReadonlySet<number> = new Set([429, 503]);

export class ApiClient {
  readonly #identity: ApiIdentity;
  #servers: readonly string[];
  #position = 0;

  constructor(identity: ApiIdentity) {
    assert(identity.servers.length > 0, 'a client needs an API server');
    this.#identity = identity;
    this.#servers = identity.servers;
  }

  /** Knows these servers from now on; the one in use is left only if it is none of them. */
  replaceServers(servers: readonly string[]): void {
    assert(servers.length > 0, 'a client needs an API server');
    const position = servers.indexOf(this.server);
    this.#servers = servers;
    this.#position = Math.max(0, position);
  }

  /** The server that is asked next. */
  get server(): string {
    return must(this.#servers[this.#position % this.#servers.length], 'no API server');
  }

  /** Moves on to the next server, if `server` is still the one in use. */
  leave(server: string): void {
    if (this.server === server) this.#position += 1;
  }

  /** Asks once; a server that does not answer is left for the next. */
  *call(subject: RequestSubject, timeoutMs: number): Flow<ApiAnswer> {
    const { server } = this;
    const outcome = (yield this.#question(server, subject, timeoutMs)) as AskOutcome<ApiResponse>;
    return this.#read(server, outcome);
  }

  /** Asks one server several requests at once, as `call`; the answers are in the order of the requests. */
  *callAll(subjects: readonly RequestSubject[], timeoutMs: number): Flow<readonly ApiAnswer[]> {
    const { server } = this;
    const questions = subjects.map((subject) => this.#question(server, subject, timeoutMs));
    const outcomes = yield* askAll<ApiResponse>(questions);
    return outcomes.map((outcome) => this.#read(server, outcome));
  }

  #read(server: string, outcome: AskOutcome<ApiResponse>): ApiAnswer {
    if (outcome.type === 'failed') {
      this.leave(server);
      return { type: 'unanswered', definite: outcome.failure.definite };
    }
    const { status, bytes } = outcome.reply;
    if (unavailableCodes.has(status)) {
      this.leave(server);
      return { type: 'unanswered', definite: true };
    }
    const text = utf8Text(bytes);
    return status >= 400 ? { type: 'refused', status: JSON.parse(text) as Status } : new Done(text);
  }

  #question(server: string, subject: RequestSubject, timeoutMs: number): AskStep {
    const request = this.#request(subject);
    return question<ApiServerProtocol['asks'], 'call'>(server, 'call', request, timeoutMs);
  }

  #request(subject: RequestSubject): ResourceRequest {
    const { resource, body, patch = null } = subject;
    return {
      type: 'resource',
      verb: subject.verb,
      group: resource.group,
      version: resource.version,
      resource: resource.resource,
      subresource: subject.subresource ?? '',
      namespace: subject.namespace ?? '',
      name: subject.name ?? '',
      parameters: subject.parameters ?? {},
      output: subject.output ?? 'object',
      body: body === undefined ? null : { encoding: 'json', patch, bytes: utf8(JSON.stringify(body)) },
      credentials: this.#identity.credentials,
      userAgent: this.#identity.userAgent,
      fence: subject.fence ?? null,
    };
  }
}

/** How our API servers begin an object: they splice its resourceVersion in as the first field of its metadata. */
const objectHead = /^\{(?:"(?:apiVersion|kind)":"[^"\\]*",)*"metadata":\{"resourceVersion":"(\d+)"/;

/** What was done. Its object is parsed when somebody looks at it: who writes seldom does. */
class Done {
  readonly type = 'done';
  readonly #text: string;
  #object: KubeObject | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  get object(): KubeObject {
    this.#object ??= JSON.parse(this.#text) as KubeObject;
    return this.#object;
  }

  get revision(): number {
    return Number(objectHead.exec(this.#text)?.[1] ?? this.object.metadata.resourceVersion ?? 0);
  }
}
