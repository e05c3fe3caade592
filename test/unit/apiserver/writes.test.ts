/** Writes: what is stored and what is not, stale caches, a store in trouble, fences, addresses, subresources. */
import { expect, test } from 'vitest';
import { utf8Text } from '../../../src/base/bytes.ts';
import { singleKey } from '../../../src/mvcc/key-range.ts';
import { rangeQuery } from '../../../src/mvcc/transaction.ts';
import { fenceLostReason } from '../../../src/protocol/fence-refusal.ts';
import { protobufBody } from '../../property/kinds/protobuf-writer.ts';
import { configMap, Harness, pod, resourceRequest, type Tree } from './harness.ts';

const maps = 'core/v1/default/configmaps';
const deployment = {
  metadata: { name: 'web' },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'a', image: 'b' }] } },
  },
};

function stored(harness: Harness, key: string): string | undefined {
  const found = harness.store.mvcc.range(rangeQuery(singleKey(key)));
  if (found.type !== 'range') throw new Error(found.type);
  const [keyValue] = found.keyValues;
  return keyValue === undefined ? undefined : utf8Text(keyValue.value);
}

test('stored bytes are JSON in canonical order without a resourceVersion', () => {
  const harness = new Harness();
  const { uid, creationTimestamp } = harness.create(maps, configMap('one', { a: '1' })).body.metadata;
  expect(stored(harness, '/registry/configmaps/default/one')).toBe(
    `{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"one","namespace":"default","uid":"${uid}",` +
      `"creationTimestamp":"${creationTimestamp}","managedFields":[{"manager":"test","operation":"Update",` +
      `"apiVersion":"v1","time":"${creationTimestamp}","fieldsType":"FieldsV1","fieldsV1":` +
      `{"f:data":{".":{},"f:a":{}}}}]},"data":{"a":"1"}}`,
  );
  harness.create('apps/v1/default/deployments', deployment);
  expect(stored(harness, '/registry/apps/deployments/default/web')).toContain('"generation":1');
});

test('a write that changes nothing writes nothing', () => {
  const harness = new Harness();
  const created = harness.create(maps, configMap('one', { a: '1' })).body;
  const { revision } = harness.store.mvcc;
  expect(harness.update(`${maps}/one`, created).body).toEqual(created);
  expect(harness.patch(`${maps}/one`, 'merge', { data: { a: '1' } }).body).toEqual(created);
  expect(harness.store.mvcc.revision).toBe(revision);
});

test('a dry run answers as if and stores nothing', () => {
  const harness = new Harness();
  const parameters = { dryRun: 'All' };
  const { revision } = harness.store.mvcc;
  expect(harness.create(maps, configMap('one'), { parameters }).status).toBe(201);
  expect(harness.get(`${maps}/one`).status).toBe(404);
  expect(harness.store.mvcc.revision).toBe(revision);
  const created = harness.create(maps, configMap('one', { a: '1' })).body;
  expect(harness.create(maps, configMap('one'), { parameters }).status).toBe(409);
  expect(harness.patch(`${maps}/one`, 'merge', { data: { a: '2' } }, { parameters }).body.data).toEqual({ a: '2' });
  expect(harness.delete(`${maps}/one`, { parameters }).status).toBe(200);
  expect(harness.get(`${maps}/one`).body).toEqual(created);
});

test('unknown fields are dropped, with a warning unless they are to be ignored', () => {
  const harness = new Harness();
  const warned = harness.create(maps, { ...configMap('one'), datum: 1 });
  expect(warned.warnings).toEqual(['unknown field "datum"']);
  expect(warned.body.datum).toBeUndefined();
  const parameters = { fieldValidation: 'Ignore' };
  expect(harness.create(maps, { ...configMap('two'), datum: 1 }, { parameters }).warnings).toEqual([]);
  const patched = harness.patch(`${maps}/one`, 'merge', { datum: 2, data: { a: '1' } });
  expect(patched.warnings).toEqual(['unknown field "datum"']);
});

