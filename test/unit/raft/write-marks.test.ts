/** Which writes vouch for what, while several are in flight and the log is truncated under them. */
import { expect, test } from 'vitest';
import { WriteMarks } from '../../../src/raft/write-marks.ts';
import { at } from './host.ts';

test('completions make stable what their writes carried, in order', () => {
  const marks = new WriteMarks(at(3));
  marks.begin(1, at(5));
  marks.begin(2, at(6));
  expect(marks.complete(1)).toBe(true);
  expect([marks.stable, marks.handedOut]).toEqual([5, 6]);
  expect(marks.complete(2)).toBe(true);
  expect(marks.complete(3)).toBe(false);
  expect(marks.stable).toBe(6);
});

test('one completion may stand for several writes', () => {
  const marks = new WriteMarks(at(0));
  marks.begin(1, at(1));
  marks.begin(4, at(2));
  expect(marks.complete(4)).toBe(true);
  expect([marks.stable, marks.latestNumber()]).toEqual([2, 0]);
});

test('a write does not vouch for what was rewritten behind it, though the entries be the same', () => {
  const marks = new WriteMarks(at(4));
  marks.begin(1, at(7));
  marks.truncate(at(5));
  marks.begin(2, at(6));
  marks.truncate(at(5));
  marks.begin(3, at(7));
  marks.complete(1);
  expect(marks.stable).toBe(5);
  marks.complete(2);
  expect(marks.stable).toBe(5);
  marks.complete(3);
  expect(marks.stable).toBe(7);
});

test('truncation takes back what was stable', () => {
  const marks = new WriteMarks(at(9));
  marks.truncate(at(4));
  expect([marks.stable, marks.handedOut]).toEqual([4, 4]);
});

test('a snapshot leaves stable only what agrees with it until it is written', () => {
  const marks = new WriteMarks(at(6));
  marks.begin(1, at(8));
  marks.restore(at(5), at(20));
  expect(marks.complete(1)).toBe(false);
  expect([marks.stable, marks.handedOut]).toEqual([5, 20]);
  marks.begin(2, at(20));
  marks.complete(2);
  expect(marks.stable).toBe(20);
});

test('numbers ascend', () => {
  const marks = new WriteMarks(at(0));
  marks.begin(2, at(1));
  expect(() => marks.begin(2, at(2))).toThrow(/ascend/);
});
