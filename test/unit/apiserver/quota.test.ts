/** Quotas and limit ranges at the door: who gets in, what it costs, what is said to those who do not. */
import { expect, test } from 'vitest';
import { formatQuantity, type Quantity } from '../../../src/api/quantity.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import { podUsage } from '../../../src/kinds/resourcequota/usage.ts';
import { Harness, pod, type Tree } from './harness.ts';

const quotas = 'core/v1/default/resourcequotas';
const pods = 'core/v1/default/pods';

/** Stands in for the controller. */
function setUp(
  hard: Record<string, string>,
  used: Record<string, string>,
  spec: object = {},
  options: object = {},
): Harness {
  const harness = new Harness(options);
  harness.create(quotas, { metadata: { name: 'small' }, spec: { hard, ...spec } });
  harness.patch(`${quotas}/small/status`, 'merge', { status: { hard, used } });
  harness.settle();
  return harness;
}

const asking = (name: string, requests: object, limits: object = {}): Tree =>
  pod(name, { containers: [{ name: 'main', image: 'a', resources: { requests, limits } }] });
const usedOf = (harness: Harness): Tree => harness.get(`${quotas}/small`).body.status.used;

test('what fits is charged, what does not is refused in the words of Kubernetes', () => {
  const harness = setUp({ pods: '2', 'requests.cpu': '1' }, { pods: '0', 'requests.cpu': '0' });
  expect(harness.create(pods, asking('one', { cpu: '600m' })).status).toBe(201);
  expect(usedOf(harness)).toEqual({ pods: '1', 'requests.cpu': '600m' });
  const { status, body } = harness.create(pods, asking('two', { cpu: '500m' }));
  expect(status).toBe(403);
  expect(body.message).toBe(
    'pods "two" is forbidden: exceeded quota: small, requested: requests.cpu=500m, used: requests.cpu=600m, limited: requests.cpu=1',
  );
  expect(usedOf(harness)).toEqual({ pods: '1', 'requests.cpu': '600m' });
});

test('a pod has to say what a quota limits', () => {
  const harness = setUp({ 'limits.memory': '1Gi', 'requests.cpu': '1' }, { 'limits.memory': '0', 'requests.cpu': '0' });
  expect(harness.create(pods, pod('vague')).body.message).toBe(
    'pods "vague" is forbidden: failed quota: small: must specify limits.memory for: main; requests.cpu for: main',
  );
});

test('objects are counted by their resource, and a quota that is not counted yet refuses', () => {
  const harness = setUp({ 'count/deployments.apps': '1', secrets: '1' }, { 'count/deployments.apps': '1' });
  const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'a', image: 'a' }] } };
  const deployment = { metadata: { name: 'web' }, spec: { selector: { matchLabels: { app: 'a' } }, template } };
  expect(harness.create('apps/v1/default/deployments', deployment).body.message).toBe(
    'deployments.apps "web" is forbidden: exceeded quota: small, requested: count/deployments.apps=1, ' +
      'used: count/deployments.apps=1, limited: count/deployments.apps=1',
  );
  expect(harness.create('core/v1/default/secrets', { metadata: { name: 's' } }).body.message).toBe(
    'secrets "s" is forbidden: status unknown for quota: small, resources: secrets',
  );
});

test('scopes choose whom a quota is about', () => {
  const harness = setUp({ pods: '0' }, { pods: '0' }, { scopes: ['BestEffort'] });
  expect(harness.create(pods, pod('idle')).status).toBe(403);
  expect(harness.create(pods, asking('busy', { cpu: '1' })).status).toBe(201);
});

test('a dry run is judged and costs nothing; nor does a name that is taken', () => {
  const harness = setUp({ pods: '2' }, { pods: '0' });
  harness.create(pods, pod('one'), { parameters: { dryRun: 'All' } });
  expect(usedOf(harness)).toEqual({ pods: '0' });
  harness.create(pods, pod('one'));
  harness.settle();
  expect(harness.create(pods, pod('one')).status).toBe(409);
  expect(usedOf(harness)).toEqual({ pods: '1' });
});

