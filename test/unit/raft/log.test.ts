/** The log by itself: bounds, conflicts, hand-out of writes and of committed entries, compaction, snapshots. */
import { describe, expect, test } from 'vitest';
import { InvariantError } from '../../../src/base/assert.ts';
import { RaftLog } from '../../../src/raft/log.ts';
import { membershipOf } from '../../../src/raft/membership.ts';
import { at, entriesOf, ids, term } from './host.ts';

const membership = membershipOf(ids(1, 2, 3));

function logOf(terms: readonly number[], committed = 0): RaftLog {
  const snapshot = { index: at(0), term: term(0) };
  return new RaftLog({ snapshot, entries: entriesOf(terms) }, at(committed), at(0), membership);
}

function termsOf(log: RaftLog): number[] {
  return log.slice(log.firstIndex, log.lastIndex).map((entry) => entry.term);
}

describe('votes', () => {
  const cases = [
    { name: 'a later last term wins whatever the length', index: 1, term: 4, want: true },
    { name: 'an equal term and a longer log wins', index: 4, term: 3, want: true },
    { name: 'an equal log is good enough', index: 3, term: 3, want: true },
    { name: 'an equal term and a shorter log loses', index: 2, term: 3, want: false },
    { name: 'an earlier last term loses whatever the length', index: 9, term: 2, want: false },
  ];
  test.each(cases)('$name', ({ index, term: value, want }) => {
    expect(logOf([1, 2, 3]).isUpToDate({ index: at(index), term: term(value) })).toBe(want);
  });
});

describe('appends of a leader', () => {
  const cases = [
    { name: 'extend the log', previous: [3, 3], terms: [4, 4], result: 5, want: [1, 2, 3, 4, 4] },
    { name: 'change nothing when the entries are there', previous: [1, 1], terms: [2], result: 2, want: [1, 2, 3] },
    { name: 'replace a conflicting suffix', previous: [1, 1], terms: [4], result: 2, want: [1, 4] },
    { name: 'skip equal entries and add the rest', previous: [1, 1], terms: [2, 3, 5], result: 4, want: [1, 2, 3, 5] },
    { name: 'are refused when the term before differs', previous: [3, 2], terms: [4], result: null, want: [1, 2, 3] },
    { name: 'are refused behind the end of the log', previous: [4, 3], terms: [4], result: null, want: [1, 2, 3] },
  ];
  test.each(cases)('$name', ({ previous: [index = 0, value = 0], terms, result, want }) => {
    const log = logOf([1, 2, 3]);
    expect(log.maybeAppend({ index: at(index), term: term(value) }, entriesOf(terms, index))).toBe(result);
    expect(termsOf(log)).toEqual(want);
  });

  test('never replace a committed entry', () => {
    const log = logOf([1, 2, 3], 2);
    expect(() => log.maybeAppend({ index: at(1), term: term(1) }, entriesOf([4], 1))).toThrow(InvariantError);
    expect(termsOf(log)).toEqual([1, 2, 3]);
  });

  test('leave no gap and no falling terms', () => {
    const log = logOf([1, 2, 3]);
    expect(() => log.append(entriesOf([3], 4))).toThrow(/a gap in the log/);
    expect(() => log.append(entriesOf([2], 3))).toThrow(/terms go back/);
  });
});

describe('back-off by term', () => {
  const log = logOf([1, 1, 1, 4, 4, 5, 5, 6]);
  const cases = [
    { index: 8, term: 6, want: [8, 6] },
    { index: 8, term: 5, want: [7, 5] },
    { index: 8, term: 3, want: [3, 1] },
    { index: 5, term: 9, want: [5, 4] },
    { index: 99, term: 4, want: [5, 4] },
    { index: 4, term: 0, want: [0, 0] },
  ];
  test.each(cases)(
    'from $index the last entry with a term of at most $term is $want',
    ({ index, term: value, want }) => {
      const found = log.findConflictByTerm(at(index), term(value));
      expect([found.index, found.term]).toEqual(want);
    },
  );
});