test('a protobuf body is as good as a JSON one, for objects and for options', () => {
  const harness = new Harness();
  const inJson = harness.create('apps/v1/default/deployments', deployment).body;
  const body = protobufBody('apps/v1', 'Deployment', 'apps.v1.Deployment', {
    ...deployment,
    metadata: { name: 'two' },
  });
  const inProtobuf = harness.create('apps/v1/default/deployments', body, { encoding: 'protobuf' });
  expect(inProtobuf.status).toBe(201);
  expect(inProtobuf.body.spec).toEqual(inJson.spec);
  const options = protobufBody('apps/v1', 'DeleteOptions', 'meta.v1.DeleteOptions', { dryRun: ['All'] });
  const ask = { encoding: 'protobuf', body: options } as const;
  expect(harness.call(resourceRequest('delete', 'apps/v1/default/deployments/two', ask)).status).toBe(200);
  expect(harness.get('apps/v1/default/deployments/two').status).toBe(200);
});

test('a YAML body is as good as a JSON one', () => {
  const harness = new Harness();
  const created = harness.create(maps, 'metadata:\n  name: one\ndata:\n  a: "1"\n', { encoding: 'yaml' });
  expect(created.body.data).toEqual({ a: '1' });
});

test('a generated name is tried again when it is taken', () => {
  const harness = new Harness();
  const created = harness.create(maps, { metadata: { generateName: 'job-' } });
  expect(created.body.metadata.name).toMatch(/^job-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  expect(created.body.metadata.generateName).toBe('job-');
});

test('what is concluded from a cache that is behind is concluded again from the store', () => {
  const harness = new Harness();
  const first = harness.create(maps, configMap('one', { a: '1' })).body;
  harness.settle();
  harness.store.isWatchStalled = true;
  const second = harness.update(`${maps}/one`, { ...first, data: { a: '2' } }).body;
  const third = harness.update(`${maps}/one`, { ...second, data: { a: '3' } });
  expect(third.status).toBe(200);
  expect(harness.update(`${maps}/one`, { ...first, data: { a: '4' } }).status).toBe(409);
  expect(harness.patch(`${maps}/one`, 'merge', { data: { b: '1' } }).body.data).toEqual({ a: '3', b: '1' });
  // In the cache this would change nothing.
  expect(harness.patch(`${maps}/one`, 'merge', { data: { a: '1', b: null } }).body.data).toEqual({ a: '1' });
  harness.create(maps, configMap('two'));
  expect(harness.patch(`${maps}/two`, 'merge', { data: { a: '1' } }).status).toBe(200);
  expect(harness.delete(`${maps}/two`).status).toBe(200);
  expect(harness.delete(`${maps}/two`).status).toBe(404);
  expect(harness.create('core/v1/-/namespaces', { metadata: { name: 'fresh' } }).status).toBe(201);
  expect(harness.create('core/v1/fresh/configmaps', configMap('in-it')).status).toBe(201);
});

test('patches of one object at once are all applied', () => {
  const harness = new Harness();
  harness.create(maps, configMap('one'));
  const calls = Array.from({ length: 10 }, (_, index) =>
    harness.begin(resourceRequest('patch', `${maps}/one`, { patch: 'merge', body: { data: { [`k${index}`]: 'x' } } })),
  );
  for (const id of calls) expect(harness.finish(id).status).toBe(200);
  expect(Object.keys(harness.get(`${maps}/one`).body.data)).toHaveLength(10);
});

test('a store that knows no leader for a moment is asked again', () => {
  const harness = new Harness();
  harness.store.mishaps.push('noLeader', 'noLeader');
  expect(harness.create(maps, configMap('one')).status).toBe(201);
  expect(harness.store.mishaps).toEqual([]);
});

test('a write whose outcome nobody knows is answered with 504 and not repeated', () => {
  const harness = new Harness();
  harness.store.mishaps.push('unknown');
  const { revision } = harness.store.mvcc;
  const answer = harness.create(maps, configMap('one'));
  expect(answer.body).toMatchObject({ code: 504, reason: 'Timeout' });
  expect(harness.store.mvcc.revision).toBe(revision);
  harness.store.mishaps.push('lostReply');
  expect(harness.create(maps, configMap('two')).body).toMatchObject({ code: 504, reason: 'Timeout' });
  expect(harness.get(`${maps}/two`).status).toBe(200);
});

test('a fenced write commits only while the election holds', () => {
  const harness = new Harness();
  const key = '/threemaster/elections/controllers/1';
  const put = (): number => {
    const operation = {
      type: 'put',
      key,
      value: new Uint8Array([1]),
      lease: 0,
      ignoreValue: false,
      ignoreLease: false,
    };
    harness.store.mvcc.transact({ compares: [], success: [{ ...operation, previous: false } as never], failure: [] });
    return harness.store.mvcc.revision;
  };
  const fence = { key, createRevision: put() };
  expect(harness.create(maps, configMap('one'), { fence }).status).toBe(201);
  harness.store.mvcc.transact({
    compares: [],
    success: [{ type: 'deleteRange', range: singleKey(key), previous: false }],
    failure: [],
  });
  put();
  for (const answer of [
    harness.create(maps, configMap('two'), { fence }),
    harness.patch(`${maps}/one`, 'merge', { data: { a: '1' } }, { fence }),
    harness.delete(`${maps}/one`, { fence }),
  ]) {
    expect(answer.body).toMatchObject({
      code: 409,
      reason: 'Conflict',
      details: { causes: [{ reason: fenceLostReason, field: key }] },
    });
  }
  expect(harness.get(`${maps}/one`).body.data).toBeUndefined();
});

test('status and the rest are written apart', () => {
  const harness = new Harness();
  const path = 'apps/v1/default/deployments';
  const created = harness.create(path, { ...deployment, status: { replicas: 7 } }).body;
  expect(created.status).toEqual({});
  expect(created.metadata.generation).toBe(1);
  const changed = { ...created, spec: { ...created.spec, replicas: 9 }, status: { replicas: 1 } };
  const status = harness.update(`${path}/web/status`, changed).body;
  expect(status.status).toMatchObject({ replicas: 1 });
  expect(status.spec.replicas).toBe(1);
  expect(status.metadata.generation).toBe(1);
  const spec = harness.patch(`${path}/web`, 'strategic', { spec: { replicas: 3 }, status: { replicas: 8 } }).body;
  expect(spec.spec.replicas).toBe(3);
  expect(spec.status).toMatchObject({ replicas: 1 });
  expect(spec.metadata.generation).toBe(2);
});

test('a strategic patch merges containers by name', () => {
  const harness = new Harness();
  harness.create('apps/v1/default/deployments', deployment);
  const patch = { spec: { template: { spec: { containers: [{ name: 'side', image: 'car' }] } } } };
  const patched = harness.patch('apps/v1/default/deployments/web', 'strategic', patch).body;
  expect(patched.spec.template.spec.containers.map((container: Tree) => container.name).sort()).toEqual(['a', 'side']);
});

test('scale reads and writes the replicas of any kind that has them', () => {
  const harness = new Harness();
  harness.create('apps/v1/default/deployments', deployment);
  const path = 'apps/v1/default/deployments/web/scale';
  const scale = harness.get(path).body;
  expect(scale).toMatchObject({
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name: 'web', namespace: 'default' },
    spec: { replicas: 1 },
    status: { replicas: 0, selector: 'app=web' },
  });
  expect(harness.patch(path, 'merge', { spec: { replicas: 4 } }).body.spec.replicas).toBe(4);
  expect(harness.update(path, { ...scale, spec: { replicas: 5 } }).status).toBe(409);
  const negative = harness.patch(path, 'merge', { spec: { replicas: -1 } });
  expect(negative.body).toMatchObject({ code: 422, reason: 'Invalid' });
  const object = harness.get('apps/v1/default/deployments/web').body;
  expect(object.spec.replicas).toBe(4);
  expect(object.metadata.generation).toBe(2);
});

