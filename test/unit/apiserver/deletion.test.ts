/** Deletion: what holds an object, and what lets it go. */
import { expect, test } from 'vitest';
import { configMap, Harness, pod } from './harness.ts';

const maps = 'core/v1/default/configmaps';
const pods = 'core/v1/default/pods';

function bound(harness: Harness, name: string, spec: object = {}): void {
  harness.create(pods, pod(name, spec));
  harness.create(`${pods}/${name}/binding`, { metadata: { name }, target: { name: 'node-0' } });
}

test('an object with finalizers is marked, and goes when the last of them is removed', () => {
  const harness = new Harness();
  harness.create(maps, { metadata: { name: 'one', finalizers: ['example.com/a', 'example.com/b'] } });
  const watch = harness.watch(maps);
  const marked = harness.delete(`${maps}/one`).body;
  expect(marked).toMatchObject({ kind: 'ConfigMap', metadata: { name: 'one', deletionGracePeriodSeconds: 0 } });
  expect(marked.metadata.deletionTimestamp).toMatch(/Z$/);
  expect(harness.delete(`${maps}/one`).body.metadata).toEqual(marked.metadata);
  const added = harness.patch(`${maps}/one`, 'merge', {
    metadata: { finalizers: ['example.com/a', 'example.com/b', 'example.com/c'] },
  });
  expect(added.body).toMatchObject({ code: 422, reason: 'Invalid' });
  expect(harness.patch(`${maps}/one`, 'merge', { metadata: { finalizers: ['example.com/b'] } }).status).toBe(200);
  const last = harness.patch(`${maps}/one`, 'merge', { metadata: { finalizers: null } });
  expect(last.status).toBe(200);
  expect(last.body.metadata.finalizers).toBeUndefined();
  expect(harness.get(`${maps}/one`).status).toBe(404);
  harness.settle();
  expect(watch.summary).toEqual(['ADDED one', 'MODIFIED one', 'MODIFIED one', 'DELETED one']);
});

test.each([
  ['Orphan', ['orphan']],
  ['Foreground', ['foregroundDeletion']],
])('propagation policy %s leaves the work to the garbage collector', (propagationPolicy, finalizers) => {
  const harness = new Harness();
  harness.create(maps, configMap('one'));
  expect(harness.delete(`${maps}/one`, { body: { propagationPolicy } }).body.metadata).toMatchObject({ finalizers });
  const parameters = { propagationPolicy };
  harness.create(maps, configMap('two'));
  expect(harness.delete(`${maps}/two`, { parameters }).body.metadata).toMatchObject({ finalizers });
  expect(harness.delete(`${maps}/two`, { body: { propagationPolicy: 'Background' } }).body.status).toBe('Success');
});

test('jobs orphan their pods unless told otherwise, as old clients expect', () => {
  const harness = new Harness();
  const job = {
    metadata: { name: 'j' },
    spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'b' }] } } },
  };
  expect(harness.create('batch/v1/default/jobs', job).status).toBe(201);
  expect(harness.delete('batch/v1/default/jobs/j').body.metadata.finalizers).toEqual(['orphan']);
});

test('a pod on a node gets its grace, which may be shortened but not made longer', () => {
  const harness = new Harness();
  bound(harness, 'web', { terminationGracePeriodSeconds: 60 });
  const first = harness.delete(`${pods}/web`).body.metadata;
  expect(first.deletionGracePeriodSeconds).toBe(60);
  expect(harness.delete(`${pods}/web`, { body: { gracePeriodSeconds: 90 } }).body.metadata).toEqual(first);
  const shorter = harness.delete(`${pods}/web`, { body: { gracePeriodSeconds: 10 } }).body.metadata;
  expect(shorter.deletionGracePeriodSeconds).toBe(10);
  expect(Date.parse(first.deletionTimestamp) - Date.parse(shorter.deletionTimestamp)).toBe(50_000);
  expect(harness.delete(`${pods}/web`, { body: { gracePeriodSeconds: 0 } }).body.kind).toBe('Pod');
  expect(harness.get(`${pods}/web`).status).toBe(404);
});

