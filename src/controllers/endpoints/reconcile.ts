/** Writes the subsets of one service: pods with the same ports together, ready and not ready apart, terminating ones left out. */
import { equalSemantic } from '../../api/json.ts';
import { annotationsOf, isBeingDeleted, labelsOf, nameOf, namespaceOf, type StringMap } from '../../api/object-meta.ts';
import type { EndpointAddress, EndpointSubset, Endpoints } from '../../kinds/endpoints/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { Service } from '../../kinds/service/types.ts';
import type { Caches } from '../controller.ts';
import { addressOf, endpointOf, hasEndpoint, hasSelector, matchesPod, portFinder } from '../endpointslice/endpoints.ts';
import { endpointsAddressesMax } from '../limits.ts';
import { create, type Plan, plan, remove, update } from '../plan.ts';
import { endpointsResource } from '../resources.ts';
import type { EndpointsKinds } from './keys.ts';

export interface EndpointsObserved {
  readonly service: Service | null;
  readonly pods: readonly Pod[];
  readonly endpoints: Endpoints | null;
}

const managedByLabel = 'endpoints.kubernetes.io/managed-by';
const managerName = 'endpoint-controller';
const capacityAnnotation = 'endpoints.kubernetes.io/over-capacity';

export function observeEndpoints(key: string, caches: Caches<EndpointsKinds>): EndpointsObserved | null {
  const service = caches.services.get(key);
  const endpoints = caches.endpoints.get(key) ?? null;
  if (service === undefined) {
    const isOurs = endpoints !== null && labelsOf(endpoints)[managedByLabel] === managerName;
    return isOurs ? { service: null, pods: [], endpoints } : null;
  }
  if (isBeingDeleted(service) || !hasSelector(service)) return null;
  const publishesAll = service.spec.publishNotReadyAddresses === true;
  const pods = caches.pods
    .by('namespace', namespaceOf(service))
    .filter((pod) => matchesPod(service, pod) && hasEndpoint(pod) && (publishesAll || !isBeingDeleted(pod)));
  return { service, pods, endpoints };
}

export function reconcileEndpoints({ service, pods, endpoints }: EndpointsObserved): Plan {
  if (service === null) return plan(endpoints === null ? [] : [[remove(endpointsResource, endpoints)]]);
  const subsets = subsetsOf(service, pods.slice(0, endpointsAddressesMax));
  const isTruncated = pods.length > endpointsAddressesMax;
  const labels: StringMap = {
    ...labelsOf(service),
    [managedByLabel]: managerName,
    ...(service.spec.clusterIP === 'None' ? { 'service.kubernetes.io/headless': '' } : {}),
  };
  if (endpoints === null) {
    const annotations = isTruncated ? { annotations: { [capacityAnnotation]: 'truncated' } } : {};
    const metadata = { name: nameOf(service), namespace: namespaceOf(service), labels, ...annotations };
    const made: Endpoints = { apiVersion: 'v1', kind: 'Endpoints', metadata, subsets };
    return plan([[create(endpointsResource, made, [403, 404])]]);
  }
  const isMarked = annotationsOf(endpoints)[capacityAnnotation] === 'truncated';
  const isSame = equalSemantic(endpoints.subsets, subsets) && equalSemantic(labelsOf(endpoints), labels);
  if (isSame && isMarked === isTruncated) return plan([]);
  const annotations: Record<string, string> = { ...annotationsOf(endpoints), [capacityAnnotation]: 'truncated' };
  if (!isTruncated) delete annotations[capacityAnnotation];
  const metadata = { ...endpoints.metadata, labels, annotations };
  return plan([[update(endpointsResource, { ...endpoints, metadata, subsets } as Endpoints)]]);
}

function subsetsOf(service: Service, pods: readonly Pod[]): readonly EndpointSubset[] {
  const subsets = new Map<
    string,
    { ready: EndpointAddress[]; notReady: EndpointAddress[]; ports: EndpointSubset['ports'] }
  >();
  const portsOfPod = portFinder(service);
  const type = service.spec.ipFamilies?.[0] ?? 'IPv4';
  for (const pod of pods) {
    const ip = addressOf(pod, type);
    if (ip === undefined) continue;
    const { ports, key } = portsOfPod(pod);
    const subset = subsets.get(key) ?? { ready: [], notReady: [], ports };
    subsets.set(key, subset);
    const { conditions, hostname, nodeName, targetRef } = endpointOf(service, pod, ip);
    const address: EndpointAddress = {
      ip,
      ...(hostname === undefined ? {} : { hostname }),
      ...(nodeName === undefined ? {} : { nodeName }),
      ...(targetRef === undefined ? {} : { targetRef }),
    };
    (conditions?.ready === true ? subset.ready : subset.notReady).push(address);
  }
  const sorted = [...subsets].sort(([left], [right]) => (left < right ? -1 : 1));
  return sorted.map(([, { ready, notReady, ports = [] }]) => ({
    ...(ready.length === 0 ? {} : { addresses: ready.sort(byAddress) }),
    ...(notReady.length === 0 ? {} : { notReadyAddresses: notReady.sort(byAddress) }),
    ...(ports.length === 0 ? {} : { ports }),
  }));
}

function byAddress(left: EndpointAddress, right: EndpointAddress): number {
  return left.ip < right.ip ? -1 : Number(left.ip > right.ip);
}
