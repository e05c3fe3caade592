/** How endpoint slices begin and change. Models kubernetes pkg/apis/discovery. */
import { at, child, type FieldError, required, tooMany } from '../../api/field-error.ts';
import { setDefault } from '../../api/json.ts';
import { checkAddress } from '../../api/names.ts';
import type { KindBehaviour } from '../behaviour.ts';
import { checkedChoice, checkedImmutable, checkedName } from '../field-checks.ts';
import type { EndpointSlice } from './types.ts';

const endpointsMax = 1000;
const addressesMax = 100;

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
    const path = child(at('endpoints', index), 'addresses');
    const addresses = endpoint.addresses ?? [];
    if (addresses.length === 0) errors.push(required(path, 'must contain at least 1 address'));
    if (addresses.length > addressesMax) errors.push(tooMany(path, addresses.length, addressesMax));
    if (addressType === 'FQDN') continue;
    for (const [place, address] of addresses.entries())
      errors.push(...checkedName(at(path, place), address, checkAddress));
  }
  for (const [index, port] of (ports ?? []).entries()) {
    errors.push(...checkedChoice(child(at('ports', index), 'protocol'), port.protocol, ['SCTP', 'TCP', 'UDP']));
  }
  return errors;
}
