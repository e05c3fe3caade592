/** Validation of where a pod may run. Models kubernetes pkg/apis/core/validation validateAffinity, ValidateTolerations and their neighbours. */
import {
  at,
  child,
  duplicate,
  type FieldError,
  forbiddenField,
  invalid,
  notSupported,
  required,
} from '../../api/field-error.ts';
import { validateLabelSelector } from '../../api/label-selector.ts';
import { checkLabel, checkLabelValue, checkQualifiedName } from '../../api/names.ts';
import { checkedChoice, checkedName } from '../field-checks.ts';
import type {
  Affinity,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
  Toleration,
  TopologySpreadConstraint,
} from './scheduling-types.ts';
import type { PodSpec } from './types.ts';

const weightMax = 100;
const spreadActions = ['DoNotSchedule', 'ScheduleAnyway'];
const spreadPolicies = ['Honor', 'Ignore'];

export function validateScheduling(spec: PodSpec, path: string): FieldError[] {
  const errors = validateTolerations(spec.tolerations ?? [], child(path, 'tolerations'));
  if (spec.affinity !== undefined) errors.push(...validateAffinity(spec.affinity, child(path, 'affinity')));
  const spread = spec.topologySpreadConstraints;
  if (spread !== undefined) errors.push(...validateSpread(spread, child(path, 'topologySpreadConstraints')));
  const gates = new Set<string>();
  for (const [index, { name }] of (spec.schedulingGates ?? []).entries()) {
    const place = at(child(path, 'schedulingGates'), index);
    errors.push(...checkedName(place, name, checkQualifiedName));
    if (gates.has(name)) errors.push(duplicate(place, name));
    gates.add(name);
  }
  return errors;
}

export function validateTolerations(tolerations: readonly Toleration[], path: string): FieldError[] {
  return tolerations.flatMap((toleration, index) => validateToleration(toleration, at(path, index)));
}

function validateToleration(toleration: Toleration, path: string): FieldError[] {
  const { key = '', operator, value = '', effect, tolerationSeconds } = toleration;
  const errors = key === '' ? [] : checkedName(child(path, 'key'), key, checkQualifiedName);
  if (key === '' && operator !== 'Exists') {
    const detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    errors.push(invalid(child(path, 'operator'), operator ?? '', detail));
  }
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
    const detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
    errors.push(invalid(child(path, 'effect'), effect ?? '', detail));
  }
  if (operator === 'Exists' && value !== '') {
    errors.push(invalid(child(path, 'operator'), toleration, "value must be empty when `operator` is 'Exists'"));
  } else if (operator === undefined || operator === 'Equal') {
    const complaints = checkLabelValue(value);
    if (complaints.length > 0) errors.push(invalid(child(path, 'operator'), value, complaints.join(';')));
  }
  errors.push(...checkedChoice(child(path, 'operator'), operator, ['Equal', 'Exists']));
  errors.push(...checkedChoice(child(path, 'effect'), effect, ['NoSchedule', 'PreferNoSchedule', 'NoExecute']));
  return errors;
}

function validateAffinity({ nodeAffinity, podAffinity, podAntiAffinity }: Affinity, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (nodeAffinity !== undefined) {
    const place = child(path, 'nodeAffinity');
    const needed = nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution;
    if (needed !== undefined) {
      const list = child(child(place, 'requiredDuringSchedulingIgnoredDuringExecution'), 'nodeSelectorTerms');
      const terms = needed.nodeSelectorTerms ?? [];
      if (terms.length === 0) errors.push(required(list, 'must have at least one node selector term'));
      for (const [index, term] of terms.entries()) errors.push(...validateNodeTerm(term, at(list, index)));
    }
    const list = child(place, 'preferredDuringSchedulingIgnoredDuringExecution');
    for (const [index, term] of (nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
      errors.push(...checkedWeight(child(at(list, index), 'weight'), term.weight));
      errors.push(...validateNodeTerm(term.preference, child(at(list, index), 'preference')));
    }
  }
  if (podAffinity !== undefined) errors.push(...validatePodAffinity(podAffinity, child(path, 'podAffinity')));
  if (podAntiAffinity !== undefined) {
    errors.push(...validatePodAffinity(podAntiAffinity, child(path, 'podAntiAffinity')));
  }
  return errors;
}

function validateNodeTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, path: string): FieldError[] {
  return [
    ...matchExpressions.flatMap((requirement, index) =>
      validateNodeLabel(requirement, at(child(path, 'matchExpressions'), index)),
    ),
    ...matchFields.flatMap((requirement, index) =>
      validateNodeField(requirement, at(child(path, 'matchFields'), index)),
    ),
  ];
}

