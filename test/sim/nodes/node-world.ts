/**
 * A cluster without controllers in a simulated universe: masters with a store replica, an API server and a scheduler each, and nodes with a
 * kubelet and a simulated runtime. The actors are the real ones; a client speaks the typed protocol. What controllers would do, giving each
 * node its range of pod addresses and the namespace its certificate, the client does.
 */

import { apiServerBehaviour } from '../../../actors/apiserver/behaviour.ts';
import type { KubeletArgs } from '../../../actors/kubelet/behaviour.ts';
import { kubeletRole, simulatedRuntimeRole } from '../../../actors/kubelet/main.ts';
import type { RuntimeArgs } from '../../../actors/kubelet/runtime-behaviour.ts';
import type { SchedulerArgs } from '../../../actors/scheduler/behaviour.ts';
import { schedulerRole } from '../../../actors/scheduler/main.ts';
import { storeBehaviour } from '../../../actors/store/behaviour.ts';
import type { StoreArgs } from '../../../actors/store/store-args.ts';
import type { Behaviour, Role } from '../../../src/actor/behaviour.ts';
import { openNoDocuments } from '../../../src/actor/document-port.ts';
import type { Effect } from '../../../src/actor/effect.ts';
import type { Input } from '../../../src/actor/input.ts';
import type { OpenPort } from '../../../src/actor/ports.ts';
import type { KubeObject } from '../../../src/api/object-meta.ts';
import { ownBytes, utf8Text } from '../../../src/base/bytes.ts';
import type { Event } from '../../../src/kinds/event/types.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import { fastKubeletLimits, type KubeletLimits } from '../../../src/kubelet/limits.ts';
import type {
  ApiResponse,
  ApiSessionItem,
  ApiStreamItem,
  Credentials,
  PatchType,
  ResourceRequest,
} from '../../../src/protocol/apiserver.ts';
import type { SessionInputOutcome } from '../../../src/protocol/session.ts';
import { membershipOf } from '../../../src/raft/membership.ts';
import type { ReplicaId } from '../../../src/raft/message.ts';
import { openSimulatedCrypto, simulatedTokenKey } from '../../../src/sim/simulated-crypto.ts';
import { Universe } from '../../../src/sim/universe.ts';
import { resourceRequest } from '../../unit/apiserver/harness.ts';

/** An answer of any shape, typed as JSON.parse types it. */
export type Tree = ReturnType<typeof JSON.parse>;

export interface WorldOptions {
  readonly seed?: number;
  readonly masters?: number;
  readonly nodes?: number;
  readonly limits?: Partial<KubeletLimits>;
  readonly runtime?: RuntimeArgs;
  /** Stages that pods without a RuntimeClass follow. */
  readonly stages?: readonly object[];
  /** The key of the scheduler's office; with a key for each master all of them are elected at once. */
  readonly electionKey?: (master: string) => string;
  readonly scheduling?: SchedulerArgs['limits'];
  readonly node?: (name: string) => Partial<KubeletArgs['node']>;
}

export interface Reply {
  readonly status: number;
  readonly body: Tree;
}

const client = 'client/one';

/** What a client sees of one session. */
export class SessionView {
  readonly id: number;
  readonly items: ApiSessionItem[] = [];
  readonly inputs: (SessionInputOutcome | string)[] = [];
  end: string | null = null;

  constructor(id: number) {
    this.id = id;
  }

  get text(): string {
    return this.items.map((item) => (item.type === 'stdout' ? utf8Text(item.bytes) : '')).join('');
  }
}

export interface SessionOptions {
  readonly credit?: number;
  readonly port?: number;
  readonly credentials?: Credentials;
}

export class NodeWorld {
  readonly universe: Universe;
  readonly masters: readonly string[];
  readonly nodes: readonly string[];
  readonly #options: WorldOptions;
  readonly #replies = new Map<number, ApiResponse | string>();
  readonly #streams = new Map<number, { text: string; end: string | null }>();
  readonly #sessions = new Map<number, SessionView>();
  readonly #inputs = new Map<number, SessionView>();
  readonly #incarnations = new Map<string, number>();
  readonly #createdAt = new Map<string, number>();
  #outbox: Effect[] = [];
  #lastId = 0;
  #server = 0;

