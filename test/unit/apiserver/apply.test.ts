/** Server-side apply through an API server: ownership, conflicts, removal, what is refused and in which words. */
import { describe, expect, test } from 'vitest';
import { type Answer, type Ask, configMap, Harness, resourceRequest, type Tree } from './harness.ts';

const maps = 'core/v1/default/configmaps';
const one = `${maps}/one`;
const web = 'apps/v1/default/deployments/web';

function apply(harness: Harness, path: string, body: unknown, fieldManager: string, ask: Ask = {}): Answer {
  const parameters = { fieldManager, ...ask.parameters };
  return harness.patch(path, 'apply', body, { encoding: 'yaml', ...ask, parameters });
}

const forced = { parameters: { force: 'true' } };

function map(data: Tree, metadata: object = {}): Tree {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'one', ...metadata }, data };
}

function deployment(spec: object, containers: readonly object[] = [{ name: 'main', image: 'nginx:1' }]): Tree {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers } },
      ...spec,
    },
  };
}

/** `MANAGER OPERATION` with fields. */
function owners(object: Tree): Record<string, Tree> {
  const entries = object.metadata.managedFields ?? [];
  return Object.fromEntries(
    entries.map(({ manager, operation, subresource, fieldsV1 }: Tree) => [
      [manager, operation, ...(subresource === undefined ? [] : [subresource])].join(' '),
      fieldsV1,
    ]),
  );
}

describe('an object that does not exist', () => {
  test('is created, and the applier owns what he listed and no default', () => {
    const harness = new Harness();
    const { status, body } = apply(harness, web, deployment({ replicas: 2 }), 'me');
    expect(status).toBe(201);
    expect(body.spec.strategy.type).toBe('RollingUpdate');
    expect(body.metadata.managedFields).toEqual([
      {
        manager: 'me',
        operation: 'Apply',
        apiVersion: 'apps/v1',
        time: body.metadata.creationTimestamp,
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:spec': {
            'f:replicas': {},
            'f:selector': {},
            'f:template': {
              'f:metadata': { 'f:labels': { 'f:app': {} } },
              'f:spec': { 'f:containers': { 'k:{"name":"main"}': { '.': {}, 'f:image': {}, 'f:name': {} } } },
            },
          },
        },
      },
    ]);
  });

  test('is created from YAML as well', () => {
    const harness = new Harness();
    const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\ndata:\n  a: "1"\n';
    expect(apply(harness, one, yaml, 'me').body.data).toEqual({ a: '1' });
  });

  test('is not created by a dry run, nor through its status, nor when a certain one is expected', () => {
    const harness = new Harness();
    expect(apply(harness, one, map({ a: '1' }), 'me', { parameters: { dryRun: 'All' } }).status).toBe(201);
    expect(harness.get(one).status).toBe(404);
    expect(apply(harness, `${web}/status`, deployment({}), 'me').status).toBe(404);
    expect(apply(harness, one, map({ a: '1' }, { uid: 'x' }), 'me').body.message).toBe(
      'Operation cannot be fulfilled on configmaps "one": uid mismatch: the provided object specified uid x, and no existing object was found',
    );
    expect(apply(harness, one, map({ a: '1' }, { resourceVersion: '7' }), 'me').status).toBe(409);
    expect(apply(harness, 'core/v1/nowhere/configmaps/one', map({ a: '1' }), 'me').status).toBe(404);
  });
});

