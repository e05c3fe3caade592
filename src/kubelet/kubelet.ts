/**
 * All pods of one node: which machine each input belongs to, which calls wait for which answer, whose status has to be written. Pure; the actor
 * around it asks the runtime and the API server what this says.
 *
 * Nothing happens before both sides are known: first the pods of the API (`begin`, after the informer has synced), then the containers of the
 * runtime (`listed`). Otherwise a restarted kubelet would start containers twice, or stop those of pods it has not heard of yet. A pod that
 * turns up later with a history waits in the same way for a list that shows its containers.
 */
import { equalJson } from '../api/json.ts';
import { uidOf } from '../api/object-meta.ts';
import type { MonotonicMs, WallMs } from '../base/brand.ts';
import { type CancelTimer, TimerQueue } from '../base/timer-queue.ts';
import type { Pod, PodStatus } from '../kinds/pod/types.ts';
import type { RuntimeContainer, SandboxStatus } from '../protocol/runtime.ts';
import { AddressPool } from './address-pool.ts';
import type { KubeletLimits } from './limits.ts';
import { PodMachine } from './pod-machine.ts';
import type { NodeFacts } from './pod-surroundings.ts';
import { type PodEvent, type RuntimeCall, Turn } from './turn.ts';

export interface KubeletOptions {
  readonly nodeName: string;
  readonly hostIp: string;
  readonly limits: KubeletLimits;
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

/** What the actor has to do now. */
export interface KubeletWork {
  readonly calls: readonly NumberedCall[];
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
  readonly #pending = new Map<number, { readonly uid: string; readonly settle: RuntimeCall['settle'] }>();
  readonly #wakes = new TimerQueue<string>();
  #pool: AddressPool | null = null;
  #runtimeName = 'threemaster';
  /** Handlers by RuntimeClass; null until they are known. */
  #handlers: ReadonlyMap<string, string> | null = null;
  #wantsHandlers = false;
  #hasPods = false;
  #hasList = false;
  #lastCall = 0;
  #calls: NumberedCall[] = [];
  #events: { readonly pod: Pod; readonly event: PodEvent }[] = [];
  #changed = new Set<string>();
  #wantsList = false;

  constructor({ nodeName, hostIp, limits }: KubeletOptions) {
    this.#facts = {
      nodeName,
      hostIp,
      limits,
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

  /** When `wake` has to be called; undefined when nothing is due. */
  nextAtMs(): MonotonicMs | undefined {
    return this.#wakes.nextAtMs();
  }

  /** Returns what has come up since the last call. */
  takeWork(): KubeletWork {
    const work = {
      calls: this.#calls,
      events: this.#events,
      changed: [...this.#changed],
      wantsList: this.#wantsList,
    };
    this.#calls = [];
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

  podSet(pod: Pod, moment: Moment): void {
    const tenant = this.#tenants.get(uidOf(pod));
    const turn = new Turn(moment.monotonicMs, moment.wallMs);
    if (tenant === undefined) this.#admit(pod, turn);
    else tenant.machine.update(pod);
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
      isObserved: this.#hasList && !hasHistory,
      cancelWake: () => {},
    });
    this.#wantsList ||= hasHistory && this.#hasPods;
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
    if (tenant.holdsAddress && machine.podIp !== null) this.#pool?.release(machine.podIp);
    tenant.holdsAddress = false;
    if (!machine.isRemoved) return;
    tenant.cancelWake();
    this.#tenants.delete(uid);
    for (const sandboxId of machine.sandboxIds) turn.call('removePodSandbox', { sandboxId }, () => {});
  }

  #collect(uid: string, tenant: Tenant | undefined, turn: Turn): void {
    for (const { type, request, timeoutMs, settle } of turn.calls) {
      this.#lastCall += 1;
      this.#pending.set(this.#lastCall, { uid, settle });
      this.#calls.push({ id: this.#lastCall, type, request, timeoutMs });
    }
    if (tenant !== undefined) for (const event of turn.events) this.#events.push({ pod: tenant.machine.pod, event });
    this.#wantsList ||= turn.wantsList;
  }

  #removeOrphans(sandboxes: readonly SandboxStatus[], turn: Turn): void {
    for (const { id: sandboxId, config } of sandboxes) {
      if (this.#tenants.has(config.uid)) continue;
      turn.call('stopPodSandbox', { sandboxId }, (_answer, later) => {
        later.call('removePodSandbox', { sandboxId }, () => {});
      });
    }
    this.#collect('', undefined, turn);
  }
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
