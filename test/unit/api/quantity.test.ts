/** Spellings of quantities and their canonical form. */
import { expect, test } from 'vitest';
import {
  addQuantities,
  canonicalQuantity,
  compareQuantities,
  formatQuantity,
  milliValueOf,
  parseQuantity,
  subtractQuantities,
  valueOf,
} from '../../../src/api/quantity.ts';
import { must } from '../../../src/base/assert.ts';

const parse = (text: string) => must(parseQuantity(text), text);

test.each([
  ['0', '0'],
  ['0.0m', '0'],
  ['-0', '0'],
  ['1', '1'],
  ['0.5', '500m'],
  ['.5', '500m'],
  ['1.', '1'],
  ['1000m', '1'],
  ['1500m', '1500m'],
  ['100000', '100k'],
  ['1234567', '1234567'],
  ['1024Mi', '1Gi'],
  ['1.5Gi', '1536Mi'],
  ['0.5Ki', '512'],
  ['.001Ki', '1024m'],
  ['.000000000001Ki', '2n'],
  ['1e3', '1e3'],
  ['1E3', '1e3'],
  ['12e-3', '12e-3'],
  ['1E', '1E'],
  ['+1k', '1k'],
  ['-2Gi', '-2Gi'],
  ['1023', '1023'],
  ['1025Ki', '1025Ki'],
  ['0.1n', '1n'],
  ['-0.1n', '-1n'],
  ['100Ei', '9223372036854775807'],
  ['1000Gi', '1000Gi'],
])('%j is %j in canonical form', (text, want) => {
  expect(canonicalQuantity(text)).toBe(want);
});

test.each(['', '.', 'm', '1 Gi', '1ki', '1Mii', '1e', '--1', '1,5', 'Gi', '1e1.5', '0x1'])(
  '%j is no quantity',
  (text) => {
    expect(parseQuantity(text)).toBeUndefined();
  },
);

test('sums keep the format of the left side, or of the other when it is zero', () => {
  expect(formatQuantity(addQuantities(parse('1Gi'), parse('1k')))).toBe('1073742824');
  expect(formatQuantity(addQuantities(parse('0'), parse('1Gi')))).toBe('1Gi');
  expect(formatQuantity(subtractQuantities(parse('2'), parse('500m')))).toBe('1500m');
});

test('values are rounded up', () => {
  expect(milliValueOf(parse('1.0001'))).toBe(1001);
  expect(valueOf(parse('1500m'))).toBe(2);
  expect(valueOf(parse('-1500m'))).toBe(-2);
  expect(compareQuantities(parse('1Gi'), parse('1G'))).toBe(1);
  expect(compareQuantities(parse('1000m'), parse('1'))).toBe(0);
});
