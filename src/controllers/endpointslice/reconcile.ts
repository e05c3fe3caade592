/** Keeps the slices of one service in step with its pods. Models kubernetes pkg/controller/endpointslice. */
import { equalSemantic } from '../../api/json.ts';
import {
  controllerReference,
  isBeingDeleted,
  labelsOf,
  nameOf,
  namespaceOf,
  type StringMap,
} from '../../api/object-meta.ts';
import type { EndpointSlice } from '../../kinds/endpointslice/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { Service } from '../../kinds/service/types.ts';
import type { Caches, ReconcileContext } from '../controller.ts';
import { generatedName } from '../generated-name.ts';
import { create, type Plan, plan, remove, update } from '../plan.ts';
import { endpointSliceResource } from '../resources.ts';
import {
  type AddressType,
  addressOf,
  endpointOf,
  hasEndpoint,
  hasSelector,
  matchesPod,
  portFinder,
} from './endpoints.ts';
import { managedByLabel, managerName, type SliceKinds, serviceNameLabel } from './keys.ts';
import { type PortGroup, sliceChanges } from './slices.ts';

export interface SliceObserved {
  readonly service: Service;
  readonly pods: readonly Pod[];
  /** Those of this controller; slices that others made for the service are theirs. */
  readonly slices: readonly EndpointSlice[];
}

const headlessLabel = 'service.kubernetes.io/headless';

export function observeSlices(key: string, caches: Caches<SliceKinds>): SliceObserved | null {
  const service = caches.services.get(key);
  // When the service goes, its slices go by their owner reference.
  if (service === undefined || isBeingDeleted(service) || !hasSelector(service)) return null;
  return {
    service,
    pods: caches.pods
      .by('namespace', namespaceOf(service))
      .filter((pod) => matchesPod(service, pod) && hasEndpoint(pod)),
    slices: caches.slices
      .by('service', key)
      .filter((slice) => labelsOf(slice)[managedByLabel] === managerName && !isBeingDeleted(slice)),
  };
}

export function reconcileSlices({ service, pods, slices }: SliceObserved, { random }: ReconcileContext): Plan {
  const types = addressTypes(service);
  const strays = slices.filter(({ addressType }) => !types.includes(addressType as AddressType));
  const labels = sliceLabels(service);
  const writes = types.flatMap((type) => {
    const mine = slices.filter(({ addressType }) => addressType === type);
    const { updated, created, deleted } = sliceChanges(groupsOf(service, pods, type, mine[0]), mine);
    const relabelled = mine.filter(
      (slice) =>
        !equalSemantic(labelsOf(slice), labels) && ![...updated.map((each) => each.slice), ...deleted].includes(slice),
    );
    const kept = [...updated, ...relabelled.map((slice) => ({ slice, endpoints: slice.endpoints }))];
    return [
      ...kept.map(({ slice, endpoints }) => {
        const next = { ...slice, metadata: { ...slice.metadata, labels }, endpoints } as EndpointSlice;
        return update(endpointSliceResource, next);
      }),
      ...created.map((group) => {
        const generateName = `${nameOf(service)}-`;
        const slice: EndpointSlice = {
          apiVersion: 'discovery.k8s.io/v1',
          kind: 'EndpointSlice',
          metadata: {
            name: generatedName(generateName, random),
            generateName,
            namespace: namespaceOf(service),
            labels,
            ownerReferences: [controllerReference(service)],
          },
          addressType: type,
          endpoints: group.endpoints,
          ports: group.ports,
        };
        return create(endpointSliceResource, slice, [403, 404]);
      }),
      ...deleted.map((slice) => remove(endpointSliceResource, slice)),
    ];
  });
  return plan([[...writes, ...strays.map((slice) => remove(endpointSliceResource, slice))]]);
}

/** Pods whose named ports differ have groups of their own; without pods one slice stays as it is, or is made, with no endpoints. */
function groupsOf(
  service: Service,
  pods: readonly Pod[],
  type: AddressType,
  known: EndpointSlice | undefined,
): readonly PortGroup[] {
  const portsOfPod = portFinder(service);
  const groups = new Map<string, { ports: PortGroup['ports']; endpoints: PortGroup['endpoints'][number][] }>();
  for (const pod of pods) {
    const address = addressOf(pod, type);
    if (address === undefined) continue;
    const { ports, key } = portsOfPod(pod);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    groups.set(key, group);
    group.endpoints.push(endpointOf(service, pod, address));
  }
  return groups.size === 0 ? [{ ports: known?.ports ?? [], endpoints: [] }] : [...groups.values()];
}

function addressTypes({ spec }: Service): readonly AddressType[] {
  if (spec.ipFamilies !== undefined && spec.ipFamilies.length > 0) return spec.ipFamilies;
  return [spec.clusterIP?.includes(':') === true ? 'IPv6' : 'IPv4'];
}

function sliceLabels(service: Service): StringMap {
  const isHeadless = service.spec.clusterIP === 'None';
  return {
    ...labelsOf(service),
    [serviceNameLabel]: nameOf(service),
    [managedByLabel]: managerName,
    ...(isHeadless ? { [headlessLabel]: '' } : {}),
  };
}
