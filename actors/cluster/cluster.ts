/**
 * A cluster, as its user holds it: start it, ask it, break it, watch it, stop it. Everything it starts ends with it. The same class stands
 * on real threads and on the simulator.
 */
import { Observable, Subject, share } from 'rxjs';
import type { FaultRule } from '../../src/actor/faults.ts';
import type { ActorFault } from '../../src/actor/host-world.ts';
import type { AnyObject } from '../../src/api/object-meta.ts';
import type { WallMs } from '../../src/base/brand.ts';
import type { ClusterStatus } from '../../src/cli/cluster-status.ts';
import type { ImageContent } from '../io/images/image-push.ts';
import type { ThreadEvent } from '../runtime/thread-control.ts';
import { type Access, type KubeConfigOptions, kubeConfigOptions } from './access.ts';
import { ApiClient, type Applied, type Reference } from './api-client.ts';
import type { Assembly } from './assembly.ts';
import { apiServerPath, masterName, nodeName, storePath } from './blueprint.ts';
import type { Bridge } from './bridge.ts';
import { acquireLock, type CoordinationOptions, type Held, winElection } from './coordination.ts';
import type { ClusterEvent, Leadership, LogEntry, ObservedMessage } from './events.ts';
import type { Fabric } from './fabric.ts';
import { Faults } from './faults.ts';
import { foundCluster } from './founding.ts';
import { leadershipOf } from './leadership.ts';
import { Member } from './member.ts';
import { MetricPublisher } from './metric-publisher.ts';
import { NodeGroups } from './node-groups.ts';
import { type CheckedOptions, type ClusterOptions, ClusterOptionsError } from './options.ts';
import type { PushedImage } from './push-image.ts';
import { shutDown } from './shutdown.ts';
import { StatusReader, type StoreMemberStatus } from './status.ts';
import { StoreClient } from './store-client.ts';
import type { ThreadKeeper } from './thread-keeper.ts';
import { timingProfiles } from './timing.ts';
import type { ThreadDesign } from './topology.ts';
import { type WaitCondition, type WaitOptions, waitForObject } from './waits.ts';

/** What a cluster is made of; `foundCluster` builds it. */
export interface ClusterParts {
  readonly options: CheckedOptions;
  readonly fabric: Fabric;
  readonly bridge: Bridge;
  readonly assembly: Assembly;
  readonly keeper: ThreadKeeper;
  /** The thread of the node of that number, of a group if one is named. */
  readonly designNode: (index: number, group?: string) => ThreadDesign;
  /** Frees what lies outside the fabric: temporary folders. */
  readonly cleanUp: () => Promise<void>;
}

/** How long `leader()` waits for an election. */
const leaderTimeoutMs = 10_000;
const readyTimeoutMs = 30_000;
const pollMs = 5;

export class Cluster implements AsyncDisposable {
  readonly name: string;
  /** The replicated store: keys, transactions, watches, leases. */
  readonly store: StoreClient;
  /** The Kubernetes API, without HTTP. */
  readonly api: ApiClient;
  /** Metrics of your own, which autoscalers read. */
  readonly metrics: MetricPublisher;
  readonly #parts: ClusterParts;
  readonly #events$ = new Subject<ClusterEvent>();
  readonly #logs$ = new Subject<LogEntry>();
  readonly #messages$ = new Subject<ObservedMessage>();
  readonly #faults: Faults;
  readonly #status: StatusReader;
  readonly #nodes: string[];
  /** The groups of nodes that belong to one. */
  readonly #groupOf = new Map<string, string>();
  readonly #nodeGroups: NodeGroups;
  #nextNode: number;
  #access: Access | null = null;
  #stopping: Promise<void> | null = null;

