/**
 * What pods ask for and nodes offer, as numbers: cpu in thousandths, everything else in whole units. Parsed once per pod and node.
 * Models kubernetes pkg/scheduler/framework/types.go Resource and component-helpers resource.PodRequests.
 */
import { milliValueOf, parseQuantity, valueOf } from '../api/quantity.ts';
import type { Container, PodSpec, ResourceList } from '../kinds/pod/types.ts';

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
export function requestsOf(spec: PodSpec): Amounts {
  return totalOf(spec, (container) => amountsOf(container.resources?.requests));
}

/** As `requestsOf`, for cpu and memory, where a container that asks for none counts as a small one. */
export function scoringRequestsOf(spec: PodSpec): Amounts {
  return totalOf(spec, (container) => {
    const amounts = amountsOf(container.resources?.requests);
    if (!amounts.has('cpu')) amounts.set('cpu', cpuMillisAssumed);
    if (!amounts.has('memory')) amounts.set('memory', memoryBytesAssumed);
    return amounts;
  });
}

function totalOf(spec: PodSpec, requestsOfContainer: (container: Container) => Map<string, number>): Amounts {
  const total = new Map<string, number>();
  for (const container of spec.containers) addAmounts(total, requestsOfContainer(container));
  const sidecars = new Map<string, number>();
  const initial = new Map<string, number>();
  for (const container of spec.initContainers ?? []) {
    const amounts = requestsOfContainer(container);
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
