/** How endpoints begin and change. Models kubernetes pkg/apis/core/validation ValidateEndpointsUpdate and pkg/apis/core/v1/defaults.go. */
import { at, child, type FieldError, required } from '../../api/field-error.ts';
import { setDefault } from '../../api/json.ts';
import { checkLabel, checkQualifiedName, checkSubdomain } from '../../api/names.ts';
import { checkedPodAddress } from '../address-checks.ts';
import type { KindBehaviour } from '../behaviour.ts';
import type { EndpointPort } from '../endpointslice/types.ts';
import { checkedChoice, checkedName, checkedPort } from '../field-checks.ts';
import type { EndpointAddress, EndpointSubset, Endpoints } from './types.ts';

export const endpointsBehaviour: KindBehaviour<Endpoints> = {
  allowsCreateOnUpdate: true,
  setDefaults({ subsets }) {
    for (const { ports } of subsets ?? []) for (const port of ports ?? []) setDefault(port, 'protocol', 'TCP');
  },
  validate: ({ subsets }) => (subsets ?? []).flatMap((subset, index) => validateSubset(subset, at('subsets', index))),
};

function validateSubset(
  { addresses = [], notReadyAddresses = [], ports = [] }: EndpointSubset,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (addresses.length + notReadyAddresses.length === 0) {
    errors.push(required(path, 'must specify `addresses` or `notReadyAddresses`'));
  }
  for (const [index, address] of addresses.entries()) {
    errors.push(...validateAddress(address, at(child(path, 'addresses'), index)));
  }
  for (const [index, address] of notReadyAddresses.entries()) {
    errors.push(...validateAddress(address, at(child(path, 'notReadyAddresses'), index)));
  }
  for (const [index, port] of ports.entries()) {
    errors.push(...validatePort(port, ports.length > 1, at(child(path, 'ports'), index)));
  }
  return errors;
}

function validateAddress({ ip, hostname = '', nodeName }: EndpointAddress, path: string): FieldError[] {
  const errors = checkedPodAddress(child(path, 'ip'), ip);
  if (hostname !== '') errors.push(...checkedName(child(path, 'hostname'), hostname, checkLabel));
  if (nodeName !== undefined) errors.push(...checkedName(child(path, 'nodeName'), nodeName, checkSubdomain));
  return errors;
}

function validatePort(
  { name = '', port, protocol, appProtocol }: EndpointPort,
  isNamed: boolean,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (isNamed && name === '') errors.push(required(child(path, 'name')));
  else if (name !== '') errors.push(...checkedName(child(path, 'name'), name, checkLabel));
  errors.push(...checkedPort(child(path, 'port'), port ?? 0));
  errors.push(...checkedChoice(child(path, 'protocol'), protocol, ['SCTP', 'TCP', 'UDP']));
  if (appProtocol !== undefined)
    errors.push(...checkedName(child(path, 'appProtocol'), appProtocol, checkQualifiedName));
  return errors;
}
