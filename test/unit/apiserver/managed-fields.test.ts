/** Who owns which fields after creates, updates and patches, as a client sees it in `metadata.managedFields`. */
import { describe, expect, test } from 'vitest';
import { protobufBody } from '../../property/kinds/protobuf-writer.ts';
import { configMap, Harness, type Tree } from './harness.ts';

const maps = 'core/v1/default/configmaps';
const deployments = 'apps/v1/default/deployments';
const by = (fieldManager: string): { parameters: { fieldManager: string } } => ({ parameters: { fieldManager } });
const managed = (object: Tree): Tree => object.metadata.managedFields;

function deployment(name: string, spec: object = {}): Tree {
  return {
    metadata: { name, labels: { app: name } },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'main', image: 'nginx:1', ports: [{ containerPort: 80 }] }] },
      },
      ...spec,
    },
  };
}

describe('who creates an object owns what he sets and what defaults fill in', () => {
  test('a Deployment has the entry that Kubernetes would write', () => {
    const harness = new Harness();
    const { body } = harness.create(deployments, deployment('web'), by('kubectl-create'));
    expect(managed(body)).toEqual([
      {
        manager: 'kubectl-create',
        operation: 'Update',
        apiVersion: 'apps/v1',
        time: body.metadata.creationTimestamp,
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
          'f:spec': {
            'f:progressDeadlineSeconds': {},
            'f:replicas': {},
            'f:revisionHistoryLimit': {},
            'f:selector': {},
            'f:strategy': { 'f:rollingUpdate': { '.': {}, 'f:maxSurge': {}, 'f:maxUnavailable': {} }, 'f:type': {} },
            'f:template': {
              'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
              'f:spec': {
                'f:containers': {
                  'k:{"name":"main"}': {
                    '.': {},
                    'f:image': {},
                    'f:imagePullPolicy': {},
                    'f:name': {},
                    'f:ports': {
                      '.': {},
                      'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {}, 'f:protocol': {} },
                    },
                    'f:resources': {},
                    'f:terminationMessagePath': {},
                    'f:terminationMessagePolicy': {},
                  },
                },
                'f:dnsPolicy': {},
                'f:restartPolicy': {},
                'f:schedulerName': {},
                'f:securityContext': {},
                'f:terminationGracePeriodSeconds': {},
              },
            },
          },
        },
      },
    ]);
  });

  test('elements stand in the order of FieldsV1', () => {
    const harness = new Harness();
    const ports = [{ containerPort: 8080 }, { containerPort: 9, protocol: 'UDP' }, { containerPort: 80 }];
    const spec = {
      containers: [
        { name: 'b', image: 'x', ports },
        { name: 'a', image: 'x' },
      ],
    };
    const { body } = harness.create('core/v1/default/pods', { metadata: { name: 'p' }, spec });
    const containers = managed(body)[0].fieldsV1['f:spec']['f:containers'];
    expect(Object.keys(containers)).toEqual(['k:{"name":"a"}', 'k:{"name":"b"}']);
    expect(Object.keys(containers['k:{"name":"b"}']['f:ports'])).toEqual([
      '.',
      'k:{"containerPort":9,"protocol":"UDP"}',
      'k:{"containerPort":80,"protocol":"TCP"}',
      'k:{"containerPort":8080,"protocol":"TCP"}',
    ]);
  });

  test('what admission and the server add by themselves has no owner', () => {
    const harness = new Harness();
    const { body } = harness.create('core/v1/default/pods', {
      metadata: { name: 'p' },
      spec: { containers: [{ name: 'main', image: 'x' }] },
    });
    expect(body.spec.tolerations).toHaveLength(2);
    expect(managed(body)[0].fieldsV1['f:spec']['f:tolerations']).toBeUndefined();
    expect(managed(body)[0].fieldsV1['f:metadata']).toBeUndefined();
    expect(managed(body)[0].fieldsV1['f:status']).toBeUndefined();
  });

  test.each([
    ['the parameter goes first', 'me', 'kubectl/v1.33.1 (linux/amd64)', 'me'],
    ['else the first word of the user agent', '', 'kubectl/v1.33.1 (linux/amd64)', 'kubectl'],
    ['else nobody in particular', '', '', 'unknown'],
    ['what cannot be printed is left out', '', 'a\u0007b/1', 'ab'],
  ])('the manager: %s', (_case, fieldManager, userAgent, expected) => {
    const harness = new Harness();
    const { body } = harness.create(maps, configMap('one', { a: '1' }), { parameters: { fieldManager }, userAgent });
    expect(managed(body)[0].manager).toBe(expected);
  });
});