test.each([1, 2, 3])('seed %i: API servers that are asked at once do not give away more than there is', (seed) => {
  const harness = setUp({ pods: '5' }, { pods: '0' }, {}, { seed, apiServers: 3 });
  const calls = Array.from({ length: 15 }, (_, index) => {
    const request = {
      type: 'resource',
      verb: 'create',
      group: '',
      version: 'v1',
      resource: 'pods',
      subresource: '',
      namespace: 'default',
      name: '',
      parameters: {},
      output: 'object',
      body: { encoding: 'json', patch: null, bytes: new TextEncoder().encode(JSON.stringify(pod(`p${index}`))) },
      credentials: { type: 'component', user: 'test', groups: ['system:masters'] },
      userAgent: 'test',
      fence: null,
    } as const;
    return harness.begin(request, harness.apiPaths[index % 3]);
  });
  const made = calls.map((call) => harness.finish(call).status).filter((status) => status === 201);
  expect(made).toHaveLength(5);
  expect(usedOf(harness)).toEqual({ pods: '5' });
});

const ranges = 'core/v1/default/limitranges';
const limited = (limits: readonly object[]): Harness => {
  const harness = new Harness();
  harness.create(ranges, { metadata: { name: 'limits' }, spec: { limits } });
  harness.settle();
  return harness;
};

test('containers get what they do not ask for, and the pod says so', () => {
  const harness = limited([
    { type: 'Container', default: { cpu: '1' }, defaultRequest: { cpu: '100m', memory: '1Mi' } },
  ]);
  const { body } = harness.create(pods, pod('web'));
  expect(body.spec.containers[0].resources).toEqual({ requests: { cpu: '100m', memory: '1Mi' }, limits: { cpu: '1' } });
  expect(body.metadata.annotations['kubernetes.io/limit-ranger']).toBe(
    'LimitRanger plugin set: cpu, memory request for container main; cpu limit for container main',
  );
});

test.each<[string, object, Tree, string]>([
  [
    'too little',
    { min: { cpu: '200m' } },
    asking('a', { cpu: '100m' }, { cpu: '1' }),
    'minimum cpu usage per Container is 200m, but request is 100m',
  ],
  [
    'too much',
    { max: { cpu: '1' } },
    asking('a', { cpu: '1' }, { cpu: '2' }),
    'maximum cpu usage per Container is 1, but limit is 2',
  ],
  [
    'too far apart',
    { maxLimitRequestRatio: { cpu: '2' } },
    asking('a', { cpu: '100m' }, { cpu: '500m' }),
    'cpu max limit to request ratio per Container is 2, but provided ratio is 5.000000',
  ],
])('%s is refused', (_name, limits, object, message) => {
  const harness = limited([{ type: 'Container', ...limits }]);
  const { status, body } = harness.create(pods, object);
  expect([status, body.message]).toEqual([403, `pods "a" is forbidden: ${message}`]);
});

const container = (name: string, requests: object, limits: object = requests, rest: object = {}): Tree => ({
  name,
  image: 'a',
  resources: { requests, limits },
  ...rest,
});
const sidecar = { restartPolicy: 'Always' };

test('init containers and sidecars are given what they lack and judged like the others', () => {
  const harness = limited([{ type: 'Container', default: { memory: '64Mi' }, max: { memory: '1Gi' } }]);
  const initContainers = [
    { name: 'first', image: 'a' },
    { name: 'beside', image: 'a', ...sidecar },
  ];
  const { body } = harness.create(
    pods,
    pod('web', { containers: [container('main', { memory: '1Mi' })], initContainers }),
  );
  const given = { requests: { memory: '64Mi' }, limits: { memory: '64Mi' } };
  expect(body.spec.initContainers).toMatchObject([{ resources: given }, { resources: given }]);
  expect(body.metadata.annotations['kubernetes.io/limit-ranger']).toBe(
    'LimitRanger plugin set: memory request for init container first; memory limit for init container first; ' +
      'memory request for init container beside; memory limit for init container beside',
  );
  const large = [container('beside', { memory: '2Gi' }, { memory: '2Gi' }, sidecar)];
  expect(
    harness.create(pods, pod('a', { containers: [container('main', {})], initContainers: large })).body.message,
  ).toBe('pods "a" is forbidden: maximum memory usage per Container is 1Gi, but limit is 2Gi');
});

