/**
 * All pods of one node: which machine each input belongs to, which calls wait for which answer, whose status has to be written. Pure; the actor
 * around it asks the runtime and the API server what this says.
 *
 * Nothing happens before both sides are known: first the pods of the API and their node (`begin`, after the informers have synced), then the
 * containers of the runtime (`listed`). Otherwise a restarted kubelet would take pods that its node keeps away, start containers twice, or stop
 * those of pods it has not heard of yet. A pod that turns up later with a history waits in the same way for a list that shows its containers.
 */
import { equalJson } from '../api/json.ts';
import { type KubeObject, nameOf, namespaceOf, uidOf } from '../api/object-meta.ts';
import type { MonotonicMs } from '../base/brand.ts';
import { TimerQueue } from '../base/timer-queue.ts';
import type { Node } from '../kinds/node/types.ts';
import type { Pod } from '../kinds/pod/types.ts';
import type { RuntimeContainer, SandboxStatus } from '../protocol/runtime.ts';
import { AddressPool } from './address-pool.ts';
import type { Refusal } from './admission.ts';
import { CallLedger } from './call-ledger.ts';
import { isMirror, isStatic } from './critical-pod.ts';
import type { DesiredPod, KubeletOptions, KubeletWork, Moment } from './kubelet-work.ts';
import { MemoryWatch } from './memory-watch.ts';
import { type Admission, NodeRoom } from './node-room.ts';
import { NodeShutdown, type ShutdownPlan, shutdownFailure, shutdownRefusal } from './node-shutdown.ts';
import { type ObjectNeed, ObjectShelf } from './object-shelf.ts';
import type { PodMachine } from './pod-machine.ts';
import { needsOf } from './pod-needs.ts';
import type { NodeFacts } from './pod-surroundings.ts';
import { preemptionFailure } from './preemption.ts';
import { type MirrorStep, Mirrors } from './static-pods.ts';
import {
  grouped,
  hasHistory,
  isContradicted,
  mustRepeat,
  newestNamed,
  newTenant,
  removeOrphans,
  removeRemains,
  type Tenant,
} from './tenant.ts';
import { type PodEvent, Turn } from './turn.ts';

export class Kubelet {
  readonly #facts: NodeFacts;
  readonly #tenants = new Map<string, Tenant>();
  /** Those of them with volumes that have to be attached. */
  readonly #attaching = new Map<string, PodMachine>();
  readonly #shelf = new ObjectShelf();
  readonly #ledger = new CallLedger();
  readonly #wakes = new TimerQueue<string>();
  #pool: AddressPool | null = null;
  #runtimeName = 'threemaster';
  /** Handlers by RuntimeClass; null until they are known. */
  #handlers: ReadonlyMap<string, string> | null = null;
  #wantsHandlers = false;
  #hasPods = false;
  #hasList = false;
  readonly #mirrors: Mirrors;
  #node: Node | null = null;
  #wantsMirrors = false;
  #shutdown: NodeShutdown | null = null;
  readonly #memory: MemoryWatch;
  readonly #room: NodeRoom;
  #attached: ReadonlySet<string> = new Set();
  #events: { readonly pod: Pod; readonly event: PodEvent }[] = [];
  #changed = new Set<string>();
  #wantsList = false;
  #hasPulled = false;

