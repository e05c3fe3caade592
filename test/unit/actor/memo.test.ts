/** What a thread remembers for its actors. */
import { expect, test } from 'vitest';
import { Memo } from '../../../src/actor/memo.ts';
import { InvariantError } from '../../../src/base/assert.ts';

test('equal texts have one result, and what is used stays while the rest is forgotten', () => {
  const memo = new Memo(4);
  let made = 0;
  const make = (text: string): object => {
    made += 1;
    return Object.freeze({ text });
  };
  const first = memo.get('aa', make);
  expect(memo.get('aa', make)).toBe(first);
  memo.get('bb', make);
  // The generation is full: a and b are old now. What is asked for again is young again.
  memo.get('cc', make);
  expect(memo.get('aa', make)).toBe(first);
  expect(made).toBe(3);
  memo.get('dd', make);
  expect(memo.get('aa', make)).toBe(first);
  memo.get('bb', make);
  expect(made).toBe(5);
});

test('what could change is not shared', () => {
  expect(() => new Memo().get('a', () => ({}))).toThrow(InvariantError);
});
