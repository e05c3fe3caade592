/**
 * What a cluster says of itself, and when it is ready: every member that was not stopped on purpose runs and serves, the store's replicas
 * have caught up with its leader, the elected roles are held and each node is Ready. Asked of the parts themselves, each time anew; a part
 * that does not answer in time counts as not ready, so that a status comes also from a cluster that has lost its majority.
 */
import { memberOf } from '../../src/actor/address.ts';
import type { HostReport } from '../../src/actor/host.ts';
import type { ClusterStatus, MemberStatus, PartStatus, ThreadStatus } from '../../src/cli/cluster-status.ts';
import type { ApiRequest, ApiResponse } from '../../src/protocol/apiserver.ts';
import { hasCaughtUp, leaderAmong } from '../../src/store/member-plan.ts';
import type { StoreStatus } from '../../src/store/store-request.ts';
import type { ApiClient } from './api-client.ts';
import { apiServerPath, offices, storePath } from './blueprint.ts';
import type { Bridge } from './bridge.ts';
import type { Fabric } from './fabric.ts';
import type { Faults } from './faults.ts';
import { type StoreClient, textOf } from './store-client.ts';
import type { ThreadDesign, Topology } from './topology.ts';
import { hasCondition } from './waits.ts';

export interface StoreMemberStatus extends StoreStatus {
  /** Member name: `master-1`. */
  readonly name: string;
}

export interface StatusSources {
  readonly fabric: Fabric;
  readonly bridge: Bridge;
  readonly store: StoreClient;
  readonly api: ApiClient;
  readonly faults: Faults;
  readonly topology: () => Topology;
  readonly masters: () => readonly string[];
  /** Masters whose replicas run or should: those too that have not quite come, or not quite gone. */
  readonly replicas: () => readonly string[];
  readonly nodes: () => readonly string[];
}

/** One look at the cluster: each part of it is asked once, when it is first wanted, so that whoever waits asks no more than tells him what he waits for. */
interface Look {
  readonly stores: () => Promise<readonly StoreMemberStatus[]>;
  /** API servers that say that they are ready, by path. */
  readonly servers: () => Promise<ReadonlySet<string>>;
  readonly holders: () => Promise<Readonly<Record<keyof typeof offices, string | null>>>;
  /** Nodes whose condition Ready is True, by name. */
  readonly nodes: () => Promise<ReadonlySet<string>>;
}

/** A part that has not answered by then is taken for silent. */
const answerTimeoutMs = 1_000;
const storeAnswerTimeoutMs = 300;
/** How long an election may take, and a start. */
const leaderTimeoutMs = 10_000;
const readyTimeoutMs = 30_000;
const readyTimeoutMsPerNode = 100;
const pollMs = 5;

export class StatusReader {
  readonly #sources: StatusSources;

  constructor(sources: StatusSources) {
    this.#sources = sources;
  }

  /** What each replica that answers says of itself, in the order in which the masters came. */
  async storeStatuses(): Promise<StoreMemberStatus[]> {
    const { replicas, faults, store } = this.#sources;
    const running = replicas().filter((master) => faults.isRunning(storePath(master)));
    const statuses = running.map(async (name) => {
      const options = { replica: storePath(name), timeoutMs: storeAnswerTimeoutMs };
      const reply = await store.request({ type: 'status' }, 'status', options).catch(() => null);
      return reply === null ? [] : [{ ...reply.status, name }];
    });
    return (await Promise.all(statuses)).flat();
  }

  /** Name of the master whose replica leads the store, or null. */
  async leader(): Promise<string | null> {
    return leaderAmong(await this.storeStatuses())?.name ?? null;
  }

  /** As `leader`, but waits for an election. Rejects when there is none in time. */
  async untilLeader(): Promise<string> {
    const { fabric } = this.#sources;
    const endMs = fabric.monotonicMs() + leaderTimeoutMs;
    for (;;) {
      const leader = await this.leader();
      if (leader !== null) return leader;
      if (fabric.monotonicMs() >= endMs)
        throw new Error(`no leader within ${leaderTimeoutMs} ms: is a majority of the masters up?`);
      await fabric.sleep(pollMs);
    }
  }

