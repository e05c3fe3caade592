/** How limit ranges begin, and what contradicts itself in them. Models kubernetes pkg/apis/core/v1/defaults.go and pkg/apis/core/validation. */
import { at, child, duplicate, type FieldError, forbiddenField, invalid, required } from '../../api/field-error.ts';
import type { Mutable } from '../../api/json.ts';
import { compareQuantities, parseQuantity } from '../../api/quantity.ts';
import type { KindBehaviour } from '../behaviour.ts';
import type { ResourceList } from '../pod/types.ts';
import type { LimitRange, LimitRangeItem } from './types.ts';

export const limitRangeBehaviour: KindBehaviour<LimitRange> = {
  allowsCreateOnUpdate: true,
  setDefaults({ spec }) {
    for (const item of spec?.limits ?? []) if (item.type === 'Container') setContainerDefaults(item);
  },
  validate({ spec }) {
    const seen = new Set<string>();
    return (spec?.limits ?? []).flatMap((item, index) => {
      const path = at('spec.limits', index);
      const errors = seen.has(item.type) ? [duplicate(child(path, 'type'), item.type)] : [];
      seen.add(item.type);
      return [...errors, ...validateItem(item, path)];
    });
  },
};

/** What is not said follows: the limit from the maximum, the request from the limit, or from the minimum. */
function setContainerDefaults(item: Mutable<LimitRangeItem>): void {
  item.default = { ...item.max, ...item.default };
  item.defaultRequest = { ...item.min, ...item.default, ...item.defaultRequest };
}

/** Each in turn must not exceed the next, where both are there. */
const ascending = ['min', 'defaultRequest', 'default', 'max'] as const;

function validateItem(item: LimitRangeItem, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (item.type === 'Pod') {
    for (const field of ['default', 'defaultRequest'] as const) {
      if (Object.keys(item[field] ?? {}).length === 0) continue;
      errors.push(forbiddenField(child(path, field), "may not be specified when `type` is 'Pod'"));
    }
  }
  if (
    item.type === 'PersistentVolumeClaim' &&
    item.min?.['storage'] === undefined &&
    item.max?.['storage'] === undefined
  ) {
    errors.push(
      required(`${path}.limits`, 'either minimum or maximum storage value is required, but neither was provided'),
    );
  }
  for (const [index, lower] of ascending.entries()) {
    for (const upper of ascending.slice(index + 1)) errors.push(...contradictions(item, lower, upper, path));
  }
  return errors;
}

function contradictions(
  item: LimitRangeItem,
  lower: (typeof ascending)[number],
  upper: (typeof ascending)[number],
  path: string,
): FieldError[] {
  const above: ResourceList = item[upper] ?? {};
  return Object.entries(item[lower] ?? {}).flatMap(([name, text]) => {
    const [low, high] = [parseQuantity(text), parseQuantity(above[name] ?? '')];
    if (low === undefined || high === undefined || compareQuantities(low, high) <= 0) return [];
    const title = (field: string): string => (field === 'defaultRequest' ? 'default request' : field);
    const detail = `${title(lower)} value ${text} is greater than ${title(upper)} value ${above[name]}`;
    return [invalid(at(child(path, lower), name), text, detail)];
  });
}