test.each<[string, object, string | null]>([
  ['containers add up', { containers: [container('a', { cpu: '2' }), container('b', { cpu: '2' })] }, '4'],
  [
    'a sidecar goes on beside the containers',
    {
      containers: [container('a', { cpu: '2' })],
      initContainers: [container('s', { cpu: '1500m' }, undefined, sidecar)],
    },
    '3500m',
  ],
  [
    'an init container has the sidecars before it beside it',
    {
      containers: [container('a', { cpu: '1' })],
      initContainers: [container('s', { cpu: '1' }, undefined, sidecar), container('i', { cpu: '2500m' })],
    },
    '3500m',
  ],
  [
    'and none of those after it',
    {
      containers: [container('a', { cpu: '1' })],
      initContainers: [container('i', { cpu: '2500m' }), container('s', { cpu: '1' }, undefined, sidecar)],
    },
    null,
  ],
  [
    'what the pod says of itself goes before its containers',
    { containers: [container('a', { cpu: '1' })], resources: { requests: { cpu: '4' }, limits: { cpu: '4' } } },
    '4',
  ],
  [
    'and covers containers that say nothing',
    { containers: [container('a', {})], resources: { requests: { cpu: '2' }, limits: { cpu: '2' } } },
    null,
  ],
])('pods are limited as a whole: %s', (_name, spec, limit) => {
  const harness = limited([{ type: 'Pod', max: { cpu: '3' }, min: { cpu: '1' }, maxLimitRequestRatio: { cpu: '1' } }]);
  const { status, body } = harness.create(pods, pod('a', spec));
  const message = `pods "a" is forbidden: maximum cpu usage per Pod is 3, but limit is ${limit}`;
  expect([status, body.message]).toEqual(limit === null ? [201, undefined] : [403, message]);
});

test('a quota does not count a sidecar twice that starts after a larger init container', () => {
  const containers = [container('a', { cpu: '1' })];
  const initContainers = [container('i', { cpu: '2' }), container('s', { cpu: '1' }, undefined, sidecar)];
  const usage = podUsage(pod('web', { containers, initContainers }) as unknown as Pod);
  expect(formatQuantity(usage.get('requests.cpu') as Quantity)).toBe('2');
});

test('several limit ranges are asked in turn', () => {
  const harness = limited([{ type: 'Container', default: { cpu: '1' } }]);
  const limits = [{ type: 'Container', default: { cpu: '2', memory: '1Gi' } }];
  harness.create(ranges, { metadata: { name: 'more' }, spec: { limits } });
  harness.settle();
  expect(harness.create(pods, pod('web')).body.spec.containers[0].resources.limits).toEqual({
    cpu: '1',
    memory: '1Gi',
  });
});

test('a claim that grows is judged by what it asks for, one that does not is let be', () => {
  const harness = new Harness();
  const claims = 'core/v1/default/persistentvolumeclaims';
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } } };
  const { body: claim } = harness.create(claims, { metadata: { name: 'c' }, spec });
  harness.create(ranges, {
    metadata: { name: 'limits' },
    spec: { limits: [{ type: 'PersistentVolumeClaim', max: { storage: '1Gi' } }] },
  });
  harness.settle();
  const path = `${claims}/c`;
  const labelled = { ...claim, metadata: { ...claim.metadata, labels: { a: 'b' } } };
  expect(harness.update(path, labelled).status).toBe(200);
  harness.settle();
  const grown = {
    ...claim,
    metadata: { name: 'c' },
    spec: { ...claim.spec, resources: { requests: { storage: '3Gi' } } },
  };
  const { status, body } = harness.update(path, grown);
  expect([status, body.message]).toEqual([
    403,
    'persistentvolumeclaims "c" is forbidden: maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 3Gi',
  ]);
});

test('pods are limited as a whole, claims by their storage, and a range must not contradict itself', () => {
  const harness = limited([
    { type: 'Pod', max: { memory: '1Gi' } },
    { type: 'PersistentVolumeClaim', max: { storage: '1Gi' } },
  ]);
  expect(harness.create(pods, pod('a')).body.message).toBe(
    'pods "a" is forbidden: maximum memory usage per Pod is 1Gi.  No limit is specified',
  );
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } } };
  expect(harness.create('core/v1/default/persistentvolumeclaims', { metadata: { name: 'c' }, spec }).body.message).toBe(
    'persistentvolumeclaims "c" is forbidden: maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 2Gi',
  );
  const wrong = {
    metadata: { name: 'wrong' },
    spec: { limits: [{ type: 'Container', min: { cpu: '2' }, max: { cpu: '1' } }] },
  };
  expect(harness.create(ranges, wrong).body.message).toContain('min value 2 is greater than max value 1');
});