test('a PUT makes what may be made so', () => {
  const harness = new Harness();
  const lease = { metadata: { name: 'slice', namespace: 'default' }, subsets: [] };
  expect(harness.update('core/v1/default/endpoints/slice', lease).status).toBe(201);
});

test('each Service has an address of its own, which it keeps and gives back', () => {
  const harness = new Harness();
  const services = 'core/v1/default/services';
  const service = (name: string, spec: object = {}): object => ({
    metadata: { name },
    spec: { ports: [{ port: 80 }], ...spec },
  });
  const one = harness.create(services, service('one')).body;
  const two = harness.create(services, service('two', { type: 'NodePort' })).body;
  expect(one.spec.clusterIP).toMatch(/^10\.96\.\d+\.\d+$/);
  expect(one.spec.clusterIPs).toEqual([one.spec.clusterIP]);
  expect(two.spec.clusterIP).not.toBe(one.spec.clusterIP);
  expect(two.spec.ports[0].nodePort).toBeGreaterThanOrEqual(30_000);

  const taken = harness.create(services, service('three', { clusterIP: one.spec.clusterIP }));
  expect(taken.body).toMatchObject({ code: 422, reason: 'Invalid' });
  expect(taken.body.message).toContain('provided IP is already allocated');
  const port = two.spec.ports[0].nodePort;
  const portTaken = harness.create(
    services,
    service('four', { type: 'NodePort', ports: [{ port: 80, nodePort: port }] }),
  );
  expect(portTaken.body.message).toContain('provided port is already allocated');

  const kept = harness.patch(`${services}/one`, 'merge', { metadata: { labels: { a: 'b' } } }).body;
  expect(kept.spec.clusterIP).toBe(one.spec.clusterIP);
  harness.delete(`${services}/one`);
  const again = harness.create(services, service('five', { clusterIP: one.spec.clusterIP }));
  expect(again.status).toBe(201);
  const narrowed = harness.patch(`${services}/two`, 'merge', { spec: { type: 'ClusterIP', ports: [{ port: 80 }] } });
  expect(narrowed.status).toBe(200);
  const portFree = harness.create(
    services,
    service('six', { type: 'NodePort', ports: [{ port: 80, nodePort: port }] }),
  );
  expect(portFree.status).toBe(201);
  const headless = harness.create(services, service('seven', { clusterIP: 'None' })).body;
  expect(headless.spec.clusterIP).toBe('None');
});

