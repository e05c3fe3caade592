/** Watches: where they begin, what selectors make of changes, bookmarks, and how they end. */
import { expect, test } from 'vitest';
import { historyEventsMax, watchQueueEventsMax } from '../../../src/apiserver/limits.ts';
import { configMap, Harness, pod, resourceRequest, type Tree } from './harness.ts';

const maps = 'core/v1/default/configmaps';

test('a watch from a resourceVersion begins behind it', () => {
  const harness = new Harness();
  harness.create(maps, configMap('before'));
  const { resourceVersion } = harness.list(maps).body.metadata;
  harness.create(maps, configMap('after'));
  harness.delete(`${maps}/before`);
  const watch = harness.watch(maps, { resourceVersion });
  expect(watch.summary).toEqual(['ADDED after', 'DELETED before']);
  harness.create(maps, configMap('live'));
  harness.settle();
  expect(watch.summary.at(-1)).toBe('ADDED live');
});

test('initial events end with a bookmark that says so', () => {
  const harness = new Harness();
  harness.create(maps, configMap('one'));
  const watch = harness.watch(maps, {
    sendInitialEvents: 'true',
    resourceVersionMatch: 'NotOlderThan',
    allowWatchBookmarks: 'true',
    resourceVersion: '',
  });
  const [first, last] = watch.events;
  expect(first).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'one' } } });
  expect(last?.type).toBe('BOOKMARK');
  expect(last?.object).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1' });
  expect(last?.object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
  expect(Number(last?.object.metadata.resourceVersion)).toBe(harness.store.mvcc.revision);
});

test('a watch that wants no initial events begins now, one without bookmarks is not told of their end', () => {
  const harness = new Harness();
  harness.create(maps, configMap('one'));
  const parameters = { resourceVersionMatch: 'NotOlderThan', sendInitialEvents: 'false' };
  const none = harness.watch(maps, parameters);
  const unmarked = harness.watch(maps, { ...parameters, sendInitialEvents: 'true' });
  harness.create(maps, configMap('two'));
  harness.settle();
  expect(none.summary).toEqual(['ADDED two']);
  expect(unmarked.summary).toEqual(['ADDED one', 'ADDED two']);
});

test('the bookmark of a table is a row without cells, that of metadata has no more than that', () => {
  const harness = new Harness();
  const parameters = {
    sendInitialEvents: 'true',
    resourceVersionMatch: 'NotOlderThan',
    allowWatchBookmarks: 'true',
    labelSelector: 'none=here',
  };
  const [table] = harness.watch(maps, parameters, { output: 'table' }).events;
  const ends = { annotations: { 'k8s.io/initial-events-end': 'true' } };
  expect(table).toMatchObject({
    type: 'BOOKMARK',
    object: { kind: 'Table', rows: [{ cells: [], object: { kind: 'PartialObjectMetadata', metadata: ends } }] },
  });
  const [metadata] = harness.watch(maps, parameters, { output: 'metadata' }).events;
  expect(metadata).toMatchObject({ type: 'BOOKMARK', object: { kind: 'PartialObjectMetadata', metadata: ends } });
});

