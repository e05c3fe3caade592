/** The window of messages in flight: order, both bounds, freeing by prefix, wrapping around. */
import { expect, test } from 'vitest';
import { Inflights } from '../../../src/raft/inflights.ts';
import { at } from './host.ts';

test('the window is full at its number of messages', () => {
  const inflights = new Inflights(2, 1000);
  inflights.add(at(1), 1);
  expect(inflights.isFull()).toBe(false);
  inflights.add(at(2), 1);
  expect(inflights.isFull()).toBe(true);
  expect(() => inflights.add(at(3), 1)).toThrow(/full/);
});

test('the window is full at its bytes, which the last message may exceed', () => {
  const inflights = new Inflights(10, 100);
  inflights.add(at(1), 99);
  expect(inflights.isFull()).toBe(false);
  inflights.add(at(2), 500);
  expect([inflights.isFull(), inflights.bytes]).toEqual([true, 599]);
});

test('an acknowledgement frees every message up to its index', () => {
  const inflights = new Inflights(4, 1000);
  for (const index of [3, 7, 9]) inflights.add(at(index), index);
  inflights.freeUpTo(at(2));
  expect(inflights.count).toBe(3);
  inflights.freeUpTo(at(8));
  expect([inflights.count, inflights.bytes]).toEqual([1, 9]);
  inflights.freeUpTo(at(99));
  expect([inflights.count, inflights.bytes]).toEqual([0, 0]);
});

test('the window moves on for ever', () => {
  const inflights = new Inflights(3, 1000);
  for (let index = 1; index <= 500; index += 1) {
    inflights.add(at(index), 2);
    if (index > 2) inflights.freeUpTo(at(index - 2));
  }
  expect([inflights.count, inflights.bytes]).toEqual([2, 4]);
  inflights.clear();
  expect([inflights.count, inflights.bytes, inflights.isFull()]).toEqual([0, 0, false]);
});

test('messages are added in the order of their entries', () => {
  const inflights = new Inflights(3, 1000);
  inflights.add(at(5), 1);
  expect(() => inflights.add(at(5), 1)).toThrow(/order/);
});
