/** The machine of a follower's progress, transition by transition. */
import { describe, expect, test } from 'vitest';
import { defaultRaftLimits } from '../../../src/raft/limits.ts';
import { Progress } from '../../../src/raft/progress.ts';
import { at } from './host.ts';

const limits = { ...defaultRaftLimits, inflightMessagesMax: 2 };

function progressAt(match: number, next: number): Progress {
  return new Progress(at(match), at(next), true, limits);
}

test('a probe sends one message with entries and then waits', () => {
  const progress = progressAt(0, 5);
  progress.sentEntries(0, 0, at(3));
  expect([progress.isPaused(), progress.next]).toEqual([false, 5]);
  progress.sentEntries(2, 10, at(3));
  expect([progress.isPaused(), progress.next]).toEqual([true, 5]);
});

test('replication runs ahead of its acknowledgements until the window is full', () => {
  const progress = progressAt(4, 5);
  progress.becomeReplicate();
  progress.sentEntries(2, 10, at(4));
  expect([progress.isPaused(), progress.next]).toEqual([false, 7]);
  progress.sentEntries(1, 10, at(4));
  expect([progress.isPaused(), progress.next, progress.inflights.count]).toEqual([true, 8, 2]);
});

test('an acknowledgement raises match, never lowers it, and lifts the pause', () => {
  const progress = progressAt(4, 5);
  progress.flowPaused = true;
  expect(progress.maybeUpdate(at(4))).toBe(false);
  expect(progress.isPaused()).toBe(true);
  expect(progress.maybeUpdate(at(6))).toBe(true);
  expect([progress.match, progress.next, progress.isPaused()]).toEqual([6, 7, false]);
});

describe('refusals', () => {
  const cases = [
    {
      name: 'in replicate below match are stale',
      state: 'replicate',
      match: 5,
      next: 9,
      rejected: 5,
      hint: 4,
      want: [false, 9],
    },
    {
      name: 'in replicate start again behind match',
      state: 'replicate',
      match: 5,
      next: 9,
      rejected: 8,
      hint: 2,
      want: [true, 6],
    },
    { name: 'of another probe are stale', state: 'probe', match: 0, next: 9, rejected: 7, hint: 2, want: [false, 9] },
    { name: 'of the probe step back by one', state: 'probe', match: 0, next: 9, rejected: 8, hint: 8, want: [true, 8] },
    {
      name: 'of the probe step back to the hint',
      state: 'probe',
      match: 0,
      next: 9,
      rejected: 8,
      hint: 2,
      want: [true, 3],
    },
    { name: 'never step back behind match', state: 'probe', match: 4, next: 9, rejected: 8, hint: 0, want: [true, 5] },
  ];
  test.each(cases)('$name', ({ state, match, next, rejected, hint, want }) => {
    const progress = progressAt(match, next);
    progress.state = state as 'probe' | 'replicate';
    expect([progress.maybeDecrease(at(rejected), at(hint)), progress.next]).toEqual(want);
  });
});

test('a snapshot stops the flow, and its arrival resumes behind it at the next sign of life', () => {
  const progress = progressAt(3, 4);
  progress.becomeSnapshot(at(10));
  expect([progress.isPaused(), progress.pendingSnapshot]).toEqual([true, 10]);
  progress.finishSnapshot(true);
  expect([progress.state, progress.next, progress.flowPaused]).toEqual(['probe', 11, true]);
});

test('a failed snapshot resumes behind match', () => {
  const progress = progressAt(3, 4);
  progress.becomeSnapshot(at(10));
  progress.finishSnapshot(false);
  expect([progress.state, progress.next, progress.flowPaused]).toEqual(['probe', 4, true]);
  progress.finishSnapshot(true);
  expect(progress.next).toBe(4);
});

test('the commit index is worth a message only if it is news and the follower can take it', () => {
  const progress = progressAt(4, 5);
  progress.becomeReplicate();
  progress.sentEntries(2, 10, at(5));
  expect([progress.canLearnCommit(at(5)), progress.canLearnCommit(at(6))]).toEqual([false, true]);
  progress.sentEntries(0, 0, at(6));
  expect(progress.canLearnCommit(at(9))).toBe(false);
  progress.becomeProbe();
  expect(progress.sentCommit).toBe(4);
});
