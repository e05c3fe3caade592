/** Lists: what resourceVersion, limit and continue mean, selectors, and the forms of the answer. */
import { expect, test } from 'vitest';
import { configMap, Harness, pod, type Tree } from './harness.ts';

const maps = 'core/v1/default/configmaps';

function namesOf(list: Tree): readonly string[] {
  return list.items.map((item: Tree) => item.metadata.name);
}

function filled(count: number): Harness {
  const harness = new Harness();
  for (let index = 0; index < count; index += 1) {
    harness.create(maps, configMap(`map-${index}`, {}, { parity: index % 2 === 0 ? 'even' : 'odd' }));
  }
  return harness;
}

test('pages follow each other by their continue tokens and count what remains', () => {
  const harness = filled(5);
  const first = harness.list(maps, { parameters: { limit: '2' } }).body;
  expect(namesOf(first)).toEqual(['map-0', 'map-1']);
  expect(first.metadata.remainingItemCount).toBe(3);
  const second = harness.list(maps, { parameters: { limit: '2', continue: first.metadata.continue } }).body;
  expect(namesOf(second)).toEqual(['map-2', 'map-3']);
  const last = harness.list(maps, { parameters: { limit: '2', continue: second.metadata.continue } }).body;
  expect(namesOf(last)).toEqual(['map-4']);
  expect(last.metadata.continue).toBeUndefined();
  expect(new Set([first, second, last].map((page) => page.metadata.resourceVersion)).size).toBe(1);
});

test('later pages show the state of the first, whatever has happened since', () => {
  const harness = filled(4);
  const first = harness.list(maps, { parameters: { limit: '2' } }).body;
  harness.delete(`${maps}/map-3`);
  harness.create(maps, configMap('map-22'));
  harness.patch(`${maps}/map-2`, 'merge', { data: { changed: 'yes' } });
  const second = harness.list(maps, { parameters: { limit: '5', continue: first.metadata.continue } }).body;
  expect(namesOf(second)).toEqual(['map-2', 'map-3']);
  expect(second.items[0].data).toBeUndefined();
  expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
});

test('a continue token whose revision is compacted gets 410 Expired', () => {
  const harness = filled(3);
  const first = harness.list(maps, { parameters: { limit: '1' } }).body;
  harness.create(maps, configMap('later'));
  harness.store.mvcc.compact(harness.store.mvcc.revision);
  const second = harness.list(maps, { parameters: { limit: '1', continue: first.metadata.continue } });
  expect(second.body).toMatchObject({ code: 410, reason: 'Expired' });
  expect(second.body.message).toContain('The provided continue parameter is too old');
  const rest = harness.list(maps, { parameters: { continue: second.body.metadata.continue } });
  expect(namesOf(rest.body)).toEqual(['map-1', 'map-2']);
  expect(rest.body.metadata.resourceVersion).toBe(String(harness.store.mvcc.revision));
});

test('an exact resourceVersion shows the past, with selectors and pages', () => {
  const harness = filled(4);
  const { resourceVersion } = harness.list(maps).body.metadata;
  harness.delete(`${maps}/map-0`);
  const parameters = { resourceVersion, resourceVersionMatch: 'Exact', labelSelector: 'parity=even' };
  expect(namesOf(harness.list(maps, { parameters }).body)).toEqual(['map-0', 'map-2']);
  const page = harness.list(maps, { parameters: { ...parameters, limit: '1' } }).body;
  expect(namesOf(page)).toEqual(['map-0']);
  expect(page.metadata.remainingItemCount).toBeUndefined();
  expect(namesOf(harness.list(maps).body)).toEqual(['map-1', 'map-2', 'map-3']);
});

test('a list sees every write that was acknowledged before, although the cache is behind', () => {
  const harness = filled(1);
  harness.store.isWatchStalled = true;
  expect(harness.create(maps, configMap('unseen')).status).toBe(201);
  expect(namesOf(harness.list(maps, { parameters: { resourceVersion: '0' } }).body)).toEqual(['map-0']);
  harness.universe.schedule(50, () => {
    harness.store.isWatchStalled = false;
  });
  expect(namesOf(harness.list(maps).body)).toEqual(['map-0', 'unseen']);
});

