/**
 * Who fits on a node: whether it takes a new pod beside those that it has, and whether one that it has may grow. What waits for room is asked about
 * again when some was freed. Models kubernetes pkg/kubelet/allocation canAdmitPod and handlePodResourcesResize.
 */
import { generationOf, type StringMap } from '../api/object-meta.ts';
import type { Pod, ResourceList } from '../kinds/pod/types.ts';
import { lackOf, type Refusal, refusalOf, shortageOf } from './admission.ts';
import { isStatic } from './critical-pod.ts';
import type { PodAllocation } from './pod-allocation.ts';
import type { Tenant } from './tenant.ts';
import type { Turn } from './turn.ts';

export interface RoomFacts {
  readonly nodeName: string;
  readonly allocatable: ResourceList;
}

export class NodeRoom {
  /** Of the node, as the API shows them. */
  labels: StringMap;
  readonly #facts: RoomFacts;
  readonly #tenants: ReadonlyMap<string, Tenant>;

  constructor(facts: RoomFacts, labels: StringMap, tenants: ReadonlyMap<string, Tenant>) {
    this.#facts = facts;
    this.labels = labels;
    this.#tenants = tenants;
  }

  /** Returns why the node does not take a new pod; null when it does. */
  refusalOf(tenant: Tenant): Refusal | null {
    const { nodeName: name, allocatable } = this.#facts;
    return refusalOf(tenant.machine.pod, this.#others(tenant), { name, allocatable, labels: this.labels });
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
    const found = [...this.#tenants].filter(([, { allocation }]) => allocation.pending?.reason === 'Deferred');
    return found.map(([uid]) => uid);
  }

  #decide(tenant: Tenant, turn: Turn): boolean {
    const { allocation } = tenant;
    const { desired } = allocation;
    const { allocatable } = this.#facts;
    const never = isStatic(desired)
      ? 'In-place resize of static-pods is not supported'
      : (allocation.refusal ?? shortageOf(desired, allocatable));
    const lack = never === null ? lackOf(desired, this.#others(tenant), allocatable) : null;
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
