/** An API server over a store in memory, in a simulated universe, and a client that speaks to it in the typed protocol. */
import { apiServerBehaviour } from '../../../actors/apiserver/behaviour.ts';
import { type Behaviour, defineRole, type Role } from '../../../src/actor/behaviour.ts';
import { openNoDocuments } from '../../../src/actor/document-port.ts';
import type { Effect } from '../../../src/actor/effect.ts';
import type { Input } from '../../../src/actor/input.ts';
import type { ApiServerSettings } from '../../../src/apiserver/settings.ts';
import { concatBytes, ownBytes, utf8, utf8Text } from '../../../src/base/bytes.ts';
import type {
  ApiRequest,
  ApiResponse,
  ApiStreamItem,
  Credentials,
  Fence,
  OutputForm,
  PatchType,
  ResourceRequest,
  Verb,
} from '../../../src/protocol/apiserver.ts';
import type { KubeletLogsItem, UsageSummary } from '../../../src/protocol/kubelet.ts';
import { openSimulatedCrypto, simulatedTokenKey } from '../../../src/sim/simulated-crypto.ts';
import { Universe } from '../../../src/sim/universe.ts';
import { type MemoryStore, makeMemoryStore, memoryStoreRole } from './memory-store.ts';

export const apiPath = 'master-0/apiserver';

/** An answer of any shape, typed as JSON.parse types it. */
export type Tree = ReturnType<typeof JSON.parse>;

export interface Answer {
  readonly status: number;
  readonly body: Tree;
  readonly warnings: readonly string[];
  readonly response: ApiResponse;
}

export interface Ask {
  readonly body?: unknown;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly output?: OutputForm;
  readonly credentials?: Credentials;
  readonly fence?: Fence;
  readonly patch?: PatchType;
  readonly encoding?: 'json' | 'yaml' | 'protobuf';
  readonly userAgent?: string;
}

export class WatchClient {
  readonly items: ApiStreamItem[] = [];
  endReason: string | null = null;

  /** Events in order, as `{type, object}`. */
  get events(): readonly Tree[] {
    const chunks = this.items.flatMap((item) => (item.type === 'chunk' ? [item.bytes] : []));
    const lines = utf8Text(concatBytes(chunks)).split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Tree);
  }

  get summary(): readonly string[] {
    return this.events.map(({ type, object }) => `${type} ${object.metadata?.name ?? object.code}`);
  }
}

export interface HarnessOptions {
  readonly seed?: number;
  readonly settings?: Partial<ApiServerSettings>;
  readonly apiServers?: number;
  /** What the kubelet of node-0 answers to whoever asks it for logs; it then ends the stream. Null: silence. */
  readonly logs?: readonly KubeletLogsItem[] | null;
  /** What the kubelet of node-0 says of usage; null: silence. */
  readonly usage?: () => UsageSummary | null;
  /** Starts the replicas of a real store; returns their paths by thread. By default there is a store in memory. */
  readonly startsStore?: (universe: Universe) => ReadonlyMap<string, readonly string[]>;
}

interface ClientState {
  readonly replies: Map<number, ApiResponse | string>;
  readonly watches: Map<number, WatchClient>;
}

export class Harness {
  readonly universe: Universe;
  readonly store: MemoryStore = makeMemoryStore();
  readonly #client: ClientState = { replies: new Map(), watches: new Map() };
  #outbox: Effect[] = [];
  #lastId = 0;
  readonly apiPaths: readonly string[];
  /** Paths of replicas by the thread that they live on. */
  #stores: ReadonlyMap<string, readonly string[]> = new Map();
  readonly #settings: Omit<ApiServerSettings, 'replicas'>;

