/** What is told once is an object; what is told again is counted. */
import { expect, test } from 'vitest';
import type { WallMs } from '../../../src/base/brand.ts';
import { Random } from '../../../src/base/random.ts';
import { EventRecorder, type Occurrence } from '../../../src/kinds/event/event-recorder.ts';

const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'default', uid: 'u1' } };
const occurrence = (message: string): Occurrence => ({
  object,
  fieldPath: '',
  type: 'Normal',
  reason: 'Started',
  message,
});
const at = (seconds: number) => (1_700_000_000_000 + seconds * 1_000) as WallMs;

test('the same event again becomes a count of the first', () => {
  const recorder = new EventRecorder({ component: 'kubelet', host: 'node-0' }, new Random(1));
  const first = recorder.record(occurrence('a'), at(0));
  if (first.type !== 'create') throw new Error(first.type);
  expect(first.event).toMatchObject({
    metadata: { name: expect.stringMatching(/^web\.[0-9a-f]{16}$/), namespace: 'default' },
    involvedObject: { kind: 'Pod', name: 'web', namespace: 'default', uid: 'u1' },
    source: { component: 'kubelet', host: 'node-0' },
    count: 1,
  });
  expect(recorder.record(occurrence('b'), at(1)).type).toBe('create');
  expect(recorder.record(occurrence('a'), at(60))).toEqual({
    type: 'count',
    namespace: 'default',
    name: first.event.metadata.name,
    patch: { count: 2, lastTimestamp: '2023-11-14T22:14:20Z' },
  });
});

test('events about objects of cluster scope live in the default namespace', () => {
  const recorder = new EventRecorder({ component: 'kubelet', host: 'node-0' }, new Random(1));
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-0' } };
  const write = recorder.record({ ...occurrence('a'), object: node }, at(0));
  if (write.type !== 'create') throw new Error(write.type);
  expect(write.namespace).toBe('default');
  expect(write.event.involvedObject).not.toHaveProperty('namespace');
});

test('names of events of one second stand in the order in which they were told', () => {
  const recorder = new EventRecorder({ component: 'kubelet', host: 'node-0' }, new Random(1));
  const names = Array.from({ length: 50 }, (_, index) => {
    const write = recorder.record(occurrence(String(index)), at(Math.floor(index / 20) / 1_000));
    return write.type === 'create' ? (write.event.metadata.name ?? '') : '';
  });
  expect(new Set(names).size).toBe(50);
  expect(names.toSorted()).toEqual(names);
});
