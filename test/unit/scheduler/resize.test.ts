/** What a pod that is being resized counts as: the most of what it asks for, what is set aside for it and what it has. */
import { expect, test } from 'vitest';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import { podInfoOf } from '../../../src/scheduler/pod-info.ts';

interface Told {
  readonly allocated?: string;
  readonly given?: string;
  readonly pending?: string;
}

function podWith(asked: string, { allocated, given, pending }: Told = {}): Pod {
  const told = {
    name: 'main',
    ...(allocated === undefined ? {} : { allocatedResources: { cpu: allocated } }),
    ...(given === undefined ? {} : { resources: { requests: { cpu: given } } }),
  };
  const conditions = pending === undefined ? [] : [{ type: 'PodResizePending', status: 'True', reason: pending }];
  return {
    metadata: { name: 'web', uid: 'u', generation: 1 },
    spec: { containers: [{ name: 'main', resources: { requests: { cpu: asked } } }] },
    status: { containerStatuses: [told], conditions },
  } as unknown as Pod;
}

test.each([
  ['nothing told', podWith('1'), 1000],
  ['all is given', podWith('1', { allocated: '1', given: '1' }), 1000],
  ['it grows', podWith('2', { allocated: '1', given: '1' }), 2000],
  ['it shrinks', podWith('1', { allocated: '1', given: '2' }), 2000],
  ['it waits', podWith('2', { allocated: '1', given: '1', pending: 'Deferred' }), 2000],
  ['it waits in vain', podWith('100', { allocated: '1', given: '1', pending: 'Infeasible' }), 1000],
])('%s', (_what, pod, millis) => {
  expect(podInfoOf(pod).requests.get('cpu')).toBe(millis);
});

test('what was computed is kept until a resize changes it', () => {
  const first = podInfoOf(podWith('1'));
  const same = podInfoOf(podWith('1', { allocated: '1', given: '1' }), first);
  expect(same.requests).toBe(first.requests);
  const changed = podInfoOf(podWith('1', { allocated: '1', given: '2' }), same);
  expect(changed.requests.get('cpu')).toBe(2000);
  expect(podInfoOf(podWith('1', { allocated: '1', given: '1' }), changed).requests.get('cpu')).toBe(1000);
});
