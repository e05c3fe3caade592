/** The ordered map behaves as a sorted list of entries, whatever the sequence of calls. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OrderedMap } from '../../../src/base/ordered-map.ts';
import { Random } from '../../../src/base/random.ts';

function entriesOf(map: OrderedMap<number>, start: string, end: string | null): [string, number][] {
  const found: [string, number][] = [];
  map.scan(start, end, (value, key) => {
    found.push([key, value]);
    return true;
  });
  return found;
}

function sorted(model: ReadonlyMap<string, number>, start: string, end: string | null): [string, number][] {
  return [...model].filter(([key]) => key >= start && (end === null || key < end)).sort(([a], [b]) => (a < b ? -1 : 1));
}

test('short sequences of calls agree with a sorted list', () => {
  const key = fc.string({ maxLength: 2, unit: fc.constantFrom('a', 'b', 'c', '\0', '\xff') });
  const call = fc.record({ type: fc.constantFrom('set', 'delete', 'get'), key, value: fc.nat() });
  fc.assert(
    fc.property(fc.array(call, { maxLength: 60 }), key, fc.option(key), (calls, start, end) => {
      const map = new OrderedMap<number>();
      const model = new Map<string, number>();
      for (const { type, key, value } of calls) {
        const before = model.get(key);
        if (type === 'set') {
          expect(map.set(key, value)).toBe(before);
          model.set(key, value);
        } else if (type === 'delete') {
          expect(map.delete(key)).toBe(before);
          model.delete(key);
        } else expect(map.get(key)).toBe(before);
      }
      expect(map.size).toBe(model.size);
      expect(entriesOf(map, start, end)).toEqual(sorted(model, start, end));
    }),
  );
});

test.each([1, 2])('a tree of many levels grows and shrinks without losing an entry (seed %i)', (seed) => {
  const random = new Random(seed);
  const map = new OrderedMap<number>();
  const model = new Map<string, number>();
  for (let round = 0; round < 40_000; round += 1) {
    const isGrowing = Math.floor(round / 10_000) % 2 === 0;
    const key = String(random.integer(0, 20_000));
    if (random.chance(isGrowing ? 0.8 : 0.1)) {
      map.set(key, round);
      model.set(key, round);
    } else expect(map.delete(key)).toBe(takeFrom(model, key));
    if (round % 5_000 === 4_999) {
      expect(map.size).toBe(model.size);
      expect(entriesOf(map, '', null)).toEqual(sorted(model, '', null));
    }
  }
  for (const key of random.shuffle([...model.keys()])) expect(map.delete(key)).toBe(takeFrom(model, key));
  expect(entriesOf(map, '', null)).toEqual([]);
});

test('a scan stops when its visitor says so', () => {
  const map = new OrderedMap<number>();
  for (let index = 0; index < 1000; index += 1) map.set(String(index).padStart(4, '0'), index);
  const seen: number[] = [];
  map.scan('0100', null, (value) => {
    seen.push(value);
    return value < 102;
  });
  expect(seen).toEqual([100, 101, 102]);
});

function takeFrom(model: Map<string, number>, key: string): number | undefined {
  const value = model.get(key);
  model.delete(key);
  return value;
}