test('reads of one turn ask the store once', () => {
  const harness = filled(1);
  const request = {
    type: 'resource' as const,
    verb: 'list' as const,
    group: '',
    version: 'v1',
    resource: 'configmaps',
    subresource: '',
    namespace: 'default',
    name: '',
    parameters: {},
    output: 'object' as const,
    body: null,
    credentials: { type: 'component' as const, user: 'test', groups: ['system:masters'] },
    userAgent: 'test',
    fence: null,
  };
  harness.settle(1);
  const before = harness.store.requests;
  const calls = Array.from({ length: 20 }, () => harness.begin(request));
  for (const id of calls) expect(harness.finish(id).status).toBe(200);
  // A probe of the replica may fall into the same moment.
  expect(harness.store.requests - before).toBeLessThanOrEqual(2);
});

test('selectors select by labels, by fields, and over all namespaces', () => {
  const harness = filled(3);
  harness.create('core/v1/kube-system/configmaps', configMap('elsewhere', {}, { parity: 'even' }));
  const even = { parameters: { labelSelector: 'parity in (even)' } };
  expect(namesOf(harness.list('core/v1/-/configmaps', even).body)).toEqual(['map-0', 'map-2', 'elsewhere']);
  const notFirst = { parameters: { fieldSelector: 'metadata.name!=map-0,metadata.namespace=default' } };
  expect(namesOf(harness.list('core/v1/-/configmaps', notFirst).body)).toEqual(['map-1', 'map-2']);
  harness.create('core/v1/default/pods', pod('a', { nodeName: 'node-1' }));
  harness.create('core/v1/default/pods', pod('b'));
  const onNode = { parameters: { fieldSelector: 'spec.nodeName=node-1' } };
  expect(namesOf(harness.list('core/v1/-/pods', onNode).body)).toEqual(['a']);
});

test('a table has a row per object, metadata alone has the kind PartialObjectMetadataList', () => {
  const harness = filled(2);
  const table = harness.list(maps, { output: 'table' }).body;
  expect(table).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1' });
  expect(table.columnDefinitions.map((column: Tree) => column.name)).toEqual(['Name', 'Data', 'Age']);
  expect(table.rows.map((row: Tree) => row.cells[0])).toEqual(['map-0', 'map-1']);
  expect(table.rows[0].object.kind).toBe('PartialObjectMetadata');
  const full = harness.list(maps, { output: 'table', parameters: { includeObject: 'Object' } }).body;
  expect(full.rows[0].object.kind).toBe('ConfigMap');
  const metadata = harness.list(maps, { output: 'metadata' }).body;
  expect(metadata).toMatchObject({ kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1' });
  expect(metadata.items[0]).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'map-0' } });
  expect(harness.get(`${maps}/map-1`, { output: 'table' }).body.rows).toHaveLength(1);
});

test('an event is the same object in both of its groups, under the names of each', () => {
  const harness = new Harness();
  const event = {
    metadata: { name: 'e' },
    involvedObject: { kind: 'Pod', name: 'web' },
    message: 'hello',
    reason: 'Testing',
  };
  expect(harness.create('core/v1/default/events', event).status).toBe(201);
  const other = harness.get('events.k8s.io/v1/default/events/e').body;
  expect(other).toMatchObject({
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    note: 'hello',
    regarding: { name: 'web' },
  });
  expect(other.message).toBeUndefined();
  const listed = harness.list('events.k8s.io/v1/default/events').body;
  expect(listed.items[0].note).toBe('hello');
  expect(harness.delete('events.k8s.io/v1/default/events/e').status).toBe(200);
  expect(harness.get('core/v1/default/events/e').status).toBe(404);
});

test('an autoscaler in version 1 keeps in an annotation what that version cannot say', () => {
  const harness = new Harness();
  const metrics = [
    { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } },
    { type: 'Resource', resource: { name: 'memory', target: { type: 'Utilization', averageUtilization: 70 } } },
  ];
  const spec = { scaleTargetRef: { kind: 'Deployment', name: 'web', apiVersion: 'apps/v1' }, maxReplicas: 3, metrics };
  const created = harness.create('autoscaling/v2/default/horizontalpodautoscalers', { metadata: { name: 'h' }, spec });
  expect(created.status).toBe(201);
  const old = harness.get('autoscaling/v1/default/horizontalpodautoscalers/h').body;
  expect(old.spec).toMatchObject({ targetCPUUtilizationPercentage: 60, maxReplicas: 3 });
  expect(old.spec.metrics).toBeUndefined();
  old.spec.maxReplicas = 4;
  expect(harness.update('autoscaling/v1/default/horizontalpodautoscalers/h', old).status).toBe(200);
  const back = harness.get('autoscaling/v2/default/horizontalpodautoscalers/h').body;
  expect(back.spec.maxReplicas).toBe(4);
  expect(back.spec.metrics.map((metric: Tree) => metric.resource.name).sort()).toEqual(['cpu', 'memory']);
});