test.each([
  [{ sendInitialEvents: 'true' }, ['sendInitialEvents requires setting resourceVersionMatch to NotOlderThan']],
  [
    { sendInitialEvents: 'true', resourceVersionMatch: 'Exact' },
    [
      'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
      'Unsupported value: "Exact": supported values: "NotOlderThan"',
    ],
  ],
  [
    { resourceVersionMatch: 'NotOlderThan' },
    ['resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'],
  ],
  [
    { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan', continue: 'x' },
    ['resourceVersionMatch is forbidden with continue'],
  ],
])('a watch with %j is refused', (parameters, complaints) => {
  const watch = new Harness().watch(maps, parameters);
  const [status] = watch.events;
  expect(status).toMatchObject({ kind: 'Status', code: 422, details: { kind: 'ListOptions' } });
  expect(status.details.causes.map(({ message }: Tree) => message.replace(/^Forbidden: /, ''))).toEqual(complaints);
});

test('an idle watcher that wants bookmarks learns how far the world has come', () => {
  const harness = new Harness();
  const watch = harness.watch(maps, { allowWatchBookmarks: 'true' });
  const plain = harness.watch(maps);
  harness.create('core/v1/default/secrets', { metadata: { name: 'unrelated' } });
  harness.settle(11_000);
  expect(watch.events.map(({ type }) => type)).toEqual(['BOOKMARK']);
  expect(Number(watch.events[0]?.object.metadata.resourceVersion)).toBe(harness.store.mvcc.revision);
  expect(plain.events).toEqual([]);
  harness.settle(11_000);
  expect(watch.events).toHaveLength(1);
});

test('an object that comes under a selector is added, one that leaves it is deleted as it last was', () => {
  const harness = new Harness();
  const watch = harness.watch(maps, { labelSelector: 'team=red' });
  harness.create(maps, configMap('one', {}, { team: 'blue' }));
  harness.patch(`${maps}/one`, 'merge', { metadata: { labels: { team: 'red' } } });
  harness.patch(`${maps}/one`, 'merge', { data: { a: '1' } });
  harness.patch(`${maps}/one`, 'merge', { metadata: { labels: { team: 'blue' } } });
  harness.delete(`${maps}/one`);
  harness.settle();
  expect(watch.summary).toEqual(['ADDED one', 'MODIFIED one', 'DELETED one']);
  const [, modified, deleted] = watch.events;
  expect(deleted?.object.metadata.labels).toEqual({ team: 'red' });
  expect(Number(deleted?.object.metadata.resourceVersion)).toBeGreaterThan(
    Number(modified?.object.metadata.resourceVersion),
  );
});

test('a watch by node sees a pod from its binding on and nothing of other nodes', () => {
  const harness = new Harness();
  const watch = harness.watch('core/v1/-/pods', { fieldSelector: 'spec.nodeName=node-1' });
  const unbound = harness.watch('core/v1/-/pods', { fieldSelector: 'spec.nodeName=' });
  harness.create('core/v1/default/pods', pod('mine'));
  harness.create('core/v1/default/pods', pod('other', { nodeName: 'node-2' }));
  harness.create('core/v1/default/pods/mine/binding', { metadata: { name: 'mine' }, target: { name: 'node-1' } });
  harness.delete('core/v1/default/pods/mine', { parameters: { gracePeriodSeconds: '0' } });
  harness.settle();
  expect(watch.summary).toEqual(['ADDED mine', 'DELETED mine']);
  expect(unbound.summary).toEqual(['ADDED mine', 'DELETED mine']);
});

test('a watch of one object, of one namespace and of all see what concerns them', () => {
  const harness = new Harness();
  const one = harness.open(resourceRequest('watch', `${maps}/a`));
  const named = harness.watch('core/v1/-/configmaps', { fieldSelector: 'metadata.name=a' });
  const all = harness.watch('core/v1/-/configmaps');
  const namespace = harness.open(resourceRequest('watch', 'core/v1/default/namespaces/default'));
  harness.create(maps, configMap('a'));
  harness.create(maps, configMap('b'));
  harness.create('core/v1/kube-system/configmaps', configMap('a'));
  harness.settle();
  expect(one.summary).toEqual(['ADDED a']);
  expect(named.summary).toEqual(['ADDED a', 'ADDED a']);
  expect(all.summary).toEqual(['ADDED a', 'ADDED b', 'ADDED a']);
  expect(namespace.summary).toEqual(['ADDED default']);
});

test('a watch from a revision that history no longer covers is told 410 in an event and ends', () => {
  const harness = new Harness();
  harness.create(maps, configMap('one'));
  const { resourceVersion } = harness.list(maps).body.metadata;
  for (let round = 0; round <= historyEventsMax; round += 1) {
    harness.store.mvcc.transact({
      compares: [],
      success: [
        {
          type: 'put',
          key: '/registry/configmaps/default/busy',
          value: new TextEncoder().encode(
            `{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"busy"},"data":{"n":"${round}"}}`,
          ),
          lease: 0 as never,
          ignoreValue: false,
          ignoreLease: false,
          previous: false,
        },
      ],
      failure: [],
    });
  }
  harness.settle(100);
  const watch = harness.watch(maps, { resourceVersion });
  expect(watch.items[0]).toMatchObject({ type: 'head', status: 200 });
  expect(watch.events).toMatchObject([{ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } }]);
  expect(watch.events[0]?.object.message).toMatch(/^too old resource version: \d+ \(\d+\)$/);
  expect(watch.endReason).toBe('completed');
});

test('a watch ends at its timeout', () => {
  const harness = new Harness();
  const watch = harness.watch(maps, { timeoutSeconds: '2' });
  harness.settle(1_900);
  expect(watch.endReason).toBeNull();
  harness.settle(200);
  expect(watch.endReason).toBe('completed');
});

test('a client that takes nothing is cut when too much waits for it, and the initial state does not count', () => {
  const harness = new Harness();
  const watch = harness.open(resourceRequest('watch', maps), 1);
  for (let round = 0; round < watchQueueEventsMax; round += 1) put(harness, round);
  harness.settle(50);
  expect(watch.endReason).toBeNull();
  put(harness, -1);
  harness.settle(50);
  expect(watch.endReason).toBe('overflow');
});