  /** Starts a cluster and resolves when it is ready. Throws ClusterOptionsError for wrong options; leaves nothing behind when it fails. */
  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    return foundCluster(options);
  }

  constructor(parts: ClusterParts) {
    this.#parts = parts;
    this.name = parts.options.name;
    this.#nodes = Array.from({ length: parts.options.nodes }, (_, index) => nodeName(index));
    this.#nextNode = parts.options.nodes;
    if (parts.options.log !== null) this.#logs$.subscribe(parts.options.log);
    this.#faults = new Faults(parts.fabric, parts.assembly, (event) => this.#tell(event));
    this.store = new StoreClient(parts.bridge, parts.fabric, () => this.#replicas());
    this.api = new ApiClient(parts.bridge, parts.fabric, () => this.#apiServers());
    this.metrics = new MetricPublisher(this.store, this.api, parts.fabric);
    this.#nodeGroups = this.#makeNodeGroups(parts);
    this.#status = new StatusReader({
      ...parts,
      store: this.store,
      api: this.api,
      faults: this.#faults,
      topology: () => parts.assembly.topology,
      masters: () => this.masters(),
      nodes: () => this.nodes(),
    });
  }

  #makeNodeGroups({ options, fabric }: ClusterParts): NodeGroups {
    const { nodeGroups: groups, profile } = options;
    return new NodeGroups({
      groups,
      timing: timingProfiles[profile].nodeGroups,
      fabric,
      api: this.api,
      members: () => [...this.#groupOf].map(([name, group]) => ({ name, group })),
      add: (group) => this.addNode({ group }),
      remove: (name) => this.removeNode(name),
      onError: (error) => this.#logs$.next(groupsEntry(fabric.wallMs(), error)),
    });
  }

  // --- The Kubernetes API ---------------------------------------------------------------------------------------------

  /** Creates or changes what a manifest names; see ApiClient.apply. */
  apply(manifest: string, options?: Reference): Promise<Applied[]> {
    return this.api.apply(manifest, options);
  }

  /** Resolves with `deployment/web` once its condition `Available` is True, or a predicate holds. Rejects with WaitTimeoutError. */
  waitFor(reference: string, condition: WaitCondition, options?: WaitOptions): Promise<AnyObject> {
    return waitForObject(this.api, this.#parts.fabric, reference, condition, options);
  }

  /** Where clients outside find the cluster. Throws for a simulated cluster, which speaks no HTTP. */
  get access(): Access {
    if (this.#access === null) throw new Error('this cluster has no address: it is simulated, or not started yet');
    return this.#access;
  }

  /** A file for `kubectl --kubeconfig`. It ends with the cluster, unless the cluster has a data directory. */
  get kubeconfigPath(): string {
    return this.access.kubeconfigPath;
  }

  /** Resolves with a kubeconfig, as YAML, for another user than the admin: what he may do is what roles say. */
  kubeconfigFor(user: string, groups: readonly string[] = []): Promise<string> {
    return this.access.kubeconfigFor(user, groups);
  }

  /** What `KubeConfig.loadFromOptions` of @kubernetes/client-node takes. */
  kubeConfig(): KubeConfigOptions {
    return kubeConfigOptions(this.name, this.access);
  }

  /**
   * Resolves when every member that was not stopped on purpose runs and serves: a leader is elected and its replicas have caught up, each API
   * server is ready, somebody runs the controllers and the scheduler, and each node is Ready. Rejects with what is missing after 30 s.
   * `progress` takes what is missing, whenever that is something else.
   */
  async ready(progress: (text: string) => void = () => {}): Promise<void> {
    const { fabric } = this.#parts;
    const endMs = fabric.monotonicMs() + readyTimeoutMs;
    await this.leader();
    let told = '';
    for (;;) {
      const missing = await this.#status.missing();
      if (missing === null) return;
      if (missing !== told) progress(`waiting: ${missing}`);
      told = missing;
      if (fabric.monotonicMs() >= endMs) throw new Error(`not ready within ${readyTimeoutMs} ms: ${missing}`);
      await fabric.sleep(pollMs);
    }
  }

  /**
   * Makes an image out of files and pushes it, to this cluster's own registry if the name tells none. Resolves with the names by which pods can
   * run it, as it is called and as it is for good. Rejects with what is wrong with the name, or what the registry says.
   */
  async pushImage(name: string, content: ImageContent): Promise<PushedImage> {
    const { pushTo } = await import('./push-image.ts');
    const [user] = Object.entries(this.#parts.options.registry?.users ?? {});
    return pushTo(this.#access?.registry ?? null, name, content, user);
  }

  // --- What happens ---------------------------------------------------------------------------------------------------

  /** Everything that happens to members, threads and actors, as it happens. */
  get events$(): Observable<ClusterEvent> {
    return this.#events$.asObservable();
  }

  /** What the actors log, faults of their own included, as it happens. */
  get logs$(): Observable<LogEntry> {
    return this.#logs$.asObservable();
  }

  /** The store's leaders: the current one, then each new one. */
  get leadership$(): Observable<Leadership> {
    return leadershipOf(this.#parts.bridge, this.masters());
  }

  /** Every message between actors, while somebody subscribes. Costly: each message is reported to the main thread. */
  get messages$(): Observable<ObservedMessage> {
    return new Observable<ObservedMessage>((subscriber) => {
      const subscription = this.#messages$.subscribe(subscriber);
      void this.#parts.fabric.observeMessages(true);
      return () => {
        subscription.unsubscribe();
        if (!this.#messages$.observed) void this.#parts.fabric.observeMessages(false).catch(() => {});
      };
    }).pipe(share());
  }

  // --- Who is there ---------------------------------------------------------------------------------------------------

  masters(): string[] {
    return Array.from({ length: this.#parts.options.masters }, (_, index) => masterName(index));
  }

  nodes(): string[] {
    return [...this.#nodes];
  }

  /** A handle on a member or a part of one. Throws ClusterOptionsError for a name that the cluster does not have. */
  member(name: string): Member {
    this.#faults.target(name);
    return new Member(this, name);
  }

  /** The master whose replica leads the store; waits for an election if there is none. */
  async leader(): Promise<Member> {
    const { fabric } = this.#parts;
    const endMs = fabric.monotonicMs() + leaderTimeoutMs;
    for (;;) {
      const leader = await this.#status.leader();
      if (leader !== null) return new Member(this, leader);
      if (fabric.monotonicMs() >= endMs)
        throw new Error(`no leader within ${leaderTimeoutMs} ms: is a majority of the masters up?`);
      await fabric.sleep(pollMs);
    }
  }

  /** What each replica that answers says of itself. */
  storeStatuses(): Promise<StoreMemberStatus[]> {
    return this.#status.storeStatuses();
  }

  /** What the cluster says of itself, within about a second also when its majority is gone. */
  status(): Promise<ClusterStatus> {
    return this.#status.status();
  }

  // --- Faults ---------------------------------------------------------------------------------------------------------

  /** Ends a member, or a part of one, at once. It stays down until it is restarted. */
  kill(name: string): Promise<void> {
    return this.#faults.kill(name);
  }

  /** Stops a member, or a part of one, where it stands; `forMs` resumes it after that time. */
  pause(name: string, options?: { readonly forMs?: number }): Promise<void> {
    return this.#faults.pause(name, options);
  }

  resume(name: string): Promise<void> {
    return this.#faults.resume(name);
  }

  /** Starts a member, or a part of one, again; what still runs of it is killed first. */
  restart(name: string): Promise<void> {
    return this.#faults.restart(name);
  }

  /** Cuts the groups off from each other in both directions, until `heal`. Members in no group reach everybody. Replaces an earlier partition. */
  partition(...groups: readonly (readonly string[])[]): Promise<void> {
    return this.#faults.partition(groups);
  }

  /** Disturbs links: delay, loss, duplication, reordering, one-way cuts. Replaces earlier disturbances; none ends them. */
  disturb(...rules: readonly FaultRule[]): Promise<void> {
    return this.#faults.disturb(rules);
  }

  /** Ends partitions and disturbances. */
  heal(): Promise<void> {
    return this.#faults.heal();
  }

  // --- Nodes that come and go -----------------------------------------------------------------------------------------

  /** Adds a worker node, of a group if one is named, and resolves with its handle; it is Ready once `waitFor('node/NAME', 'Ready')` resolves. */
  async addNode({ group = '' }: { readonly group?: string } = {}): Promise<Member> {
    const { assembly, designNode, options } = this.#parts;
    if (group !== '' && !options.nodeGroups.some(({ name }) => name === group)) {
      throw new ClusterOptionsError(`no node group ${group}`);
    }
    const index = this.#nextNode;
    this.#nextNode += 1;
    this.#nodes.push(nodeName(index));
    if (group !== '') this.#groupOf.set(nodeName(index), group);
    await assembly.add(designNode(index, group));
    return new Member(this, nodeName(index));
  }

  /** Takes a worker node away for good, with its Node object; its pods are made again elsewhere. */
  async removeNode(name: string): Promise<void> {
    if (!this.#nodes.includes(name))
      throw new ClusterOptionsError(`no node ${name}; there are ${this.#nodes.join(', ')}`);
    const target = this.#faults.target(name);
    this.#nodes.splice(this.#nodes.indexOf(name), 1);
    this.#groupOf.delete(name);
    const { assembly } = this.#parts;
    if (target.type === 'threads') await assembly.remove([name]);
    else await assembly.removeActors(target.thread.name, target.paths);
    await this.api.delete(`node/${name}`);
  }

  // --- Locks and elections --------------------------------------------------------------------------------------------

  /** Waits for a fair lock in the store and holds it until it is released, or its lease is lost. */
  acquireLock(name: string, options?: CoordinationOptions): Promise<Held> {
    return acquireLock(this.store, this.#parts.fabric, name, options);
  }

  /** Stands for an office; resolves when it is won. `candidate` is what others see. */
  winElection(name: string, candidate: string, options?: CoordinationOptions): Promise<Held> {
    return winElection(this.store, this.#parts.fabric, name, candidate, options);
  }

  // --- Time and end ---------------------------------------------------------------------------------------------------

  /** Resolves after so long a time of the cluster: virtual if it is simulated. */
  sleep(durationMs: number): Promise<void> {
    return this.#parts.fabric.sleep(durationMs);
  }

  /** Milliseconds of the cluster's time since an arbitrary origin. */
  nowMs(): number {
    return this.#parts.fabric.monotonicMs();
  }

  /** Digest of everything that was sent between threads so far, equal for equal seeds and equal calls; null unless simulated. */
  traceHash(): string | null {
    return this.#parts.fabric.traceHash();
  }

  /**
   * Ends everything that the cluster started, in the order that lets offices be resigned and clients be let go, within 300 ms; streams
   * complete. A second call waits for the first.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#end();
    return this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Takes what the fabric reports; called by `foundCluster` alone. */
  take(thread: string, event: ThreadEvent): void {
    const wallMs = this.#parts.fabric.wallMs();
    switch (event.type) {
      case 'started':
        this.#parts.assembly.noteStarted(event.path, event.incarnation);
        this.#tell({ type: 'actorStarted', wallMs, path: event.path, incarnation: event.incarnation });
        return;
      case 'ended':
        this.#tell({
          type: 'actorEnded',
          wallMs,
          path: event.path,
          incarnation: event.incarnation,
          reason: event.reason,
        });
        return;
      case 'fault':
        this.#tell({ type: 'actorFailed', wallMs, fault: event.fault });
        this.#logs$.next(faultEntry(wallMs, event.fault));
        return;
      case 'escalated':
        void this.#parts.fabric.killThread(thread).then(() => this.crashed(thread, `${event.path} failed too often`));
        return;
      case 'log':
        this.#logs$.next(event.entry);
        return;
      case 'messageSent':
        this.#messages$.next(event);
    }
  }

  /** A thread ended by itself; called by `foundCluster` alone. */
  crashed(thread: string, reason: string): void {
    if (this.#stopping !== null) return;
    this.#tell({ type: 'threadCrashed', wallMs: this.#parts.fabric.wallMs(), thread, reason });
    this.#parts.keeper.crashed(thread);
  }

  /** Tells where the cluster is found; called by `foundCluster` alone. */
  grantAccess(access: Access): void {
    this.#access = access;
  }

  /** Lets nodes of groups come and go from now on; called by `foundCluster` alone. */
  startNodeGroups(): void {
    if (this.#parts.options.nodeGroups.length > 0) this.#nodeGroups.start();
  }

  /** Says that the cluster is ready; called by `foundCluster` alone. */
  announceReady(startMs: number): void {
    this.#tell({ type: 'ready', wallMs: this.#parts.fabric.wallMs(), startMs });
  }

  /** The replicas worth asking: those that run, or all when none does. */
  #replicas(): readonly string[] {
    const paths = this.masters().map(storePath);
    const running = paths.filter((path) => this.#faults.isRunning(path));
    return running.length > 0 ? running : paths;
  }

  #apiServers(): readonly string[] {
    return this.masters()
      .map(apiServerPath)
      .filter((path) => this.#faults.isRunning(path));
  }

  #tell(event: ClusterEvent): void {
    this.#events$.next(event);
  }

  async #end(): Promise<void> {
    const { keeper, fabric, bridge, assembly, cleanUp } = this.#parts;
    keeper.close();
    this.#nodeGroups.stop();
    bridge.prepareToClose();
    await shutDown({
      fabric,
      bridge,
      topology: assembly.topology,
      events$: this.#events$,
      isReachable: (path) => this.#faults.isRunning(path),
      leader: async () => {
        const leader = await this.#status.leader();
        return leader === null ? null : storePath(leader);
      },
    });
    bridge.close();
    await fabric.close();
    await cleanUp();
    this.#tell({ type: 'stopped', wallMs: fabric.wallMs() });
    for (const subject of [this.#events$, this.#logs$, this.#messages$]) subject.complete();
  }
}

function groupsEntry(wallMs: WallMs, { message, stack = '' }: Error): LogEntry {
  return {
    wallMs,
    actor: 'main/node-groups',
    level: 'error',
    message: 'node groups cannot be looked after',
    fields: { message, stack },
  };
}

function faultEntry(wallMs: WallMs, { path: actor, ...fault }: ActorFault): LogEntry {
  return { wallMs, actor, level: 'error', message: 'an actor failed', fields: fault };
}
