/**
 * All pods of one node: which machine each input belongs to, which calls wait for which answer, whose status has to be written. Pure; the actor
 * around it asks the runtime and the API server what this says.
 *
 * Nothing happens before both sides are known: first the pods of the API (`begin`, after the informer has synced), then the containers of the
 * runtime (`listed`). Otherwise a restarted kubelet would start containers twice, or stop those of pods it has not heard of yet. A pod that
 * turns up later with a history waits in the same way for a list that shows its containers.
 */
import { equalJson } from '../api/json.ts';
import { type KubeObject, labelsOf, type StringMap, uidOf } from '../api/object-meta.ts';
import type { MonotonicMs, WallMs } from '../base/brand.ts';
import { type CancelTimer, TimerQueue } from '../base/timer-queue.ts';
import type { Node } from '../kinds/node/types.ts';
import type { Pod, PodStatus, ResourceList } from '../kinds/pod/types.ts';
import type { RuntimeContainer, SandboxStatus } from '../protocol/runtime.ts';
import { AddressPool } from './address-pool.ts';
import { refusalOf } from './admission.ts';
import type { KubeletLimits } from './limits.ts';
import { type ObjectNeed, ObjectShelf } from './object-shelf.ts';
import { PodMachine } from './pod-machine.ts';
import { needsOf } from './pod-needs.ts';
import type { NodeFacts } from './pod-surroundings.ts';
import { type PodEvent, type RuntimeCall, type TokenAnswer, Turn } from './turn.ts';
import type { TokenDemand } from './volume-verdict.ts';

export interface KubeletOptions {
  readonly nodeName: string;
  readonly hostIp: string;
  readonly limits: KubeletLimits;
  /** What pods may use. */
  readonly allocatable: ResourceList;
  /** Those that the node registers with. */
  readonly labels?: StringMap;
}

/** When an input arrived. */
export interface Moment {
  readonly monotonicMs: MonotonicMs;
  readonly wallMs: WallMs;
}

/** A question to the runtime, to be answered with `answered` or `unanswered` under its id. */
export interface NumberedCall extends Pick<RuntimeCall, 'type' | 'request' | 'timeoutMs'> {
  readonly id: number;
}

/** A token to be asked of the API server, answered like a question to the runtime. */
export interface NumberedDemand {
  readonly id: number;
  readonly demand: TokenDemand;
}

/** What the actor has to do now. */
export interface KubeletWork {
  readonly calls: readonly NumberedCall[];
  readonly tokens: readonly NumberedDemand[];
  /** Objects to be watched from now on, and no more. */
  readonly opened: readonly ObjectNeed[];
  readonly closed: readonly ObjectNeed[];
  readonly events: readonly { readonly pod: Pod; readonly event: PodEvent }[];
  /** Pods whose status changed, or that may be deleted now; see `desired`. */
  readonly changed: readonly string[];
  readonly wantsList: boolean;
}

/** What the API should say of a pod. `deletable`: and then the object should go. */
export interface DesiredPod {
  readonly pod: Pod;
  readonly status: PodStatus;
  readonly deletable: boolean;
}

interface Tenant {
  readonly machine: PodMachine;
  told: PodStatus | undefined;
  wasDeletable: boolean;
  holdsAddress: boolean;
  /** Whether the node takes it is not decided. */
  isNew: boolean;
  /** The runtime's containers of this pod are known. */
  isObserved: boolean;
  cancelWake: CancelTimer;
  /** The resourceVersion at which the API took the status that was written last. */
  writtenRevision: number;
  /** The latest resourceVersion at which the API said something else of the pod than its machine does; 0: never. */
  contradictedRevision: number;
}

export class Kubelet {
  readonly #facts: NodeFacts;
  readonly #tenants = new Map<string, Tenant>();
  readonly #shelf = new ObjectShelf();
  readonly #pending = new Map<number, { readonly uid: string; readonly settle: RuntimeCall['settle'] }>();
  readonly #wakes = new TimerQueue<string>();
  #pool: AddressPool | null = null;
  #runtimeName = 'threemaster';
  #hasPods = false;
  #hasList = false;
  #lastCall = 0;
  #calls: NumberedCall[] = [];
  #tokens: NumberedDemand[] = [];
  #labels: StringMap;
  #attached: ReadonlySet<string> = new Set();
  #events: { readonly pod: Pod; readonly event: PodEvent }[] = [];
  #changed = new Set<string>();
  #wantsList = false;