test('a cluster begins with its namespaces, priority classes and the Service of its API', () => {
  const harness = new Harness();
  const names = harness.list('core/v1/-/namespaces').body.items.map((item: Tree) => item.metadata.name);
  expect(names).toEqual(['default', 'kube-node-lease', 'kube-public', 'kube-system']);
  expect(harness.get('core/v1/default/services/kubernetes').body.spec.clusterIP).toBe('10.96.0.1');
  const critical = { metadata: { name: 'x' }, spec: { ...pod('x').spec, priorityClassName: 'system-node-critical' } };
  expect(harness.create('core/v1/kube-system/pods', critical).body.spec.priority).toBe(2_000_001_000);
});

test('a new pod tolerates a node in trouble for a while, unless it says otherwise', () => {
  const harness = new Harness({ settings: { tolerationSeconds: 2 } });
  const tolerations = harness.create('core/v1/default/pods', pod('one')).body.spec.tolerations;
  expect(tolerations).toEqual([
    { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 2 },
    { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 2 },
  ]);
  const all = pod('two', { tolerations: [{ operator: 'Exists' }] });
  expect(harness.create('core/v1/default/pods', all).body.spec.tolerations).toEqual([{ operator: 'Exists' }]);
});

test('reviews answer who somebody is and what he may do', () => {
  const harness = new Harness();
  const jane = { type: 'certificate' as const, user: 'jane', groups: ['dev'] };
  const who = harness.create('authentication.k8s.io/v1/-/selfsubjectreviews', {}, { credentials: jane }).body;
  expect(who.status.userInfo).toEqual({ username: 'jane', groups: ['dev', 'system:authenticated'] });
  const spec = { resourceAttributes: { verb: 'get', resource: 'pods', namespace: 'default' } };
  const path = 'authorization.k8s.io/v1/-/selfsubjectaccessreviews';
  expect(harness.create(path, { spec }, { credentials: jane }).body.status).toEqual({ allowed: false });
  expect(harness.create(path, { spec }).body.status).toEqual({ allowed: true });
  const token = { spec: { token: 'secret' } };
  const review = harness.create('authentication.k8s.io/v1/-/tokenreviews', token).body;
  expect(review.status).toMatchObject({ authenticated: true, user: { username: 'admin' } });
});

