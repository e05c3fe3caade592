/** Events in both groups: one object, two forms, with rules and names of fields of their own. */
import { expect, test } from 'vitest';
import { Harness, type Tree } from './harness.ts';

const core = 'core/v1/default/events';
const served = 'events.k8s.io/v1/default/events';
const regarding = { kind: 'Pod', namespace: 'default', name: 'web', uid: 'u' };
const event: Tree = {
  metadata: { name: 'e' },
  eventTime: '2026-01-01T00:00:00.000000Z',
  regarding,
  reason: 'Started',
  action: 'Start',
  type: 'Normal',
  note: 'it runs',
  reportingController: 'example.com/me',
  reportingInstance: 'me-0',
};

test('an event of one group is seen in the other, by its fields there', () => {
  const harness = new Harness();
  expect(harness.create(served, event).status).toBe(201);
  expect(harness.get(`${core}/e`).body).toMatchObject({ involvedObject: regarding, message: 'it runs' });
  const found = (path: string, fieldSelector: string): number =>
    harness.list(path, { parameters: { fieldSelector } }).body.items?.length;
  expect(found(served, 'regarding.name=web,regarding.kind=Pod,reportingController=example.com/me')).toBe(1);
  expect(found(served, 'regarding.name!=web')).toBe(0);
  expect(found(core, 'involvedObject.uid=u,involvedObject.name=web,type!=Warning')).toBe(1);
  expect(harness.list(served, { parameters: { fieldSelector: 'involvedObject.name=web' } }).status).toBe(400);
});

test('the newer form has to say who acted and how', () => {
  const harness = new Harness();
  const { message } = harness.create(served, { metadata: { name: 'e' }, regarding, series: { count: 1 } }).body;
  for (const complaint of [
    'eventTime: Required value',
    'type: Invalid value: "": has invalid value: ',
    'series.count: Invalid value: "": should be at least 2',
    'series.lastObservedTime: Required value',
  ]) {
    expect(message).toContain(complaint);
  }
  const silent = { metadata: { name: 'e' }, eventTime: event.eventTime, regarding, type: 'Normal' };
  const answer = harness.create(served, { ...silent, deprecatedCount: 2 });
  expect(answer.body.details.causes.map(({ field }: Tree) => field)).toEqual([
    'reportingComponent',
    'reportingInstance',
    'action',
    'reason',
    'count',
  ]);
});

test('only the series of an event changes', () => {
  const harness = new Harness();
  harness.create(served, event);
  const series = { count: 2, lastObservedTime: '2026-01-01T00:00:01.000000Z' };
  expect(harness.patch(`${served}/e`, 'merge', { series }).status).toBe(200);
  expect(harness.patch(`${served}/e`, 'merge', { reason: 'Other' }).body.message).toContain('reason: Invalid value');
  expect(harness.patch(`${core}/e`, 'merge', { reason: 'Other' }).status).toBe(200);
});