  constructor(options: HarnessOptions = {}) {
    this.universe = new Universe({
      seed: options.seed ?? 1,
      latencyMinMs: 0.01,
      latencyMaxMs: 0.1,
      turnDelayMaxMs: 0.01,
    });
    const { universe } = this;
    universe.startThread('client', [
      this.#clientRole(),
      scriptedKubelet(options.logs === undefined ? [] : options.logs, options.usage ?? (() => null)),
    ]);
    const masters = Array.from({ length: options.apiServers ?? 1 }, (_, index) => `master-${index}`);
    this.apiPaths = masters.map((master) => `${master}/apiserver`);
    this.#settings = {
      tokens: [{ token: 'secret', user: 'admin', groups: ['system:masters'] }],
      address: '127.0.0.1:6443',
      tolerationSeconds: 300,
      tokenKey: simulatedTokenKey,
      rootCertificate: 'certificate',
      ...options.settings,
    };
    if (options.startsStore === undefined) this.#startMemoryStore();
    else this.#stores = options.startsStore(universe);
    for (const master of masters) this.startApiServer(master);
    universe.thread('client')?.host.start({ path: 'client/one', role: 'client', args: null, incarnation: 1 });
    universe.thread('client')?.host.start({ path: 'node-0/kubelet', role: 'kubelet', args: null, incarnation: 1 });
    universe.runFor(options.startsStore === undefined ? 100 : 2_000);
  }

  /** Starts the API server of a master, on a thread of its own; the master's own replica is its first choice. */
  startApiServer(master: string, incarnation = 1): void {
    const { universe } = this;
    const thread = `${master}/api`;
    const path = `${master}/apiserver`;
    universe.startThread(thread, [
      defineRole({
        name: 'apiserver',
        behaviour: apiServerBehaviour,
        ports: { crypto: openSimulatedCrypto, documents: openNoDocuments },
      }),
    ]);
    for (const [storeThread, paths] of this.#stores) {
      if (universe.thread(storeThread) !== undefined) universe.connect(thread, [path], storeThread, paths);
    }
    universe.connect(thread, [path], 'client', ['client/one', 'node-0/kubelet']);
    const own = `${master}/store`;
    const replicas = [...this.#stores.values()]
      .flat()
      .sort((left, right) => Number(right === own) - Number(left === own));
    const args: ApiServerSettings = { replicas, ...this.#settings };
    universe.thread(thread)?.host.start({ path, role: 'apiserver', args, incarnation });
  }

  #startMemoryStore(): void {
    this.universe.startThread('store', [memoryStoreRole(this.store)]);
    const paths = ['master-0/store', 'master-1/store'];
    this.#stores = new Map([['store', paths]]);
    for (const path of paths) {
      this.universe.thread('store')?.host.start({ path, role: 'store', args: null, incarnation: 1 });
    }
  }

  /** Sends a request and waits for its answer. */
  call(request: ApiRequest, to = apiPath): Answer {
    const id = this.begin(request, to);
    return this.finish(id);
  }

  /** Sends a request and returns its number. */
  begin(request: ApiRequest, to = apiPath): number {
    this.#lastId += 1;
    const body = { type: 'call', request };
    this.#outbox.push({ type: 'ask', to, id: this.#lastId, body, timeoutMs: 60_000 });
    return this.#lastId;
  }

  finish(id: number): Answer {
    const { replies } = this.#client;
    if (!this.universe.runUntil(() => replies.has(id), 61_000)) throw new Error('no answer');
    const response = replies.get(id) as ApiResponse | string;
    if (typeof response === 'string') throw new Error(`no answer: ${response}`);
    const text = utf8Text(response.bytes);
    const body = response.contentType.startsWith('application/json') && text !== '' ? JSON.parse(text) : { text };
    return { status: response.status, body, warnings: response.warnings, response };
  }

  cancel(id: number): void {
    this.#outbox.push({ type: 'cancelAsk', id });
  }

  open(request: ResourceRequest, credit = 1000, to = apiPath): WatchClient {
    this.#lastId += 1;
    const watch = new WatchClient();
    this.#client.watches.set(this.#lastId, watch);
    this.#outbox.push({ type: 'subscribe', to, id: this.#lastId, body: { type: 'open', request }, credit });
    this.universe.runFor(20);
    return watch;
  }

  /** Ends a stream from the client's side. */
  close(id: number): void {
    this.#outbox.push({ type: 'unsubscribe', id });
    this.#client.watches.delete(id);
  }

  /** The number of the last call or stream, for `grant`. */
  get lastId(): number {
    return this.#lastId;
  }

  grant(id: number, messages: number): void {
    this.#outbox.push({ type: 'credit', id, messages });
    this.universe.runFor(20);
  }

  settle(durationMs = 20): void {
    this.universe.runFor(durationMs);
  }

  // Short forms -------------------------------------------------------------------------------------------------

  create(path: string, body: unknown, ask: Ask = {}): Answer {
    return this.call(resourceRequest('create', path, { ...ask, body }));
  }

  get(path: string, ask: Ask = {}): Answer {
    return this.call(resourceRequest('get', path, ask));
  }

  list(path: string, ask: Ask = {}): Answer {
    return this.call(resourceRequest('list', path, ask));
  }

  update(path: string, body: unknown, ask: Ask = {}): Answer {
    return this.call(resourceRequest('update', path, { ...ask, body }));
  }

  patch(path: string, patch: PatchType, body: unknown, ask: Ask = {}): Answer {
    return this.call(resourceRequest('patch', path, { ...ask, patch, body }));
  }

  delete(path: string, ask: Ask = {}): Answer {
    return this.call(resourceRequest('delete', path, ask));
  }

  watch(path: string, parameters: Readonly<Record<string, string>> = {}, ask: Ask = {}): WatchClient {
    return this.open(resourceRequest('watch', path, { ...ask, parameters }));
  }

  path(path: string, accept = '', credentials: Credentials = admin): Answer {
    return this.call({ type: 'nonResource', path, parameters: {}, accept, credentials });
  }

  #clientRole(): Role {
    const behaviour: Behaviour<unknown, ClientState> = {
      init: () => this.#client,
      step: (state, input) => this.#clientStep(state, input),
    };
    return defineRole({ name: 'client', behaviour });
  }

  #clientStep(state: ClientState, input: Input): readonly Effect[] {
    if (input.type === 'reply') {
      const response = input.body as ApiResponse;
      state.replies.set(input.id, { ...response, bytes: ownBytes(response.bytes) });
    }
    if (input.type === 'askFailed') state.replies.set(input.id, input.failure.code);
    if (input.type === 'item') {
      const item = input.body as ApiStreamItem;
      const owned = item.type === 'chunk' ? { ...item, bytes: ownBytes(item.bytes) } : item;
      state.watches.get(input.id)?.items.push(owned);
    }
    if (input.type === 'ended') {
      const watch = state.watches.get(input.id);
      if (watch !== undefined) watch.endReason = input.reason;
    }
    const effects = this.#outbox;
    this.#outbox = [];
    return [...effects, { type: 'timer', key: 'poll', afterMs: 0.5 }];
  }
}

