/** How endpoint slices begin and change. Models kubernetes pkg/apis/discovery. */
import { at, child, duplicate, type FieldError, invalid, required, tooMany } from '../../api/field-error.ts';
import { setDefault } from '../../api/json.ts';
import { checkLabel, checkQualifiedName, checkSubdomain, isAddressV4, isAddressV6 } from '../../api/names.ts';
import { checkedPodAddress } from '../address-checks.ts';
import type { KindBehaviour } from '../behaviour.ts';
import { checkedChoice, checkedImmutable, checkedName, checkedPort } from '../field-checks.ts';
import type { Endpoint, EndpointPort, EndpointSlice } from './types.ts';

const endpointsMax = 1000;
const addressesMax = 100;
const portsMax = 20_000;

export const endpointSliceBehaviour: KindBehaviour<EndpointSlice> = {
  hasGeneration: true,
  allowsCreateOnUpdate: true,
  setDefaults({ ports }) {
    for (const port of ports ?? []) {
      setDefault(port, 'name', '');
      setDefault(port, 'protocol', 'TCP');
    }
  },
  validate: validateSlice,
  validateUpdate: (next, old) => checkedImmutable('addressType', next.addressType, old.addressType),
};

function validateSlice({ addressType, endpoints, ports }: EndpointSlice): FieldError[] {
  const errors: FieldError[] = [];
  if (!addressType) errors.push(required('addressType'));
  errors.push(...checkedChoice('addressType', addressType, ['FQDN', 'IPv4', 'IPv6']));
  const list = endpoints ?? [];
  if (list.length > endpointsMax) errors.push(tooMany('endpoints', list.length, endpointsMax));
  for (const [index, endpoint] of list.entries()) {
    errors.push(...validateEndpoint(endpoint, addressType, at('endpoints', index)));
  }
  return errors.concat(validatePorts(ports ?? []));
}

function validateEndpoint(
  { addresses = [], hostname, nodeName }: Endpoint,
  addressType: EndpointSlice['addressType'],
  place: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const path = child(place, 'addresses');
  if (addresses.length === 0) errors.push(required(path, 'must contain at least 1 address'));
  if (addresses.length > addressesMax) errors.push(tooMany(path, addresses.length, addressesMax));
  for (const [index, address] of addresses.entries()) {
    errors.push(...validateAddress(address, addressType, at(path, index)));
  }
  if (nodeName !== undefined) errors.push(...checkedName(child(place, 'nodeName'), nodeName, checkSubdomain));
  if (hostname !== undefined) errors.push(...checkedName(child(place, 'hostname'), hostname, checkLabel));
  return errors;
}

function validateAddress(address: string, type: EndpointSlice['addressType'], path: string): FieldError[] {
  if (type === 'FQDN') return checkedName(path, address, checkSubdomain);
  const isOfFamily = type === 'IPv6' ? isAddressV6 : isAddressV4;
  if (isAddressV4(address) !== isAddressV6(address) && !isOfFamily(address)) {
    return [invalid(path, address, `must be a valid ${type} address`)];
  }
  return checkedPodAddress(path, address);
}

function validatePorts(ports: readonly EndpointPort[]): FieldError[] {
  const errors: FieldError[] = [];
  if (ports.length > portsMax) errors.push(tooMany('ports', ports.length, portsMax));
  const names = new Set<string>();
  for (const [index, { name = '', port, protocol, appProtocol }] of ports.entries()) {
    const path = at('ports', index);
    if (name !== '') errors.push(...checkedName(child(path, 'name'), name, checkLabel));
    if (names.has(name)) errors.push(duplicate(child(path, 'name'), name));
    names.add(name);
    errors.push(...checkedChoice(child(path, 'protocol'), protocol, ['SCTP', 'TCP', 'UDP']));
    if (port !== undefined) errors.push(...checkedPort(child(path, 'port'), port));
    if (appProtocol !== undefined) {
      errors.push(...checkedName(child(path, 'appProtocol'), appProtocol, checkQualifiedName));
    }
  }
  return errors;
}