describe('an object that exists', () => {
  test('is left alone when nothing is new', () => {
    const harness = new Harness();
    const { body } = apply(harness, web, deployment({ replicas: 2 }), 'me');
    harness.settle(3_000);
    const { revision } = harness.store.mvcc;
    const again = apply(harness, web, deployment({ replicas: 2 }), 'me');
    expect(again.status).toBe(200);
    expect(again.body).toEqual(body);
    expect(harness.store.mvcc.revision).toBe(revision);
  });

  test('loses what its applier lists no more, if nobody else owns it', () => {
    const harness = new Harness();
    apply(harness, one, map({ a: '1', b: '1', c: '1' }), 'me');
    apply(harness, one, map({ b: '1' }), 'you');
    const { body } = apply(harness, one, map({ a: '2' }), 'me');
    expect(body.data).toEqual({ a: '2', b: '1' });
    expect(owners(body)).toEqual({ 'me Apply': { 'f:data': { 'f:a': {} } }, 'you Apply': { 'f:data': { 'f:b': {} } } });
  });

  test('a field of a struct that is given up falls back to its default', () => {
    const harness = new Harness();
    apply(harness, web, deployment({ replicas: 5, strategy: { type: 'Recreate' } }), 'me');
    const { body } = apply(harness, web, deployment({}), 'me');
    expect(body.spec.replicas).toBe(1);
    expect(body.spec.strategy.type).toBe('RollingUpdate');
  });

  test('appliers share a list that is merged by keys', () => {
    const harness = new Harness();
    apply(harness, web, deployment({}), 'me');
    const side = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' } };
    const containers = [{ name: 'side', image: 'envoy:1' }];
    const added = apply(harness, web, { ...side, spec: { template: { spec: { containers } } } }, 'you');
    expect(added.body.spec.template.spec.containers.map(({ name }: Tree) => name)).toEqual(['main', 'side']);
    const removed = apply(harness, web, side, 'you');
    expect(removed.body.spec.template.spec.containers.map(({ name }: Tree) => name)).toEqual(['main']);
    expect(Object.keys(owners(removed.body))).toEqual(['me Apply']);
  });

  test('what nobody tracked belongs to those before the first apply', () => {
    const harness = new Harness();
    harness.create(maps, configMap('one', { a: '1', b: '1' }));
    harness.patch(one, 'merge', { metadata: { managedFields: [{}] } });
    expect(apply(harness, one, map({ a: '2' }), 'me').body.message).toBe(
      'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.a',
    );
    const { body } = apply(harness, one, map({ a: '1' }), 'me');
    expect(owners(body)).toEqual({
      'me Apply': { 'f:data': { 'f:a': {} } },
      'before-first-apply Update': { 'f:data': { '.': {}, 'f:a': {}, 'f:b': {} } },
    });
  });

  test('its resourceVersion in the configuration is a precondition', () => {
    const harness = new Harness();
    const { resourceVersion } = apply(harness, one, map({ a: '1' }), 'me').body.metadata;
    expect(apply(harness, one, map({ a: '2' }, { resourceVersion: '1' }), 'me').status).toBe(409);
    expect(apply(harness, one, map({ a: '2' }, { resourceVersion }), 'me').status).toBe(200);
  });

  test('an update of a field that is applied makes a second manager of the same name', () => {
    const harness = new Harness();
    apply(harness, one, map({ a: '1' }), 'me');
    harness.patch(one, 'merge', { data: { a: '2' } }, { parameters: { fieldManager: 'me' } });
    expect(apply(harness, one, map({ a: '1' }), 'me').body.message).toBe(
      'Apply failed with 1 conflict: conflict with "me" using v1: .data.a',
    );
  });
});

describe('a field that somebody else owns', () => {
  test('is a conflict, in the words of Kubernetes', () => {
    const harness = new Harness();
    harness.create('apps/v1/default/deployments', deployment({ replicas: 3 }), {
      parameters: { fieldManager: 'kubectl-create' },
    });
    harness.patch(`${web}/scale`, 'merge', { spec: { replicas: 4 } }, { parameters: { fieldManager: 'scaler' } });
    const { status, body } = apply(harness, web, deployment({ replicas: 5 }), 'me');
    expect([status, body.reason]).toEqual([409, 'Conflict']);
    expect(body.message).toBe(
      'Apply failed with 1 conflict: conflict with "scaler" with subresource "scale" using apps/v1: .spec.replicas',
    );
    expect(body.details.causes).toEqual([
      {
        reason: 'FieldManagerConflict',
        message: 'conflict with "scaler" with subresource "scale" using apps/v1',
        field: '.spec.replicas',
      },
    ]);
    const containers = [{ name: 'main', image: 'nginx:2' }];
    expect(apply(harness, web, deployment({ replicas: 5 }, containers), 'me').body.message).toBe(
      'Apply failed with 2 conflicts: conflicts with "kubectl-create" using apps/v1:\n' +
        '- .spec.template.spec.containers[name="main"].image\n' +
        'conflicts with "scaler" with subresource "scale" using apps/v1:\n' +
        '- .spec.replicas',
    );
  });

  test('can be shared by whoever applies the same value, and then changed by none of them', () => {
    const harness = new Harness();
    apply(harness, one, map({ a: '1' }), 'me');
    const { body } = apply(harness, one, map({ a: '1' }), 'you');
    expect(Object.keys(owners(body)).sort()).toEqual(['me Apply', 'you Apply']);
    expect(apply(harness, one, map({ a: '2' }), 'you').body.message).toBe(
      'Apply failed with 1 conflict: conflict with "me": .data.a',
    );
  });

  test('is taken over by force', () => {
    const harness = new Harness();
    apply(harness, one, map({ a: '1', b: '1' }), 'me');
    const { status, body } = apply(harness, one, map({ a: '2' }), 'you', forced);
    expect([status, body.data]).toEqual([200, { a: '2', b: '1' }]);
    expect(owners(body)).toEqual({ 'me Apply': { 'f:data': { 'f:b': {} } }, 'you Apply': { 'f:data': { 'f:a': {} } } });
  });
});

