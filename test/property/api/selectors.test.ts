/** Selectors round-trip through text, and the matcher agrees with a naive reading of the definition. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatFieldSelector, matchesFields, parseFieldSelector } from '../../../src/api/field-selector.ts';
import {
  formatLabelSelector,
  type LabelRequirement,
  labelSelector,
  matchesLabels,
} from '../../../src/api/label-selector.ts';
import { parseLabelSelector } from '../../../src/api/label-selector-parser.ts';

const key = fc.constantFrom('a', 'b', 'in', 'notin', 'x.y/z');
const value = fc.constantFrom('', '1', '2', 'in', 'v_1');
const requirement: fc.Arbitrary<LabelRequirement> = fc.oneof(
  fc.record({ key, operator: fc.constantFrom('=' as const, '!=' as const), values: fc.tuple(value) }),
  fc.record({
    key,
    operator: fc.constantFrom('in' as const, 'notin' as const),
    values: fc.array(value, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ key, operator: fc.constantFrom('exists' as const, '!' as const), values: fc.constant([]) }),
  fc.record({
    key,
    operator: fc.constantFrom('gt' as const, 'lt' as const),
    values: fc.tuple(fc.constantFrom('1', '7')),
  }),
);

test('a label selector survives its text form', () => {
  fc.assert(
    fc.property(fc.array(requirement, { maxLength: 5 }), (requirements) => {
      const selector = labelSelector(requirements);
      expect(parseLabelSelector(formatLabelSelector(selector))).toEqual(selector);
    }),
  );
});

function naive({ key, operator, values }: LabelRequirement, labels: Record<string, string>): boolean {
  const has = key in labels;
  const actual = labels[key] as string;
  if (operator === 'exists') return has;
  if (operator === '!') return !has;
  if (operator === 'gt' || operator === 'lt') {
    if (!has || !/^-?\d+$/.test(actual)) return false;
    return operator === 'gt' ? Number(actual) > Number(values[0]) : Number(actual) < Number(values[0]);
  }
  const isAmong = has && values.includes(actual);
  return operator === '=' || operator === 'in' ? isAmong : !isAmong;
}

test('the matcher agrees with the definition', () => {
  fc.assert(
    fc.property(fc.array(requirement, { maxLength: 4 }), fc.dictionary(key, value), (requirements, labels) => {
      const want = requirements.every((each) => naive(each, labels));
      expect(matchesLabels(labelSelector(requirements), labels)).toBe(want);
    }),
  );
});

test('any text either parses to a selector that round-trips or is a bad request', () => {
  const text = fc.array(fc.constantFrom('a', 'in', 'notin', '=', '==', '!=', '!', '(', ')', ',', ' ', '>', '1'), {
    maxLength: 8,
  });
  fc.assert(
    fc.property(text, (parts) => {
      let selector: ReturnType<typeof parseLabelSelector>;
      try {
        selector = parseLabelSelector(parts.join(''));
      } catch (error) {
        expect(error).toMatchObject({ status: { code: 400 } });
        return;
      }
      expect(parseLabelSelector(formatLabelSelector(selector))).toEqual(selector);
    }),
  );
});

test('a field selector survives its text form, whatever the value holds', () => {
  const field = fc.constantFrom('metadata.name', 'spec.nodeName', 'status.phase');
  const operator = fc.constantFrom('=' as const, '!=' as const);
  const part = fc.record({
    field,
    operator,
    value: fc.string({ unit: fc.constantFrom('a', ',', '=', '\\', '!', ' ') }),
  });
  fc.assert(
    fc.property(fc.array(part, { maxLength: 4 }), fc.dictionary(field, value), (requirements, fields) => {
      const parsed = parseFieldSelector(formatFieldSelector({ requirements }));
      expect(parsed).toEqual({ requirements });
      const want = requirements.every(
        (each) => ((fields[each.field] ?? '') === each.value) === (each.operator === '='),
      );
      expect(matchesFields(parsed, fields)).toBe(want);
    }),
  );
});
