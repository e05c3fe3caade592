/**
 * The variables by which containers find services: `NAME_SERVICE_HOST`, `NAME_SERVICE_PORT` and those that Docker's links had.
 * Models kubernetes pkg/kubelet/envvars/envvars.go FromServices.
 */
import { nameOf, namespaceOf } from '../api/object-meta.ts';
import type { Pod } from '../kinds/pod/types.ts';
import type { Service, ServicePort } from '../kinds/service/types.ts';
import type { ObjectSource } from './object-shelf.ts';
import { masterNamespace } from './pod-needs.ts';

const masterService = 'kubernetes';

/** Returns the variables in the order of the services' names; undefined while the services are not known. */
export function serviceVariables(pod: Pod, objects: ObjectSource): ReadonlyMap<string, string> | undefined {
  const masters = objects.list<Service>('services', masterNamespace);
  const isLinked = pod.spec.enableServiceLinks !== false;
  const own = isLinked ? objects.list<Service>('services', namespaceOf(pod)) : [];
  if (masters === undefined || own === undefined) return undefined;
  const master = masters.filter((service) => nameOf(service) === masterService);
  // A service of the pod's own namespace hides the API server's.
  const byName = new Map([...master, ...own].map((service) => [nameOf(service), service]));
  const variables = new Map<string, string>();
  for (const service of byName.values()) addService(service, variables);
  return variables;
}

function addService({ metadata, spec }: Service, variables: Map<string, string>): void {
  const { clusterIP = '', ports = [] } = spec;
  const first = ports[0];
  if (clusterIP === '' || clusterIP === 'None' || first === undefined) return;
  const prefix = variableName(metadata.name ?? '');
  const host = clusterIP.includes(':') ? `[${clusterIP}]` : clusterIP;
  variables.set(`${prefix}_SERVICE_HOST`, clusterIP);
  variables.set(`${prefix}_SERVICE_PORT`, String(first.port));
  for (const { name = '', port } of ports) {
    if (name !== '') variables.set(`${prefix}_SERVICE_PORT_${variableName(name)}`, String(port));
  }
  variables.set(`${prefix}_PORT`, urlOf(host, first));
  for (const each of ports) {
    const portPrefix = `${prefix}_PORT_${each.port}_${each.protocol ?? 'TCP'}`;
    variables.set(portPrefix, urlOf(host, each));
    variables.set(`${portPrefix}_PROTO`, protocolOf(each));
    variables.set(`${portPrefix}_PORT`, String(each.port));
    variables.set(`${portPrefix}_ADDR`, clusterIP);
  }
}

function urlOf(host: string, port: ServicePort): string {
  return `${protocolOf(port)}://${host}:${port.port}`;
}

function protocolOf({ protocol = 'TCP' }: ServicePort): string {
  return protocol.toLowerCase();
}

function variableName(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}