describe('subresources', () => {
  test('a status is applied by itself', () => {
    const harness = new Harness();
    apply(harness, web, deployment({ replicas: 2 }), 'me');
    const status = { replicas: 2, conditions: [{ type: 'Available', status: 'True' }] };
    const { body } = apply(harness, `${web}/status`, { ...deployment({ replicas: 9 }), status }, 'controller');
    expect([body.spec.replicas, body.status.replicas]).toEqual([2, 2]);
    expect(owners(body)['controller Apply status']).toEqual({
      'f:status': {
        'f:conditions': { 'k:{"type":"Available"}': { '.': {}, 'f:status': {}, 'f:type': {} } },
        'f:replicas': {},
      },
    });
    const { body: whole } = apply(harness, web, { ...deployment({ replicas: 2 }), status: { replicas: 7 } }, 'me');
    expect(whole.status.replicas).toBe(2);
    expect(owners(whole)['me Apply']['f:status']).toBeUndefined();
  });

  test('a scale is applied to the object behind it', () => {
    const harness = new Harness();
    apply(harness, web, deployment({ replicas: 2 }), 'me');
    const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: 'web' }, spec: { replicas: 4 } };
    expect(apply(harness, `${web}/scale`, scale, 'scaler').body.message).toBe(
      'Apply failed with 1 conflict: conflict with "me": .spec.replicas',
    );
    const { status, body } = apply(harness, `${web}/scale`, scale, 'scaler', forced);
    expect([status, body.kind, body.spec.replicas]).toEqual([200, 'Scale', 4]);
    const { body: scaled } = harness.get(web);
    expect(owners(scaled)['scaler Apply scale']).toEqual({ 'f:spec': { 'f:replicas': {} } });
    expect(owners(scaled)['me Apply']['f:spec']['f:replicas']).toBeUndefined();
  });
});

test('an ephemeral container is applied through its own door', () => {
  const harness = new Harness();
  const pods = 'core/v1/default/pods';
  harness.create(pods, { metadata: { name: 'p' }, spec: { containers: [{ name: 'main', image: 'x' }] } });
  const ephemeralContainers = [{ name: 'debugger', image: 'busybox' }];
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { ephemeralContainers } };
  expect(apply(harness, `${pods}/p/ephemeralcontainers`, pod, 'me').status).toBe(200);
  expect(owners(harness.get(`${pods}/p`).body)['me Apply ephemeralcontainers']['f:spec']).toEqual({
    'f:ephemeralContainers': { 'k:{"name":"debugger"}': { '.': {}, 'f:image': {}, 'f:name': {} } },
  });
});

test('what was applied at one version and is not at another goes, whatever its name there', () => {
  const harness = new Harness();
  const metadata = { name: 'web' };
  const scaleTargetRef = { kind: 'Deployment', name: 'web' };
  const kind = 'HorizontalPodAutoscaler';
  const spec = { scaleTargetRef, maxReplicas: 5, targetCPUUtilizationPercentage: 50 };
  const version = (name: string): string => `autoscaling/${name}/default/horizontalpodautoscalers/web`;
  expect(apply(harness, version('v1'), { apiVersion: 'autoscaling/v1', kind, metadata, spec }, 'me').status).toBe(201);
  const later = { scaleTargetRef, maxReplicas: 6 };
  const { status, body } = apply(
    harness,
    version('v2'),
    { apiVersion: 'autoscaling/v2', kind, metadata, spec: later },
    'me',
  );
  expect([status, body.spec.maxReplicas, body.spec.metrics]).toMatchObject([
    200,
    6,
    [{ resource: { name: 'cpu', target: { averageUtilization: 80 } } }],
  ]);
  expect(body.metadata.managedFields).toHaveLength(1);
  expect(body.metadata.managedFields[0].apiVersion).toBe('autoscaling/v2');
});

describe('kubectl comes from client-side apply', () => {
  const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
  const clientSide = (harness: Harness, data: object): void => {
    const note = `${JSON.stringify(map(data))}\n`;
    const object = { ...map(data), metadata: { name: 'one', annotations: { [annotation]: note } } };
    harness.create(maps, object, { parameters: { fieldManager: 'kubectl-client-side-apply' } });
  };

  test('what it applied then it may change now', () => {
    const harness = new Harness();
    clientSide(harness, { a: '1' });
    const { status, body } = apply(harness, one, map({ a: '2' }), 'kubectl');
    expect([status, body.data]).toEqual([200, { a: '2' }]);
    expect(JSON.parse(body.metadata.annotations[annotation]).data).toEqual({ a: '2' });
  });

  test('what somebody changed since it may not', () => {
    const harness = new Harness();
    clientSide(harness, { a: '1', b: '1' });
    harness.patch(one, 'merge', { data: { a: '9' } }, { parameters: { fieldManager: 'editor' } });
    const { body } = apply(harness, one, map({ a: '2', b: '2' }), 'kubectl');
    expect(body.message).toBe('Apply failed with 1 conflict: conflict with "editor" using v1: .data.a');
  });

  test('others have no such past', () => {
    const harness = new Harness();
    clientSide(harness, { a: '1' });
    expect(apply(harness, one, map({ a: '2' }), 'somebody').status).toBe(409);
  });
});

