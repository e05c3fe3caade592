/**
 * Which pods stand behind a service, at which addresses and ports. Shared by slices and by the legacy Endpoints. Models kubernetes
 * staging/src/k8s.io/endpointslice/utils.go and pkg/controller/endpoint.
 */
import { isBeingDeleted, labelsOf, nameOf, namespaceOf, type StringMap } from '../../api/object-meta.ts';
import type { Endpoint, EndpointPort } from '../../kinds/endpointslice/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import type { Service, ServicePort } from '../../kinds/service/types.ts';
import { isFinished, isReady } from '../pod-state.ts';

export type AddressType = 'IPv4' | 'IPv6';

/** Tells whether the service names its pods by labels; otherwise somebody else writes its endpoints. */
export function hasSelector({ spec }: Service): boolean {
  return spec.type !== 'ExternalName' && Object.keys(spec.selector ?? {}).length > 0;
}

export function selects({ spec }: Service, labels: StringMap): boolean {
  return Object.entries(spec.selector ?? {}).every(([key, value]) => labels[key] === value);
}

export function matchesPod(service: Service, pod: Pod): boolean {
  return hasSelector(service) && selects(service, labelsOf(pod));
}

/** A pod that is going is still told, marked as terminating, so that connections can drain. */
export function hasEndpoint(pod: Pod): boolean {
  return !isFinished(pod) && addressesOf(pod).length > 0;
}

export function addressOf(pod: Pod, type: AddressType): string | undefined {
  return addressesOf(pod).find((ip) => ip.includes(':') === (type === 'IPv6'));
}

export function endpointOf(service: Service, pod: Pod, address: string): Endpoint {
  const serving = isReady(pod);
  const terminating = isBeingDeleted(pod);
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating);
  const { nodeName, hostname, subdomain } = pod.spec;
  const hasName = hostname !== undefined && subdomain === nameOf(service) && namespaceOf(pod) === namespaceOf(service);
  return {
    addresses: [address],
    conditions: { ready, serving, terminating },
    ...(hasName ? { hostname } : {}),
    ...(nodeName === undefined ? {} : { nodeName }),
    targetRef: { kind: 'Pod', namespace: namespaceOf(pod), name: nameOf(pod), uid: pod.metadata.uid ?? '' },
  };
}

/** The ports of the service as this pod has them; a named target port that the pod lacks is left out. */
export function portsOf(service: Service, pod: Pod): readonly EndpointPort[] {
  return (service.spec.ports ?? []).flatMap((port): EndpointPort[] => {
    const number = targetPort(port, pod);
    if (number === undefined) return [];
    const { appProtocol } = port;
    const found = { name: port.name ?? '', protocol: port.protocol ?? 'TCP', port: number };
    return [appProtocol === undefined ? found : { ...found, appProtocol }];
  });
}

/** The ports of one pod, and what names them: equal keys, equal ports. */
export interface PodPorts {
  readonly ports: readonly EndpointPort[];
  readonly key: string;
}

/** Returns a function from pods to their ports. Unless a port is named, all pods have the same, which are found once. */
export function portFinder(service: Service): (pod: Pod) => PodPorts {
  const find = (pod: Pod): PodPorts => {
    const ports = portsOf(service, pod);
    return { ports, key: portKey(ports) };
  };
  const hasNames = (service.spec.ports ?? []).some(({ targetPort: target }) => typeof target === 'string');
  if (hasNames) return find;
  let same: PodPorts | undefined;
  return (pod) => {
    same ??= find(pod);
    return same;
  };
}

/** Names a set of ports: equal for equal ports in any order. */
export function portKey(ports: readonly EndpointPort[]): string {
  return ports
    .map(({ name = '', protocol = 'TCP', port = 0, appProtocol = '' }) => `${name}/${protocol}/${port}/${appProtocol}`)
    .sort()
    .join();
}

function targetPort({ targetPort: target, port, protocol = 'TCP' }: ServicePort, pod: Pod): number | undefined {
  if (target === undefined || target === 0) return port;
  if (typeof target === 'number') return target;
  for (const { ports = [] } of [...pod.spec.containers, ...(pod.spec.initContainers ?? [])]) {
    const found = ports.find((candidate) => candidate.name === target && (candidate.protocol ?? 'TCP') === protocol);
    if (found !== undefined) return found.containerPort;
  }
  return undefined;
}

function addressesOf({ status }: Pod): readonly string[] {
  const listed = (status?.podIPs ?? []).map(({ ip }) => ip);
  if (listed.length > 0) return listed;
  return status?.podIP === undefined || status.podIP === '' ? [] : [status.podIP];
}
