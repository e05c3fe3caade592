/** Which services a change concerns: itself, those that select a pod now or did before, and the one that a slice belongs to. */
import { equalSemantic } from '../../api/json.ts';
import { byLabel, byNamespace } from '../../api/object-index.ts';
import { isBeingDeleted, labelsOf, namespaceOf, objectKey } from '../../api/object-meta.ts';
import type { EndpointSlice } from '../../kinds/endpointslice/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { Service } from '../../kinds/service/types.ts';
import { type Cache, type CacheChange, type Caches, type Controller, sidesOf } from '../controller.ts';
import { isFinished, isReady } from '../pod-state.ts';
import { endpointSliceResource, podResource, serviceResource } from '../resources.ts';
import { matchesPod } from './endpoints.ts';
import { observeSlices, reconcileSlices, type SliceObserved } from './reconcile.ts';

export interface SliceKinds {
  readonly services: Service;
  readonly pods: Pod;
  readonly slices: EndpointSlice;
}

export const serviceNameLabel = 'kubernetes.io/service-name';
export const managedByLabel = 'endpointslice.kubernetes.io/managed-by';
export const managerName = 'endpointslice-controller.k8s.io';

export const endpointSliceController: Controller<SliceKinds, SliceObserved> = {
  name: 'endpointslice-controller',
  watches: {
    services: { resource: serviceResource, output: 'object', indexes: { namespace: byNamespace } },
    pods: { resource: podResource, output: 'object', indexes: { namespace: byNamespace } },
    slices: { resource: endpointSliceResource, output: 'object', indexes: { service: byLabel(serviceNameLabel) } },
  },
  remember: () => null,
  keys: sliceKeys,
  observe: observeSlices,
  reconcile: reconcileSlices,
};

function sliceKeys(change: CacheChange<SliceKinds>, caches: Caches<SliceKinds>): readonly string[] {
  if (change.cache === 'services') return sidesOf(change).slice(0, 1).map(objectKey);
  if (change.cache === 'pods') return servicesOf(change as CacheChange<never>, caches.services);
  return sidesOf(change).flatMap((slice) => {
    const name = labelsOf(slice)[serviceNameLabel];
    return name === undefined ? [] : [`${namespaceOf(slice)}/${name}`];
  });
}

/** Services that select the pod, before or after a change that endpoints show. */
export function servicesOf(
  { old, object }: Pick<CacheChange, 'old' | 'object'>,
  services: Cache<Service>,
): readonly string[] {
  const [newer, older] = [object as Pod | null, old as Pod | null];
  if (newer !== null && older !== null && equalSemantic(visible(newer), visible(older))) return [];
  const pods = [newer, older].filter((pod) => pod !== null);
  const [pod] = pods;
  if (pod === undefined) return [];
  return services
    .by('namespace', namespaceOf(pod))
    .filter((service) => pods.some((side) => matchesPod(service, side)))
    .map(objectKey);
}

/** What of a pod its services tell. */
function visible(pod: Pod): unknown {
  const { status, spec } = pod;
  return [
    labelsOf(pod),
    isReady(pod),
    isFinished(pod),
    isBeingDeleted(pod),
    spec.nodeName,
    [status?.podIP, status?.podIPs?.map(({ ip }) => ip)],
  ];
}
