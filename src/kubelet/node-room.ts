/**
 * Who fits on a node: whether it takes a new pod beside those that it has, and whether one that it has may grow. What waits for room is asked about
 * again when some was freed. Models kubernetes pkg/kubelet/allocation canAdmitPod and handlePodResourcesResize.
 */
import { generationOf, labelsOf, type StringMap, uidOf } from '../api/object-meta.ts';
import type { Node } from '../kinds/node/types.ts';
import type { Taint } from '../kinds/pod/scheduling-types.ts';
import type { Pod, ResourceList } from '../kinds/pod/types.ts';
import { lackOf, needsOfRoom, otherRefusalOf, type Refusal, refusalOf, shortageOf } from './admission.ts';
import { isCritical, isStatic } from './critical-pod.ts';
import type { PodAllocation } from './pod-allocation.ts';
import { type Amounts, podRequests } from './pod-requests.ts';
import { hopelessMessage, planPreemption } from './preemption.ts';
import type { Tenant } from './tenant.ts';
import type { Turn } from './turn.ts';

export interface RoomFacts {
  readonly nodeName: string;
  readonly allocatable: ResourceList;
}

/** `victims`: uids of pods that have to end first. */
export type Admission =
  | { readonly type: 'taken'; readonly victims: readonly string[] }
  | { readonly type: 'refused'; readonly refusal: Refusal };

export class NodeRoom {
  /** Of the node, as the API shows them. */
  #labels: StringMap;
  #taints: readonly Taint[] = [];
  readonly #facts: RoomFacts;
  readonly #tenants: ReadonlyMap<string, Tenant>;
  /** What pods ask for, by their specs: each newcomer asks it of all that are there. */
  readonly #requests = new WeakMap<Pod['spec'], Amounts>();

  constructor(facts: RoomFacts, labels: StringMap, tenants: ReadonlyMap<string, Tenant>) {
    this.#facts = facts;
    this.#labels = labels;
    this.#tenants = tenants;
  }

  /** Takes note of the node as the API shows it now. */
  see(node: Node): void {
    this.#labels = labelsOf(node);
    this.#taints = node.spec?.taints ?? [];
  }

  /** Decides about a new pod. A critical one is not refused for want of room while others can make it: they are its victims. */
  admit(tenant: Tenant): Admission {
    const { nodeName: name, allocatable } = this.#facts;
    const { pod } = tenant.machine;
    const others = this.#others(tenant);
    const node = { name, allocatable, labels: this.#labels, taints: this.#taints };
    if (!isCritical(pod)) {
      const refusal = refusalOf(pod, others, node, (each) => this.#requestsOf(each));
      return refusal === null ? { type: 'taken', victims: [] } : { type: 'refused', refusal };
    }
    const refusal = otherRefusalOf(pod, others, node);
    if (refusal !== null) return { type: 'refused', refusal };
    const plan = planPreemption(pod, others, needsOfRoom(pod, others, allocatable));
    if (plan.type === 'victims') return { type: 'taken', victims: plan.pods.map(uidOf) };
    return {
      type: 'refused',
      refusal: { reason: 'UnexpectedAdmissionError', message: hopelessMessage(plan.left) },
    };
  }

  /** A pod that others make room for begins when they have ended; one that is to end itself does not wait for them. */
  mustWait(tenant: Tenant): boolean {
    if (tenant.victims.length === 0) return false;
    const isLeft = (uid: string): boolean => this.#tenants.get(uid)?.machine.hasEnded === false;
    const { isEnding, isRemoved, pod } = tenant.machine;
    const isLeaving = isEnding || isRemoved || pod.metadata.deletionTimestamp !== undefined;
    if (!isLeaving && tenant.victims.some(isLeft)) return true;
    tenant.victims = [];
    return false;
  }

  /** Grants a pod what it asks for, if there is room, and hands its machine what it was granted. Returns whether anything was granted. */
  resize(tenant: Tenant, turn: Turn): boolean {
    const { allocation, machine } = tenant;
    const isGranted = allocation.isResized && this.#decide(tenant, turn);
    if (!allocation.isResized && !isGranted) allocation.settle();
    machine.update(allocation.granted, allocation.pending);
    return isGranted;
  }

  /** Looks at what became of a resize that was granted: all may be done, or the runtime unable. Returns whether the pod has other resources by that. */
  follow(tenant: Tenant, turn: Turn): boolean {
    const { allocation, machine } = tenant;
    if (!allocation.isUnderWay) return false;
    const failure = machine.containers.resizeFailure;
    if (failure?.code === 'unsupported') {
      allocation.withdraw(machine.containers.given, failure.message);
      machine.containers.forgetFailures();
      this.resize(tenant, turn);
      return true;
    }
    if (!machine.containers.areResizing) {
      allocation.isUnderWay = false;
      turn.event('Normal', 'ResizeCompleted', `Pod resize completed: ${describe(allocation, '')}`);
    }
    return false;
  }

  /** Uids of pods that wait for room. */
  waiting(): readonly string[] {
    const found = [...this.#tenants].filter(
      ([, { allocation, victims }]) => victims.length > 0 || allocation.pending?.reason === 'Deferred',
    );
    return found.map(([uid]) => uid);
  }

  #decide(tenant: Tenant, turn: Turn): boolean {
    const { allocation } = tenant;
    const { desired } = allocation;
    const { allocatable } = this.#facts;
    const never = isStatic(desired)
      ? 'In-place resize of static-pods is not supported'
      : (allocation.refusal ?? shortageOf(desired, allocatable));
    const lack =
      never === null ? lackOf(desired, this.#others(tenant), allocatable, (each) => this.#requestsOf(each)) : null;
    if (never === null && lack === null) {
      allocation.grant();
      turn.event('Normal', 'ResizeStarted', `Pod resize started: ${describe(allocation, '')}`);
      return true;
    }
    const [reason, message] =
      never === null ? (['Deferred', lack?.message ?? ''] as const) : (['Infeasible', never] as const);
    if (allocation.defer(reason, message)) {
      turn.event('Warning', `Resize${reason}`, `Pod resize ${reason}: ${describe(allocation, message)}`);
    }
    return false;
  }

  #requestsOf(pod: Pod): Amounts {
    const known = this.#requests.get(pod.spec);
    if (known !== undefined) return known;
    const requests = podRequests(pod);
    this.#requests.set(pod.spec, requests);
    return requests;
  }

  #others({ machine: own }: Pick<Tenant, 'machine'>): readonly Pod[] {
    const others = [...this.#tenants.values()].filter(
      ({ isNew, machine }) => !isNew && machine !== own && machine.isActive,
    );
    return others.map(({ machine }) => machine.pod);
  }
}

/** What a resize is about, as kubelet's events tell it. */
function describe({ desired }: PodAllocation, error: string): string {
  const listOf = (containers: Pod['spec']['containers'] = []): object[] =>
    containers.map(({ name, resources = {} }) => ({ name, resources }));
  const { containers, initContainers = [] } = desired.spec;
  const sidecars = initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always');
  return JSON.stringify({
    containers: listOf(containers),
    ...(sidecars.length === 0 ? {} : { initContainers: listOf(sidecars) }),
    generation: generationOf(desired),
    ...(error === '' ? {} : { error }),
  });
}
