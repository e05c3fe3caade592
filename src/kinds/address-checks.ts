/** Checks of addresses that the validation of services and of endpoints share. Models kubernetes pkg/apis/core/validation ValidateNonSpecialIP. */
import { type FieldError, invalid } from '../api/field-error.ts';
import { checkAddress, isAddressV4 } from '../api/names.ts';
import { checkedName } from './field-checks.ts';

/** An address that can stand behind a service: none that means a machine's own, nor all of them. */
export function checkedOuterAddress(path: string, address: string): FieldError[] {
  const errors = checkedName(path, address, checkAddress);
  if (errors.length > 0) return errors;
  const complaint = isAddressV4(address) ? complaintOfV4(address) : complaintOfV6(address);
  return complaint === null ? [] : [invalid(path, address, complaint)];
}

/**
 * An address of a pod behind a service. Real programs of pods have loopback addresses of this machine, from 127.64.0.0 on; Kubernetes refuses
 * those. Deviates: see docs/deviations.md (test: validation.test.ts).
 */
export function checkedPodAddress(path: string, address: string): FieldError[] {
  const [first, second] = address.split('.').map(Number);
  const isOfPod = isAddressV4(address) && first === 127 && (second ?? 0) >= podLoopbackMin;
  return isOfPod ? [] : checkedOuterAddress(path, address);
}

const podLoopbackMin = 64;

function complaintOfV4(address: string): string | null {
  if (address === '0.0.0.0') return 'may not be unspecified (0.0.0.0 or ::)';
  if (address.startsWith('127.')) return 'may not be in the loopback range (127.0.0.0/8, ::1/128)';
  if (address.startsWith('169.254.')) return 'may not be in the link-local range (169.254.0.0/16, fe80::/10)';
  if (address.startsWith('224.0.0.')) return 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)';
  return null;
}

function complaintOfV6(address: string): string | null {
  if (/^[0:]+$/.test(address)) return 'may not be unspecified (0.0.0.0 or ::)';
  if (/^[0:]+:0*1$/.test(address)) return 'may not be in the loopback range (127.0.0.0/8, ::1/128)';
  if (/^fe[89ab]/i.test(address)) return 'may not be in the link-local range (169.254.0.0/16, fe80::/10)';
  if (/^ff02/i.test(address)) return 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)';
  return null;
}
