/**
 * Label selectors: the compiled form, its text form, and the object form of LabelSelector.
 * Parsing of the text form is in label-selector-parser.ts. Models apimachinery pkg/labels/selector.go and
 * pkg/apis/meta/v1/helpers.go LabelSelectorAsSelector.
 */

import { at, child, type FieldError, forbiddenField, invalid, notSupported, required } from './field-error.ts';
import { checkLabelValue, checkQualifiedName } from './names.ts';
import type { StringMap } from './object-meta.ts';

export type LabelOperator = 'in' | 'notin' | '=' | '!=' | 'exists' | '!' | 'gt' | 'lt';

export interface LabelRequirement {
  readonly key: string;
  readonly operator: LabelOperator;
  /** Distinct and ascending; one for `=`, `!=`, `gt`, `lt`; none for `exists` and `!`. */
  readonly values: readonly string[];
}

/** All requirements must hold; sorted by key. Empty matches everything. */
export interface LabelSelector {
  readonly requirements: readonly LabelRequirement[];
}

/** A LabelSelector as objects carry it. */
export interface LabelSelectorSpec {
  readonly matchLabels?: StringMap;
  readonly matchExpressions?: readonly LabelSelectorExpression[];
}

export interface LabelSelectorExpression {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values?: readonly string[];
}

export const everything: LabelSelector = { requirements: [] };

/** Matches nothing: what a missing selector of an object means. `''` is no key, so no object can have it. */
export const nothing: LabelSelector = { requirements: [{ key: '', operator: 'exists', values: [] }] };

/** Tells whether `labels` satisfies every requirement. */
export function matchesLabels(selector: LabelSelector, labels: StringMap): boolean {
  return selector.requirements.every((requirement) => meetsRequirement(requirement, labels));
}

function meetsRequirement(requirement: LabelRequirement, labels: StringMap): boolean {
  const { key, operator, values } = requirement;
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    case 'in':
    case '=':
      return value !== undefined && values.includes(value);
    case 'notin':
    case '!=':
      return value === undefined || !values.includes(value);
    case 'gt':
    case 'lt': {
      if (value === undefined || !isInteger(value)) return false;
      const bound = BigInt(values[0] as string);
      return operator === 'gt' ? BigInt(value) > bound : BigInt(value) < bound;
    }
  }
}

/** Tells whether `text` is a whole number as labels compare it. */
export function isInteger(text: string): boolean {
  return /^-?\d+$/.test(text);
}

/** Builds a selector from requirements, in any order. */
export function labelSelector(requirements: readonly LabelRequirement[]): LabelSelector {
  const normal = requirements.map((requirement) => ({
    ...requirement,
    values: [...new Set(requirement.values)].sort(),
  }));
  return { requirements: normal.sort((left, right) => (left.key < right.key ? -1 : Number(left.key > right.key))) };
}

/** Returns the text form, which parses back to an equal selector. */
export function formatLabelSelector(selector: LabelSelector): string {
  return selector.requirements.map(formatRequirement).join(',');
}

function formatRequirement({ key, operator, values }: LabelRequirement): string {
  switch (operator) {
    case 'exists':
      return key;
    case '!':
      return `!${key}`;
    case 'in':
    case 'notin':
      // `()` would be the empty set, which is refused; `(,)` is the set of the empty value.
      return `${key} ${operator} (${values.length === 1 && values[0] === '' ? ',' : values.join(',')})`;
    case 'gt':
      return `${key}>${values[0] as string}`;
    case 'lt':
      return `${key}<${values[0] as string}`;
    default:
      return `${key}${operator}${values[0] as string}`;
  }
}

/** Builds the selector of `key=value` pairs, as spec.selector of a Service has them. */
export function labelSelectorOfMap(labels: StringMap): LabelSelector {
  return labelSelector(Object.entries(labels).map(([key, value]) => ({ key, operator: '=', values: [value] })));
}

/** Compiles the object form. An absent selector matches nothing, an empty one everything. Expects a validated spec. */
export function compileLabelSelector(spec: LabelSelectorSpec | undefined): LabelSelector {
  if (spec === undefined) return nothing;
  const operators = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!' } as const;
  const requirements = Object.entries(spec.matchLabels ?? {}).map(
    ([key, value]): LabelRequirement => ({ key, operator: '=', values: [value] }),
  );
  for (const { key, operator, values } of spec.matchExpressions ?? []) {
    requirements.push({ key, operator: operators[operator], values: values ?? [] });
  }
  return labelSelector(requirements);
}

/** Validates the object form found at `path`. */
export function validateLabelSelector(spec: LabelSelectorSpec, path: string): FieldError[] {
  const errors = validateLabels(spec.matchLabels ?? {}, child(path, 'matchLabels'));
  for (const [index, expression] of (spec.matchExpressions ?? []).entries()) {
    errors.push(...validateExpression(expression, at(child(path, 'matchExpressions'), index)));
  }
  return errors;
}

/** Validates keys and values of labels found at `path`. */
export function validateLabels(labels: StringMap, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(labels)) {
    errors.push(...checkQualifiedName(key).map((complaint) => invalid(path, key, complaint)));
    errors.push(...checkLabelValue(value).map((complaint) => invalid(path, value, complaint)));
  }
  return errors;
}

function validateExpression(expression: LabelSelectorExpression, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const values = expression.values ?? [];
  switch (expression.operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) {
        errors.push(required(child(path, 'values'), "must be specified when `operator` is 'In' or 'NotIn'"));
      }
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) {
        const detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
        errors.push(forbiddenField(child(path, 'values'), detail));
      }
      break;
    default:
      errors.push(
        notSupported(child(path, 'operator'), expression.operator, ['DoesNotExist', 'Exists', 'In', 'NotIn']),
      );
  }
  const key = expression.key ?? '';
  errors.push(...checkQualifiedName(key).map((complaint) => invalid(child(path, 'key'), key, complaint)));
  for (const [index, value] of values.entries()) {
    const place = at(child(path, 'values'), index);
    errors.push(...checkLabelValue(value).map((complaint) => invalid(place, value, complaint)));
  }
  return errors;
}
