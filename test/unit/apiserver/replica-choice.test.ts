/** Which replica an API server asks, when replicas come and go. */
import { expect, test } from 'vitest';
import { ReplicaChoice } from '../../../src/apiserver/replica-choice.ts';
import type { MonotonicMs } from '../../../src/base/brand.ts';

const now = 1_000 as MonotonicMs;

test('what is known of the replicas that stay is kept, and one that is struck off is asked no more', () => {
  const choice = new ReplicaChoice(['a', 'b']);
  choice.suspect('a', now);
  expect(choice.current(now)).toBe('b');
  choice.replace(['a', 'b', 'c']);
  expect([choice.current(now), choice.isTrusted('a', now), choice.isTrusted('c', now)]).toEqual(['b', false, true]);
  choice.replace(['a', 'c']);
  expect(choice.current(now)).toBe('c');
  expect(choice.paths).toEqual(['a', 'c']);
  choice.restore();
  expect(choice.current(now)).toBe('a');
});

test('it is known whether the own replica leads, from what the replicas answered last', () => {
  const choice = new ReplicaChoice(['own', 'other']);
  expect(choice.isPreferredLeading).toBe(false);
  choice.noteLeader('own', true);
  choice.noteLeader('other', false);
  expect(choice.isPreferredLeading).toBe(true);
  choice.noteLeader('other', true);
  expect(choice.isPreferredLeading).toBe(false);
  choice.noteLeader('own', true);
  choice.noteLeader('own', false);
  expect(choice.isPreferredLeading).toBe(false);
});

test('a leader that does not answer, knows no majority, or is gone, leads nobody', () => {
  for (const lose of [
    (choice: ReplicaChoice) => choice.suspect('own', now),
    (choice: ReplicaChoice) => choice.observe('own', 'terminated'),
  ]) {
    const choice = new ReplicaChoice(['own', 'other']);
    choice.noteLeader('own', true);
    lose(choice);
    expect(choice.isPreferredLeading).toBe(false);
  }
});
