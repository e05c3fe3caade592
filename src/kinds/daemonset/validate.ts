/** Models kubernetes pkg/apis/apps/validation/validation.go ValidateDaemonSetSpec and ValidateRollingUpdateDaemonSet. */
import { type FieldError, invalid, required } from '../../api/field-error.ts';
import { checkedAmount, checkedChoice, checkedNonNegative, checkedShare, isNone } from '../field-checks.ts';
import { validateTemplateOwner } from '../template-owner.ts';
import type { DaemonSet, DaemonSetSpec } from './types.ts';

export function validateDaemonSet({ spec }: DaemonSet): FieldError[] {
  return [
    ...validateTemplateOwner(spec, 'daemonset'),
    ...validateStrategy(spec.updateStrategy ?? {}),
    ...checkedNonNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit),
  ];
}

function validateStrategy({ type, rollingUpdate }: NonNullable<DaemonSetSpec['updateStrategy']>): FieldError[] {
  const errors = checkedChoice('spec.updateStrategy.type', type, ['RollingUpdate', 'OnDelete']);
  if (type !== 'RollingUpdate') return errors;
  const path = 'spec.updateStrategy.rollingUpdate';
  if (rollingUpdate === undefined) return [...errors, required(path)];
  const { maxUnavailable, maxSurge } = rollingUpdate;
  errors.push(...checkedAmount(`${path}.maxUnavailable`, maxUnavailable));
  errors.push(...checkedAmount(`${path}.maxSurge`, maxSurge));
  if (!isNone(maxUnavailable) && !isNone(maxSurge)) {
    errors.push(invalid(`${path}.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero'));
  } else if (isNone(maxUnavailable) && isNone(maxSurge)) {
    errors.push(required(`${path}.maxUnavailable`, 'cannot be 0 when maxSurge is 0'));
  }
  errors.push(...checkedShare(`${path}.maxUnavailable`, maxUnavailable));
  errors.push(...checkedShare(`${path}.maxSurge`, maxSurge));
  return errors;
}
