/**
 * What a node has set aside for the containers of one pod. A resize asks for more or less than that; until the node grants it, the pod goes on with
 * what it has. A kubelet that starts anew reads it from the status that it wrote.
 * Models kubernetes pkg/kubelet/allocation/allocation_manager.go.
 */
import { equalJson, type Json } from '../api/json.ts';
import { generationOf } from '../api/object-meta.ts';
import type { Container, ContainerStatus, Pod, ResourceRequirements } from '../kinds/pod/types.ts';

/** Resources by the name of the container. */
export type Allocation = ReadonlyMap<string, ResourceRequirements>;

/** A resize that the node has not granted. */
export interface PendingResize {
  /** There will never be room, or there is none at the moment. */
  readonly reason: 'Infeasible' | 'Deferred';
  readonly message: string;
  /** Of the pod that asks for it. */
  readonly generation: number;
}

export class PodAllocation {
  #desired: Pod;
  #granted: Allocation;
  #pending: PendingResize | null = null;
  /** What the runtime could not do; nothing else is asked of it until the pod asks for something else. */
  #refused: { readonly desired: Allocation; readonly message: string } | null = null;
  #isResized: boolean;
  /** A resize was granted and is not told as complete. */
  isUnderWay = false;

  constructor(pod: Pod) {
    this.#desired = pod;
    this.#granted = recalled(pod);
    this.#isResized = !isEqual(this.#granted, asked(pod));
  }

  /** The pod as the API has it. */
  get desired(): Pod {
    return this.#desired;
  }

  /** A spec that has not changed stays the very same object, so that whatever was found out from it need not be found out again. */
  set desired(pod: Pod) {
    const { spec } = this.#desired;
    const isSameSpec = equalJson(spec, pod.spec);
    this.#desired = isSameSpec ? { ...pod, spec } : pod;
    if (!isSameSpec) this.#isResized = !isEqual(this.#granted, asked(pod));
  }

  /** The pod with the resources that it was granted. */
  get granted(): Pod {
    const { spec } = this.#desired;
    if (!this.isResized) return this.#desired;
    const given = (container: Container): Container => {
      const resources = this.#granted.get(container.name);
      return resources === undefined ? container : { ...container, resources };
    };
    const { initContainers } = spec;
    const init = initContainers === undefined ? {} : { initContainers: initContainers.map(given) };
    return { ...this.#desired, spec: { ...spec, containers: spec.containers.map(given), ...init } };
  }

  /** The pod asks for something else than it was granted. */
  get isResized(): boolean {
    return this.#isResized;
  }

  get pending(): PendingResize | null {
    return this.#pending;
  }

  /** Why the runtime cannot do what the pod asks for; null when it did not say so. */
  get refusal(): string | null {
    const { desired, message } = this.#refused ?? {};
    return desired !== undefined && isEqual(desired, asked(this.#desired)) ? (message ?? '') : null;
  }

  /** Grants what the pod asks for. */
  grant(): void {
    this.#granted = asked(this.#desired);
    this.#isResized = false;
    this.#pending = null;
    this.isUnderWay = true;
  }

  /** Nothing is asked for that was not granted. */
  settle(): void {
    this.#pending = null;
  }

  /** Returns whether that is news. */
  defer(reason: PendingResize['reason'], message: string): boolean {
    const next = { reason, message, generation: generationOf(this.#desired) };
    if (this.#pending !== null && equalJson(next as unknown as Json, this.#pending as unknown as Json)) return false;
    this.#pending = next;
    return true;
  }

  /** The runtime cannot do what was granted: the pod keeps `given`, what its containers have. */
  withdraw(given: Allocation, message: string): void {
    this.#refused = { desired: asked(this.#desired), message };
    this.#granted = new Map([...this.#granted].map(([name, resources]) => [name, given.get(name) ?? resources]));
    this.#isResized = !isEqual(this.#granted, asked(this.#desired));
    this.isUnderWay = false;
  }
}

/** Of containers that can be resized. */
function resizable({ spec }: Pod): readonly Container[] {
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...spec.containers, ...sidecars];
}

function asked(pod: Pod): Allocation {
  return new Map(resizable(pod).map(({ name, resources = {} }) => [name, resources]));
}

function isEqual(left: Allocation, right: Allocation): boolean {
  return left === right || equalJson([...left] as unknown as Json, [...right] as unknown as Json);
}

function recalled(pod: Pod): Allocation {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  const statuses = [...containerStatuses, ...initContainerStatuses];
  return new Map(
    resizable(pod).map(({ name, resources = {} }) => {
      const status = statuses.find((each) => each.name === name);
      return [name, status?.resources === undefined ? resources : grantedIn(status, resources)];
    }),
  );
}

/** A status tells requests that were granted, and all that was given: the limits of what was granted and not yet given are those of the spec. */
function grantedIn({ resources: given = {}, allocatedResources = {} }: ContainerStatus, spec: ResourceRequirements) {
  const isSame = (left: object = {}, right: object = {}): boolean => equalJson(left as Json, right as Json);
  if (isSame(allocatedResources, given.requests))
    return isSame(given.requests, spec.requests) && isSame(given, spec) ? spec : given;
  return isSame(allocatedResources, spec.requests) ? spec : { ...given, requests: allocatedResources };
}
