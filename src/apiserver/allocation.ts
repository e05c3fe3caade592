/**
 * Addresses that Services take from a pool. Each taken address is one key of the store, put in the transaction that writes the Service
 * and deleted in the one that removes it; the transaction demands that the key did not exist. So two API servers never hand out
 * the same address, and nothing has to be repaired afterwards.
 */
import { type FieldError, invalid } from '../api/field-error.ts';
import type { Mutable } from '../api/json.ts';
import type { AnyObject } from '../api/object-meta.ts';
import { invalidObject } from '../api/status-errors.ts';
import type { Random } from '../base/random.ts';
import type { ServicePort, ServiceSpec } from '../kinds/service/types.ts';
import { needsHealthPort } from '../kinds/service/validate.ts';
import type { StoredResource } from './catalog.ts';

export const allocationPrefix = '/threemaster/allocations/';
const addressPrefix = `${allocationPrefix}clusterips/`;
const nodePortPrefix = `${allocationPrefix}nodeports/`;

/** 10.96.0.0/16, as kubeadm; .1 is the API server, .10 by custom the name server. */
const addressRange = '10.96.0.0/16';
const addressStart = '10.96.';
const addressCount = 65_534;
const reservedAddressesMax = 256;
export const apiServerAddress = '10.96.0.1';
const nodePortMin = 30_000;
const nodePortMax = 32_767;
/** Drawn at random so often before the pool is searched from end to end. */
const drawsMax = 64;

export type IsAllocated = (key: string) => boolean;

/** Returns the keys of the addresses that an object holds; empty for anything but a Service. */
export function allocationsOf(stored: StoredResource, object: AnyObject): readonly string[] {
  if (!usesPool(stored)) return [];
  const spec = object.spec as ServiceSpec | undefined;
  if (spec === undefined || spec.type === 'ExternalName') return [];
  const keys = new Set<string>();
  for (const address of spec.clusterIPs ?? []) if (isAddress(address)) keys.add(addressPrefix + address);
  if (isAddress(spec.clusterIP)) keys.add(addressPrefix + spec.clusterIP);
  for (const { nodePort = 0 } of spec.ports ?? []) if (nodePort > 0) keys.add(nodePortPrefix + nodePort);
  if ((spec.healthCheckNodePort ?? 0) > 0) keys.add(nodePortPrefix + spec.healthCheckNodePort);
  return [...keys];
}

/**
 * Fills the addresses that the Service in `object` lacks, as far as `isAllocated` knows them to be free. Does nothing for other kinds.
 * Throws StatusError Invalid when a pool is exhausted.
 */
export function allocate(stored: StoredResource, object: AnyObject, isAllocated: IsAllocated, random: Random): void {
  if (!usesPool(stored)) return;
  const spec = object.spec as Mutable<ServiceSpec> | undefined;
  if (spec === undefined) return;
  if (spec.type === 'ExternalName') return;
  checkRanges(object, spec);
  if ((spec.clusterIP ?? '') === '') {
    spec.clusterIP = freeAddress(isAllocated, random) ?? exhausted(object, 'spec.clusterIPs', 'range is full');
    spec.clusterIPs = [spec.clusterIP];
  }
  if (spec.type === 'NodePort' || spec.type === 'LoadBalancer') allocatePorts(object, spec, isAllocated, random);
}

function allocatePorts(object: AnyObject, spec: Mutable<ServiceSpec>, isAllocated: IsAllocated, random: Random): void {
  const ports = spec.ports ?? [];
  const taken = new Set(ports.flatMap(({ nodePort = 0 }) => (nodePort > 0 ? nodePort : [])));
  if ((spec.healthCheckNodePort ?? 0) > 0) taken.add(spec.healthCheckNodePort as number);
  const isTaken = (number: number): boolean => taken.has(number) || isAllocated(nodePortPrefix + number);
  const next = (): number => {
    const nodePort = freePort(isTaken, random) ?? exhausted(object, 'spec.ports', 'range is full');
    taken.add(nodePort);
    return nodePort;
  };
  if (spec.type !== 'LoadBalancer' || spec.allocateLoadBalancerNodePorts !== false) {
    for (const port of ports) if ((port.nodePort ?? 0) === 0) (port as Mutable<ServicePort>).nodePort = next();
  }
  if (needsHealthPort(spec) && (spec.healthCheckNodePort ?? 0) === 0) spec.healthCheckNodePort = next();
}

