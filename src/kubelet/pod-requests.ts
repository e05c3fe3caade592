/** What a pod asks of its node. Models kubernetes component-helpers/resource PodRequests. */
import { parseQuantity } from '../api/quantity.ts';
import type { Container, Pod, ResourceList } from '../kinds/pod/types.ts';

/** Billionths of a unit, by resource. */
export type Amounts = ReadonlyMap<string, bigint>;

export const nanosPerUnit = 1_000_000_000n;
const nanosPerMilli = 1_000_000n;

/** The unit in which a kubelet tells amounts of a resource: thousandths of a processor, whole units of all else. */
export function toldUnitOf(resource: string): bigint {
  return resource === 'cpu' ? nanosPerMilli : nanosPerUnit;
}

/**
 * The main containers and the sidecars together, or the neediest moment of the initialization if that is more; what the pod asks for as a whole
 * goes before that; and what its sandbox takes.
 */
export function podRequests({ spec }: Pod): Amounts {
  const total = new Map<string, bigint>();
  for (const container of spec.containers) add(total, amountsOf(container.resources?.requests));
  const sidecars = new Map<string, bigint>();
  const start = new Map<string, bigint>();
  for (const container of spec.initContainers ?? []) {
    const own = amountsOf(container.resources?.requests);
    if (isSidecar(container)) {
      add(total, own);
      add(sidecars, own);
      raise(start, sidecars);
    } else {
      const moment = new Map(own);
      add(moment, sidecars);
      raise(start, moment);
    }
  }
  raise(total, start);
  for (const [name, amount] of amountsOf(spec.resources?.requests)) total.set(name, amount);
  add(total, amountsOf(spec.overhead));
  return total;
}

export function amountsOf(list: ResourceList = {}): Map<string, bigint> {
  return new Map(Object.entries(list).map(([name, text]) => [name, parseQuantity(text)?.nanos ?? 0n]));
}

function isSidecar({ restartPolicy }: Container): boolean {
  return restartPolicy === 'Always';
}

function add(total: Map<string, bigint>, more: Amounts): void {
  for (const [name, amount] of more) total.set(name, (total.get(name) ?? 0n) + amount);
}

function raise(total: Map<string, bigint>, least: Amounts): void {
  for (const [name, amount] of least) if (amount > (total.get(name) ?? 0n)) total.set(name, amount);
}
