/** Dates as Kubernetes writes them, against the platform's own. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { WallMs } from '../../../src/base/brand.ts';
import { inSeconds, timestampSeconds } from '../../../src/base/time.ts';

const number = (digits: number): fc.Arbitrary<string> =>
  fc.nat(10 ** digits - 1).map((value) => String(value).padStart(digits, '0'));

test('a date that was written in whole seconds stays what it is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), (seconds) => {
      const text = timestampSeconds((seconds * 1_000) as WallMs);
      expect(inSeconds(text)).toBe(text);
    }),
  );
});

test('what looks like a date is read as the platform reads it, or is none', () => {
  const parts = fc.tuple(number(4), number(2), number(2), number(2), number(2), number(2));
  fc.assert(
    fc.property(parts, fc.constantFrom('Z', '.5Z', '+02:00', '-11:30'), ([year, ...rest], end) => {
      const [month, day, hour, minute, second] = rest;
      const text = `${year}-${month}-${day}T${hour}:${minute}:${second}${end}`;
      const ms = new Date(text).getTime();
      expect(inSeconds(text)).toBe(Number.isNaN(ms) ? undefined : timestampSeconds(ms as WallMs));
    }),
    { numRuns: 2_000 },
  );
});