describe('refusals', () => {
  const invalidOptions = 'PatchOptions.meta.k8s.io "" is invalid: ';
  test.each<[string, unknown, Record<string, string>, number, string]>([
    [
      'no manager',
      map({}),
      { fieldManager: '' },
      422,
      `${invalidOptions}fieldManager: Required value: is required for apply patch`,
    ],
    ['owners', map({}, { managedFields: [] }), {}, 400, 'metadata.managedFields must be nil'],
    ['another kind', { ...map({}), kind: 'Secret' }, {}, 400, 'invalid object type: /v1, Kind=Secret'],
    ['another version', { ...map({}), apiVersion: 'apps/v1' }, {}, 400, 'invalid object type: apps/v1, Kind=ConfigMap'],
    [
      'another name',
      map({}, { name: 'two' }),
      {},
      400,
      'the name of the object (two) does not match the name on the URL (one)',
    ],
    [
      'another namespace',
      map({}, { namespace: 'other' }),
      {},
      400,
      'the namespace of the provided object does not match the namespace sent on the request',
    ],
    [
      'an unknown field',
      { ...map({}), dta: {} },
      {},
      400,
      'failed to create typed patch object (/one; /v1, Kind=ConfigMap): .dta: field not declared in schema',
    ],
    [
      'a wrong type',
      map({ a: 1 }),
      {},
      400,
      'failed to create typed patch object (/one; /v1, Kind=ConfigMap): .data.a: expected string, got int64',
    ],
    [
      'a field that is there twice, when fields are checked strictly',
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one"},"data":{"a":"1","a":"2"}}',
      { fieldValidation: 'Strict' },
      400,
      'error strict decoding YAML: error converting YAML to JSON: yaml: Map keys must be unique',
    ],
    ['what is no YAML', 'a: [', {}, 400, 'error decoding YAML: error converting YAML to JSON: yaml:'],
    ['what is no object', '[]', {}, 400, 'error decoding YAML: json: cannot unmarshal'],
  ])('%s', (_case, body, parameters, code, message) => {
    const harness = new Harness();
    const answer = apply(harness, one, body, 'me', { parameters });
    expect(answer.body).toMatchObject({ kind: 'Status', status: 'Failure', code });
    expect(answer.body.message.slice(0, message.length)).toBe(message);
  });

  test('items of a list that cannot be told apart', () => {
    const harness = new Harness();
    const container = { name: 'main', image: 'x' };
    expect(apply(harness, web, deployment({}, [container, container]), 'me').body.message).toBe(
      'failed to create typed patch object (/web; apps/v1, Kind=Deployment): ' +
        '.spec.template.spec.containers: duplicate entries for key [name="main"]',
    );
    expect(apply(harness, web, deployment({}, [{ image: 'x' }]), 'me').body.message).toContain(
      `element 0: associative list with keys has an element that omits key field "name" (and doesn't have default value)`,
    );
  });

  test('force, for a patch that is no apply', () => {
    const harness = new Harness();
    harness.create(maps, configMap('one'));
    const { body } = harness.patch(one, 'merge', {}, { parameters: { force: 'true' } });
    expect(body.message).toBe(`${invalidOptions}force: Forbidden: may not be specified for non-apply patch`);
  });

  test('what the kind does not allow', () => {
    const harness = new Harness();
    expect(apply(harness, web, deployment({ replicas: -1 }), 'me').body).toMatchObject({
      code: 422,
      reason: 'Invalid',
    });
  });

  test('a repeated field is a warning when fields are not checked strictly', () => {
    const harness = new Harness();
    const text = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one"},"data":{"a":"1","a":"2"}}';
    const { body, warnings } = apply(harness, one, text, 'me');
    expect(body.data).toEqual({ a: '2' });
    expect(warnings).toHaveLength(1);
  });
});

test('two appliers that create at once both get their way', () => {
  const harness = new Harness({ apiServers: 2 });
  const asks = ['me', 'you'].map((fieldManager, index) => {
    const body = map({ [fieldManager]: '1' });
    return { fieldManager, body, to: harness.apiPaths[index] as string };
  });
  const answers = asks.map(({ fieldManager, body, to }) => {
    const ask: Ask = { encoding: 'yaml', patch: 'apply', body, parameters: { fieldManager } };
    return harness.begin(resourceRequest('patch', one, ask), to);
  });
  const statuses = answers.map((id) => harness.finish(id).status).sort();
  expect(statuses).toEqual([200, 201]);
  expect(harness.get(one).body.data).toEqual({ me: '1', you: '1' });
});