  constructor(options: WorldOptions = {}) {
    this.#options = options;
    this.masters = names('master', options.masters ?? 1);
    this.nodes = names('node', options.nodes ?? 1);
    this.universe = new Universe({ seed: options.seed ?? 1, latencyMaxMs: 0.5, turnDelayMaxMs: 0.1 });
    this.universe.startThread('client', [this.#clientRole()]);
    for (const master of this.masters) this.#startMasterThreads(master);
    for (const node of this.nodes) this.#startNodeThread(node);
    for (const master of this.masters) this.#startMaster(master);
    for (const node of this.nodes) this.startNode(node);
    this.#start('client', client, 'client', null);
    this.#until(() => this.nodes.every((node) => this.get(`core/v1/-/nodes/${node}`).status === 200), 10_000);
    for (const [index, node] of this.nodes.entries()) {
      this.patch(`core/v1/-/nodes/${node}`, 'merge', { spec: { podCIDR: `10.244.${index}.0/24` } });
    }
    const metadata = { name: 'kube-root-ca.crt' };
    this.create('core/v1/default/configmaps', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata,
      data: { 'ca.crt': '' },
    });
  }

  // Faults ------------------------------------------------------------------------------------------------------

  startNode(node: string): void {
    this.startRuntime(node);
    this.startKubelet(node);
  }

  startRuntime(node: string): void {
    this.#start(node, `${node}/runtime`, 'runtime', this.#options.runtime ?? null);
  }

  startKubelet(node: string): void {
    const index = this.nodes.indexOf(node);
    const args: KubeletArgs = {
      node: { name: node, address: `192.168.0.${index + 10}`, ...this.#options.node?.(node) },
      apiServers: this.masters.map((master) => `${master}/apiserver`),
      runtime: `${node}/runtime`,
      limits: { ...fastKubeletLimits, ...this.#options.limits },
      ...(this.#options.stages === undefined ? {} : { stages: { manifests: this.#options.stages, isDefault: true } }),
    };
    this.#start(node, `${node}/kubelet`, 'kubelet', args);
  }

  kill(thread: string, path: string): void {
    this.universe.killActor(thread, path);
  }

  /** Tells a kubelet that its machine is about to be shut down. */
  shutDown(node: string, graceMs: number, criticalMs: number): void {
    const body = { type: 'shutDown', message: { graceMs, criticalMs } };
    this.#outbox.push({ type: 'send', to: `${node}/kubelet`, body });
  }

  runFor(durationMs: number): void {
    this.universe.runFor(durationMs);
  }

  /** Lets time pass until `condition` holds; throws when it does not within the limit. */
  until(condition: () => boolean, limitMs = 30_000): void {
    this.#until(condition, limitMs);
  }

  // Requests ----------------------------------------------------------------------------------------------------

  get(path: string): Reply {
    return this.call(resourceRequest('get', path));
  }

  create(path: string, body: unknown): Reply {
    return this.call(resourceRequest('create', path, { body }));
  }

  patch(path: string, patch: PatchType, body: unknown): Reply {
    return this.call(resourceRequest('patch', path, { body, patch }));
  }

  delete(path: string, body?: unknown): Reply {
    return this.call(resourceRequest('delete', path, { body }));
  }

  pod(name: string): Pod | null {
    const { status, body } = this.get(`core/v1/default/pods/${name}`);
    return status === 200 ? (body as Pod) : null;
  }

  /** `reason xCOUNT: message` of the events of one object, in the order in which they were first told or last counted. */
  events(name: string): string[] {
    const list = this.call(resourceRequest('list', 'core/v1/default/events')).body as { items: Event[] };
    return list.items
      .filter(({ involvedObject }) => involvedObject.name === name)
      .sort((left, right) => this.#order(left) - this.#order(right))
      .map(({ reason, message, count }) => `${reason} x${count}: ${message}`);
  }

  /** The revision at which an event was created: its key's order in the store. */
  #order(event: Event): number {
    const known = this.#createdAt.get(event.metadata.name ?? '');
    const revision = known ?? Number(event.metadata.resourceVersion);
    this.#createdAt.set(event.metadata.name ?? '', revision);
    return revision;
  }

  logs(name: string, parameters: Readonly<Record<string, string>> = {}): { text: string; end: string | null } {
    this.#lastId += 1;
    const stream = { text: '', end: null };
    this.#streams.set(this.#lastId, stream);
    const request = resourceRequest('get', `core/v1/default/pods/${name}/log`, { parameters });
    const body = { type: 'open', request };
    this.#outbox.push({ type: 'subscribe', to: this.#to(), id: this.#lastId, body, credit: 10_000 });
    this.universe.runFor(50);
    return stream;
  }

  /** Opens exec, attach or portforward at an API server; the words of a command are `command`. */
  session(path: string, command: readonly string[], options: SessionOptions = {}): SessionView {
    this.#lastId += 1;
    const view = new SessionView(this.#lastId);
    this.#sessions.set(view.id, view);
    const parameters = { command: command[0] ?? '', stdin: 'true', stdout: 'true', stderr: 'true' };
    const made = resourceRequest('create', `core/v1/default/pods/${path}`, { parameters });
    const request = { ...made, repeated: { command }, credentials: options.credentials ?? made.credentials };
    const opening = { request, sessionId: String(view.id), port: options.port ?? null };
    const body = { type: 'session', request: opening };
    this.#outbox.push({ type: 'subscribe', to: this.#to(), id: view.id, body, credit: options.credit ?? 1_000 });
    this.universe.runFor(100);
    return view;
  }

  grant({ id }: SessionView, messages: number): void {
    this.#outbox.push({ type: 'credit', id, messages });
    this.universe.runFor(100);
  }

  input(view: SessionView, bytes: Uint8Array, isEnd = false): void {
    this.#lastId += 1;
    this.#inputs.set(this.#lastId, view);
    const request = { sessionId: String(view.id), bytes, isEnd };
    const body = { type: 'sendInput', request };
    this.#outbox.push({ type: 'ask', to: this.#to(), id: this.#lastId, body, timeoutMs: 60_000 });
    this.universe.runFor(100);
  }

  leave({ id }: SessionView): void {
    this.#outbox.push({ type: 'unsubscribe', id });
    this.universe.runFor(100);
  }

  /** Asks any API server, and another one when it does not answer. */
  call(request: ResourceRequest): Reply {
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const reply = this.#callOnce(request);
      if (reply !== null && reply.status !== 503) return reply;
      this.#server += 1;
      this.universe.runFor(50);
    }
    throw new Error('no API server answers');
  }

  #callOnce(request: ResourceRequest): Reply | null {
    this.#lastId += 1;
    const id = this.#lastId;
    this.#outbox.push({ type: 'ask', to: this.#to(), id, body: { type: 'call', request }, timeoutMs: 2_000 });
    this.universe.runUntil(() => this.#replies.has(id), 3_000);
    const response = this.#replies.get(id);
    this.#replies.delete(id);
    if (response === undefined || typeof response === 'string') return null;
    return { status: response.status, body: JSON.parse(utf8Text(response.bytes)) };
  }

  #to(): string {
    return `${this.masters[this.#server % this.masters.length]}/apiserver`;
  }

  #until(condition: () => boolean, limitMs: number): void {
    const endMs = this.universe.nowMs + limitMs;
    while (!condition()) {
      if (this.universe.nowMs > endMs) throw new Error('the condition does not come true');
      this.universe.runFor(20);
    }
  }

  // Construction ------------------------------------------------------------------------------------------------

  #startMasterThreads(master: string): void {
    const { universe } = this;
    const disk: OpenPort = (emit, self) => universe.disk(self.path).open(emit);
    const store = { name: 'store', behaviour: storeBehaviour, ports: { disk } } as unknown as Role;
    const apiserver = {
      name: 'apiserver',
      behaviour: apiServerBehaviour,
      ports: { crypto: openSimulatedCrypto, documents: openNoDocuments },
    } as unknown as Role;
    const paths = pathsOfMaster(master);
    universe.startThread(master, [store, apiserver, schedulerRole]);
    universe.connect(master, paths, 'client', [client]);
    for (const other of this.masters) {
      if (other < master) universe.connect(master, paths, other, pathsOfMaster(other));
    }
  }

  #startNodeThread(node: string): void {
    const { universe } = this;
    const paths = [`${node}/kubelet`, `${node}/runtime`];
    universe.startThread(node, [kubeletRole, simulatedRuntimeRole]);
    for (const master of this.masters) universe.connect(node, paths, master, pathsOfMaster(master));
    universe.connect(node, paths, 'client', [client]);
  }

