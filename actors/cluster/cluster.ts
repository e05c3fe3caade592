/**
 * A cluster, as its user holds it: start it, ask it, break it, watch it, stop it. Everything it starts ends with it. The same class stands
 * on real threads and on the simulator.
 */
import type { Observable } from 'rxjs';
import type { FaultRule } from '../../src/actor/faults.ts';
import type { AnyObject } from '../../src/api/object-meta.ts';
import type { ClusterStatus } from '../../src/cli/cluster-status.ts';
import type { ImageContent } from '../io/images/image-push.ts';
import type { ThreadEvent } from '../runtime/thread-control.ts';
import { type Access, type KubeConfigOptions, kubeConfigOptions } from './access.ts';
import { ApiClient, type Applied, type Reference } from './api-client.ts';
import type { Assembly } from './assembly.ts';
import { apiServerPath, type MasterDesign, storePath } from './blueprint.ts';
import type { Bridge } from './bridge.ts';
import { acquireLock, type CoordinationOptions, type Held, winElection } from './coordination.ts';
import type { ClusterEvent, Leadership, LogEntry, ObservedMessage } from './events.ts';
import type { Fabric } from './fabric.ts';
import { Faults } from './faults.ts';
import { foundCluster } from './founding.ts';
import { leadershipOf } from './leadership.ts';
import { type MasterPlaces, Masters } from './masters.ts';
import { Member } from './member.ts';
import { MetricPublisher } from './metric-publisher.ts';
import { NodeGroups } from './node-groups.ts';
import { Nodes } from './nodes.ts';
import type { CheckedOptions, ClusterOptions } from './options.ts';
import type { PushedImage } from './push-image.ts';
import { Reports } from './reports.ts';
import type { Roster } from './roster.ts';
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
  readonly roster: Roster;
  readonly designMaster: (name: string) => MasterDesign;
  readonly places: MasterPlaces;
  /** The thread of the node of that number, of a group if one is named. */
  readonly designNode: (index: number, group?: string) => ThreadDesign;
  /** Frees what lies outside the fabric: temporary folders. */
  readonly cleanUp: () => Promise<void>;
}

export class Cluster implements AsyncDisposable {
  readonly name: string;
  /** The replicated store: keys, transactions, watches, leases. */
  readonly store: StoreClient;
  /** The Kubernetes API, without HTTP. */
  readonly api: ApiClient;
  /** Metrics of your own, which autoscalers read. */
  readonly metrics: MetricPublisher;
  readonly #parts: ClusterParts;
  readonly #reports: Reports;
  readonly #faults: Faults;
  readonly #status: StatusReader;
  readonly #masters: Masters;
  readonly #nodes: Nodes;
  readonly #nodeGroups: NodeGroups;
  #access: Access | null = null;
  #stopping: Promise<void> | null = null;

