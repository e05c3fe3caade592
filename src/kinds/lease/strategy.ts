/** How leases begin and change. Models kubernetes pkg/apis/coordination/validation. */
import { invalid } from '../../api/field-error.ts';
import type { KindBehaviour } from '../behaviour.ts';
import { checkedNonNegative } from '../field-checks.ts';
import type { Lease } from './types.ts';

export const leaseBehaviour: KindBehaviour<Lease> = {
  allowsCreateOnUpdate: true,
  validate({ spec }) {
    const errors = checkedNonNegative('spec.leaseTransitions', spec?.leaseTransitions);
    const durationSeconds = spec?.leaseDurationSeconds;
    if (durationSeconds !== undefined && durationSeconds <= 0) {
      errors.push(invalid('spec.leaseDurationSeconds', durationSeconds, 'must be greater than 0'));
    }
    return errors;
  },
};
