/**
 * Masters of a cluster in a simulated universe: real store, API server and controllers; a client that calls as a test would, and a stand-in for
 * scheduler and kubelets that binds pods, makes them ready and lets them go. All of it runs on virtual time.
 */
import { apiServerBehaviour } from '../../../actors/apiserver/behaviour.ts';
import { controllersBehaviour } from '../../../actors/controllers/behaviour.ts';
import { controllerBehaviour } from '../../../actors/controllers/controller-behaviour.ts';
import type { ControllersArgs } from '../../../actors/controllers/controllers-args.ts';
import { storeBehaviour } from '../../../actors/store/behaviour.ts';
import type { StoreArgs } from '../../../actors/store/store-args.ts';
import type { Behaviour, Role } from '../../../src/actor/behaviour.ts';
import { openNoDocuments } from '../../../src/actor/document-port.ts';
import type { Effect } from '../../../src/actor/effect.ts';
import type { HostEvent } from '../../../src/actor/host-world.ts';
import type { GroupVersionResource } from '../../../src/api/group-version.ts';
import type { AnyObject, KubeObject } from '../../../src/api/object-meta.ts';
import { must } from '../../../src/base/assert.ts';
import { utf8, utf8Text } from '../../../src/base/bytes.ts';
import { controllerNames } from '../../../src/controllers/registry.ts';
import { namespaceResource } from '../../../src/controllers/resources.ts';
import type { RequestSubject } from '../../../src/protocol/api-client.ts';
import type { ApiResponse, ResourceRequest } from '../../../src/protocol/apiserver.ts';
import { membershipOf } from '../../../src/raft/membership.ts';
import type { ReplicaId } from '../../../src/raft/message.ts';
import { openSimulatedCrypto, simulatedTokenKey } from '../../../src/sim/simulated-crypto.ts';
import { Universe } from '../../../src/sim/universe.ts';

export type Call = Omit<RequestSubject, 'output' | 'fence'>;

export interface Answered {
  readonly status: number;
  readonly object: AnyObject & { readonly items?: readonly AnyObject[]; readonly message?: string };
}

const clientPath = 'test/client';

export class SimulatedCluster {
  readonly universe: Universe;
  readonly masters: readonly string[];
  /** What went wrong anywhere: faults of actors, warnings. */
  readonly complaints: string[] = [];
  readonly #answers = new Map<number, ApiResponse | string>();
  readonly #outbox: Effect[] = [];
  /** Actors that a test brings along, each on a thread of its own. */
  readonly #guests: { readonly thread: string; readonly path: string }[] = [];
  #lastAsk = 0;
  #server = 0;

