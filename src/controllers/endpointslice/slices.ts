/**
 * Distributes endpoints over slices with as few changes as possible: what is already in a slice stays there, changed endpoints are replaced
 * in place, new ones fill the slices that change anyway and then those with room, the rest goes to new slices, and what is empty goes.
 * Models kubernetes staging/src/k8s.io/endpointslice/reconciler.go reconcileByPortMapping.
 */
import { equalSemantic } from '../../api/json.ts';
import type { Endpoint, EndpointPort, EndpointSlice } from '../../kinds/endpointslice/types.ts';
import { endpointsPerSlice } from '../limits.ts';
import { portKey } from './endpoints.ts';

/** Endpoints with the same ports share slices. */
export interface PortGroup {
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

export interface SliceChanges {
  /** Slices to be written, with their new endpoints. */
  readonly updated: readonly { readonly slice: EndpointSlice; readonly endpoints: readonly Endpoint[] }[];
  readonly created: readonly PortGroup[];
  readonly deleted: readonly EndpointSlice[];
}

/** `existing`: the slices of one service and address type. */
export function sliceChanges(groups: readonly PortGroup[], existing: readonly EndpointSlice[]): SliceChanges {
  const known = new Map<string, EndpointSlice[]>();
  for (const slice of existing) {
    const key = portKey(slice.ports ?? []);
    known.set(key, [...(known.get(key) ?? []), slice]);
  }
  const changes = groups.map((group) => {
    const key = portKey(group.ports);
    const slices = known.get(key) ?? [];
    known.delete(key);
    return changesOfGroup(group, slices);
  });
  return {
    updated: changes.flatMap(({ updated }) => updated),
    created: changes.flatMap(({ created }) => created),
    deleted: [...changes.flatMap(({ deleted }) => deleted), ...[...known.values()].flat()],
  };
}

interface Draft {
  readonly slice: EndpointSlice;
  endpoints: Endpoint[];
  isChanged: boolean;
}

function changesOfGroup({ ports, endpoints }: PortGroup, slices: readonly EndpointSlice[]): SliceChanges {
  const wanted = new Map(endpoints.map((endpoint) => [identityOf(endpoint), endpoint]));
  const drafts = slices.map((slice): Draft => keepWanted(slice, wanted));
  const missing = [...wanted.values()];
  const byUse = [...drafts].sort((left, right) => Number(right.isChanged) - Number(left.isChanged));
  for (const draft of byUse) {
    const room = endpointsPerSlice - draft.endpoints.length;
    if (missing.length === 0) break;
    // A slice that would only be touched to be filled is left alone when new slices are needed anyway.
    if (room <= 0 || (!draft.isChanged && missing.length > room)) continue;
    draft.endpoints.push(...missing.splice(0, room));
    draft.isChanged = true;
  }
  const created: PortGroup[] = [];
  while (missing.length > 0) created.push({ ports, endpoints: missing.splice(0, endpointsPerSlice) });
  const full = drafts.filter((draft) => draft.endpoints.length > 0);
  const empty = drafts.filter((draft) => draft.endpoints.length === 0);
  const placeholder = full.length === 0 && created.length === 0 ? empty.shift() : undefined;
  if (full.length === 0 && created.length === 0 && placeholder === undefined) created.push({ ports, endpoints: [] });
  const written = [...full, ...(placeholder === undefined ? [] : [placeholder])].filter(({ isChanged }) => isChanged);
  return {
    updated: written.map(({ slice, endpoints: next }) => ({ slice, endpoints: next })),
    created,
    deleted: empty.map(({ slice }) => slice),
  };
}

/** Takes the endpoints that the slice holds already out of `wanted`. */
function keepWanted(slice: EndpointSlice, wanted: Map<string, Endpoint>): Draft {
  const endpoints: Endpoint[] = [];
  let isChanged = false;
  for (const present of slice.endpoints ?? []) {
    const identity = identityOf(present);
    const next = wanted.get(identity);
    if (next === undefined) {
      isChanged = true;
      continue;
    }
    wanted.delete(identity);
    endpoints.push(next);
    if (!equalSemantic(next, present)) isChanged = true;
  }
  return { slice, endpoints, isChanged };
}

function identityOf({ targetRef, addresses }: Endpoint): string {
  return `${targetRef?.uid ?? targetRef?.name ?? ''} ${addresses.join()}`;
}
