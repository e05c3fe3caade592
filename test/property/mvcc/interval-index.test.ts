/** The interval index finds exactly the ranges that hold a key, after any sequence of additions and removals. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IntervalIndex } from '../../../src/mvcc/interval-index.ts';
import { containsKey, isSingleKey, type KeyRange, prefixRange, singleKey } from '../../../src/mvcc/key-range.ts';

const key = fc.string({ maxLength: 2, unit: fc.constantFrom('a', 'b', 'c', '\0', '\xff') });
const range: fc.Arbitrary<KeyRange> = fc.record({ start: key, end: fc.option(key) });

test('a query agrees with asking every range', () => {
  const call = fc.record({ range, item: fc.nat(3), isRemoval: fc.boolean() });
  fc.assert(
    fc.property(fc.array(call, { maxLength: 40 }), fc.array(key, { minLength: 1, maxLength: 8 }), (calls, queries) => {
      const index = new IntervalIndex<string>();
      const model = new Map<string, KeyRange>();
      for (const { range: added, item, isRemoval } of calls) {
        const name = JSON.stringify([added.start, added.end, item]);
        if (isRemoval !== model.has(name)) continue;
        if (isRemoval) {
          index.remove(added, name);
          model.delete(name);
        } else {
          index.add(added, name);
          model.set(name, added);
        }
      }
      for (const query of queries) {
        const found: string[] = [];
        index.forEachAt(query, (name) => found.push(name));
        const expected = [...model].filter(([, held]) => containsKey(held, query)).map(([name]) => name);
        expect(found.sort()).toEqual(expected.sort());
      }
    }),
  );
});

test('a prefix range holds exactly the keys with that prefix', () => {
  fc.assert(
    fc.property(key, key, (prefix, other) => {
      expect(containsKey(prefixRange(prefix), other)).toBe(other.startsWith(prefix));
    }),
  );
});

test('the range of a single key holds that key alone, and is recognized', () => {
  fc.assert(
    fc.property(key, key, (only, other) => {
      expect(containsKey(singleKey(only), other)).toBe(only === other);
      expect(isSingleKey(singleKey(only))).toBe(true);
      expect(isSingleKey({ start: only, end: other })).toBe(other === `${only}\0`);
    }),
  );
});