  constructor(masters: number, seed: number) {
    this.universe = new Universe({ seed });
    this.masters = Array.from({ length: masters }, (_, index) => `master-${index}`);
    this.universe.onReport = (thread, event) => this.#note(thread, event);
    this.universe.startThread('test', [this.#clientRole()]);
    for (const master of this.masters) this.#startThreads(master);
    this.#connectAll();
    for (const master of this.masters) this.#startActors(master, 'first');
    this.universe.thread('test')?.host.start({ path: clientPath, role: 'client', args: null, incarnation: 1 });
    // The API server makes the first namespaces once the store has a leader.
    while (this.get(namespaceResource, 'default', '') === null) this.universe.runFor(50);
  }

  /** Brings an actor along, say a kubelet, that API servers can reach at `path`. */
  attach(path: string, behaviour: Behaviour<unknown, unknown>): void {
    const thread = `guest-${path}`;
    this.#guests.push({ thread, path });
    this.universe.startThread(thread, [{ name: 'guest', behaviour }]);
    for (const master of this.masters) this.universe.connect(`${master}/api`, [`${master}/apiserver`], thread, [path]);
    this.universe.thread(thread)?.host.start({ path, role: 'guest', args: null, incarnation: 1 });
  }

  /** Calls an API server and lets time pass until it answers; tries the others when one is dead. */
  call(call: Call): Answered {
    for (let attempt = 0; attempt < 40; attempt += 1) {
      const answer = this.#ask(call);
      if (typeof answer !== 'string' && answer.status !== 503 && answer.status !== 504) {
        return { status: answer.status, object: JSON.parse(utf8Text(answer.bytes) || '{}') as Answered['object'] };
      }
      this.#server += 1;
      this.universe.runFor(100);
    }
    throw new Error(`no API server answers ${call.verb} ${call.resource.resource}`);
  }

  create(resource: GroupVersionResource, object: KubeObject): AnyObject {
    const namespace = object.metadata.namespace ?? '';
    const { status, object: made } = this.call({ verb: 'create', resource, namespace, body: object });
    if (status !== 201) throw new Error(`create ${resource.resource}: ${status} ${made.message}`);
    return made;
  }

  get(resource: GroupVersionResource, name: string, namespace = 'default'): AnyObject | null {
    const { status, object } = this.call({ verb: 'get', resource, namespace, name });
    return status === 200 ? object : null;
  }

  list(resource: GroupVersionResource, namespace = 'default'): readonly AnyObject[] {
    const { object } = this.call({ verb: 'list', resource, namespace });
    return object.items ?? [];
  }

  patch(resource: GroupVersionResource, name: string, body: unknown, namespace = 'default'): Answered {
    return this.call({ verb: 'patch', resource, namespace, name, body, patch: 'merge' });
  }

  remove(resource: GroupVersionResource, name: string, namespace = 'default', options: object = {}): Answered {
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', ...options };
    return this.call({ verb: 'delete', resource, namespace, name, body });
  }

  /** Which master's controllers run, by their actors. */
  activeMasters(): readonly string[] {
    return this.masters.filter(
      (master) =>
        this.universe.thread(`${master}/control`)?.host.cellAt(`${master}/controllers/deployment-controller`) !==
        undefined,
    );
  }

  killMaster(master: string): void {
    for (const part of ['store', 'api', 'control']) this.universe.killThread(`${master}/${part}`);
  }

  restartMaster(master: string): void {
    this.#startThreads(master);
    this.#connectAll(master);
    this.#startActors(master, 'again');
  }

  #ask({
    verb,
    resource,
    subresource = '',
    namespace = '',
    name = '',
    body,
    patch,
    parameters = {},
  }: Call): ApiResponse | string {
    this.#lastAsk += 1;
    const id = this.#lastAsk;
    const request: ResourceRequest = {
      type: 'resource',
      verb,
      ...resource,
      subresource,
      namespace,
      name,
      parameters,
      output: 'object',
      body: body === undefined ? null : { encoding: 'json', patch: patch ?? null, bytes: utf8(JSON.stringify(body)) },
      credentials: { type: 'component', user: 'test', groups: ['system:masters'] },
      userAgent: 'test',
      fence: null,
    };
    const to = `${must(this.masters[this.#server % this.masters.length], 'a master')}/apiserver`;
    this.#outbox.push({ type: 'ask', to, id, body: { type: 'call', request }, timeoutMs: 6_000 });
    const thread = must(this.universe.thread('test'), 'the test thread');
    const cell = must(thread.host.cellAt(clientPath), 'the client');
    thread.host.deliver(cell, { type: 'timer', key: 'go' } as never);
    thread.host.deliver(cell, {
      type: 'tell',
      from: { path: clientPath, incarnation: 1 },
      body: { type: 'go' } as never,
    });
    thread.wake();
    this.universe.runUntil(() => this.#answers.has(id), 7_000);
    return this.#answers.get(id) ?? 'no answer';
  }

  #clientRole(): Role {
    const behaviour: Behaviour<unknown, null> = {
      init: () => null,
      step: (_state, input) => {
        if (input.type === 'reply') this.#answers.set(input.id, input.body as ApiResponse);
        if (input.type === 'askFailed') this.#answers.set(input.id, input.failure.code);
        return this.#outbox.splice(0);
      },
    };
    return { name: 'client', behaviour: behaviour as Behaviour<unknown, unknown> };
  }

