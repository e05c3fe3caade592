/** Models kubernetes pkg/apis/core/validation/validation.go ValidateServiceClusterIPsRelatedFields, for a cluster of one family. */
import { at, duplicate, type FieldError, invalid, notSupported, required } from '../../api/field-error.ts';
import { checkAddress, isAddressV4 } from '../../api/names.ts';
import { checkedChoice, checkedName } from '../field-checks.ts';
import type { ServiceSpec } from './types.ts';

const families = ['IPv4', 'IPv6'];
const familyPolicies = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
const addressesMax = 2;

export function validateAddresses(spec: ServiceSpec): FieldError[] {
  // The rule of external names is that they have no addresses at all.
  if (spec.type === 'ExternalName') return [];
  return [...validateFamilies(spec), ...validateClusterAddresses(spec)];
}

function validateFamilies({ ipFamilies = [], ipFamilyPolicy, clusterIP, selector }: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const known = new Set<string>();
  // A headless service without a selector has addresses that others wrote: of any family.
  const isFree = clusterIP === 'None' && Object.keys(selector ?? {}).length === 0;
  for (const [index, family] of ipFamilies.entries()) {
    const path = at('spec.ipFamilies', index);
    if (!families.includes(family)) errors.push(notSupported(path, family, families));
    else if (known.has(family)) errors.push(duplicate(path, family));
    else if (family === 'IPv6' && !isFree) errors.push(invalid(path, family, 'not configured on this cluster'));
    known.add(family);
  }
  errors.push(...checkedChoice('spec.ipFamilyPolicy', ipFamilyPolicy, familyPolicies));
  if (ipFamilyPolicy === 'RequireDualStack' && !isFree) {
    const detail = 'this cluster is not configured for dual-stack services';
    errors.push(invalid('spec.ipFamilyPolicy', ipFamilyPolicy, detail));
  }
  if (ipFamilyPolicy === 'SingleStack' && ipFamilies.length > 1) {
    const detail = "may only hold up to 1 value when `ipFamilyPolicy` is 'SingleStack'";
    errors.push(invalid('spec.ipFamilies', ipFamilies, detail));
  }
  return errors;
}

function validateClusterAddresses({ clusterIP = '', clusterIPs = [], ipFamilies = [] }: ServiceSpec): FieldError[] {
  const path = 'spec.clusterIPs';
  const errors: FieldError[] = [];
  if (clusterIP !== '' && clusterIPs.length === 0) return [required(path)];
  if (clusterIP === '' && clusterIPs.length > 0) {
    errors.push(invalid(path, clusterIPs, 'must be empty when `clusterIP` is not specified'));
  } else if (clusterIPs.length > 0 && clusterIPs[0] !== clusterIP) {
    errors.push(invalid(path, clusterIPs, 'first value must match `clusterIP`'));
  }
  if (clusterIPs.includes('None')) {
    if (clusterIPs.length > 1) errors.push(invalid(path, clusterIPs, "'None' must be the first and only value"));
    return errors;
  }
  for (const [index, address] of clusterIPs.entries()) {
    const complaints = checkedName(at(path, index), address, checkAddress);
    errors.push(...complaints);
    const family = isAddressV4(address) ? 'IPv4' : 'IPv6';
    const wanted = ipFamilies[index];
    if (complaints.length === 0 && wanted !== undefined && wanted !== family) {
      const detail = `expected an ${wanted} value as indicated by \`ipFamilies[${index}]\``;
      errors.push(invalid(at(path, index), address, detail));
    }
  }
  if (clusterIPs.length > addressesMax) {
    errors.push(invalid(path, clusterIPs, `may only hold up to ${addressesMax} values`));
  }
  return errors;
}