test('what waits for a client goes out when it has room, in order', () => {
  const harness = new Harness();
  harness.create(maps, configMap('first'));
  const watch = harness.open(resourceRequest('watch', maps), 0);
  const id = harness.lastId;
  harness.create(maps, configMap('second'));
  expect(watch.items).toEqual([]);
  harness.grant(id, 1);
  expect(watch.items.map(({ type }) => type)).toEqual(['head']);
  harness.grant(id, 1);
  expect(watch.summary).toEqual(['ADDED first', 'ADDED second']);
});

test('a client that is always a little behind gets every event once and in order', () => {
  const harness = new Harness();
  const watch = harness.open(resourceRequest('watch', maps), 2);
  const id = harness.lastId;
  for (let round = 0; round < 40; round += 1) {
    for (let n = 0; n < 20; n += 1) put(harness, round * 20 + n);
    harness.grant(id, 1);
  }
  harness.grant(id, 100);
  expect(watch.events.map(({ object }) => object.data.n)).toEqual(Array.from({ length: 800 }, (_, n) => String(n)));
});

test('a table watch sends one table per event, a metadata watch sends metadata', () => {
  const harness = new Harness();
  const table = harness.watch(maps, {}, { output: 'table' });
  const metadata = harness.watch(maps, {}, { output: 'metadata' });
  harness.create(maps, configMap('one', { a: '1' }));
  harness.settle();
  expect(table.events).toMatchObject([
    { type: 'ADDED', object: { kind: 'Table', rows: [{ cells: ['one', '1', '0s'] }] } },
  ]);
  expect(metadata.events).toMatchObject([
    { type: 'ADDED', object: { kind: 'PartialObjectMetadata', metadata: { name: 'one' } } },
  ]);
  expect(metadata.events[0]?.object).not.toHaveProperty('data');
});

test('an API server that starts later lets a watch go on from before its start', () => {
  const harness = new Harness();
  harness.create(maps, configMap('one'));
  const { resourceVersion } = harness.list(maps).body.metadata;
  harness.create(maps, configMap('two'));
  harness.delete(`${maps}/one`);
  harness.startApiServer('master-1');
  harness.settle(100);
  const request = resourceRequest('watch', maps, { parameters: { resourceVersion } });
  const watch = harness.open(request, 100, 'master-1/apiserver');
  expect(watch.summary).toEqual(['ADDED two', 'DELETED one']);
});

test('an API server that starts after history was compacted has the state all the same', () => {
  const harness = new Harness();
  const { resourceVersion } = harness.create(maps, configMap('one')).body.metadata;
  harness.create(maps, configMap('two'));
  harness.store.mvcc.compact(harness.store.mvcc.revision);
  harness.startApiServer('master-1');
  harness.settle(100);
  const list = harness.call(resourceRequest('list', maps), 'master-1/apiserver').body;
  expect(list.items.map((item: Tree) => item.metadata.name)).toEqual(['one', 'two']);
  const request = resourceRequest('watch', maps, { parameters: { resourceVersion } });
  expect(harness.open(request, 100, 'master-1/apiserver').events).toMatchObject([
    { type: 'ERROR', object: { code: 410 } },
  ]);
});

test('when the history of the store is lost, watches end and the cache is read anew', () => {
  const harness = new Harness();
  harness.create(maps, configMap('one'));
  const watch = harness.watch(maps);
  harness.store.isWatchStalled = true;
  harness.create(maps, configMap('two'));
  harness.create(maps, configMap('three'));
  harness.store.mvcc.compact(harness.store.mvcc.revision);
  harness.store.isWatchStalled = false;
  harness.settle(100);
  expect(watch.endReason).toBe('completed');
  const names = harness.list(maps).body.items.map((item: Tree) => item.metadata.name);
  expect(names).toEqual(['one', 'three', 'two']);
  expect(harness.watch(maps).summary).toEqual(['ADDED one', 'ADDED three', 'ADDED two']);
});

function put(harness: Harness, round: number): void {
  const text = `{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"busy"},"data":{"n":"${round}"}}`;
  harness.store.mvcc.transact({
    compares: [],
    success: [
      {
        type: 'put',
        key: '/registry/configmaps/default/busy',
        value: new TextEncoder().encode(text),
        lease: 0 as never,
        ignoreValue: false,
        ignoreLease: false,
        previous: false,
      },
    ],
    failure: [],
  });
}
