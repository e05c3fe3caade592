/** Label and field selectors: what parses, what matches, what is refused and how. */
import { expect, test } from 'vitest';
import {
  formatFieldSelector,
  matchesFields,
  parseFieldSelector,
  pinnedField,
} from '../../../src/api/field-selector.ts';
import {
  compileLabelSelector,
  formatLabelSelector,
  labelSelectorOfMap,
  matchesLabels,
  validateLabelSelector,
} from '../../../src/api/label-selector.ts';
import { parseLabelSelector } from '../../../src/api/label-selector-parser.ts';

test.each([
  ['', { a: '1' }, true],
  ['a=1', { a: '1' }, true],
  ['a==1,b!=2', { a: '1' }, true],
  ['a==1,b!=2', { a: '1', b: '2' }, false],
  ['a in (1, 2)', { a: '2' }, true],
  ['a notin (1,2)', {}, true],
  ['a', {}, false],
  ['!a', {}, true],
  ['a,!b', { a: '' }, true],
  ['a=', { a: '' }, true],
  ['a in (,x)', { a: '' }, true],
  ['n>3', { n: '10' }, true],
  ['n<3', { n: '10' }, false],
  ['n>3', { n: 'x' }, false],
  ['in=1', { in: '1' }, true],
  ['in in (in)', { in: 'in' }, true],
  ['constructor', {}, false],
  ['example.com/a in (b)', { 'example.com/a': 'b' }, true],
])('label selector %j on %j is %j', (text, labels, want) => {
  expect(matchesLabels(parseLabelSelector(text), labels)).toBe(want);
});

test.each([
  ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
  ['a=1,', "found '', expected: identifier after ','"],
  ['=a', "found '=', expected: !, identifier, or 'end of string'"],
  ['a in x', "unable to parse requirement: found 'x' expected: '('"],
  ['a in (x', "unable to parse requirement: found '', expected: ',' or ')'"],
  [
    'a in ()',
    "unable to parse requirement: values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty",
  ],
  ['!a=b', "found '=', expected: ',' or 'end of string'"],
  ['a==b=c', "found '=', expected: ',' or 'end of string'"],
  ['!', "unable to parse requirement: found '', expected: identifier"],
  [
    'n>x',
    `unable to parse requirement: values[0]: Invalid value: "x": for 'Gt', 'Lt' operators, the value must be an integer`,
  ],
])('label selector %j is refused', (text, message) => {
  expect(() => parseLabelSelector(text)).toThrow(message);
});

test('the text form is sorted by key and parses back', () => {
  const selector = parseLabelSelector('z,b in (y,x),a=1,!c,d!=e,n>1');
  expect(formatLabelSelector(selector)).toBe('a=1,b in (x,y),!c,d!=e,n>1,z');
  expect(formatLabelSelector(labelSelectorOfMap({ b: '2', a: '1' }))).toBe('a=1,b=2');
});

test('an absent selector matches nothing and an empty one everything', () => {
  expect(matchesLabels(compileLabelSelector(undefined), { a: '1' })).toBe(false);
  expect(matchesLabels(compileLabelSelector({}), {})).toBe(true);
});

test('match labels and match expressions are required together', () => {
  const selector = compileLabelSelector({
    matchLabels: { app: 'web' },
    matchExpressions: [
      { key: 'tier', operator: 'NotIn', values: ['back'] },
      { key: 'x', operator: 'DoesNotExist' },
    ],
  });
  expect(matchesLabels(selector, { app: 'web', tier: 'front' })).toBe(true);
  expect(matchesLabels(selector, { app: 'web', tier: 'back' })).toBe(false);
  expect(matchesLabels(selector, { app: 'web', x: '' })).toBe(false);
});

test('validation of the object form names each fault', () => {
  const errors = validateLabelSelector(
    {
      matchLabels: { 'a b': 'x' },
      matchExpressions: [
        { key: 'k', operator: 'In' },
        { key: 'k', operator: 'Exists', values: ['v'] },
      ],
    },
    'spec.selector',
  );
  expect(errors.map(({ field, reason }) => [field, reason])).toEqual([
    ['spec.selector.matchLabels', 'FieldValueInvalid'],
    ['spec.selector.matchExpressions[0].values', 'FieldValueRequired'],
    ['spec.selector.matchExpressions[1].values', 'FieldValueForbidden'],
  ]);
});

test.each([
  ['metadata.name=a', { 'metadata.name': 'a' }, true],
  ['metadata.name==a,spec.nodeName!=n', { 'metadata.name': 'a', 'spec.nodeName': '' }, true],
  ['involvedObject.namespace=', {}, true],
  ['a=x\\,y\\=z', { a: 'x,y=z' }, true],
  ['a!=1', { a: '1' }, false],
])('field selector %j on %j is %j', (text, fields, want) => {
  const selector = parseFieldSelector(text);
  expect(matchesFields(selector, fields as Record<string, string>)).toBe(want);
  expect(parseFieldSelector(formatFieldSelector(selector))).toEqual(selector);
});

test('a field selector that makes no sense is refused', () => {
  expect(() => parseFieldSelector('abc')).toThrow("invalid selector: 'abc'; can't understand 'abc'");
  expect(() => parseFieldSelector('a=b\\x')).toThrow('invalid field selector: invalid escape sequence: \\x');
});

test('a pinned field is found for an index', () => {
  const selector = parseFieldSelector('spec.nodeName=n1,status.phase!=Failed');
  expect(pinnedField(selector, 'spec.nodeName')).toBe('n1');
  expect(pinnedField(selector, 'status.phase')).toBeUndefined();
});