test('pages hold at least one entry and otherwise keep to their size', () => {
  const log = logOf([1, 1, 1, 1]);
  expect(log.page(at(1), at(4), 0)).toHaveLength(1);
  expect(log.page(at(1), at(4), 50)).toHaveLength(2);
  expect(log.page(at(2), at(3), 1000).map((entry) => entry.index)).toEqual([2, 3]);
  expect(log.page(at(5), at(4), 1000)).toEqual([]);
});

test('committed entries come out once, in order and in pages', () => {
  const log = logOf([1, 1, 1], 3);
  expect(log.takeCommitted(50).map((entry) => entry.index)).toEqual([1, 2]);
  expect(log.takeCommitted(50).map((entry) => entry.index)).toEqual([3]);
  expect(log.takeCommitted(50)).toEqual([]);
  expect(() => log.applyTo(at(4))).toThrow(/not handed out/);
});

test('the commit index only rises, and not beyond the log', () => {
  const log = logOf([1, 1], 1);
  expect(log.commitTo(at(0))).toBe(false);
  expect(log.commitTo(at(2))).toBe(true);
  expect(() => log.commitTo(at(3))).toThrow(/commit beyond the log/);
});

test('compaction keeps the term of the last dropped entry and refuses what lies before', () => {
  const log = logOf([1, 2, 3, 3], 3);
  expect(log.takeCommitted(1000)).toHaveLength(3);
  log.applyTo(at(3));
  log.compact(at(3), membership, at(2));
  expect([log.firstIndex, log.lastIndex]).toEqual([3, 4]);
  expect([log.termAt(at(1)), log.termAt(at(2)), log.termAt(at(3)), log.termAt(at(5))]).toEqual([null, 2, 3, null]);
  expect(log.snapshot).toEqual({ index: 3, term: 3, membership });
  expect(() => log.slice(at(2), at(4))).toThrow(/compacted/);
  expect(() => log.compact(at(4), membership, at(4))).toThrow(/compaction bounds/);
});

test('a snapshot replaces the log and counts as applied once it is installed', () => {
  const log = logOf([1, 1, 1], 1);
  log.restore({ index: at(9), term: term(2), membership });
  expect([log.firstIndex, log.lastIndex, log.lastTerm, log.committed, log.applied]).toEqual([10, 9, 2, 9, 0]);
  log.append(entriesOf([2], 9));
  log.commitTo(at(10));
  expect(log.takeUnwritten(1)).toMatchObject({ snapshot: { index: 9 }, entries: [{ index: 10 }] });
  expect(log.takeCommitted(1000)).toEqual([]);
  expect(log.completeWrites(1)).toBe(true);
  expect([log.applied, log.marks.stable, log.isInstalling()]).toEqual([9, 10, false]);
  expect(log.takeCommitted(1000).map((entry) => entry.index)).toEqual([10]);
});

test('a second snapshot before the first is installed is the one that counts', () => {
  const log = logOf([1], 1);
  log.restore({ index: at(5), term: term(2), membership });
  log.takeUnwritten(1);
  log.restore({ index: at(8), term: term(2), membership });
  log.completeWrites(1);
  expect([log.applied, log.isInstalling()]).toEqual([0, true]);
  expect(log.takeUnwritten(2).snapshot?.index).toBe(8);
  log.completeWrites(2);
  expect([log.applied, log.isInstalling()]).toEqual([8, false]);
});

test('a restored log must reach its commit index and be contiguous', () => {
  expect(() => logOf([1, 1], 3)).toThrow(/committed entries are missing/);
  const snapshot = { index: at(0), term: term(0) };
  const entries = [...entriesOf([1]), ...entriesOf([1], 2)];
  expect(() => new RaftLog({ snapshot, entries }, at(0), at(0), membership)).toThrow(/a gap/);
});

test('entries up to the snapshot are passed over when a log is restored', () => {
  const snapshot = { index: at(2), term: term(1) };
  const log = new RaftLog({ snapshot, entries: entriesOf([1, 1, 1, 2]) }, at(3), at(2), membership);
  expect([log.firstIndex, log.lastIndex, log.committed]).toEqual([3, 4, 3]);
  expect(log.snapshot).toEqual({ ...snapshot, membership });
});
