/** The plain life of objects through an API server: create, get, list, update, patch, delete, watch. */
import { expect, test } from 'vitest';
import { configMap, Harness, pod } from './harness.ts';

test('an object is created, read, listed, changed and deleted', () => {
  const harness = new Harness();
  const created = harness.create('core/v1/default/configmaps', configMap('one', { a: '1' }));
  expect(created.status).toBe(201);
  expect(created.body).toMatchObject({
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { name: 'one', namespace: 'default' },
  });
  expect(created.body.metadata.uid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(Number(created.body.metadata.resourceVersion)).toBeGreaterThan(1);

  const read = harness.get('core/v1/default/configmaps/one');
  expect(read.status).toBe(200);
  expect(read.body).toEqual(created.body);

  const listed = harness.list('core/v1/default/configmaps');
  expect(listed.body.kind).toBe('ConfigMapList');
  expect(listed.body.items).toEqual([created.body]);

  const updated = harness.update('core/v1/default/configmaps/one', { ...created.body, data: { a: '2' } });
  expect(updated.status).toBe(200);
  expect(updated.body.data).toEqual({ a: '2' });
  const stale = harness.update('core/v1/default/configmaps/one', { ...created.body, data: { a: '3' } });
  expect(stale.status).toBe(409);
  expect(stale.body.message).toBe(
    'Operation cannot be fulfilled on configmaps "one": the object has been modified; please apply your changes to the latest version and try again',
  );

  const patched = harness.patch('core/v1/default/configmaps/one', 'merge', { data: { b: '4' } });
  expect(patched.body.data).toEqual({ a: '2', b: '4' });

  const deleted = harness.delete('core/v1/default/configmaps/one');
  expect(deleted.body).toMatchObject({
    kind: 'Status',
    status: 'Success',
    details: { uid: created.body.metadata.uid },
  });
  expect(harness.get('core/v1/default/configmaps/one').body).toMatchObject({
    code: 404,
    reason: 'NotFound',
    message: 'configmaps "one" not found',
  });
});

test('a watch begins with the state and goes on with the changes', () => {
  const harness = new Harness();
  harness.create('core/v1/default/configmaps', configMap('one'));
  const watch = harness.watch('core/v1/default/configmaps');
  harness.create('core/v1/default/configmaps', configMap('two'));
  harness.patch('core/v1/default/configmaps/one', 'merge', { data: { a: '1' } });
  harness.delete('core/v1/default/configmaps/two');
  harness.settle();
  expect(watch.items[0]).toMatchObject({ type: 'head', status: 200 });
  expect(watch.summary).toEqual(['ADDED one', 'ADDED two', 'MODIFIED one', 'DELETED two']);
  const versions = watch.events.map(({ object }) => Number(object.metadata.resourceVersion));
  expect(versions).toEqual([...versions].sort((left, right) => left - right));
});

test('a pod is defaulted, bound once, and waits for its kubelet when it is deleted', () => {
  const harness = new Harness();
  const created = harness.create('core/v1/default/pods', pod('web'));
  expect(created.body.spec).toMatchObject({ serviceAccountName: 'default', restartPolicy: 'Always', priority: 0 });
  expect(created.body.status).toMatchObject({ phase: 'Pending', qosClass: 'BestEffort' });
  const binding = { target: { kind: 'Node', name: 'node-0' } };
  expect(harness.create('core/v1/default/pods/web/binding', { metadata: { name: 'web' }, ...binding }).status).toBe(
    201,
  );
  const again = harness.create('core/v1/default/pods/web/binding', { metadata: { name: 'web' }, ...binding });
  expect(again.body).toMatchObject({ code: 409, reason: 'Conflict' });
  expect(again.body.message).toContain('pod web is already assigned to node "node-0"');

  const deleted = harness.delete('core/v1/default/pods/web');
  expect(deleted.body.metadata).toMatchObject({ deletionGracePeriodSeconds: 30 });
  expect(harness.get('core/v1/default/pods/web').status).toBe(200);
  const last = harness.delete('core/v1/default/pods/web', { parameters: { gracePeriodSeconds: '0' } });
  expect(last.body).toMatchObject({ kind: 'Pod' });
  expect(harness.get('core/v1/default/pods/web').status).toBe(404);
});