function validateNodeLabel({ key = '', operator, values = [] }: NodeSelectorRequirement, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const place = child(path, 'values');
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) errors.push(required(place, "must be specified when `operator` is 'In' or 'NotIn'"));
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) {
        errors.push(forbiddenField(place, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
      }
      break;
    case 'Gt':
    case 'Lt':
      if (values.length !== 1) {
        errors.push(required(place, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
      }
      break;
    default:
      errors.push(invalid(child(path, 'operator'), operator ?? '', 'not a valid selector operator'));
  }
  errors.push(...checkedName(child(path, 'key'), key, checkQualifiedName));
  for (const [index, value] of values.entries()) errors.push(...checkedName(at(place, index), value, checkLabelValue));
  return errors;
}

function validateNodeField({ key = '', operator, values = [] }: NodeSelectorRequirement, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (operator !== 'In' && operator !== 'NotIn') {
    errors.push(invalid(child(path, 'operator'), operator ?? '', 'not a valid selector operator'));
  } else if (values.length !== 1) {
    const detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    errors.push(required(child(path, 'values'), detail));
  }
  if (key !== 'metadata.name') errors.push(invalid(child(path, 'key'), key, 'not a valid field selector key'));
  return errors;
}

function validatePodAffinity(affinity: PodAffinity, path: string): FieldError[] {
  const needed = child(path, 'requiredDuringSchedulingIgnoredDuringExecution');
  const preferred = child(path, 'preferredDuringSchedulingIgnoredDuringExecution');
  return [
    ...(affinity.requiredDuringSchedulingIgnoredDuringExecution ?? []).flatMap((term, index) =>
      validatePodTerm(term, at(needed, index)),
    ),
    ...(affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).flatMap(
      ({ weight, podAffinityTerm }, index) => [
        ...checkedWeight(child(at(preferred, index), 'weight'), weight),
        ...validatePodTerm(podAffinityTerm, child(at(preferred, index), 'podAffinityTerm')),
      ],
    ),
  ];
}

function validatePodTerm(term: PodAffinityTerm, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of ['labelSelector', 'namespaceSelector'] as const) {
    const selector = term[name];
    if (selector !== undefined) errors.push(...validateLabelSelector(selector, child(path, name)));
  }
  for (const namespace of term.namespaces ?? []) {
    errors.push(...checkedName(child(path, 'namespace'), namespace, checkLabel));
  }
  const place = child(path, 'topologyKey');
  if ((term.topologyKey ?? '') === '') errors.push(required(place, 'can not be empty'));
  return errors.concat(checkedName(place, term.topologyKey ?? '', checkQualifiedName));
}

function checkedWeight(path: string, weight: number): FieldError[] {
  return weight >= 1 && weight <= weightMax ? [] : [invalid(path, weight ?? 0, 'must be in the range 1-100')];
}

function validateSpread(constraints: readonly TopologySpreadConstraint[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  const known = new Set<string>();
  for (const [index, constraint] of constraints.entries()) {
    const place = at(path, index);
    errors.push(...validateConstraint(constraint, place));
    const pair = `{${constraint.topologyKey}, ${constraint.whenUnsatisfiable}}`;
    if (known.has(pair)) errors.push(duplicate(child(place, '{topologyKey, whenUnsatisfiable}'), pair));
    known.add(pair);
  }
  return errors;
}

function validateConstraint(constraint: TopologySpreadConstraint, path: string): FieldError[] {
  const { maxSkew = 0, topologyKey = '', whenUnsatisfiable, minDomains, labelSelector } = constraint;
  const errors = maxSkew > 0 ? [] : [invalid(child(path, 'maxSkew'), maxSkew, 'must be greater than zero')];
  const place = child(path, 'topologyKey');
  errors.push(
    ...(topologyKey === ''
      ? [required(place, 'can not be empty')]
      : checkedName(place, topologyKey, checkQualifiedName)),
  );
  if (!spreadActions.includes(whenUnsatisfiable)) {
    errors.push(notSupported(child(path, 'whenUnsatisfiable'), whenUnsatisfiable ?? '', spreadActions));
  }
  if (minDomains !== undefined) {
    const domains = child(path, 'minDomains');
    if (minDomains <= 0) errors.push(invalid(domains, minDomains, 'must be greater than zero'));
    if (whenUnsatisfiable !== 'DoNotSchedule') {
      const detail = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`;
      errors.push(invalid(domains, minDomains, detail));
    }
  }
  for (const name of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
    errors.push(...checkedChoice(child(path, name), constraint[name], spreadPolicies));
  }
  if (labelSelector !== undefined) errors.push(...validateLabelSelector(labelSelector, child(path, 'labelSelector')));
  for (const [index, key] of (constraint.matchLabelKeys ?? []).entries()) {
    const keys = child(path, 'matchLabelKeys');
    errors.push(...checkedName(at(keys, index), key, checkQualifiedName));
    if (labelSelector === undefined) {
      errors.push(forbiddenField(keys, 'must not be specified when labelSelector is not set'));
    }
  }
  return errors;
}
