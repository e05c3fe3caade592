/** When a key may be reconciled again after its last plan. */
import { expect, test } from 'vitest';
import { RevisionBarrier, requirementsOf } from '../../../actors/controllers/revision-barrier.ts';
import { Memo } from '../../../src/actor/memo.ts';
import type { MonotonicMs } from '../../../src/base/brand.ts';
import { utf8 } from '../../../src/base/bytes.ts';
import { create, remove } from '../../../src/controllers/plan.ts';
import { podResource, serviceResource } from '../../../src/controllers/resources.ts';
import { Informer } from '../../../src/streams/informer.ts';
import { pod } from './builders.ts';

const at = (ms: number): MonotonicMs => ms as MonotonicMs;

function pods(): { readonly informer: Informer; readonly show: (type: string, object: object) => void } {
  const informer = new Informer({ resource: podResource }, new Memo());
  const show = (type: string, object: object): void => {
    informer.read(utf8(`${JSON.stringify({ type, object })}\n`), []);
  };
  informer.begin(300);
  const annotations = { 'k8s.io/initial-events-end': 'true' };
  show('BOOKMARK', { metadata: { resourceVersion: '10', annotations } });
  return { informer, show };
}

const versioned = (name: string, resourceVersion: string, extra: object = {}) => ({
  ...pod(name),
  metadata: { ...pod(name).metadata, resourceVersion, ...extra },
});

test('a key waits until the cache shows the revision of its write, and is given back then', () => {
  const { informer, show } = pods();
  const barrier = new RevisionBarrier([informer]);
  barrier.hold('a', requirementsOf(create(podResource, pod('x')), versioned('x', '12')), at(0));
  expect(barrier.mustWait('a', at(1))).toBe(true);
  show('ADDED', versioned('other', '11'));
  expect(barrier.released(at(2))).toEqual([]);
  show('ADDED', versioned('x', '12'));
  expect(barrier.released(at(3))).toEqual(['a']);
  expect(barrier.mustWait('a', at(4))).toBe(false);
});

test('a key that nobody wanted meanwhile is not given back', () => {
  const { informer, show } = pods();
  const barrier = new RevisionBarrier([informer]);
  barrier.hold('a', requirementsOf(create(podResource, pod('x')), versioned('x', '12')), at(0));
  show('ADDED', versioned('x', '12'));
  expect(barrier.released(at(1))).toEqual([]);
});

test.each([
  ['gone', (show: (type: string, object: object) => void) => show('DELETED', versioned('x', '13'))],
  [
    'marked',
    (show: (type: string, object: object) => void) =>
      show('MODIFIED', versioned('x', '13', { deletionTimestamp: 'now' })),
  ],
  [
    'another one',
    (show: (type: string, object: object) => void) => show('ADDED', versioned('x', '14', { uid: 'other' })),
  ],
])('after a deletion a key waits until the object is %s', (_what, happen) => {
  const { informer, show } = pods();
  const barrier = new RevisionBarrier([informer]);
  show('ADDED', versioned('x', '12'));
  barrier.hold('a', requirementsOf(remove(podResource, pod('x')), { kind: 'Status' }), at(0));
  expect(barrier.mustWait('a', at(1))).toBe(true);
  happen(show);
  expect(barrier.mustWait('a', at(2))).toBe(false);
});

test('writes to what the controller does not watch hold nobody', () => {
  const { informer } = pods();
  const barrier = new RevisionBarrier([informer]);
  barrier.hold('a', requirementsOf(create(serviceResource, pod('x')), versioned('x', '99')), at(0));
  expect(barrier.mustWait('a', at(1))).toBe(false);
});

test('a key does not wait for ever', () => {
  const { informer } = pods();
  const barrier = new RevisionBarrier([informer]);
  barrier.hold('a', requirementsOf(create(podResource, pod('x')), versioned('x', '99')), at(0));
  expect(barrier.mustWait('a', at(9_000))).toBe(true);
  expect(barrier.released(barrier.nextAtMs() ?? at(0))).toEqual(['a']);
});
