/** The checks of the cluster scenario have teeth: each planted violation is found, and the history without it passes. */
import { expect, test } from 'vitest';
import type { KubeObject } from '../../src/api/object-meta.ts';
import { checkAcknowledged, checkBindings, checkReplicaSets, checkUntouched } from './cluster/checks.ts';
import { type Chronicle, type Entry, resourceOf } from './cluster/chronicle.ts';
import { checkRollouts } from './cluster/rollouts.ts';
import { checkAtMostOne, checkBudgets, checkDaemons, checkDisks, checkJobs } from './cluster/workload-checks.ts';

type Change = readonly [key: string, object: object | null];

function chronicleOf(...changes: readonly Change[]): Chronicle {
  const now = new Map<string, KubeObject>();
  const entries = changes.map(([key, object], index): Entry => {
    const previous = now.get(key) ?? null;
    if (object !== null) now.set(key, object as KubeObject);
    const resource = resourceOf(key);
    return { revision: index + 2, atMs: index * 10, key, resource, object: object as KubeObject | null, previous };
  });
  const of = (resource: string): Entry[] => entries.filter((entry) => entry.resource === resource);
  return { entries, of } as unknown as Chronicle;
}

function pod(name: string, nodeName: string, status: object = {}): Change {
  const metadata = { name, uid: name, ownerReferences: [{ uid: 'set', controller: true }] };
  return [`/registry/pods/default/${name}`, { metadata, spec: { nodeName }, status }];
}

function container(containerID: string, restartCount: number): object {
  return { containerStatuses: [{ containerID, restartCount }] };
}

function set(uid: string, replicas: number, availableReplicas: number, scaledFor = '3'): Change {
  const annotations = { 'deployment.kubernetes.io/desired-replicas': scaledFor };
  const metadata = { name: uid, uid, annotations, ownerReferences: [{ uid: 'web', controller: true }] };
  return [`/registry/apps/replicasets/default/${uid}`, { metadata, spec: { replicas }, status: { availableReplicas } }];
}

function deployment(replicas: number): Change {
  const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
  return [
    '/registry/apps/deployments/default/web',
    { metadata: { name: 'web', uid: 'web' }, spec: { replicas, strategy } },
  ];
}

test('a pod that is bound twice is found', () => {
  expect(checkBindings(chronicleOf(pod('a', ''), pod('a', 'node-1'), pod('a', 'node-1')))).toEqual([]);
  expect(checkBindings(chronicleOf(pod('a', 'node-1'), pod('a', 'node-2')))).toHaveLength(1);
});

test('a restart, another container and an eviction on an untouched node are found, elsewhere they are nobody’s business', () => {
  const evicted = { conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'DeletionByTaintManager' }] };
  const bad: readonly (readonly Change[])[] = [
    [pod('a', 'node-1', container('x', 0)), pod('a', 'node-1', container('x', 1))],
    [pod('a', 'node-1', container('x', 0)), pod('a', 'node-1', container('y', 0))],
    [pod('a', 'node-1', evicted)],
  ];
  for (const changes of bad) {
    expect(checkUntouched(chronicleOf(...changes), new Set(['node-1']))).toHaveLength(1);
    expect(checkUntouched(chronicleOf(...changes), new Set(['node-2']))).toEqual([]);
  }
});

test('a pod too many of a ReplicaSet is found', () => {
  const good = [set('set', 2, 0), pod('a', ''), pod('b', ''), pod('b', 'node-1')];
  expect(checkReplicaSets(chronicleOf(...good))).toEqual([]);
  expect(checkReplicaSets(chronicleOf(...good, pod('c', '')))).toHaveLength(1);
  const replaced: Change = ['/registry/pods/default/a', null];
  expect(checkReplicaSets(chronicleOf(...good, replaced, pod('c', '')))).toEqual([]);
});

test('a rollout beyond its surge, or below what must stay available, is found', () => {
  const begun = [deployment(3), set('old', 3, 3), set('new', 1, 0)];
  expect(checkRollouts(chronicleOf(...begun))).toEqual([]);
  expect(checkRollouts(chronicleOf(...begun, set('new', 2, 0)))).toHaveLength(1);
  expect(checkRollouts(chronicleOf(...begun, set('old', 2, 3)))).toHaveLength(1);
  expect(checkRollouts(chronicleOf(deployment(3), set('old', 3, 2), set('old', 1, 2)))).toHaveLength(1);
  expect(checkRollouts(chronicleOf(...begun, set('new', 1, 1), set('old', 2, 3)))).toEqual([]);
  // Scaling is proportional, whatever is available.
  expect(checkRollouts(chronicleOf(...begun, set('old', 1, 3, '1')))).toEqual([]);
});

