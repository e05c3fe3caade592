/** Quantities against exact rational arithmetic. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  addQuantities,
  canonicalQuantity,
  compareQuantities,
  formatQuantity,
  parseQuantity,
} from '../../../src/api/quantity.ts';
import { must } from '../../../src/base/assert.ts';

interface Rational {
  readonly over: bigint;
  readonly under: bigint;
}

const decimal = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const binary = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

function exact(text: string): Rational {
  const match = must(/^(-?)(\d*)\.?(\d*)(.*)$/.exec(text), text);
  const [, sign, whole = '', fraction = '', suffix = ''] = match;
  let over = BigInt(whole + fraction);
  let under = 10n ** BigInt(fraction.length);
  const power = binary.includes(suffix)
    ? 0
    : suffix.startsWith('e')
      ? Number(suffix.slice(1))
      : decimal.indexOf(suffix) * 3 - 9;
  if (binary.includes(suffix)) over *= 1024n ** BigInt(binary.indexOf(suffix) + 1);
  else if (power >= 0) over *= 10n ** BigInt(power);
  else under *= 10n ** BigInt(-power);
  return { over: sign === '-' ? -over : over, under };
}

const suffix = fc.oneof(
  fc.constantFrom(...decimal, ...binary),
  fc.integer({ min: -6, max: 6 }).map((power) => `e${power}`),
);
const spelling = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.integer({ min: 0, max: 99_999 }),
    fc.option(fc.integer({ min: 0, max: 999 })),
    suffix,
  )
  .map(([sign, whole, fraction, end]) => `${sign}${whole}${fraction === null ? '' : `.${fraction}`}${end}`);
/** Coarse enough to need no rounding and small enough to need no cap. */
const exactSpelling = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.integer({ min: 0, max: 99_999 }),
    fc.constantFrom('m', '', 'k', 'M', 'Ki', 'Mi', 'Gi', 'e3'),
  )
  .map((parts) => parts.join(''));

test('parsing is exact, or rounds away from zero to a billionth, or caps', () => {
  fc.assert(
    fc.property(spelling, (text) => {
      const { over, under } = exact(text);
      const wanted = over * 1_000_000_000n;
      const limit = (2n ** 63n - 1n) * 1_000_000_000n;
      const magnitude = (wanted < 0n ? -wanted : wanted) + under - 1n;
      const rounded = magnitude / under > limit ? limit : magnitude / under;
      expect(must(parseQuantity(text), text).nanos).toBe(wanted < 0n ? -rounded : rounded);
    }),
  );
});

test('the canonical form means the same and is its own canonical form', () => {
  fc.assert(
    fc.property(spelling, (text) => {
      const quantity = must(parseQuantity(text), text);
      const canonical = formatQuantity(quantity);
      expect(must(parseQuantity(canonical), canonical).nanos).toBe(quantity.nanos);
      expect(canonicalQuantity(canonical)).toBe(canonical);
      expect(canonicalQuantity(text)).toBe(canonical);
    }),
  );
});

test('sums and comparisons agree with fractions', () => {
  fc.assert(
    fc.property(exactSpelling, exactSpelling, (left, right) => {
      const [a, b] = [exact(left), exact(right)];
      const [p, q] = [must(parseQuantity(left), left), must(parseQuantity(right), right)];
      const sum = exact(formatQuantity(addQuantities(p, q)));
      expect(sum.over * a.under * b.under).toBe((a.over * b.under + b.over * a.under) * sum.under);
      expect(Math.sign(compareQuantities(p, q))).toBe(
        Number(a.over * b.under > b.over * a.under) - Number(a.over * b.under < b.over * a.under),
      );
    }),
  );
});