describe('who changes an object', () => {
  test('takes over the fields that he changes or adds, and no others', () => {
    const harness = new Harness();
    harness.create(maps, configMap('one', { a: '1', b: '1' }), by('first'));
    const { body } = harness.patch(`${maps}/one`, 'merge', { data: { b: '2', c: '2' } }, by('second'));
    expect(managed(body).map(({ manager, fieldsV1 }: Tree) => [manager, fieldsV1])).toEqual([
      ['first', { 'f:data': { '.': {}, 'f:a': {} } }],
      ['second', { 'f:data': { 'f:b': {}, 'f:c': {} } }],
    ]);
  });

  test('what is removed has no owner, and who owns nothing has no entry', () => {
    const harness = new Harness();
    harness.create(maps, configMap('one', { a: '1' }), by('first'));
    harness.patch(`${maps}/one`, 'merge', { data: { b: '2' } }, by('second'));
    const { body } = harness.patch(`${maps}/one`, 'merge', { data: { b: null } }, by('third'));
    expect(managed(body).map(({ manager }: Tree) => manager)).toEqual(['first']);
  });

  test('a client that does not send owners back keeps them', () => {
    const harness = new Harness();
    const { body } = harness.create(maps, configMap('one', { a: '1' }), by('first'));
    const metadata = { ...body.metadata, managedFields: undefined };
    const updated = harness.update(`${maps}/one`, { ...body, metadata, data: { a: '1', b: '1' } }, by('second')).body;
    expect(managed(updated).map(({ manager }: Tree) => manager)).toEqual(['first', 'second']);
  });

  test('a typed client sends owners back in protobuf, and nothing changes', () => {
    const harness = new Harness();
    const { body } = harness.create(deployments, deployment('web'), by('first'));
    const sent = protobufBody('apps/v1', 'Deployment', 'apps.v1.Deployment', body);
    const updated = harness.update(`${deployments}/web`, sent, { encoding: 'protobuf', ...by('second') });
    expect(updated.body).toEqual(body);
  });

  test('the status and the rest have entries of their own', () => {
    const harness = new Harness();
    harness.create(deployments, deployment('web'), by('first'));
    const { body } = harness.patch(
      `${deployments}/web/status`,
      'merge',
      { status: { replicas: 1 }, spec: { replicas: 9 } },
      by('first'),
    );
    expect(body.spec.replicas).toBe(1);
    const [, entry] = managed(body);
    expect(entry).toMatchObject({
      manager: 'first',
      subresource: 'status',
      fieldsV1: { 'f:status': { 'f:replicas': {} } },
    });
    expect(entry.fieldsV1['f:spec']).toBeUndefined();
  });

  test('who scales owns the replicas', () => {
    const harness = new Harness();
    harness.create(deployments, deployment('web'), by('first'));
    harness.patch(`${deployments}/web/scale`, 'merge', { spec: { replicas: 3 } }, by('scaler'));
    const { body } = harness.get(`${deployments}/web`);
    expect(managed(body)[1]).toMatchObject({
      manager: 'scaler',
      operation: 'Update',
      apiVersion: 'apps/v1',
      subresource: 'scale',
      fieldsV1: { 'f:spec': { 'f:replicas': {} } },
    });
    expect(managed(body)[0].fieldsV1['f:spec']['f:replicas']).toBeUndefined();
  });

  test('the time is that of the last change, and a write that changes nothing writes nothing', () => {
    const harness = new Harness();
    const { body: first } = harness.create(maps, configMap('one', { a: '1' }), by('first'));
    harness.settle(5_000);
    const { body: same } = harness.update(`${maps}/one`, first, by('first'));
    expect(same.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    expect(managed(same)).toEqual(managed(first));
    const { body: changed } = harness.patch(`${maps}/one`, 'merge', { data: { a: '2' } }, by('first'));
    expect(managed(changed)[0].fieldsV1).toEqual(managed(first)[0].fieldsV1);
    expect(managed(changed)[0].time > managed(first)[0].time).toBe(true);
    const { body: tried } = harness.patch(`${deployments}/none`, 'merge', {}, by('first'));
    expect(tried.code).toBe(404);
  });

  test('a write whose changes the server undoes writes nothing but its claim, and that once', () => {
    const harness = new Harness();
    harness.create(deployments, deployment('web'), by('first'));
    const patch = { metadata: { deletionGracePeriodSeconds: 3 } };
    const { body: claimed } = harness.patch(`${deployments}/web`, 'merge', patch, by('first'));
    harness.settle(5_000);
    expect(harness.patch(`${deployments}/web`, 'merge', patch, by('first')).body).toEqual(claimed);
  });

  test('only ten managers update; the oldest become one', () => {
    const harness = new Harness();
    harness.create(maps, configMap('one', { k0: '' }), by('m00'));
    for (let index = 1; index <= 12; index += 1) {
      harness.settle(1_000);
      const name = `m${String(index).padStart(2, '0')}`;
      harness.patch(`${maps}/one`, 'merge', { data: { [`k${index}`]: '' } }, by(name));
    }
    const entries = managed(harness.get(`${maps}/one`).body);
    expect(entries).toHaveLength(10);
    expect(entries[0].manager).toBe('ancient-changes');
    expect(Object.keys(entries[0].fieldsV1['f:data'])).toEqual(['.', 'f:k0', 'f:k1', 'f:k2', 'f:k3']);
    expect(entries[1].manager).toBe('m04');
  });
});

describe('a client may write owners itself', () => {
  const two = (): Harness => {
    const harness = new Harness();
    harness.create(maps, configMap('one', { a: '1' }), by('first'));
    harness.patch(`${maps}/one`, 'merge', { data: { b: '2' } }, by('second'));
    return harness;
  };

  test.each([
    ['an empty list', []],
    ['a list of one empty entry', [{}]],
  ])('%s forgets all owners, and nobody is tracked from then on', (_case, managedFields) => {
    const harness = two();
    const { body } = harness.patch(`${maps}/one`, 'merge', { metadata: { managedFields } });
    expect(managed(body)).toBeUndefined();
    const { body: later } = harness.patch(`${maps}/one`, 'merge', { data: { c: '3' } }, by('third'));
    expect(managed(later)).toBeUndefined();
  });

  test('an entry can be taken away by a JSON patch, if nothing happened meanwhile', () => {
    const harness = two();
    const { body } = harness.get(`${maps}/one`);
    const kept = managed(body).slice(0, 1);
    const patch = (resourceVersion: string): Tree => [
      { op: 'replace', path: '/metadata/managedFields', value: kept },
      { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
    ];
    expect(harness.patch(`${maps}/one`, 'json', patch('1')).status).toBe(409);
    const patched = harness.patch(`${maps}/one`, 'json', patch(body.metadata.resourceVersion));
    expect(patched.status).toBe(200);
    expect(managed(patched.body)).toEqual(kept);
  });

  test.each([
    ['no operation', { operation: undefined }],
    ['no version', { apiVersion: undefined }],
    ['another type of fields', { fieldsType: 'FieldsV2' }],
    ['fields that are none', { fieldsV1: { 'x:y': {} } }],
    ['fields that are no tree', { fieldsV1: { 'f:data': 'yes' } }],
  ])('entries with %s are ignored', (_case, change) => {
    const harness = two();
    const { body } = harness.get(`${maps}/one`);
    const managedFields = [{ ...managed(body)[0], ...change }];
    const patched = harness.patch(`${maps}/one`, 'merge', { metadata: { managedFields } });
    expect(managed(patched.body)).toEqual(managed(body));
  });

  test('through a subresource owners cannot be set', () => {
    const harness = new Harness();
    harness.create(deployments, deployment('web'), by('first'));
    const { body } = harness.patch(`${deployments}/web/status`, 'merge', { metadata: { managedFields: [] } });
    expect(managed(body)).toHaveLength(1);
  });
});

test('an owner at another version of the kind loses what is changed at this one', () => {
  const harness = new Harness();
  const scaler = {
    metadata: { name: 'web' },
    spec: { scaleTargetRef: { kind: 'Deployment', name: 'web' }, maxReplicas: 5, targetCPUUtilizationPercentage: 50 },
  };
  harness.create('autoscaling/v1/default/horizontalpodautoscalers', scaler, by('first'));
  const path = 'autoscaling/v2/default/horizontalpodautoscalers/web';
  const { body } = harness.patch(path, 'merge', { spec: { maxReplicas: 7 } }, by('second'));
  expect(managed(body).map(({ manager, apiVersion }: Tree) => [manager, apiVersion])).toEqual([
    ['first', 'autoscaling/v1'],
    ['second', 'autoscaling/v2'],
  ]);
  expect(managed(body)[0].fieldsV1['f:spec']).toEqual({
    'f:minReplicas': {},
    'f:scaleTargetRef': {},
    'f:targetCPUUtilizationPercentage': {},
  });
  expect(managed(body)[1].fieldsV1['f:spec']).toEqual({ 'f:maxReplicas': {} });
});
