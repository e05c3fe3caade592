/** A heap gives back what it was given, in order, whatever the mix of pushes and pops. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Heap } from '../../../src/base/heap.ts';

test('pops are those of a sorted list', () => {
  const operation = fc.option(fc.integer({ min: 0, max: 20 }), { nil: 'pop' as const, freq: 3 });
  fc.assert(
    fc.property(fc.array(operation), (operations) => {
      const heap = new Heap<number>((left, right) => left < right);
      const model: number[] = [];
      for (const each of operations) {
        if (each === 'pop') expect(heap.pop()).toBe(model.shift());
        else {
          heap.push(each);
          model.push(each);
          model.sort((left, right) => left - right);
        }
        expect([heap.length, heap.peek()]).toEqual([model.length, model[0]]);
      }
    }),
  );
});
