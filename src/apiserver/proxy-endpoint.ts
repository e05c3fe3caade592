/** Which port a name without a number means, and which endpoints of a service have it. */
import { serviceUnavailable } from '../api/status-errors.ts';
import type { EndpointSlice } from '../kinds/endpointslice/types.ts';
import type { Pod } from '../kinds/pod/types.ts';
import type { Service } from '../kinds/service/types.ts';

/** A pod behind a service, and the number of its port. */
export interface ProxyEndpoint {
  readonly name: string;
  /** Empty: whichever pod has that name. */
  readonly uid: string;
  readonly port: number;
}

const defaultPort = 80;

/** Returns the first port that a container declares, and 80 when none does. */
export function firstPort({ spec }: Pod): number {
  return spec.containers.find(({ ports = [] }) => ports.length > 0)?.ports?.[0]?.containerPort ?? defaultPort;
}

/** Returns the name of the service's port that is asked for by number or by name. Throws StatusError ServiceUnavailable. */
export function choosePort({ metadata, spec }: Service, asked: string): string {
  if (!/^\d+$/.test(asked)) return asked;
  const port = spec?.ports?.find((each) => String(each.port) === asked);
  if (port !== undefined) return port.name ?? '';
  throw serviceUnavailable(`no service port ${asked} found for service ${JSON.stringify(metadata.name)}`);
}

/** Returns the ready endpoints that are pods and have a port of that name, in the order of the slices. */
export function endpointsAt(slices: readonly EndpointSlice[], portName: string): readonly ProxyEndpoint[] {
  return slices.flatMap(({ endpoints, ports = [] }) => {
    const port = ports.find(({ name = '' }) => name === portName)?.port;
    if (port === undefined) return [];
    return endpoints.flatMap(({ conditions, targetRef }) => {
      if (conditions?.ready === false || targetRef?.kind !== 'Pod') return [];
      return [{ name: targetRef.name ?? '', uid: targetRef.uid ?? '', port }];
    });
  });
}
