/** Validation of what a container asks for and may take. Models kubernetes pkg/apis/core/validation ValidateContainerResourceRequirements. */
import { at, child, type FieldError, forbiddenField, invalid, required } from '../../api/field-error.ts';
import { checkQualifiedName } from '../../api/names.ts';
import { compareQuantities, parseQuantity, type Quantity } from '../../api/quantity.ts';
import { checkedName, negativeComplaint } from '../field-checks.ts';
import type { ResourceRequirements } from './types.ts';

const standardResources = new Set(['cpu', 'memory', 'ephemeral-storage']);
const hugePagePrefix = 'hugepages-';
const ownDomain = 'kubernetes.io/';
const unit = 1_000_000_000n;

export function validateResources({ limits = {}, requests = {} }: ResourceRequirements, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const [limitPath, requestPath] = [child(path, 'limits'), child(path, 'requests')];
  for (const [name, text] of Object.entries(limits)) errors.push(...validateAmount(name, text, at(limitPath, name)));
  for (const [name, text] of Object.entries(requests)) {
    errors.push(...validateAmount(name, text, at(requestPath, name)));
    errors.push(...validateRequest(name, text, limits[name], requestPath, limitPath));
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)];
  const asksForPages = names.some((name) => name.startsWith(hugePagePrefix));
  if (asksForPages && !names.includes('cpu') && !names.includes('memory')) {
    errors.push(forbiddenField(path, 'HugePages require cpu or memory'));
  }
  return errors;
}

function validateAmount(name: string, text: string, path: string): FieldError[] {
  const errors = checkedResourceName(path, name);
  const quantity = parseQuantity(text);
  if (quantity === undefined) return errors;
  if (quantity.nanos < 0n) errors.push(invalid(path, text, negativeComplaint));
  if (!isNative(name) && quantity.nanos % unit !== 0n) errors.push(invalid(path, text, 'must be an integer'));
  return errors;
}

function validateRequest(
  name: string,
  text: string,
  limit: string | undefined,
  requestPath: string,
  limitPath: string,
): FieldError[] {
  const asked = parseQuantity(text);
  const allowed: Quantity | undefined = limit === undefined ? undefined : parseQuantity(limit);
  const isElastic = isNative(name) && !name.startsWith(hugePagePrefix);
  if (asked === undefined) return [];
  if (allowed === undefined) {
    return isElastic ? [] : [required(limitPath, 'Limit must be set for non overcommitable resources')];
  }
  const order = compareQuantities(asked, allowed);
  if (!isElastic && order !== 0) {
    return [invalid(requestPath, text, `must be equal to ${name} limit of ${limit as string}`)];
  }
  if (order <= 0) return [];
  return [invalid(requestPath, text, `must be less than or equal to ${name} limit of ${limit as string}`)];
}

function checkedResourceName(path: string, name: string): FieldError[] {
  if (standardResources.has(name)) return [];
  const errors = checkedName(path, name, checkQualifiedName);
  if (errors.length > 0) return errors;
  if (!name.includes('/')) {
    return name.startsWith(hugePagePrefix) ? [] : [invalid(path, name, 'must be a standard resource for containers')];
  }
  const isExtended = !isNative(name) && !name.startsWith('requests.');
  return isExtended || isNative(name) ? [] : [invalid(path, name, "doesn't follow extended resource name standard")];
}

/** Kubernetes' own resources; those of others have a domain. */
function isNative(name: string): boolean {
  return !name.includes('/') || name.includes(ownDomain);
}