  /** Resolves when nothing is missing; rejects with what is, in time. `progress` takes it whenever it is something else. */
  async untilReady(progress: (text: string) => void): Promise<void> {
    const { fabric, nodes } = this.#sources;
    const timeoutMs = readyTimeoutMs + readyTimeoutMsPerNode * nodes().length;
    const endMs = fabric.monotonicMs() + timeoutMs;
    await this.untilLeader();
    let told = '';
    for (;;) {
      const lookedAtMs = fabric.monotonicMs();
      const missing = await this.missing();
      if (missing === null) return;
      if (missing !== told) progress(`waiting: ${missing}`);
      told = missing;
      if (fabric.monotonicMs() >= endMs) throw new Error(`not ready within ${timeoutMs} ms: ${missing}`);
      // Looking at a large cluster is work, which it has enough of while it starts.
      await fabric.sleep(Math.max(pollMs, fabric.monotonicMs() - lookedAtMs));
    }
  }

  /** The first thing that keeps the cluster from being ready, or null. */
  async missing(): Promise<string | null> {
    return this.#missingOf(this.#look());
  }

  /** Tells whether the API server of a master answers that it is ready. */
  async isServing(master: string): Promise<boolean> {
    return this.#isReady(apiServerPath(master));
  }

  async status(): Promise<ClusterStatus> {
    const { topology, masters, nodes } = this.#sources;
    const designs = [...topology().threads.values()];
    const look = this.#look();
    const [stores, servers, holders, readyNodes, reports] = await Promise.all([
      look.stores(),
      look.servers(),
      look.holders(),
      look.nodes(),
      this.#inspect(designs),
    ]);
    const leader = leaderAmong(stores);
    const missing = await this.#missingOf(look);
    const memberStatus = (name: string, serves: boolean): MemberStatus => {
      const own = designs.flatMap((design) => ownPart(design, name));
      const threads = own.map(({ name: thread }) => this.#threadStatus(thread, reports.get(thread) ?? null));
      const parts = own.flatMap((design) => this.#partStatuses(design, reports.get(design.name) ?? null));
      return { name, ready: serves && parts.every(({ state }) => state === 'running'), parts, threads };
    };
    return {
      ready: missing === null,
      missing,
      leader: leader?.name ?? null,
      leaders: { store: leader?.name ?? null, ...holders },
      term: leader?.term ?? 0,
      commitIndex: leader?.commit ?? 0,
      revision: leader?.revision ?? 0,
      masters: masters().map((name) => memberStatus(name, this.#obstacleOf(name, stores, servers) === null)),
      nodes: nodes().map((name) => memberStatus(name, readyNodes.has(name))),
    };
  }

  #look(): Look {
    const { store, api, masters, faults } = this.#sources;
    const holderOf = async (key: string): Promise<string | null> => {
      const held = await store.get(key, { timeoutMs: answerTimeoutMs }).catch(() => undefined);
      return held === undefined ? null : textOf(held);
    };
    return {
      stores: once(() => this.storeStatuses()),
      servers: once(async () => {
        const running = masters()
          .map(apiServerPath)
          .filter((path) => faults.isRunning(path));
        const ready = await Promise.all(running.map(async (path) => ((await this.#isReady(path)) ? [path] : [])));
        return new Set(ready.flat());
      }),
      holders: once(async () => {
        const [controllers, scheduler] = await Promise.all([
          holderOf(offices.controllers),
          holderOf(offices.scheduler),
        ]);
        return { controllers, scheduler };
      }),
      nodes: once(async () => {
        const nodes = await this.#within(api.list('nodes'), []);
        const ready = nodes.filter((node) => hasCondition(node, 'Ready'));
        return new Set(ready.map(({ metadata }) => metadata.name ?? ''));
      }),
    };
  }

  async #missingOf(look: Look): Promise<string | null> {
    const { faults, topology, masters, nodes } = this.#sources;
    const down = [...topology().threads.keys()].find((thread) => faults.isMissing(thread));
    if (down !== undefined) return `${down} is down`;
    const stores = await look.stores();
    if (leaderAmong(stores) === undefined) return 'the store has no leader';
    const servers = await look.servers();
    for (const master of masters()) {
      const obstacle = this.#obstacleOf(master, stores, servers);
      if (obstacle !== null) return obstacle;
    }
    for (const [role, holder] of Object.entries(await look.holders()))
      if (holder === null) return `nobody holds the role ${role}`;
    const ready = await look.nodes();
    const absent = nodes().find((name) => faults.isRunning(name) && !ready.has(name));
    return absent === undefined ? null : `${absent} is not Ready`;
  }

  /** What keeps a master from serving, leaving out the parts of it that were stopped on purpose; or null. */
  #obstacleOf(master: string, stores: readonly StoreMemberStatus[], servers: ReadonlySet<string>): string | null {
    const { faults } = this.#sources;
    const server = apiServerPath(master);
    if (faults.isRunning(server) && !servers.has(server)) return `${server} is not ready`;
    if (!faults.isRunning(storePath(master))) return null;
    const leader = leaderAmong(stores);
    const replica = stores.find(({ name }) => name === master);
    const isCaughtUp = replica !== undefined && (leader === undefined || hasCaughtUp(replica, leader));
    return isCaughtUp ? null : `${storePath(master)} has not caught up`;
  }

  async #isReady(path: string): Promise<boolean> {
    const { bridge, fabric } = this.#sources;
    const credentials = { type: 'anonymous' } as const;
    const request: ApiRequest = { type: 'nonResource', path: '/readyz', parameters: {}, accept: '', credentials };
    const outcome = await fabric.drive(bridge.ask<ApiResponse>(path, { type: 'call', request }, answerTimeoutMs));
    return outcome.type === 'reply' && outcome.reply.status === 200;
  }

  async #inspect(designs: readonly ThreadDesign[]): Promise<ReadonlyMap<string, HostReport | null>> {
    const { fabric } = this.#sources;
    return new Map(await Promise.all(designs.map(async ({ name }) => [name, await fabric.inspect(name)] as const)));
  }

  #threadStatus(name: string, report: HostReport | null): ThreadStatus {
    const { fabric } = this.#sources;
    if (report !== null) return { name, state: 'running' };
    if (fabric.isPaused(name)) return { name, state: 'paused' };
    return { name, state: fabric.threads().includes(name) ? 'silent' : 'down' };
  }

  #partStatuses(design: ThreadDesign, report: HostReport | null): PartStatus[] {
    const { state } = this.#threadStatus(design.name, report);
    return design.actors.map(({ path }) => {
      if (report === null) return { path, state, incarnation: 0, waiting: 0 };
      const actor = report.actors.find((each) => each.path === path);
      if (actor === undefined) return { path, state: 'down', incarnation: 0, waiting: 0 };
      const { status, incarnation, waiting } = actor;
      return { path, state: status === 'running' ? 'running' : 'paused', incarnation, waiting };
    });
  }

  /** What `promise` gives, or `fallback` if it fails or takes too long. */
  async #within<T>(promise: Promise<T>, fallback: T): Promise<T> {
    const { fabric } = this.#sources;
    let cancel = (): void => {};
    const late = new Promise<T>((resolve) => {
      cancel = fabric.after(answerTimeoutMs, () => resolve(fallback));
    });
    const first = await fabric.drive(Promise.race([promise.catch(() => fallback), late]));
    cancel();
    return first;
  }
}

/** Asks when it is first wanted, and never again. */
function once<Answer>(ask: () => Promise<Answer>): () => Promise<Answer> {
  let asked: Promise<Answer> | undefined;
  return () => {
    asked ??= ask();
    return asked;
  };
}

/** What a thread has of one member; nothing if it has nothing of it. */
function ownPart(design: ThreadDesign, member: string): readonly ThreadDesign[] {
  const actors = design.actors.filter(({ path }) => memberOf(path) === member);
  return actors.length === 0 ? [] : [{ ...design, actors }];
}
