/** What a replica set does about what it sees. */
import { expect, test } from 'vitest';
import type { KubeObject } from '../../../src/api/object-meta.ts';
import type { Write } from '../../../src/controllers/plan.ts';
import { podsToDelete } from '../../../src/controllers/replicaset/deletion-order.ts';
import { replicaSetController } from '../../../src/controllers/replicaset/keys.ts';
import { podResource } from '../../../src/controllers/resources.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import type { ReplicaSet, ReplicaSetStatus } from '../../../src/kinds/replicaset/types.ts';
import { caches, context, events, nowMs, pod, replicaSet, told } from './builders.ts';

function reconcile(set: ReplicaSet, pods: readonly Pod[], extra = {}) {
  const known = caches(replicaSetController, { replicaSets: [set], pods });
  const observed = replicaSetController.observe('default/web', known);
  if (observed === null) throw new Error('nothing observed');
  return replicaSetController.reconcile(observed, context(extra));
}

function statusOf(writes: readonly (readonly Write[])[]): ReplicaSetStatus | undefined {
  const write = writes.flat().find(({ subresource }) => subresource === 'status');
  return (write?.body as ReplicaSet | undefined)?.status;
}

const counts = (size: number): Partial<ReplicaSetStatus> => ({ replicas: size, fullyLabeledReplicas: size });
const ready = (size: number): Partial<ReplicaSetStatus> => ({
  ...counts(size),
  readyReplicas: size,
  availableReplicas: size,
});

test('missing pods are created in batches that double', () => {
  const plan = reconcile(replicaSet(10), []);
  expect(plan.groups.map((group) => group.length)).toEqual([1, 2, 4, 3]);
  expect(told(plan)[0]).toEqual(['create pods web-']);
  expect(events(plan)).toHaveLength(10);
  expect(events(plan)[0]).toMatch(/^Normal SuccessfulCreate: Created pod: web-[a-z0-9]{5}$/);
});

test('a created pod has the template, a name of its own and its owner', () => {
  const [[write] = []] = reconcile(replicaSet(1), []).groups;
  const made = write?.body as KubeObject;
  expect(made.metadata).toMatchObject({
    generateName: 'web-',
    labels: { app: 'web' },
    ownerReferences: [{ kind: 'ReplicaSet', name: 'web', uid: 'rs', controller: true, blockOwnerDeletion: true }],
  });
});

test('a replica set that has what it wants does nothing', () => {
  const set = replicaSet(2, ready(2));
  const pods = ['a', 'b'].map((name) => pod(name, { owner: set, isReady: true }));
  expect(reconcile(set, pods).groups).toEqual([]);
});

test('too many pods are deleted, the status tells what there was', () => {
  const set = replicaSet(1, {});
  const pods = [pod('a', { owner: set, isReady: true }), pod('b', { owner: set })];
  const plan = reconcile(set, pods);
  expect(told(plan)).toEqual([['update replicasets/status web', 'delete pods b']]);
  expect(statusOf(plan.groups)).toMatchObject({ replicas: 2, readyReplicas: 1, availableReplicas: 1 });
  expect(events(plan)).toEqual(['Normal SuccessfulDelete: Deleted pod: b']);
});