  constructor(options: KubeletOptions) {
    this.#room = new NodeRoom(options, options.labels ?? {}, this.#tenants);
    this.#mirrors = new Mirrors(options.staticPods ?? []);
    this.#memory = new MemoryWatch(options.limits, options.allocatable);
    this.#facts = {
      ...options,
      objects: this.#shelf,
      isAttached: (volume) => this.#attached.has(volume),
      runtimeName: () => this.#runtimeName,
      handlerOf: (runtimeClass) => {
        this.#wantsHandlers = true;
        return this.#handlers === null ? undefined : (this.#handlers.get(runtimeClass) ?? null);
      },
      allocateAddress: () => this.#pool?.allocate() ?? null,
    };
  }

  get podCount(): number {
    return this.#tenants.size;
  }

  /** Where the pods of the node get their addresses; null while its range is not known. */
  get addresses(): AddressPool | null {
    return this.#pool;
  }

  /** Returns the pods with what is known of their status here. */
  pods(): readonly Pod[] {
    return Array.from(this.#tenants.values(), ({ machine: { pod, status } }) =>
      status === undefined ? pod : { ...pod, status },
    );
  }

  /** How often the runtime was asked, by the type of the question. */
  get runtimeCalls(): ReadonlyMap<string, number> {
    return this.#ledger.counts;
  }

  /** When `wake` has to be called; undefined when nothing is due. */
  nextAtMs(): MonotonicMs | undefined {
    const shutdownAtMs = this.#shutdown?.nextAtMs ?? Number.POSITIVE_INFINITY;
    const nextAtMs = Math.min(this.#wakes.nextAtMs() ?? Number.POSITIVE_INFINITY, shutdownAtMs);
    return nextAtMs === Number.POSITIVE_INFINITY ? undefined : (nextAtMs as MonotonicMs);
  }

  /** Returns what has come up since the last call. */
  takeWork(): KubeletWork {
    const { calls, tokens } = this.#ledger.take();
    const { opened, closed } = this.#shelf.takeChanges();
    const work = {
      calls,
      tokens,
      opened,
      closed,
      events: this.#events,
      changed: this.#changed,
      wantsList: this.#wantsList,
      hasPulled: this.#hasPulled,
      wantsMirrors: this.#wantsMirrors,
    };
    this.#wantsMirrors = false;
    this.#events = [];
    this.#changed = new Set();
    this.#wantsList = false;
    this.#hasPulled = false;
    return work;
  }

  /** Returns what the API should say of a pod; null once the pod is gone from it. */
  desired(uid: string): DesiredPod | null {
    const machine = this.#tenants.get(uid)?.machine;
    if (machine?.status === undefined || machine.isRemoved) return null;
    if (isStatic(machine.pod)) {
      const mirror = this.#mirrors.of(machine.pod);
      return mirror === undefined ? null : { pod: mirror, status: machine.status, deletable: false };
    }
    return { pod: machine.pod, status: machine.status, deletable: machine.isDeletable };
  }

  /** Finds a pod by namespace, name and, unless empty, uid; of several with one name the newest. */
  find(namespace: string, name: string, uid: string): PodMachine | undefined {
    // A static pod is asked for by its mirror's uid.
    const ownPod = this.#mirrors.statics.find((pod) => nameOf(pod) === name && namespaceOf(pod) === namespace);
    const known = this.#tenants.get(uid) ?? this.#tenants.get(ownPod === undefined ? '' : uidOf(ownPod));
    return (known ?? (uid === '' ? newestNamed(this.#tenants, namespace, name) : undefined))?.machine;
  }

  runtimeNamed(name: string): void {
    this.#runtimeName = name;
  }

  /** Some pod names a RuntimeClass: the kubelet has to know them all. */
  get wantsHandlers(): boolean {
    return this.#wantsHandlers;
  }

  /** The handlers of all RuntimeClasses, by name. */
  handlersKnown(handlers: ReadonlyMap<string, string>, moment: Moment): void {
    const isNews = this.#handlers === null || !equalJson([...this.#handlers], [...handlers]);
    this.#handlers = handlers;
    if (isNews) this.#advanceAll(moment);
  }

  /** The range of the node's pod addresses is known. */
  cidrSet(cidr: string, moment: Moment): void {
    if (this.#pool !== null) return;
    this.#pool = new AddressPool(cidr);
    for (const { machine } of this.#tenants.values()) if (machine.podIp !== null) this.#pool.reserve(machine.podIp);
    this.#advanceAll(moment);
  }

  /** The node itself as the API shows it. */
  nodeSet(node: Node, moment: Moment): void {
    const { spec, status } = node;
    this.#room.see(node);
    this.#node = node;
    this.#wantsMirrors ||= this.mirrorSteps().length > 0;
    if (spec?.podCIDR !== undefined) this.cidrSet(spec.podCIDR, moment);
    const attached = new Set((status?.volumesAttached ?? []).map(({ name }) => name));
    const hasChanged = attached.size !== this.#attached.size || [...attached].some((name) => !this.#attached.has(name));
    this.#attached = attached;
    if (hasChanged) this.#refresh([...this.#tenants.keys()], moment);
  }

  /** What has to be done in the API so that it shows the static pods. */
  mirrorSteps(): readonly MirrorStep[] {
    return this.#hasPods ? this.#mirrors.steps(this.#node) : [];
  }

  /** The node is about to be shut down: its pods are stopped by their importance, and none is taken any more. */
  shutDown(plan: ShutdownPlan, moment: Moment): void {
    this.#shutdown ??= new NodeShutdown(plan, moment.monotonicMs);
    this.#goOnShuttingDown(moment);
  }

  get isShuttingDown(): boolean {
    return this.#shutdown !== null;
  }

  /** Nothing runs any more on a node that was shut down. */
  get hasShutDown(): boolean {
    return this.#shutdown !== null && ![...this.#tenants.values()].some(({ machine }) => machine.isActive);
  }

  /** Memory is short, or was until a moment ago. */
  get hasMemoryPressure(): boolean {
    return this.#memory.hasPressure;
  }

  /** What the pods use was measured, in bytes by uid. When it is too much, one pod is evicted; the next measurement tells if that was enough. */
  memoryMeasured(usedBytes: ReadonlyMap<string, number>, moment: Moment): void {
    const active = [...this.#tenants.values()].filter(({ machine }) => machine.isActive);
    const candidates = active.map(({ machine: { pod, uid } }) => ({ pod, usedBytes: usedBytes.get(uid) ?? 0 }));
    const verdict = this.#memory.measured(candidates, moment.monotonicMs);
    if (verdict === null) return;
    const uid = uidOf(verdict.pod);
    const turn = new Turn(moment.monotonicMs, moment.wallMs);
    const { message } = verdict;
    turn.event('Warning', 'Evicted', message);
    this.#tenants.get(uid)?.machine.terminate({ reason: 'Evicted', message, disruption: message }, 0, turn);
    this.#advance(uid, turn);
  }

  /** Unique names of the volumes that the node uses or is about to, sorted: nobody may detach them. */
  volumesInUse(): readonly string[] {
    const names = new Set<string>();
    for (const machine of this.#attaching.values()) machine.collectAttachments(names);
    return [...names].sort();
  }

  /** The watch of `need` brought an object, or with null its deletion. */
  objectSet(need: ObjectNeed, name: string, object: KubeObject | null, moment: Moment): void {
    this.#refresh(this.#shelf.set(need, name, object), moment);
  }

  /** The watch of `need` has brought everything that there is. */
  objectsKnown(need: ObjectNeed, moment: Moment): void {
    this.#refresh(this.#shelf.known(need), moment);
  }

  podSet(pod: Pod, moment: Moment): void {
    if (isMirror(pod)) {
      this.#mirrorSet(pod);
      return;
    }
    const tenant = this.#tenants.get(uidOf(pod));
    const turn = new Turn(moment.monotonicMs, moment.wallMs);
    const knownSpec = tenant?.allocation.desired.spec;
    if (tenant === undefined) {
      this.#admit(pod, turn);
      if (this.#hasPods) this.#judge(uidOf(pod), turn);
    } else tenant.allocation.desired = pod;
    this.#resize(uidOf(pod), turn);
    // Most versions are of the status that was told from here: what a pod needs follows from its spec, and from objects that are watched.
    if (tenant?.allocation.desired.spec !== knownSpec || tenant === undefined) this.#want(uidOf(pod));
    this.#advance(uidOf(pod), turn);
    if (tenant === undefined || !isContradicted(tenant.machine, pod)) return;
    tenant.contradictedRevision = Number(pod.metadata.resourceVersion ?? 0);
    if (mustRepeat(tenant)) this.#changed.add(uidOf(pod));
  }

  /** The API holds the status that was told last, at this resourceVersion. */
  statusWritten(uid: string, revision: number): void {
    const tenant = this.#tenants.get(uid);
    if (tenant === undefined) return;
    tenant.writtenRevision = revision;
    if (mustRepeat(tenant)) this.#changed.add(uid);
  }

  podDeleted(pod: Pod, moment: Moment): void {
    if (isMirror(pod)) {
      this.#mirrors.delete(pod);
      this.#wantsMirrors = true;
      return;
    }
    const tenant = this.#tenants.get(uidOf(pod));
    if (tenant === undefined) return;
    tenant.allocation.desired = pod;
    tenant.machine.remove(tenant.allocation.granted);
    this.#advance(uidOf(pod), new Turn(moment.monotonicMs, moment.wallMs));
  }

  /** All pods of the node have been told by `podSet`, and the node itself by `nodeSet` if the API has it. */
  begin(moment: Moment): void {
    this.#hasPods = true;
    this.#wantsList = true;
    this.#wantsMirrors = true;
    for (const pod of this.#mirrors.statics) {
      const status = this.#mirrors.of(pod)?.status;
      this.#admit(status === undefined ? pod : { ...pod, status }, new Turn(moment.monotonicMs, moment.wallMs));
      this.#want(uidOf(pod));
    }
    const created = ([, { machine }]: [string, Tenant]): string => machine.pod.metadata.creationTimestamp ?? '';
    // The oldest first: who comes late finds no room. Nobody is refused for the sake of one that has run before.
    for (const entry of [...this.#tenants].sort((left, right) => (created(left) < created(right) ? -1 : 1))) {
      const turn = new Turn(moment.monotonicMs, moment.wallMs);
      this.#judge(entry[0], turn);
      this.#collect(entry[0], entry[1], turn);
    }
    // What runs has its place; only then is asked who may grow.
    for (const [uid, tenant] of this.#tenants) {
      const turn = new Turn(moment.monotonicMs, moment.wallMs);
      this.#resize(uid, turn);
      this.#collect(uid, tenant, turn);
    }
    this.#advanceAll(moment);
  }

  /** Takes over everything that the runtime has. Containers of pods that the API does not know are stopped and removed. */
  listed(sandboxes: readonly SandboxStatus[], containers: readonly RuntimeContainer[], moment: Moment): void {
    // A list from before the pods were known says nothing about those that came since.
    if (!this.#hasPods) return;
    this.#hasList = true;
    const turn = new Turn(moment.monotonicMs, moment.wallMs);
    const bySandboxUid = grouped(sandboxes, ({ config }) => config.uid);
    const byPodUid = grouped(containers, ({ podUid }) => podUid);
    for (const [uid, tenant] of this.#tenants) {
      const { machine } = tenant;
      tenant.isObserved = true;
      machine.observe(bySandboxUid.get(uid) ?? [], byPodUid.get(uid) ?? [], turn);
      if (machine.podIp !== null) this.#pool?.reserve(machine.podIp);
    }
    removeOrphans(sandboxes, this.#tenants, turn);
    this.#collect('', undefined, turn);
    this.#advanceAll(moment);
  }

  containerChanged(container: RuntimeContainer, moment: Moment): void {
    const machine = this.#tenants.get(container.podUid)?.machine;
    if (machine === undefined) return;
    const turn = new Turn(moment.monotonicMs, moment.wallMs);
    machine.observeContainer(container, turn);
    this.#advance(container.podUid, turn);
  }

  answered(id: number, answer: unknown, moment: Moment): void {
    const settled = this.#ledger.settle(id, answer, moment);
    if (settled !== null) this.#advance(settled.uid, settled.turn);
  }

  /** The runtime is gone or did not answer in time. */
  unanswered(id: number, moment: Moment): void {
    this.answered(id, { type: 'unreachable' }, moment);
  }

  /** Lets the machines act whose time has come. */
  wake(moment: Moment): void {
    const due = (): string | undefined => this.#wakes.takeDue(moment.monotonicMs);
    for (let uid = due(); uid !== undefined; uid = due())
      this.#advance(uid, new Turn(moment.monotonicMs, moment.wallMs));
    this.#goOnShuttingDown(moment);
  }

  #goOnShuttingDown(moment: Moment): void {
    if (this.#shutdown === null) return;
    const active = [...this.#tenants.values()].map(({ machine }) => machine).filter(({ isActive }) => isActive);
    const due = this.#shutdown.due(
      active.map(({ pod }) => pod),
      moment.monotonicMs,
    );
    for (const pod of due.pods) {
      const turn = new Turn(moment.monotonicMs, moment.wallMs);
      const failure = { ...shutdownFailure, disruption: shutdownFailure.message };
      this.#tenants.get(uidOf(pod))?.machine.terminate(failure, due.graceMs, turn);
      this.#advance(uidOf(pod), turn);
    }
  }

  #mirrorSet(mirror: Pod): void {
    this.#mirrors.set(mirror);
    this.#wantsMirrors ||= this.mirrorSteps().length > 0;
    const pod = this.#mirrors.behind(mirror);
    const machine = pod === undefined ? undefined : this.#tenants.get(uidOf(pod))?.machine;
    if (machine !== undefined && isContradicted(machine, mirror)) this.#changed.add(machine.uid);
  }

  /** What these pods are made of has changed. */
  #refresh(uids: readonly string[], moment: Moment): void {
    for (const uid of uids) {
      this.#tenants.get(uid)?.machine.sourcesChanged();
      this.#want(uid);
      this.#advance(uid, new Turn(moment.monotonicMs, moment.wallMs));
    }
  }

  #want(uid: string): void {
    const machine = this.#tenants.get(uid)?.machine;
    if (machine?.hasEnded === false) this.#shelf.want(uid, needsOf(machine.pod, this.#shelf));
  }

  #admit(pod: Pod, turn: Turn): void {
    const tenant = newTenant(pod, this.#facts, this.#hasList, turn);
    this.#tenants.set(uidOf(pod), tenant);
    this.#wantsList ||= hasHistory(pod) && this.#hasPods;
  }

  /** Decides whether the node takes a new pod beside those that it has. */
  #judge(uid: string, turn: Turn): void {
    const tenant = this.#tenants.get(uid);
    if (tenant?.isNew !== true) return;
    tenant.isNew = false;
    const { pod } = tenant.machine;
    if (pod.metadata.deletionTimestamp !== undefined) return;
    const passing = this.#passingRefusal(pod);
    const admission: Admission = passing === null ? this.#room.admit(tenant) : { type: 'refused', refusal: passing };
    if (admission.type === 'refused') tenant.machine.refuse(admission.refusal, turn);
    else this.#preempt(tenant, admission.victims, turn);
  }

  /** Lets others end for the sake of a critical pod. */
  #preempt(tenant: Tenant, victims: readonly string[], { nowMs, wallMs }: Turn): void {
    tenant.victims = victims;
    for (const uid of victims) {
      const machine = this.#tenants.get(uid)?.machine;
      const turn = new Turn(nowMs, wallMs);
      if (machine?.isEnding === false) turn.event('Warning', preemptionFailure.reason, preemptionFailure.message);
      machine?.terminate(preemptionFailure, Number.POSITIVE_INFINITY, turn);
      this.#advance(uid, turn);
    }
  }

  /** Grants a pod what it asks for, if it can be; what it gives back may be what others wait for. */
  #resize(uid: string, turn: Turn): void {
    const tenant = this.#tenants.get(uid);
    if (tenant === undefined) return;
    const { machine, allocation } = tenant;
    if (!this.#hasPods || !machine.isActive) machine.update(allocation.granted, allocation.pending);
    else if (this.#room.resize(tenant, turn)) this.#roomFreed(turn);
  }

  #roomFreed({ nowMs, wallMs }: Turn): void {
    for (const uid of this.#room.waiting()) {
      const turn = new Turn(nowMs, wallMs);
      this.#resize(uid, turn);
      this.#advance(uid, turn);
    }
  }

  /** What speaks against any new pod at the moment. */
  #passingRefusal(pod: Pod): Refusal | null {
    return this.#shutdown === null ? this.#memory.refusalOf(pod) : shutdownRefusal;
  }

  #advanceAll(moment: Moment): void {
    for (const uid of Array.from(this.#tenants.keys())) {
      this.#advance(uid, new Turn(moment.monotonicMs, moment.wallMs));
    }
  }

  #advance(uid: string, turn: Turn): void {
    const tenant = this.#tenants.get(uid);
    if (tenant?.isObserved === true && !this.#room.mustWait(tenant)) {
      tenant.machine.advance(turn);
      if (this.#room.follow(tenant, turn)) tenant.machine.advance(turn);
      this.#settleTenant(uid, tenant, turn);
    }
    this.#collect(uid, tenant, turn);
    // The end of an ordinary pod may be the turn of the critical ones.
    if (this.#shutdown !== null) this.#goOnShuttingDown({ monotonicMs: turn.nowMs, wallMs: turn.wallMs });
  }

  #settleTenant(uid: string, tenant: Tenant, turn: Turn): void {
    const { machine } = tenant;
    if (machine.hasAttachments) this.#attaching.set(uid, machine);
    else this.#attaching.delete(uid);
    tenant.cancelWake();
    if (Number.isFinite(turn.wakeAtMs)) tenant.cancelWake = this.#wakes.add(turn.wakeAtMs as MonotonicMs, uid);
    const isNewlyDeletable = machine.isDeletable && !tenant.wasDeletable;
    if (isNewlyDeletable || !equalJson(tenant.told ?? null, machine.status ?? null)) {
      tenant.told = machine.status;
      tenant.wasDeletable = machine.isDeletable;
      if (!machine.isRemoved) this.#changed.add(uid);
    }
    if (!machine.hasEnded) return;
    this.#shelf.want(uid, []);
    if (tenant.holdsAddress && machine.podIp !== null) this.#pool?.release(machine.podIp);
    if (tenant.holdsAddress) this.#roomFreed(turn);
    tenant.holdsAddress = false;
    if (!machine.isRemoved) return;
    tenant.cancelWake();
    this.#tenants.delete(uid);
    removeRemains(uid, machine.sandboxIds, machine.hasVolumes || machine.sandboxIds.length > 0, turn);
  }

  #collect(uid: string, tenant: Tenant | undefined, turn: Turn): void {
    this.#ledger.enter(uid, turn);
    if (tenant !== undefined) for (const event of turn.events) this.#events.push({ pod: tenant.machine.pod, event });
    this.#wantsList ||= turn.wantsList;
    this.#hasPulled ||= turn.hasPulled;
  }
}