  /** Starts a cluster and resolves when it is ready. Throws ClusterOptionsError for wrong options; leaves nothing behind when it fails. */
  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    return foundCluster(options);
  }

  constructor(parts: ClusterParts) {
    this.#parts = parts;
    this.name = parts.options.name;
    this.#reports = new Reports(parts.fabric, parts.options.log);
    this.#faults = new Faults(parts.fabric, parts.assembly, (event) => this.#reports.tell(event));
    this.store = new StoreClient(parts.bridge, parts.fabric, () => this.#replicas());
    this.api = new ApiClient(parts.bridge, parts.fabric, () => this.#apiServers());
    this.metrics = new MetricPublisher(this.store, this.api, parts.fabric);
    this.#nodes = new Nodes({ ...parts, faults: this.#faults, api: this.api });
    this.#nodeGroups = this.#makeNodeGroups(parts);
    this.#status = this.#makeStatusReader(parts);
    this.#masters = this.#makeMasters(parts);
  }

  #makeNodeGroups({ options, fabric }: ClusterParts): NodeGroups {
    const { nodeGroups: groups, profile } = options;
    return new NodeGroups({
      groups,
      timing: timingProfiles[profile].nodeGroups,
      fabric,
      api: this.api,
      members: () => this.#nodes.grouped(),
      add: (group) => this.addNode({ group }),
      remove: (name) => this.removeNode(name),
      onError: ({ message, stack = '' }) =>
        this.#reports.log('node-groups', 'error', 'node groups cannot be looked after', { message, stack }),
    });
  }

  #makeStatusReader(parts: ClusterParts): StatusReader {
    const { assembly, roster } = parts;
    return new StatusReader({
      ...parts,
      store: this.store,
      api: this.api,
      faults: this.#faults,
      topology: () => assembly.topology,
      masters: () => this.masters(),
      replicas: () => roster.replicas().filter((name) => assembly.holds(storePath(name))),
      nodes: () => this.nodes(),
    });
  }

  #makeMasters(parts: ClusterParts): Masters {
    return new Masters({
      ...parts,
      store: this.store,
      status: this.#status,
      design: parts.designMaster,
      end: (threads) => this.#endThreads(threads),
      tell: (event) => this.#reports.tell(event),
      warn: (message, fields) => this.#reports.log('masters', 'warn', message, fields),
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
   * server is ready, somebody runs the controllers and the scheduler, and each node is Ready. Rejects with what is missing after 30 s,
   * and a tenth of a second more for each node.
   * `progress` takes what is missing, whenever that is something else.
   */
  ready(progress: (text: string) => void = () => {}): Promise<void> {
    return this.#status.untilReady(progress);
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
    return this.#reports.events$;
  }

  /** What the actors log, faults of their own included, as it happens. */
  get logs$(): Observable<LogEntry> {
    return this.#reports.logs$;
  }

  /** The store's leaders: the current one, then each new one. */
  get leadership$(): Observable<Leadership> {
    return leadershipOf(this.#parts.bridge, this.#parts.roster);
  }

  /** Every message between actors, while somebody subscribes. Costly: each message is reported to the main thread. */
  get messages$(): Observable<ObservedMessage> {
    return this.#reports.messages$;
  }

  // --- Who is there ---------------------------------------------------------------------------------------------------

  /** Masters that serve: not one that has not quite joined, or has begun to leave. */
  masters(): string[] {
    return this.#parts.roster.members();
  }

  nodes(): string[] {
    return this.#nodes.names();
  }

  /** A handle on a member or a part of one. Throws ClusterOptionsError for a name that the cluster does not have. */
  member(name: string): Member {
    this.#faults.target(name);
    return new Member(this, name);
  }

  /** The master whose replica leads the store; waits for an election if there is none. */
  async leader(): Promise<Member> {
    return new Member(this, await this.#status.untilLeader());
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

  // --- Masters and nodes that come and go -------------------------------------------------------------------------------

  /**
   * Adds a master and resolves with its handle when it serves: its replica has caught up and has a vote, its API server is ready, its controllers
   * and scheduler stand for election. Rejects with MembershipError when no majority of the masters runs, or it does not come that far
   * within 30 s; then nothing of it is left.
   */
  async addMaster(): Promise<Member> {
    return new Member(this, await this.#masters.add());
  }

  /**
   * Takes a master away for good, dead or alive, and resolves when it has no vote and nothing of it is left. Leadership and offices are handed
   * over first. Rejects with MembershipError when it is the last one or the others that run are no majority, having done nothing.
   * One that is gone already is no error.
   */
  async removeMaster(name: string): Promise<void> {
    await this.#masters.remove(name);
  }

  /** Adds a worker node, of a group if one is named, and resolves with its handle; it is Ready once `waitFor('node/NAME', 'Ready')` resolves. */
  async addNode({ group = '' }: { readonly group?: string } = {}): Promise<Member> {
    return new Member(this, await this.#nodes.add(group));
  }

  /** Takes a worker node away for good, with its Node object; its pods are made again elsewhere. */
  async removeNode(name: string): Promise<void> {
    await this.#nodes.remove(name);
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
    const { assembly, fabric } = this.#parts;
    if (event.type === 'started') assembly.noteStarted(event.path, event.incarnation);
    this.#reports.take(event);
    if (event.type !== 'escalated') return;
    void fabric.killThread(thread).then(() => this.crashed(thread, `${event.path} failed too often`));
  }

  /** A thread ended by itself; called by `foundCluster` alone. */
  crashed(thread: string, reason: string): void {
    if (this.#stopping !== null) return;
    this.#reports.tell({ type: 'threadCrashed', wallMs: this.#parts.fabric.wallMs(), thread, reason });
    this.#parts.keeper.crashed(thread);
  }

  /** Tells where the cluster is found; called by `foundCluster` alone. */
  grantAccess(access: Access): void {
    this.#access = access;
  }

  /** Ends what an earlier process left half done; called by `foundCluster` alone. */
  resumeMasters(): Promise<void> {
    return this.#masters.resume();
  }

  /** Lets nodes of groups come and go from now on; called by `foundCluster` alone. */
  startNodeGroups(): void {
    if (this.#parts.options.nodeGroups.length > 0) this.#nodeGroups.start();
  }

  /** Says that the cluster is ready; called by `foundCluster` alone. */
  announceReady(startMs: number): void {
    this.#reports.tell({ type: 'ready', wallMs: this.#parts.fabric.wallMs(), startMs });
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

  /** Lets the actors of some threads end in the order in which they are missed least. */
  #endThreads(threads: readonly ThreadDesign[]): Promise<void> {
    return shutDown({
      ...this.#parts,
      threads,
      events$: this.events$,
      isReachable: (path) => this.#faults.isRunning(path),
      leader: async () => {
        const leader = await this.#status.leader();
        return leader === null ? null : storePath(leader);
      },
    });
  }

  async #end(): Promise<void> {
    const { keeper, fabric, bridge, assembly, cleanUp } = this.#parts;
    await this.#masters.stop();
    keeper.close();
    this.#nodeGroups.stop();
    bridge.prepareToClose();
    await this.#endThreads([...assembly.topology.threads.values()]);
    bridge.close();
    await fabric.close();
    await cleanUp();
    this.#reports.tell({ type: 'stopped', wallMs: fabric.wallMs() });
    this.#reports.complete();
  }
}