  constructor(options: KubeletOptions) {
    this.#labels = options.labels ?? {};
    this.#facts = {
      ...options,
      objects: this.#shelf,
      isAttached: (volume) => this.#attached.has(volume),
      runtimeName: () => this.#runtimeName,
      allocateAddress: () => this.#pool?.allocate() ?? null,
    };
  }

  get podCount(): number {
    return this.#tenants.size;
  }

  /** When `wake` has to be called; undefined when nothing is due. */
  nextAtMs(): MonotonicMs | undefined {
    return this.#wakes.nextAtMs();
  }

  /** Returns what has come up since the last call. */
  takeWork(): KubeletWork {
    const work = {
      calls: this.#calls,
      tokens: this.#tokens,
      ...this.#shelf.takeChanges(),
      events: this.#events,
      changed: [...this.#changed],
      wantsList: this.#wantsList,
    };
    this.#calls = [];
    this.#tokens = [];
    this.#events = [];
    this.#changed = new Set();
    this.#wantsList = false;
    return work;
  }

  /** Returns what the API should say of a pod; null once the pod is gone from it. */
  desired(uid: string): DesiredPod | null {
    const machine = this.#tenants.get(uid)?.machine;
    if (machine?.status === undefined || machine.isRemoved) return null;
    return { pod: machine.pod, status: machine.status, deletable: machine.isDeletable };
  }

  /** Finds a pod by namespace, name and, unless empty, uid; of several with one name the newest. */
  find(namespace: string, name: string, uid: string): PodMachine | undefined {
    if (uid !== '') return this.#tenants.get(uid)?.machine;
    const found = [...this.#tenants.values()].filter(
      ({ machine: { pod } }) => pod.metadata.name === name && pod.metadata.namespace === namespace,
    );
    return found.at(-1)?.machine;
  }

  runtimeNamed(name: string): void {
    this.#runtimeName = name;
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
    this.#labels = labelsOf(node);
    if (spec?.podCIDR !== undefined) this.cidrSet(spec.podCIDR, moment);
    const attached = new Set((status?.volumesAttached ?? []).map(({ name }) => name));
    const hasChanged = attached.size !== this.#attached.size || [...attached].some((name) => !this.#attached.has(name));
    this.#attached = attached;
    if (hasChanged) this.#refresh([...this.#tenants.keys()], moment);
  }

  /** Unique names of the volumes that the node uses or is about to, sorted: nobody may detach them. */
  volumesInUse(): readonly string[] {
    return [...new Set([...this.#tenants.values()].flatMap(({ machine }) => machine.attachments))].sort();
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
    const tenant = this.#tenants.get(uidOf(pod));
    const turn = new Turn(moment.monotonicMs, moment.wallMs);
    if (tenant === undefined) {
      this.#admit(pod, turn);
      if (this.#hasPods) this.#judge(uidOf(pod), turn);
    } else tenant.machine.update(pod);
    this.#want(uidOf(pod));
    this.#advance(uidOf(pod), turn);
    if (tenant === undefined || !isContradicted(tenant.machine, pod)) return;
    tenant.contradictedRevision = Number(pod.metadata.resourceVersion ?? 0);
    this.#repeatIfContradicted(uidOf(pod), tenant);
  }

  /** The API holds the status that was told last, at this resourceVersion. */
  statusWritten(uid: string, revision: number): void {
    const tenant = this.#tenants.get(uid);
    if (tenant === undefined) return;
    tenant.writtenRevision = revision;
    this.#repeatIfContradicted(uid, tenant);
  }

  podDeleted(pod: Pod, moment: Moment): void {
    const tenant = this.#tenants.get(uidOf(pod));
    if (tenant === undefined) return;
    tenant.machine.remove(pod);
    this.#advance(uidOf(pod), new Turn(moment.monotonicMs, moment.wallMs));
  }

  /** All pods of the node have been told by `podSet`. */
  begin(moment: Moment): void {
    this.#hasPods = true;
    this.#wantsList = true;
    const created = ([, { machine }]: [string, Tenant]): string => machine.pod.metadata.creationTimestamp ?? '';
    // The oldest first: who comes late finds no room. Nobody is refused for the sake of one that has run before.
    for (const entry of [...this.#tenants].sort((left, right) => (created(left) < created(right) ? -1 : 1))) {
      const turn = new Turn(moment.monotonicMs, moment.wallMs);
      this.#judge(entry[0], turn);
      this.#collect(entry[0], entry[1], turn);
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
    this.#removeOrphans(sandboxes, turn);
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
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    const turn = new Turn(moment.monotonicMs, moment.wallMs);
    pending.settle(answer, turn);
    this.#advance(pending.uid, turn);
  }

  /** The runtime is gone or did not answer in time. */
  unanswered(id: number, moment: Moment): void {
    this.answered(id, { type: 'unreachable' }, moment);
  }

  /** Lets the machines act whose time has come. */
  wake(moment: Moment): void {
    for (;;) {
      const uid = this.#wakes.takeDue(moment.monotonicMs);
      if (uid === undefined) return;
      this.#advance(uid, new Turn(moment.monotonicMs, moment.wallMs));
    }
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
    const machine = new PodMachine(pod, this.#facts, turn);
    const { status } = pod;
    const hasHistory = (status?.containerStatuses ?? []).length > 0;
    this.#tenants.set(uidOf(pod), {
      machine,
      told: status,
      wasDeletable: false,
      writtenRevision: Number.POSITIVE_INFINITY,
      contradictedRevision: 0,
      holdsAddress: true,
      isNew: status?.startTime === undefined && status?.phase !== 'Succeeded' && status?.phase !== 'Failed',
      isObserved: this.#hasList && !hasHistory,
      cancelWake: () => {},
    });
    this.#wantsList ||= hasHistory && this.#hasPods;
  }

  /** Decides whether the node takes a new pod beside those that it has. */
  #judge(uid: string, turn: Turn): void {
    const tenant = this.#tenants.get(uid);
    if (tenant?.isNew !== true) return;
    tenant.isNew = false;
    const { pod } = tenant.machine;
    if (pod.metadata.deletionTimestamp !== undefined) return;
    const others = [...this.#tenants.values()].filter(
      (other) => !other.isNew && other !== tenant && other.machine.isActive,
    );
    const { nodeName: name, allocatable } = this.#facts;
    const node = { name, allocatable, labels: this.#labels };
    const refusal = refusalOf(
      pod,
      others.map(({ machine }) => machine.pod),
      node,
    );
    if (refusal !== null) tenant.machine.refuse(refusal, turn);
  }

  #advanceAll(moment: Moment): void {
    for (const uid of Array.from(this.#tenants.keys())) {
      this.#advance(uid, new Turn(moment.monotonicMs, moment.wallMs));
    }
  }

  #advance(uid: string, turn: Turn): void {
    const tenant = this.#tenants.get(uid);
    if (tenant?.isObserved === true) {
      tenant.machine.advance(turn);
      this.#settleTenant(uid, tenant, turn);
    }
    this.#collect(uid, tenant, turn);
  }

  #repeatIfContradicted(uid: string, { contradictedRevision, writtenRevision }: Tenant): void {
    if (contradictedRevision > writtenRevision) this.#changed.add(uid);
  }

  #settleTenant(uid: string, tenant: Tenant, turn: Turn): void {
    const { machine } = tenant;
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
    tenant.holdsAddress = false;
    if (!machine.isRemoved) return;
    tenant.cancelWake();
    this.#tenants.delete(uid);
    removeRemains(uid, machine.sandboxIds, machine.hasVolumes, turn);
  }

  #collect(uid: string, tenant: Tenant | undefined, turn: Turn): void {
    for (const { type, request, timeoutMs, settle } of turn.calls) {
      this.#lastCall += 1;
      this.#pending.set(this.#lastCall, { uid, settle });
      this.#calls.push({ id: this.#lastCall, type, request, timeoutMs });
    }
    for (const { demand, settle } of turn.tokens) {
      this.#lastCall += 1;
      this.#pending.set(this.#lastCall, { uid, settle: (answer, later) => settle(answer as TokenAnswer, later) });
      this.#tokens.push({ id: this.#lastCall, demand });
    }
    if (tenant !== undefined) for (const event of turn.events) this.#events.push({ pod: tenant.machine.pod, event });
    this.#wantsList ||= turn.wantsList;
  }

  #removeOrphans(sandboxes: readonly SandboxStatus[], turn: Turn): void {
    for (const { id: sandboxId, config } of sandboxes) {
      if (this.#tenants.has(config.uid)) continue;
      turn.call('stopPodSandbox', { sandboxId }, (_answer, later) =>
        removeRemains(config.uid, [sandboxId], true, later),
      );
    }
    this.#collect('', undefined, turn);
  }
}

/** Removes what the runtime has of a pod: sandboxes first, for volumes may go only behind them. */
function removeRemains(podUid: string, sandboxIds: readonly string[], hasVolumes: boolean, turn: Turn): void {
  let left = sandboxIds.length;
  const removeVolumes = (later: Turn): void => {
    if (hasVolumes && left === 0) later.call('removeVolumes', { podUid }, () => {});
  };
  for (const sandboxId of sandboxIds) {
    turn.call('removePodSandbox', { sandboxId }, (_answer, later) => {
      left -= 1;
      removeVolumes(later);
    });
  }
  if (left === 0) removeVolumes(turn);
}

/**
 * Tells whether the API says something else of the pod than its machine does. If that is newer than what was written last, somebody else
 * changed it (the node controller, which took the node for dead), and it is said again.
 * Models kubernetes pkg/kubelet/status/status_manager.go needsReconcile.
 */
function isContradicted({ status: own, isRemoved }: PodMachine, { status }: Pod): boolean {
  if (isRemoved) return false;
  const differs = (type: string): boolean => conditionStatus(status, type) !== conditionStatus(own, type);
  return status?.phase !== own?.phase || differs('Ready') || differs('ContainersReady');
}

function conditionStatus(status: PodStatus | undefined, type: string): string | undefined {
  return status?.conditions?.find((condition) => condition.type === type)?.status;
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