test('an acknowledged write that nobody committed is found', () => {
  const chronicle = chronicleOf(pod('a', ''));
  expect(checkAcknowledged(chronicle, [{ what: 'write a', name: 'a', revision: 2 }])).toEqual([]);
  expect(checkAcknowledged(chronicle, [{ what: 'write a', name: 'a', revision: 3 }])).toHaveLength(1);
});

test('a pod that is removed while its containers run is found', () => {
  const state = (name: string): object => ({
    containerStatuses: [{ containerID: 'x', restartCount: 0, state: { [name]: {} } }],
  });
  const gone: Change = ['/registry/pods/default/db-0', null];
  expect(checkAtMostOne(chronicleOf(pod('db-0', 'node-1', state('terminated')), gone))).toEqual([]);
  expect(checkAtMostOne(chronicleOf(pod('db-0', '', state('running')), gone))).toEqual([]);
  expect(checkAtMostOne(chronicleOf(pod('db-0', 'node-1', state('running')), gone))).toHaveLength(1);
});

test('a second pod of a DaemonSet on one node is found, unless the first is going', () => {
  const daemon = (name: string, metadata: object = {}): Change => {
    const ownerReferences = [{ kind: 'DaemonSet', name: 'agent', uid: 'agent', controller: true }];
    const object = { metadata: { name, uid: name, ownerReferences, ...metadata }, spec: { nodeName: 'node-1' } };
    return [`/registry/pods/default/${name}`, object];
  };
  const going = daemon('a', { deletionTimestamp: '2023-11-14T22:13:32Z' });
  expect(checkDaemons(chronicleOf(daemon('a'), going, daemon('b')))).toEqual([]);
  expect(checkDaemons(chronicleOf(daemon('a'), daemon('b')))).toHaveLength(1);
});

test('a Job that counts backwards, too much, or what never succeeded is found', () => {
  const job = (succeeded: number): Change => [
    '/registry/batch/jobs/default/work',
    { metadata: { name: 'work', uid: 'set' }, spec: { completions: 2 }, status: { succeeded } },
  ];
  const done = (name: string): Change => pod(name, 'node-1', { phase: 'Succeeded' });
  expect(checkJobs(chronicleOf(done('a'), job(1), done('b'), job(2)))).toEqual([]);
  expect(checkJobs(chronicleOf(done('a'), job(1), job(0)))).toHaveLength(1);
  expect(checkJobs(chronicleOf(done('a'), job(2)))).toHaveLength(1);
  expect(checkJobs(chronicleOf(done('a'), done('b'), done('c'), job(3)))).toHaveLength(1);
});

test('an eviction that no budget granted, and an overdrawn budget, are found', () => {
  const budget = (disruptionsAllowed: number, disruptedPods: object = {}): Change => [
    '/registry/policy/poddisruptionbudgets/default/web',
    { metadata: { name: 'web' }, spec: {}, status: { disruptionsAllowed, disruptedPods } },
  ];
  const ready = { type: 'Ready', status: 'True' };
  const evicted = { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI' };
  const member = (...conditions: object[]): Change => {
    const metadata = { name: 'a', uid: 'a', labels: { app: 'web' } };
    return ['/registry/pods/default/a', { metadata, spec: { nodeName: 'node-1' }, status: { conditions } }];
  };
  const granted = budget(0, { a: '2023-11-14T22:13:32Z' });
  expect(checkBudgets(chronicleOf(budget(1), member(ready), granted, member(ready, evicted)))).toEqual([]);
  expect(checkBudgets(chronicleOf(budget(1), member(), member(evicted)))).toEqual([]);
  expect(checkBudgets(chronicleOf(budget(1), member(ready), member(ready, evicted)))).toHaveLength(1);
  expect(checkBudgets(chronicleOf(budget(-1)))).toHaveLength(1);
});

test('a disk that is attached to two nodes, or goes from one claim to another, is found', () => {
  const attachment = (name: string, nodeName: string, attached: boolean): Change => [
    `/registry/storage.k8s.io/volumeattachments/${name}`,
    { metadata: { name }, spec: { nodeName, source: { persistentVolumeName: 'disk' } }, status: { attached } },
  ];
  const detached: Change = [attachment('a', 'node-0', true)[0], null];
  const volume = (uid: string): Change => [
    '/registry/persistentvolumes/disk',
    { metadata: { name: 'disk' }, spec: { claimRef: { uid } } },
  ];
  const first = attachment('a', 'node-0', true);
  expect(
    checkDisks(chronicleOf(first, attachment('b', 'node-1', false), detached, attachment('b', 'node-1', true))),
  ).toEqual([]);
  expect(checkDisks(chronicleOf(first, attachment('b', 'node-1', true)))).toHaveLength(1);
  expect(checkDisks(chronicleOf(volume('one'), volume('one')))).toEqual([]);
  expect(checkDisks(chronicleOf(volume('one'), volume('two')))).toHaveLength(1);
});