test('a Binding posted to its collection binds the pod that it names', () => {
  const harness = new Harness();
  harness.create('core/v1/default/pods', pod('web'));
  const binding = { metadata: { name: 'web', annotations: { why: 'test' } }, target: { name: 'node-3' } };
  expect(harness.create('core/v1/default/bindings', binding).body).toMatchObject({ kind: 'Status', code: 201 });
  const bound = harness.get('core/v1/default/pods/web').body;
  expect(bound.spec.nodeName).toBe('node-3');
  expect(bound.metadata.annotations).toEqual({ why: 'test' });
  expect(bound.status.conditions).toMatchObject([{ type: 'PodScheduled', status: 'True' }]);
});

test('Events are put under a lease that ends them, nothing else is', () => {
  const harness = new Harness();
  const event = { involvedObject: { kind: 'Pod', name: 'web', namespace: 'default' }, reason: 'Testing' };
  harness.create('core/v1/default/events', { metadata: { name: 'one' }, ...event });
  harness.create('events.k8s.io/v1/default/events', {
    metadata: { name: 'two' },
    regarding: { name: 'web', namespace: 'default' },
    eventTime: '2026-01-01T00:00:00.000000Z',
    type: 'Normal',
    reason: 'Testing',
    action: 'Test',
    reportingController: 'example.com/test',
    reportingInstance: 'one',
  });
  harness.create(maps, configMap('lasting'));
  const [lease, ...others] = harness.store.mvcc.leases.all();
  expect(others).toEqual([]);
  expect(harness.store.mvcc.leases.keysOf(lease?.id as never)).toEqual([
    '/registry/events/default/one',
    '/registry/events/default/two',
  ]);
  harness.settle(61_000);
  harness.patch('core/v1/default/events/one', 'merge', { count: 2 });
  expect(harness.store.mvcc.leases.keysOf(lease?.id as never)).toEqual(['/registry/events/default/two']);
  harness.store.mvcc.leaseRevoke(lease?.id as never);
  harness.settle();
  const left = harness.list('core/v1/default/events').body.items.map((item: Tree) => item.metadata.name);
  expect(left).toEqual(['one']);
});

test('a running pod gets ephemeral containers and new resources through doors of their own', () => {
  const harness = new Harness();
  const pods = 'core/v1/default/pods';
  harness.create(pods, pod('web'));
  const debug = { spec: { ephemeralContainers: [{ name: 'debug', image: 'busybox' }] } };
  expect(harness.patch(`${pods}/web`, 'strategic', debug).status).toBe(422);
  const patched = harness.patch(`${pods}/web/ephemeralcontainers`, 'strategic', debug);
  expect(patched.body.spec.ephemeralContainers).toMatchObject([{ name: 'debug', image: 'busybox' }]);
  const removed = harness.patch(`${pods}/web/ephemeralcontainers`, 'merge', { spec: { ephemeralContainers: [] } });
  expect(removed.body).toMatchObject({ code: 422, reason: 'Invalid' });
  const given = { requests: { cpu: '100m' } };
  harness.create(pods, pod('sized', { containers: [{ name: 'main', image: 'nginx:1.27', resources: given }] }));
  const resources = { requests: { cpu: '200m' } };
  const resize = { spec: { containers: [{ name: 'main', resources }] } };
  const resized = harness.patch(`${pods}/sized/resize`, 'strategic', resize);
  expect(resized.body.spec.containers[0]).toMatchObject({ image: 'nginx:1.27', resources });
});