/** Throws StatusError Invalid for an address that the client chose outside of the pools. */
function checkRanges(object: AnyObject, { clusterIPs = [], ports = [] }: ServiceSpec): void {
  const errors: FieldError[] = [];
  for (const address of clusterIPs) {
    if (!isAddress(address) || address.startsWith(addressStart)) continue;
    const detail =
      `failed to allocate IP ${address}: the provided IP (${address}) is not in the valid range. ` +
      `The range of valid IPs is ${addressRange}`;
    errors.push(invalid('spec.clusterIPs', clusterIPs, detail));
  }
  for (const [index, { nodePort = 0 }] of ports.entries()) {
    if (nodePort === 0 || (nodePort >= nodePortMin && nodePort <= nodePortMax)) continue;
    const detail = `provided port is not in the valid range. The range of valid ports is ${nodePortMin}-${nodePortMax}`;
    errors.push(invalid(`spec.ports[${index}].nodePort`, nodePort, detail));
  }
  if (errors.length > 0) throw refusal(object, errors);
}

/** Returns the refusal for an address that the client asked for and somebody else holds. */
export function allocationError(object: AnyObject, key: string): Error {
  const spec = object.spec as ServiceSpec;
  if (key.startsWith(addressPrefix)) {
    const detail = `failed to allocate IP ${key.slice(addressPrefix.length)}: provided IP is already allocated`;
    return refusal(object, [invalid('spec.clusterIPs', spec.clusterIPs ?? [spec.clusterIP], detail)]);
  }
  const port = Number(key.slice(nodePortPrefix.length));
  const index = (spec.ports ?? []).findIndex(({ nodePort }) => nodePort === port);
  return refusal(object, [invalid(`spec.ports[${index}].nodePort`, port, 'provided port is already allocated')]);
}

/** Tells whether objects of the resource hold addresses. */
export function usesPool(stored: StoredResource): boolean {
  return stored.info.group === '' && stored.info.resource === 'services';
}

function isAddress(address: string | undefined): address is string {
  return address !== undefined && address !== '' && address !== 'None';
}

function freeAddress(isAllocated: IsAllocated, random: Random): string | undefined {
  const isFree = (offset: number): boolean => !isAllocated(addressPrefix + addressAt(offset));
  const offset = firstFree(reservedAddressesMax + 1, addressCount, isFree, random);
  return offset === undefined ? undefined : addressAt(offset);
}

function freePort(isTaken: (port: number) => boolean, random: Random): number | undefined {
  return firstFree(nodePortMin, nodePortMax, (port) => !isTaken(port), random);
}

function firstFree(min: number, max: number, isFree: (value: number) => boolean, random: Random): number | undefined {
  for (let draw = 0; draw < drawsMax; draw += 1) {
    const value = random.integer(min, max);
    if (isFree(value)) return value;
  }
  for (let value = min; value <= max; value += 1) if (isFree(value)) return value;
  return undefined;
}

function addressAt(offset: number): string {
  return `10.96.${offset >> 8}.${offset & 255}`;
}

function exhausted(object: AnyObject, field: string, detail: string): never {
  throw refusal(object, [invalid(field, null, `failed to allocate: ${detail}`)]);
}

function refusal(object: AnyObject, errors: readonly FieldError[]): Error {
  return invalidObject({ group: '', kind: 'Service' }, object.metadata.name ?? '', errors);
}