test('a pod that is on no node, or done, goes at once', () => {
  const harness = new Harness();
  harness.create(pods, pod('idle'));
  harness.delete(`${pods}/idle`);
  expect(harness.get(`${pods}/idle`).status).toBe(404);
  bound(harness, 'done');
  harness.patch(`${pods}/done/status`, 'merge', { status: { phase: 'Succeeded' } });
  harness.delete(`${pods}/done`);
  expect(harness.get(`${pods}/done`).status).toBe(404);
});

test('a pod with a finalizer outlives its containers', () => {
  const harness = new Harness();
  harness.create(pods, pod('web', { nodeName: 'node-0' }, { finalizers: ['example.com/a'] }));
  harness.delete(`${pods}/web`);
  harness.delete(`${pods}/web`, { body: { gracePeriodSeconds: 0 } });
  expect(harness.get(`${pods}/web`).body.metadata.deletionGracePeriodSeconds).toBe(0);
  harness.patch(`${pods}/web`, 'merge', { metadata: { finalizers: [] } });
  expect(harness.get(`${pods}/web`).status).toBe(404);
});

test('an eviction is a deletion', () => {
  const harness = new Harness();
  bound(harness, 'web');
  const eviction = { metadata: { name: 'web' }, deleteOptions: { gracePeriodSeconds: 5 } };
  expect(harness.create(`${pods}/web/eviction`, eviction).status).toBe(201);
  expect(harness.get(`${pods}/web`).body.metadata.deletionGracePeriodSeconds).toBe(5);
});

test('a namespace terminates: nothing new in it, gone when it is finalized', () => {
  const harness = new Harness();
  const path = 'core/v1/-/namespaces';
  const created = harness.create(path, { metadata: { name: 'gone' } }).body;
  expect(created).toMatchObject({
    metadata: { labels: { 'kubernetes.io/metadata.name': 'gone' } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  });
  const deleted = harness.delete(`${path}/gone`).body;
  expect(deleted).toMatchObject({ kind: 'Namespace', status: { phase: 'Terminating' } });
  const refused = harness.create('core/v1/gone/configmaps', configMap('late')).body;
  expect(refused).toMatchObject({ code: 403, reason: 'Forbidden' });
  expect(refused.details.causes).toEqual([
    { reason: 'NamespaceTerminating', message: 'namespace gone is being terminated', field: 'metadata.namespace' },
  ]);
  const finalized = harness.update(`${path}/gone/finalize`, { ...deleted, spec: { finalizers: [] } });
  expect(finalized.status).toBe(200);
  expect(harness.get(`${path}/gone`).status).toBe(404);
});

test('a collection is deleted as far as it is selected', () => {
  const harness = new Harness();
  for (const name of ['a', 'b', 'c'])
    harness.create(maps, configMap(name, {}, { team: name === 'b' ? 'red' : 'blue' }));
  const parameters = { labelSelector: 'team=blue' };
  const answer = harness.call({ ...request('deletecollection'), parameters });
  expect(answer.body.items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual(['a', 'c']);
  expect(harness.list(maps).body.items).toHaveLength(1);
});

test('a precondition on the resourceVersion guards a deletion', () => {
  const harness = new Harness();
  const { resourceVersion } = harness.create(maps, configMap('one')).body.metadata;
  harness.patch(`${maps}/one`, 'merge', { data: { a: '1' } });
  const stale = harness.delete(`${maps}/one`, { body: { preconditions: { resourceVersion } } });
  expect(stale.body).toMatchObject({ code: 409, reason: 'Conflict' });
  expect(stale.body.message).toContain(`the ResourceVersion in the precondition (${resourceVersion}) does not match`);
});

function request(verb: 'deletecollection'): Parameters<Harness['call']>[0] & { type: 'resource' } {
  return {
    type: 'resource',
    verb,
    group: '',
    version: 'v1',
    resource: 'configmaps',
    subresource: '',
    namespace: 'default',
    name: '',
    parameters: {},
    output: 'object',
    body: null,
    credentials: { type: 'component', user: 'test', groups: ['system:masters'] },
    userAgent: 'test',
    fence: null,
  };
}
