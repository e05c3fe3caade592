/**
 * The legacy Endpoints object of each service, for those who have not moved to slices. One object holds all addresses, up to a bound.
 * Models kubernetes pkg/controller/endpoint/endpoints_controller.go.
 */
import { byNamespace } from '../../api/object-index.ts';
import { objectKey } from '../../api/object-meta.ts';
import type { Endpoints } from '../../kinds/endpoints/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { Service } from '../../kinds/service/types.ts';
import { type CacheChange, type Caches, type Controller, sidesOf } from '../controller.ts';
import { servicesOf } from '../endpointslice/keys.ts';
import { endpointsResource, podResource, serviceResource } from '../resources.ts';
import { type EndpointsObserved, observeEndpoints, reconcileEndpoints } from './reconcile.ts';

export interface EndpointsKinds {
  readonly services: Service;
  readonly pods: Pod;
  readonly endpoints: Endpoints;
}

export const endpointsController: Controller<EndpointsKinds, EndpointsObserved> = {
  name: 'endpoint-controller',
  watches: {
    services: { resource: serviceResource, output: 'object', indexes: { namespace: byNamespace } },
    pods: { resource: podResource, output: 'object', indexes: { namespace: byNamespace } },
    endpoints: { resource: endpointsResource, output: 'object', indexes: {} },
  },
  remember: () => null,
  keys: endpointsKeys,
  observe: observeEndpoints,
  reconcile: reconcileEndpoints,
};

function endpointsKeys(change: CacheChange<EndpointsKinds>, caches: Caches<EndpointsKinds>): readonly string[] {
  if (change.cache === 'pods') return servicesOf(change as CacheChange<never>, caches.services);
  return sidesOf(change).slice(0, 1).map(objectKey);
}