  #startThreads(master: string): void {
    const { universe } = this;
    const disk = (emit: (event: unknown) => void, self: { readonly path: string }) =>
      universe.disk(self.path).open(emit);
    universe.startThread(`${master}/store`, [
      { name: 'store', behaviour: storeBehaviour, ports: { disk } } as unknown as Role,
    ]);
    universe.startThread(`${master}/api`, [
      {
        name: 'apiserver',
        behaviour: apiServerBehaviour,
        ports: { crypto: openSimulatedCrypto, documents: openNoDocuments },
      } as unknown as Role,
    ]);
    universe.startThread(`${master}/control`, [
      { name: 'controllers', behaviour: controllersBehaviour } as unknown as Role,
      { name: 'controller', behaviour: controllerBehaviour } as unknown as Role,
    ]);
  }

  #connectAll(only?: string): void {
    const ends = this.masters.flatMap((master) => [
      { thread: `${master}/store`, path: `${master}/store` },
      { thread: `${master}/api`, path: `${master}/apiserver` },
      { thread: `${master}/control`, path: `${master}/controllers` },
    ]);
    const all = [...ends, { thread: 'test', path: clientPath }, ...this.#guests].filter(({ thread }) =>
      this.universe.thread(thread),
    );
    for (const [index, left] of all.entries()) {
      for (const right of all.slice(index + 1)) {
        const concerns = only === undefined || [left, right].some(({ thread }) => thread.startsWith(`${only}/`));
        if (concerns) this.universe.connect(left.thread, [left.path], right.thread, [right.path]);
      }
    }
  }

  #startActors(master: string, start: 'first' | 'again'): void {
    const preferring = [master, ...this.masters.filter((other) => other !== master)];
    const peers = this.masters.map((name, index) => ({ id: (index + 1) as ReplicaId, path: `${name}/store` }));
    const incarnation = start === 'first' ? 1 : Math.ceil(this.universe.nowMs) + 2;
    const storeArgs: StoreArgs = {
      clusterId: 'test',
      id: (this.masters.indexOf(master) + 1) as ReplicaId,
      peers,
      intent:
        start === 'first' ? { type: 'found', membership: membershipOf(peers.map(({ id }) => id)) } : { type: 'resume' },
      timing: { heartbeatTicks: 5, electionTicks: 30 },
      tickMs: 10,
      folder: master,
      isDurable: true,
      retentionMs: 300_000,
      settings: {},
    } as StoreArgs;
    const controllersArgs: ControllersArgs = {
      servers: preferring.map((name) => `${name}/apiserver`),
      replicas: preferring.map((name) => `${name}/store`),
      candidate: master,
      roleLeaseSeconds: 2,
      controllers: controllerNames,
      settings: {
        node: { graceMs: 4_000, startupGraceMs: 6_000, monitorMs: 500 },
        orphanQuarantineMs: 2_000,
        jobBackoffMs: 500,
        storage: { diskAttachMs: 200, diskDetachMs: 200, maxWaitForUnmountMs: 6_000 },
        autoscaler: { syncMs: 1_000, downscaleWindowMs: 10_000, cpuInitializationMs: 5_000, readinessDelayMs: 1_000 },
        rootCertificate: 'certificate of the test',
      },
    };
    const apiArgs = {
      replicas: controllersArgs.replicas,
      tokens: [],
      address: '127.0.0.1:443',
      tolerationSeconds: 2,
      tokenKey: simulatedTokenKey,
      rootCertificate: '',
    };
    const host = (part: string) => must(this.universe.thread(`${master}/${part}`), part).host;
    host('store').start({ path: `${master}/store`, role: 'store', args: storeArgs, incarnation });
    host('api').start({ path: `${master}/apiserver`, role: 'apiserver', args: apiArgs, incarnation });
    host('control').start({ path: `${master}/controllers`, role: 'controllers', args: controllersArgs, incarnation });
  }

  #note(thread: string, event: HostEvent): void {
    if (event.type === 'fault') this.complaints.push(`${thread} ${event.fault.path}: ${event.fault.error.stack}`);
    if (event.type === 'log' && event.entry.level !== 'debug' && event.entry.level !== 'info') {
      const { actor, message, fields } = event.entry;
      this.complaints.push(`${actor}: ${message} ${JSON.stringify(fields)}`);
    }
  }
}