  #startMaster(master: string): void {
    const id = (this.masters.indexOf(master) + 1) as ReplicaId;
    const peers = this.masters.map((name, index) => ({ id: (index + 1) as ReplicaId, path: `${name}/store` }));
    const own = [master, ...this.masters.filter((name) => name !== master)];
    const store: StoreArgs = {
      clusterId: 'test',
      id,
      peers,
      intent: { type: 'found', membership: membershipOf(peers.map((peer) => peer.id)) },
      timing: { heartbeatTicks: 5, electionTicks: 30 },
      tickMs: 10,
      folder: master,
      isDurable: true,
      retentionMs: 300_000,
      settings: {},
    };
    const scheduler: SchedulerArgs = {
      apiServers: own.map((name) => `${name}/apiserver`),
      replicas: own.map((name) => `${name}/store`),
      electionKey: this.#options.electionKey?.(master) ?? 'election/scheduler',
      candidate: master,
      leaseSeconds: 2,
      limits: this.#options.scheduling ?? {},
    };
    this.#start(master, `${master}/store`, 'store', store);
    this.#start(master, `${master}/apiserver`, 'apiserver', {
      replicas: own.map((name) => `${name}/store`),
      tokens: [],
      address: '127.0.0.1:6443',
      tolerationSeconds: 2,
      tokenKey: simulatedTokenKey,
      rootCertificate: '',
    });
    this.#start(master, `${master}/scheduler`, 'scheduler', scheduler);
  }

  #start(thread: string, path: string, role: string, args: unknown): void {
    const incarnation = (this.#incarnations.get(path) ?? 0) + 1;
    this.#incarnations.set(path, incarnation);
    this.universe.thread(thread)?.host.start({ path, role, args, incarnation });
  }

  #clientRole(): Role {
    const behaviour: Behaviour<unknown, null> = { init: () => null, step: (_state, input) => this.#clientStep(input) };
    return { name: 'client', behaviour: behaviour as unknown as Role['behaviour'] };
  }

  #clientStep(input: Input): readonly Effect[] {
    const inputOf = input.type === 'reply' || input.type === 'askFailed' ? this.#inputs.get(input.id) : undefined;
    if (input.type === 'reply' && inputOf !== undefined) inputOf.inputs.push(input.body as SessionInputOutcome);
    else if (input.type === 'reply') {
      const response = input.body as ApiResponse;
      this.#replies.set(input.id, { ...response, bytes: ownBytes(response.bytes) });
    }
    if (input.type === 'askFailed' && inputOf !== undefined) inputOf.inputs.push(input.failure.code);
    else if (input.type === 'askFailed') this.#replies.set(input.id, input.failure.code);
    if (input.type === 'item') {
      const item = input.body as ApiStreamItem;
      const stream = this.#streams.get(input.id);
      this.#sessions.get(input.id)?.items.push(structuredClone(input.body) as ApiSessionItem);
      if (item.type === 'chunk' && stream !== undefined) stream.text += utf8Text(item.bytes);
    }
    if (input.type === 'ended') {
      const stream = this.#streams.get(input.id);
      if (stream !== undefined) stream.end = input.reason;
      const view = this.#sessions.get(input.id);
      if (view !== undefined) view.end = input.reason;
    }
    const effects = this.#outbox;
    this.#outbox = [];
    return [...effects, { type: 'timer', key: 'poll', afterMs: 0.5 }];
  }
}

export function podNamed(name: string, spec: object = {}, metadata: object = {}): KubeObject {
  const containers = [{ name: 'main', image: 'nginx:1.27' }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...metadata },
    spec: { containers, ...spec },
  } as unknown as KubeObject;
}

/** Tells whether a pod's Ready condition is true. */
export function isReady(pod: Pod | null): boolean {
  return pod?.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
}

function names(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
}

function pathsOfMaster(master: string): string[] {
  return [`${master}/store`, `${master}/apiserver`, `${master}/scheduler`];
}
