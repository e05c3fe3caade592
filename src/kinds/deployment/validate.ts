/** Models kubernetes pkg/apis/apps/validation/validation.go ValidateDeployment and ValidateDeploymentUpdate. */
import { type FieldError, forbiddenField, invalid } from '../../api/field-error.ts';
import {
  checkedAmount,
  checkedChoice,
  checkedImmutable,
  checkedNonNegative,
  checkedShare,
  isNone,
} from '../field-checks.ts';
import { validateTemplateOwner } from '../template-owner.ts';
import type { Deployment, DeploymentStrategy } from './types.ts';

export function validateDeployment({ spec }: Deployment): FieldError[] {
  const errors = validateTemplateOwner(spec, 'deployment');
  errors.push(...validateStrategy(spec.strategy ?? {}));
  errors.push(...checkedNonNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit));
  const deadline = spec.progressDeadlineSeconds;
  errors.push(...checkedNonNegative('spec.progressDeadlineSeconds', deadline));
  if (deadline !== undefined && deadline <= (spec.minReadySeconds ?? 0)) {
    errors.push(invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds'));
  }
  return errors;
}

export function validateDeploymentUpdate(deployment: Deployment, old: Deployment): FieldError[] {
  return checkedImmutable('spec.selector', deployment.spec.selector, old.spec.selector);
}

function validateStrategy({ type, rollingUpdate }: DeploymentStrategy): FieldError[] {
  const path = 'spec.strategy';
  const errors = checkedChoice(`${path}.type`, type, ['Recreate', 'RollingUpdate']);
  if (rollingUpdate === undefined) return errors;
  if (type === 'Recreate') {
    const detail = "may not be specified when strategy `type` is 'Recreate'";
    return [...errors, forbiddenField(`${path}.rollingUpdate`, detail)];
  }
  const { maxUnavailable, maxSurge } = rollingUpdate;
  errors.push(...checkedAmount(`${path}.rollingUpdate.maxUnavailable`, maxUnavailable));
  errors.push(...checkedAmount(`${path}.rollingUpdate.maxSurge`, maxSurge));
  if (isNone(maxUnavailable) && isNone(maxSurge)) {
    const detail = 'may not be 0 when `maxSurge` is 0';
    errors.push(invalid(`${path}.rollingUpdate.maxUnavailable`, maxUnavailable, detail));
  }
  return errors.concat(checkedShare(`${path}.rollingUpdate.maxUnavailable`, maxUnavailable));
}
