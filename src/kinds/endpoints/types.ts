/** Endpoints: all addresses behind a service in one object, the forerunner of EndpointSlice. */
import type { KubeObject } from '../../api/object-meta.ts';
import type { EndpointPort } from '../endpointslice/types.ts';
import type { ObjectReference } from '../event/types.ts';

export interface EndpointAddress {
  readonly ip: string;
  readonly hostname?: string;
  readonly nodeName?: string;
  readonly targetRef?: ObjectReference;
}

export interface EndpointSubset {
  readonly addresses?: readonly EndpointAddress[];
  readonly notReadyAddresses?: readonly EndpointAddress[];
  readonly ports?: readonly EndpointPort[];
}

export interface Endpoints extends KubeObject {
  readonly subsets?: readonly EndpointSubset[];
}