function scriptedKubelet(logs: readonly KubeletLogsItem[] | null, usage: () => UsageSummary | null): Role {
  const behaviour: Behaviour<unknown, null> = {
    init: () => null,
    step: (_state, input) => {
      if (input.type === 'ask') {
        const body = usage();
        return body === null ? [] : [{ type: 'reply', request: input.request, body }];
      }
      if (input.type !== 'subscribed' || logs === null) return [];
      const emits = logs.map((body): Effect => ({ type: 'emit', stream: input.stream, body }));
      return [...emits, { type: 'end', stream: input.stream, reason: 'completed' }];
    },
  };
  return defineRole({ name: 'kubelet', behaviour });
}

const admin: Credentials = { type: 'component', user: 'test', groups: ['system:masters'] };

/**
 * Builds a request from a path of the form `GROUP/VERSION/NAMESPACE/RESOURCE/NAME/SUBRESOURCE`, with `core` for the empty group and `-` for
 * no namespace: `core/v1/default/pods/web/status`.
 */
export function resourceRequest(verb: Verb, path: string, ask: Ask = {}): ResourceRequest {
  const [group = '', version = '', namespace = '', resource = '', name = '', subresource = ''] = path.split('/');
  const { body } = ask;
  const bytes =
    body instanceof Uint8Array ? body : utf8(typeof body === 'string' ? body : JSON.stringify(body ?? null));
  return {
    type: 'resource',
    verb,
    group: group === 'core' ? '' : group,
    version,
    resource,
    subresource,
    namespace: namespace === '-' ? '' : namespace,
    name,
    parameters: ask.parameters ?? {},
    output: ask.output ?? 'object',
    body: body === undefined ? null : { encoding: ask.encoding ?? 'json', patch: ask.patch ?? null, bytes },
    credentials: ask.credentials ?? admin,
    userAgent: ask.userAgent ?? 'test',
    fence: ask.fence ?? null,
  };
}

export function configMap(name: string, data: Readonly<Record<string, string>> = {}, labels: object = {}): Tree {
  return { metadata: { name, labels }, data };
}

export function pod(name: string, spec: object = {}, metadata: object = {}): Tree {
  return { metadata: { name, ...metadata }, spec: { containers: [{ name: 'main', image: 'nginx:1.27' }], ...spec } };
}
