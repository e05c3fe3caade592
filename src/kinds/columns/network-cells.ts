/** Cells of what stands between pods and the world. Models kubernetes pkg/printers/internalversion/printers.go. */
import { compileLabelSelector, formatLabelSelector, type LabelSelectorSpec } from '../../api/label-selector.ts';
import type { AnyObject } from '../../api/object-meta.ts';
import type { TableCell } from '../../api/table.ts';

type Row = Readonly<Record<string, TableCell>>;

const none = '<none>';
const hostsMax = 3;

interface Ingress extends AnyObject {
  readonly spec?: {
    readonly ingressClassName?: string;
    readonly rules?: readonly { readonly host?: string }[];
    readonly tls?: readonly object[];
  };
  readonly status?: {
    readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string; readonly hostname?: string }[] };
  };
}

export function ingressCells({ spec = {}, status }: Ingress): Row {
  const hosts = (spec.rules ?? []).flatMap(({ host = '' }) => (host === '' ? [] : host));
  const more = hosts.length > hostsMax ? ` + ${hosts.length - hostsMax} more...` : '';
  const addresses = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || (hostname ?? ''));
  return {
    Class: spec.ingressClassName ?? none,
    Hosts: hosts.length === 0 ? '*' : hosts.slice(0, hostsMax).join(',') + more,
    Address: [...new Set(addresses.filter((address) => address !== ''))].join(','),
    Ports: (spec.tls ?? []).length > 0 ? '80, 443' : '80',
  };
}

interface IngressClass extends AnyObject {
  readonly spec?: {
    readonly controller?: string;
    readonly parameters?: { readonly apiGroup?: string; readonly kind: string; readonly name: string };
  };
}

export function ingressClassCells({ spec = {} }: IngressClass): Row {
  const { parameters } = spec;
  const group = parameters?.apiGroup === undefined ? '' : `.${parameters.apiGroup}`;
  return {
    Controller: spec.controller ?? '',
    Parameters: parameters === undefined ? none : `${parameters.kind}${group}/${parameters.name}`,
  };
}

interface NetworkPolicy extends AnyObject {
  readonly spec?: { readonly podSelector?: LabelSelectorSpec };
}

export function networkPolicyCells({ spec }: NetworkPolicy): Row {
  return { 'Pod-Selector': formatLabelSelector(compileLabelSelector(spec?.podSelector ?? {})) || none };
}

export function rangeCells({ spec }: AnyObject & { readonly spec?: { readonly cidrs?: readonly string[] } }): Row {
  return { CIDRs: (spec?.cidrs ?? []).join(',') };
}

interface AllocatedAddress extends AnyObject {
  readonly spec?: {
    readonly parentRef?: {
      readonly group?: string;
      readonly resource?: string;
      readonly namespace?: string;
      readonly name?: string;
    };
  };
}

export function addressCells({ spec }: AllocatedAddress): Row {
  const parent = spec?.parentRef;
  if (parent === undefined) return { ParentRef: none };
  const { group = '', resource = '', namespace = '', name = '' } = parent;
  const place = group === '' ? resource : `${resource}.${group}`;
  return { ParentRef: [place.toLowerCase(), ...(namespace === '' ? [] : [namespace]), name].join('/') };
}
