/**
 * What a cluster says of itself, and when it is ready: every member that was not stopped on purpose runs and serves, the store's replicas
 * have caught up with its leader, the elected roles are held and each node is Ready. Asked of the parts themselves, each time anew; a part
 * that does not answer in time counts as not ready, so that a status comes also from a cluster that has lost its majority.
 */
import { memberOf } from '../../src/actor/address.ts';
import type { HostReport } from '../../src/actor/host.ts';
import type { ClusterStatus, MemberStatus, PartStatus, ThreadStatus } from '../../src/cli/cluster-status.ts';
import type { ApiRequest, ApiResponse } from '../../src/protocol/apiserver.ts';
import { leaderAmong } from '../../src/store/member-plan.ts';
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

/** What was found out for one look at the cluster. */
interface Findings {
  readonly stores: readonly StoreMemberStatus[];
  readonly leader: StoreMemberStatus | undefined;
  readonly holders: Readonly<Record<keyof typeof offices, string | null>>;
  /** API servers that say that they are ready, by path. */
  readonly servers: ReadonlySet<string>;
  /** Nodes whose condition Ready is True, by name. */
  readonly nodes: ReadonlySet<string>;
}

/** A part that has not answered by then is taken for silent. */
const answerTimeoutMs = 1_000;
const storeAnswerTimeoutMs = 300;
/** How long an election may take, and a start. */
const leaderTimeoutMs = 10_000;
const readyTimeoutMs = 30_000;
const pollMs = 5;
/** A replica so far behind the leader's commit counts as caught up: under load it is never at the very end. */
const entriesBehindMax = 100;

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
    const { fabric } = this.#sources;
    const endMs = fabric.monotonicMs() + readyTimeoutMs;
    await this.untilLeader();
    let told = '';
    for (;;) {
      const missing = await this.missing();
      if (missing === null) return;
      if (missing !== told) progress(`waiting: ${missing}`);
      told = missing;
      if (fabric.monotonicMs() >= endMs) throw new Error(`not ready within ${readyTimeoutMs} ms: ${missing}`);
      await fabric.sleep(pollMs);
    }
  }

  /** The first thing that keeps the cluster from being ready, or null. */
  async missing(): Promise<string | null> {
    return this.#missingOf(await this.#find());
  }

  /** Tells whether the API server of a master answers that it is ready. */
  async isServing(master: string): Promise<boolean> {
    return this.#isReady(apiServerPath(master));
  }

  async status(): Promise<ClusterStatus> {
    const { topology, masters, nodes } = this.#sources;
    const designs = [...topology().threads.values()];
    const [findings, reports] = await Promise.all([this.#find(), this.#inspect(designs)]);
    const { leader, holders } = findings;
    const missing = this.#missingOf(findings);
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
      masters: masters().map((name) => memberStatus(name, this.#obstacleOf(name, findings) === null)),
      nodes: nodes().map((name) => memberStatus(name, findings.nodes.has(name))),
    };
  }

  async #find(): Promise<Findings> {
    const { store, api, masters, faults } = this.#sources;
    const holderOf = async (key: string): Promise<string | null> => {
      const held = await store.get(key, { timeoutMs: answerTimeoutMs }).catch(() => undefined);
      return held === undefined ? null : textOf(held);
    };
    const servers = masters().map(apiServerPath);
    const running = servers.filter((path) => faults.isRunning(path));
    const [stores, controllers, scheduler, ready, nodes] = await Promise.all([
      this.storeStatuses(),
      holderOf(offices.controllers),
      holderOf(offices.scheduler),
      Promise.all(running.map(async (path) => ((await this.#isReady(path)) ? [path] : []))),
      this.#within(api.list('nodes'), []),
    ]);
    const readyNodes = nodes.filter((node) => hasCondition(node, 'Ready'));
    return {
      stores,
      leader: leaderAmong(stores),
      holders: { controllers, scheduler },
      servers: new Set(ready.flat()),
      nodes: new Set(readyNodes.map(({ metadata }) => metadata.name ?? '')),
    };
  }

  #missingOf(findings: Findings): string | null {
    const { faults, topology, masters, nodes } = this.#sources;
    const down = [...topology().threads.keys()].find((thread) => faults.isMissing(thread));
    if (down !== undefined) return `${down} is down`;
    if (findings.leader === undefined) return 'the store has no leader';
    for (const master of masters()) {
      const obstacle = this.#obstacleOf(master, findings);
      if (obstacle !== null) return obstacle;
    }
    for (const [role, holder] of Object.entries(findings.holders))
      if (holder === null) return `nobody holds the role ${role}`;
    const absent = nodes().find((name) => faults.isRunning(name) && !findings.nodes.has(name));
    return absent === undefined ? null : `${absent} is not Ready`;
  }

  /** What keeps a master from serving, leaving out the parts of it that were stopped on purpose; or null. */
  #obstacleOf(master: string, { stores, leader, servers }: Findings): string | null {
    const { faults } = this.#sources;
    const server = apiServerPath(master);
    if (faults.isRunning(server) && !servers.has(server)) return `${server} is not ready`;
    if (!faults.isRunning(storePath(master))) return null;
    const replica = stores.find(({ name }) => name === master);
    const isCaughtUp = replica !== undefined && replica.applied + entriesBehindMax >= (leader?.commit ?? 0);
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

/** What a thread has of one member; nothing if it has nothing of it. */
function ownPart(design: ThreadDesign, member: string): readonly ThreadDesign[] {
  const actors = design.actors.filter(({ path }) => memberOf(path) === member);
  return actors.length === 0 ? [] : [{ ...design, actors }];
}
