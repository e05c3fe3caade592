/**
 * What pods ask for and nodes offer, as numbers: cpu in thousandths, everything else in whole units. Parsed once per pod and node.
 * Models kubernetes pkg/scheduler/framework/types.go Resource and component-helpers resource.PodRequests.
 */
import { equalJson, type Json } from '../api/json.ts';
import { milliValueOf, parseQuantity, valueOf } from '../api/quantity.ts';
import { findCondition } from '../kinds/condition.ts';
import type { Container, ContainerStatus, Pod, PodSpec, PodStatus, ResourceList } from '../kinds/pod/types.ts';

/** Amounts by resource name; absent means none. */
export type Amounts = ReadonlyMap<string, number>;

/** What a container that asks for nothing counts as when nodes are scored, so that such pods spread too. */
const cpuMillisAssumed = 100;
const memoryBytesAssumed = 200 * 1024 * 1024;

/** Parses a ResourceList; what is no quantity counts as none. */
export function amountsOf(list: ResourceList | undefined): Map<string, number> {
  const amounts = new Map<string, number>();
  for (const [name, text] of Object.entries(list ?? {})) {
    const quantity = parseQuantity(String(text));
    if (quantity !== undefined) amounts.set(name, name === 'cpu' ? milliValueOf(quantity) : valueOf(quantity));
  }
  return amounts;
}

/** Adds `factor` times `other` to `target`. */
export function addAmounts(target: Map<string, number>, other: Amounts, factor = 1): void {
  for (const [name, amount] of other) target.set(name, (target.get(name) ?? 0) + factor * amount);
}

/**
 * What a pod needs: its containers together, or its hungriest init container if that is more (with the sidecars started before it), and
 * the overhead. Requests of the pod as a whole take the place of its containers'.
 */
export function requestsOf(pod: Pod): Amounts {
  return totalOf(pod.spec, (container) => requestsOfContainer(pod, container));
}

/** As `requestsOf`, for cpu and memory, where a container that asks for none counts as a small one. */
export function scoringRequestsOf(pod: Pod): Amounts {
  return totalOf(pod.spec, (container) => {
    const amounts = requestsOfContainer(pod, container);
    if (!amounts.has('cpu')) amounts.set('cpu', cpuMillisAssumed);
    if (!amounts.has('memory')) amounts.set('memory', memoryBytesAssumed);
    return amounts;
  });
}

/**
 * A container that is being resized needs the most of what it asks for, what its node has set aside for it and what it has; what it asks for in vain
 * does not count. Models component-helpers resource.determineContainerReqs.
 */
function requestsOfContainer({ status }: Pod, { name, resources }: Container): Map<string, number> {
  const asked = amountsOf(resources?.requests);
  const told = statusesOf(status).find((each) => each.name === name);
  if (told?.resources === undefined) return asked;
  const amounts = isInfeasible(status) ? new Map<string, number>() : asked;
  raise(amounts, amountsOf(told.allocatedResources));
  raise(amounts, amountsOf(told.resources.requests));
  return amounts;
}

/** Tells whether a pod has just what it asks for, as nearly all have, or nothing yet: its spec alone says what it needs. */
export function hasWhatItAsks({ spec, status }: Pod): boolean {
  const statuses = statusesOf(status);
  if (statuses.length === 0) return true;
  return [...spec.containers, ...(spec.initContainers ?? [])].every(({ name, resources }) => {
    const told = statuses.find((each) => each.name === name);
    const asked = (resources?.requests ?? {}) as Json;
    if (told?.resources === undefined) return true;
    const { requests = {} } = told.resources;
    return equalJson(requests as Json, asked) && equalJson((told.allocatedResources ?? {}) as Json, asked);
  });
}

function statusesOf(status: PodStatus | undefined): readonly ContainerStatus[] {
  const { containerStatuses = [], initContainerStatuses = [] } = status ?? {};
  return initContainerStatuses.length === 0 ? containerStatuses : [...containerStatuses, ...initContainerStatuses];
}

function isInfeasible(status: PodStatus | undefined): boolean {
  return findCondition(status?.conditions, 'PodResizePending')?.reason === 'Infeasible';
}

function totalOf(spec: PodSpec, requestsOf: (container: Container) => Map<string, number>): Amounts {
  const total = new Map<string, number>();
  for (const container of spec.containers) addAmounts(total, requestsOf(container));
  const sidecars = new Map<string, number>();
  const initial = new Map<string, number>();
  for (const container of spec.initContainers ?? []) {
    const amounts = requestsOf(container);
    if (container.restartPolicy === 'Always') {
      addAmounts(total, amounts);
      addAmounts(sidecars, amounts);
      raise(initial, sidecars);
    } else {
      addAmounts(amounts, sidecars);
      raise(initial, amounts);
    }
  }
  raise(total, initial);
  for (const [name, amount] of amountsOf(spec.resources?.requests)) total.set(name, amount);
  addAmounts(total, amountsOf(spec.overhead));
  return total;
}

/** Raises each amount of `target` to at least that of `floor`. */
function raise(target: Map<string, number>, floor: Amounts): void {
  for (const [name, amount] of floor) if (amount > (target.get(name) ?? 0)) target.set(name, amount);
}
