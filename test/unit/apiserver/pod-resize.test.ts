/** pods/resize: what it may change of a pod, and whether limit ranges and quotas let it. */
import { expect, test } from 'vitest';
import { Harness, pod, type Tree } from './harness.ts';

const pods = 'core/v1/default/pods';
const base = { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '200m', memory: '128Mi' } };
const never = { resizePolicy: [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }] };

function withPod(resources: object = base, spec: object = {}): Harness {
  const harness = new Harness();
  const containers = [{ name: 'main', image: 'nginx', resources }];
  const created = harness.create(pods, pod('web', { containers, ...spec }));
  expect([created.status, created.body.message]).toEqual([201, undefined]);
  return harness;
}

function resize(harness: Harness, resources: object, more: object = {}): Tree {
  const body = { spec: { containers: [{ name: 'main', resources }], ...more } };
  return harness.patch(`${pods}/web/resize`, 'strategic', body).body;
}

test('requests and limits of cpu and memory change, and with them the generation', () => {
  const harness = withPod();
  const resized = resize(harness, { requests: { cpu: '150m' }, limits: { cpu: '300m', memory: '256Mi' } });
  expect(resized.metadata.generation).toBe(2);
  expect(resized.spec.containers[0].resources).toEqual({
    requests: { cpu: '150m', memory: '64Mi' },
    limits: { cpu: '300m', memory: '256Mi' },
  });
  const got = harness.get(`${pods}/web/resize`).body;
  got.spec.containers[0].resources.requests.cpu = '170m';
  got.spec.containers[0].image = 'other';
  const updated = harness.update(`${pods}/web/resize`, got).body;
  expect(updated.spec.containers[0]).toMatchObject({ image: 'nginx', resources: { requests: { cpu: '170m' } } });
});

test.each([
  ['a class', base, { requests: { cpu: '200m', memory: '128Mi' } }, 'Pod QOS Class may not change'],
  ['what it has', base, { limits: { cpu: null } }, 'resource limits cannot be removed'],
  ['a request', { requests: base.requests }, { requests: { memory: null } }, 'resource requests cannot be removed'],
  ['storage', base, { requests: { 'ephemeral-storage': '1Gi' } }, 'only cpu and memory resources are mutable'],
  ['a limit below its request', base, { limits: { cpu: '50m' } }, 'must be less than or equal to cpu limit'],
  ['from nothing', {}, { requests: { cpu: '1' } }, 'Pod QOS Class may not change'],
])('a resize that changes %s is refused', (_what, before, after, message) => {
  const answer = resize(withPod(before), after);
  expect([answer.code, answer.reason]).toEqual([422, 'Invalid']);
  expect(answer.message).toContain(message);
});

test('sidecars are resized, init containers that end are not; containers stay in their order', () => {
  const init = (name: string, more: object = {}): object => ({ name, image: 'busybox', resources: base, ...more });
  const initContainers = [init('first'), init('side', { restartPolicy: 'Always' })];
  const harness = withPod(base, { initContainers });
  const more = (name: string): object => ({ initContainers: [{ name, resources: { requests: { cpu: '150m' } } }] });
  expect(resize(harness, {}, more('side')).spec.initContainers[1].resources.requests.cpu).toBe('150m');
  expect(resize(harness, {}, more('first')).message).toContain('for sidecar containers are mutable');
  const got = harness.get(`${pods}/web/resize`).body;
  got.spec.initContainers.reverse();
  expect(harness.update(`${pods}/web/resize`, got).body.message).toContain('may not be renamed or reordered on resize');
});

test('a policy of resizing is checked, and stays as it is', () => {
  const harness = withPod();
  const policy = { containers: [{ name: 'main', ...never }] };
  expect(harness.patch(`${pods}/web/resize`, 'strategic', { spec: policy }).status).toBe(422);
  const made = (more: object, spec: object = {}): Tree => {
    const containers = [{ name: 'main', image: 'nginx', ...more }];
    return harness.create(pods, pod('other', { containers, ...spec }), { parameters: { dryRun: 'All' } }).body;
  };
  expect(made(never).spec.containers[0]).toMatchObject(never);
  expect(made(never, { restartPolicy: 'Never' }).message).toContain(
    "must be 'NotRequired' when `restartPolicy` is 'Never'",
  );
  const strange = { resizePolicy: [{ resourceName: 'disk', restartPolicy: 'Perhaps' }] };
  expect(made(strange).details.causes).toHaveLength(2);
});

test('a resize beyond a limit range is refused', () => {
  const harness = withPod();
  const limits = [{ type: 'Container', max: { memory: '200Mi' } }];
  harness.create('core/v1/default/limitranges', { metadata: { name: 'range' }, spec: { limits } });
  expect(resize(harness, { limits: { memory: '256Mi' } })).toMatchObject({
    code: 403,
    message: expect.stringContaining('maximum memory usage per Container is 200Mi, but limit is 256Mi'),
  });
  expect(resize(harness, { limits: { memory: '150Mi' } }).code).toBeUndefined();
});

test('a quota is charged for what a resize adds, and refuses what it has not left', () => {
  const harness = withPod();
  const quotas = 'core/v1/default/resourcequotas';
  const hard = { 'requests.cpu': '250m' };
  harness.create(quotas, { metadata: { name: 'quota' }, spec: { hard } });
  const status = { hard, used: { 'requests.cpu': '100m' } };
  harness.patch(`${quotas}/quota/status`, 'merge', { status });
  const used = (): string => harness.get(`${quotas}/quota`).body.status.used['requests.cpu'];
  expect(resize(harness, { requests: { cpu: '180m' } }).code).toBeUndefined();
  expect(used()).toBe('180m');
  expect(resize(harness, { requests: { cpu: '300m' }, limits: { cpu: '300m' } })).toMatchObject({
    code: 403,
    message: expect.stringContaining('exceeded quota: quota, requested: requests.cpu=120m, used: requests.cpu=180m'),
  });
  resize(harness, { requests: { cpu: '50m' } });
  expect(used()).toBe('180m');
});
