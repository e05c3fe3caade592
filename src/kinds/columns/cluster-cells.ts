/** Cells of nodes, services and what lies around them. Models kubernetes pkg/printers/internalversion/printers.go. */
import { ageSince } from '../../api/human-duration.ts';
import { type AnyObject, labelsOf } from '../../api/object-meta.ts';
import type { TableCell } from '../../api/table.ts';
import type { WallMs } from '../../base/brand.ts';
import { findCondition } from '../condition.ts';
import type { ConfigMap } from '../configmap/types.ts';
import type { EndpointSlice } from '../endpointslice/types.ts';
import type { Event } from '../event/types.ts';
import type { Lease } from '../lease/types.ts';
import type { Namespace } from '../namespace/types.ts';
import type { Node, NodeAddress } from '../node/types.ts';
import type { Secret } from '../secret/types.ts';
import type { Service, ServicePort } from '../service/types.ts';
import { labelsText } from './workload-cells.ts';

type Row = Readonly<Record<string, TableCell>>;

const none = '<none>';
const unknown = '<unknown>';
const unset = '<unset>';
const shownMax = 3;
const roleLabelPrefix = 'node-role.kubernetes.io/';
const roleLabel = 'kubernetes.io/role';

export function nodeCells(node: Node): Row {
  const { spec, status } = node;
  const ready = findCondition(status?.conditions, 'Ready');
  const words = [ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady'];
  if (spec?.unschedulable === true) words.push('SchedulingDisabled');
  const info = status?.nodeInfo;
  return {
    Status: words.join(','),
    Roles: rolesText(node),
    Version: info?.kubeletVersion ?? '',
    'Internal-IP': addressText(status?.addresses, 'InternalIP'),
    'External-IP': addressText(status?.addresses, 'ExternalIP'),
    'OS-Image': info?.osImage || unknown,
    'Kernel-Version': info?.kernelVersion || unknown,
    'Container-Runtime': info?.containerRuntimeVersion || unknown,
  };
}

export function serviceCells({ spec, status }: Service): Row {
  return {
    Type: spec.type ?? '',
    'Cluster-IP': spec.clusterIP || none,
    'External-IP': externalText({ spec, status }),
    'Port(s)': spec.ports === undefined || spec.ports.length === 0 ? none : spec.ports.map(portText).join(','),
    Selector: labelsText(spec.selector),
  };
}

export function namespaceCells({ status }: Namespace): Row {
  return { Status: status?.phase ?? '' };
}

export function configMapCells({ data, binaryData }: ConfigMap): Row {
  return { Data: String(Object.keys(data ?? {}).length + Object.keys(binaryData ?? {}).length) };
}

export function secretCells({ type, data }: Secret): Row {
  return { Type: type ?? '', Data: String(Object.keys(data ?? {}).length) };
}

export function leaseCells({ spec }: Lease): Row {
  return { Holder: spec?.holderIdentity ?? '' };
}

export function endpointSliceCells({ addressType, ports, endpoints }: EndpointSlice): Row {
  const numbers = (ports ?? []).map(({ port }) => (port === undefined ? '*' : String(port)));
  const addresses = (endpoints ?? []).flatMap((endpoint) => endpoint.addresses ?? []);
  return {
    AddressType: addressType,
    Ports: numbers.length === 0 ? unset : shortened(numbers),
    Endpoints: addresses.length === 0 ? unset : shortened(addresses),
  };
}

interface EndpointsObject extends AnyObject {
  readonly subsets?: readonly {
    readonly addresses?: readonly { readonly ip: string }[];
    readonly ports?: readonly { readonly port: number }[];
  }[];
}

export function endpointsCells({ subsets }: EndpointsObject): Row {
  const all = (subsets ?? []).flatMap(({ addresses, ports }) =>
    (addresses ?? []).flatMap(({ ip }) => {
      const host = ip.includes(':') ? `[${ip}]` : ip;
      return (ports ?? []).length === 0 ? [ip] : (ports ?? []).map(({ port }) => `${host}:${port}`);
    }),
  );
  return { Endpoints: all.length === 0 ? none : shortened(all) };
}

export function eventCells(event: Event, wallMs: WallMs): Row {
  const first = event.firstTimestamp ?? event.eventTime;
  const last = event.series?.lastObservedTime ?? event.lastTimestamp ?? first;
  const { kind = '', name = '', fieldPath = '' } = event.involvedObject ?? {};
  const component = event.source?.component || event.reportingComponent || '';
  const instance = event.source?.host || event.reportingInstance || '';
  return {
    'Last Seen': ageSince(last, wallMs),
    Type: event.type ?? '',
    Reason: event.reason ?? '',
    Object: name === '' ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`,
    Subobject: fieldPath,
    Source: instance === '' ? component : `${component}, ${instance}`,
    Message: (event.message ?? '').trim(),
    'First Seen': ageSince(first, wallMs),
    Count: String(event.series?.count ?? (event.count || 1)),
  };
}

/** An event by the names of events.k8s.io. */
interface ServedEvent extends AnyObject {
  readonly regarding?: Event['involvedObject'];
  readonly note?: string;
  readonly reportingController?: string;
  readonly deprecatedSource?: Event['source'];
  readonly deprecatedFirstTimestamp?: string;
  readonly deprecatedLastTimestamp?: string;
  readonly deprecatedCount?: number;
}

export function servedEventCells(event: ServedEvent, wallMs: WallMs): Row {
  const renamed: Record<string, unknown> = {
    ...event,
    involvedObject: event.regarding,
    message: event.note,
    reportingComponent: event.reportingController,
    source: event.deprecatedSource,
    firstTimestamp: event.deprecatedFirstTimestamp,
    lastTimestamp: event.deprecatedLastTimestamp,
    count: event.deprecatedCount,
  };
  return eventCells(renamed as unknown as Event, wallMs);
}

function rolesText(node: Node): string {
  const roles = Object.entries(labelsOf(node)).flatMap(([key, value]) => {
    if (key.startsWith(roleLabelPrefix)) return key.slice(roleLabelPrefix.length) || [];
    return key === roleLabel && value !== '' ? value : [];
  });
  return roles.length === 0 ? none : [...new Set(roles)].sort().join(',');
}

function addressText(addresses: readonly NodeAddress[] | undefined, type: NodeAddress['type']): string {
  return addresses?.find((each) => each.type === type)?.address ?? none;
}

function externalText({ spec, status }: { spec: Service['spec']; status: Service['status'] | undefined }): string {
  const external = spec.externalIPs ?? [];
  switch (spec.type) {
    case 'ExternalName':
      return spec.externalName ?? '';
    case 'LoadBalancer': {
      const ingress = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || (hostname ?? ''));
      const all = [...ingress, ...external];
      return all.length === 0 ? '<pending>' : all.join(',');
    }
    default:
      return external.length === 0 ? none : external.join(',');
  }
}

function portText({ port, nodePort = 0, protocol = 'TCP' }: ServicePort): string {
  return nodePort === 0 ? `${port}/${protocol}` : `${port}:${nodePort}/${protocol}`;
}

function shortened(texts: readonly string[]): string {
  if (texts.length <= shownMax) return texts.join(',');
  return `${texts.slice(0, shownMax).join(',')} + ${texts.length - shownMax} more...`;
}