test('finished and terminating pods do not count and are replaced', () => {
  const set = replicaSet(1, {});
  const failed = pod('failed', { owner: set, status: { phase: 'Failed' } });
  const going = pod('going', { owner: set, metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
  const plan = reconcile(set, [
    failed,
    { ...going, metadata: { ...pod('going', { owner: set }).metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } },
  ]);
  expect(told(plan)).toEqual([['update replicasets/status web', 'create pods web-']]);
  expect(statusOf(plan.groups)).toMatchObject({ replicas: 0, terminatingReplicas: 1 });
});

test('a matching pod without owner is adopted, an own one that does not match is released', () => {
  const set = replicaSet(1, counts(1));
  const stranger = pod('stranger', { owner: set, metadata: { labels: { app: 'other' } } });
  const plan = reconcile(set, [pod('orphan'), stranger]);
  expect(told(plan)).toEqual([['patch pods orphan', 'patch pods stranger']]);
  expect(plan.groups[0]?.[1]?.body).toEqual({
    metadata: { ownerReferences: [{ $patch: 'delete', uid: 'rs' }], uid: 'uid-stranger' },
  });
});

test('a replica set that is going neither creates nor adopts', () => {
  const set = replicaSet(3, {}, { deletionTimestamp: '2026-01-01T00:00:00Z' });
  expect(reconcile(set, [pod('orphan')]).groups).toEqual([]);
});

test('a ready pod is available only after minReadySeconds, and then is looked at again', () => {
  const plain = replicaSet(1, {});
  const set: ReplicaSet = { ...plain, spec: { ...plain.spec, minReadySeconds: 10 } };
  const since = new Date(nowMs - 4_000).toISOString().replace('.000', '');
  const plan = reconcile(set, [pod('a', { owner: set, isReady: true, readySince: since })]);
  expect(statusOf(plan.groups)).toMatchObject({ readyReplicas: 1, availableReplicas: 0 });
  expect(plan.requeueAfterMs).toBe(6_000);
});

test('a creation that was refused becomes the condition ReplicaFailure, and goes when it succeeds', () => {
  const write = { verb: 'create', resource: podResource, subresource: '', name: '' } as const;
  const status = { message: 'pods "web-x" is forbidden: exceeded quota', code: 403, reason: 'Forbidden' };
  const refused = reconcile(replicaSet(1), [], { failure: { write, status } });
  const conditions = statusOf(refused.groups)?.conditions;
  expect(conditions).toMatchObject([
    { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: status.message },
  ]);
  expect(events(refused)[0]).toBe(`Warning FailedCreate: Error creating: ${status.message}`);
  const set = replicaSet(1, { ...ready(1), conditions: conditions ?? [] });
  const healed = reconcile(set, [pod('a', { owner: set, isReady: true })]);
  expect(statusOf(healed.groups)?.conditions).toBeUndefined();
});

test.each<[string, Pod, Pod]>([
  ['an unassigned pod before an assigned one', pod('x', { spec: { nodeName: '' } }), pod('y')],
  ['a pending pod before a running one', pod('x', { status: { phase: 'Pending' } }), pod('y')],
  ['an unready pod before a ready one', pod('x'), pod('y', { isReady: true })],
  [
    'the cheaper pod first',
    pod('x', { metadata: { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '-5' } } }),
    pod('y'),
  ],
  [
    'the pod that has been ready for a shorter time first',
    pod('x', { isReady: true, readySince: '2025-12-31T23:59:50Z' }),
    pod('y', { isReady: true }),
  ],
  [
    'the pod that restarted more often first',
    pod('x', {
      status: { containerStatuses: [{ name: 'web', ready: true, restartCount: 3, image: '', imageID: '' }] },
    }),
    pod('y'),
  ],
  ['the younger pod first', pod('x', { metadata: { creationTimestamp: '2025-12-31T23:59:59Z' } }), pod('y')],
])('of two pods goes %s', (_rule, first, second) => {
  for (const pods of [
    [first, second],
    [second, first],
  ]) {
    expect(podsToDelete(pods, pods, 1, nowMs)).toEqual([first]);
  }
});

test('of equal pods one on the more crowded node goes first', () => {
  const crowded = ['a', 'b'].map((name) => pod(name, { isReady: true }));
  const alone = pod('c', { isReady: true, spec: { nodeName: 'node-1' } });
  expect(podsToDelete([alone, ...crowded], [alone, ...crowded], 1, nowMs)[0]?.spec.nodeName).toBe('node-0');
});

test.each([
  ['its own changes', (set: ReplicaSet) => ({ cache: 'replicaSets', old: null, object: set }), ['default/web']],
  [
    'a pod it owns',
    (set: ReplicaSet) => ({ cache: 'pods', old: null, object: pod('a', { owner: set }) }),
    ['default/web'],
  ],
  ['a pod it could adopt', () => ({ cache: 'pods', old: null, object: pod('a') }), ['default/web']],
  [
    'a pod it owned',
    (set: ReplicaSet) => ({
      cache: 'pods',
      old: pod('a', { owner: set }),
      object: pod('a', { metadata: { labels: {} } }),
    }),
    ['default/web'],
  ],
  [
    'no pod of another',
    () => ({ cache: 'pods', old: null, object: pod('a', { owner: replicaSet(1, {}, { uid: 'other' }) }) }),
    [],
  ],
  ['no deletion of an orphan', () => ({ cache: 'pods', old: pod('a'), object: null }), []],
])('a replica set looks at %s', (_what, change, want) => {
  const set = replicaSet(1);
  const known = caches(replicaSetController, { replicaSets: [set] });
  expect(replicaSetController.keys(change(set) as never, known)).toEqual(want);
});
