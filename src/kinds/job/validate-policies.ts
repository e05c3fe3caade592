/** Models kubernetes pkg/apis/batch/validation/validation.go validatePodFailurePolicy and validateSuccessPolicy. */
import { at, duplicate, type FieldError, invalid, notSupported, required, tooMany } from '../../api/field-error.ts';
import { checkedNonNegative } from '../field-checks.ts';
import { countIndexes, parseIndexes } from './indexes.ts';
import type { JobSpec, PodFailurePolicyRule } from './types.ts';

const rulesMax = 20;
const exitCodesMax = 255;
const conditionsMax = 20;
const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore'];

export function validateFailurePolicy(spec: JobSpec, path: string): FieldError[] {
  const rules = spec.podFailurePolicy?.rules ?? [];
  const errors = rules.length > rulesMax ? [tooMany(`${path}.rules`, rules.length, rulesMax)] : [];
  for (const [index, rule] of rules.entries()) {
    const place = at(`${path}.rules`, index);
    errors.push(...validateAction(rule, spec, `${place}.action`));
    if (rule.onExitCodes !== undefined) {
      errors.push(...validateExitCodes(rule.onExitCodes, spec, `${place}.onExitCodes`));
    }
    errors.push(...validateConditions(rule, `${place}.onPodConditions`));
    const hasConditions = (rule.onPodConditions ?? []).length > 0;
    if (rule.onExitCodes !== undefined && hasConditions) {
      errors.push(bare(place, 'specifying both OnExitCodes and OnPodConditions is not supported'));
    } else if (rule.onExitCodes === undefined && !hasConditions) {
      errors.push(bare(place, 'specifying one of OnExitCodes and OnPodConditions is required'));
    }
  }
  return errors;
}

/** An invalid value that is not shown. */
function bare(path: string, detail: string): FieldError {
  return { ...required(path, detail), reason: 'FieldValueInvalid', body: `Invalid value: ${detail}` };
}

function validateAction({ action }: PodFailurePolicyRule, spec: JobSpec, path: string): FieldError[] {
  if (!action) return [required(path, `valid values: [${actions.map((each) => `"${each}"`).join(' ')}]`)];
  if (!actions.includes(action)) return [notSupported(path, action, actions)];
  if (action === 'FailIndex' && spec.backoffLimitPerIndex === undefined) {
    return [invalid(path, action, 'requires the backoffLimitPerIndex to be set')];
  }
  return [];
}

function validateExitCodes(
  { containerName, operator, values = [] }: NonNullable<PodFailurePolicyRule['onExitCodes']>,
  { template }: JobSpec,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!operator) errors.push(required(`${path}.operator`, 'valid values: ["In" "NotIn"]'));
  else if (operator !== 'In' && operator !== 'NotIn') {
    errors.push(notSupported(`${path}.operator`, operator, ['In', 'NotIn']));
  }
  const containers = [...(template.spec.containers ?? []), ...(template.spec.initContainers ?? [])];
  if (containerName !== undefined && !containers.some(({ name }) => name === containerName)) {
    const detail = 'must be one of the container or initContainer names in the pod template';
    errors.push(invalid(`${path}.containerName`, containerName, detail));
  }
  if (values.length === 0) errors.push(invalid(`${path}.values`, values, 'at least one value is required'));
  else if (values.length > exitCodesMax) errors.push(tooMany(`${path}.values`, values.length, exitCodesMax));
  for (const [index, code] of values.entries()) {
    const place = at(`${path}.values`, index);
    if (operator === 'In' && code === 0) errors.push(invalid(place, code, 'must not be 0 for the In operator'));
    if (values.indexOf(code) < index) errors.push(duplicate(place, code));
  }
  if (values.some((code, index) => index > 0 && code < (values[index - 1] ?? 0))) {
    errors.push(invalid(`${path}.values`, values, 'must be ordered'));
  }
  return errors;
}

function validateConditions({ onPodConditions = [] }: PodFailurePolicyRule, path: string): FieldError[] {
  const errors = onPodConditions.length > conditionsMax ? [tooMany(path, onPodConditions.length, conditionsMax)] : [];
  const statuses = ['False', 'True', 'Unknown'];
  for (const [index, { status = '' }] of onPodConditions.entries()) {
    const place = `${at(path, index)}.status`;
    if (status === '') errors.push(required(place, 'valid values: ["False" "True" "Unknown"]'));
    else if (!statuses.includes(status)) errors.push(notSupported(place, status, statuses));
  }
  return errors;
}

export function validateSuccessPolicy(spec: JobSpec, path: string): FieldError[] {
  const { successPolicy, completionMode, completions = 0 } = spec;
  if (successPolicy === undefined) return [];
  if (completionMode !== 'Indexed') return [invalid(path, successPolicy, 'requires indexed completion mode')];
  const rules = successPolicy.rules ?? [];
  if (rules.length === 0) return [required(`${path}.rules`, 'must have at least one rule')];
  const errors = rules.length > rulesMax ? [tooMany(`${path}.rules`, rules.length, rulesMax)] : [];
  for (const [index, { succeededIndexes, succeededCount }] of rules.entries()) {
    const place = at(`${path}.rules`, index);
    if (succeededIndexes === undefined && succeededCount === undefined) {
      errors.push(required(place, 'at least one of succeededCount or succeededIndexes must be specified'));
    }
    errors.push(...validateIndexes(`${place}.succeededIndexes`, succeededIndexes, completions));
    errors.push(...checkedNonNegative(`${place}.succeededCount`, succeededCount));
    const max =
      succeededIndexes === undefined ? completions : countIndexes(parseIndexes(succeededIndexes, completions));
    if (succeededCount !== undefined && succeededCount > max) {
      const detail =
        succeededIndexes === undefined
          ? `must be less than or equal to ${completions} (the number of specified completions)`
          : `must be less than or equal to ${max} (the number of indexes in the specified succeededIndexes field)`;
      errors.push(invalid(`${place}.succeededCount`, succeededCount, detail));
    }
  }
  return errors;
}

/** Ranges in ascending order, all below `completions`. */
function validateIndexes(path: string, text: string | undefined, completions: number): FieldError[] {
  if (text === undefined || text === '') return [];
  let former = -1;
  for (const part of text.split(',')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (match === null)
      return [invalid(path, text, 'error parsing succeededIndexes: cannot convert string to integer')];
    const [first, last] = [Number(match[1]), Number(match[2] ?? match[1])];
    if (last >= completions) return [invalid(path, text, `index ${last} must be less than completions ${completions}`)];
    if (first <= former || last < first)
      return [invalid(path, text, `non-increasing order, previous: ${former}, current: ${first}`)];
    former = last;
  }
  return [];
}
