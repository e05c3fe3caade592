/** What a pod's RuntimeClass adds to it, and which pods are refused for its sake. */
import { expect, test } from 'vitest';
import { podUsage } from '../../../src/kinds/resourcequota/usage.ts';
import { Harness, pod } from './harness.ts';

const harness = new Harness();
const pods = 'core/v1/default/pods';
const classes = 'node.k8s.io/v1/-/runtimeclasses';

function classOf(name: string, more: object = {}): object {
  return { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name }, handler: 'simulated', ...more };
}

const toleration = { key: 'vm', operator: 'Exists', effect: 'NoSchedule' };
expect(harness.create(classes, classOf('bare')).status).toBe(201);
harness.create(classes, classOf('sized', { overhead: { podFixed: { cpu: '500m', memory: '100Mi' } } }));
harness.create(
  classes,
  classOf('placed', { scheduling: { nodeSelector: { vm: 'yes', disk: 'ssd' }, tolerations: [toleration] } }),
);

test('a pod whose class does not exist is refused, and taken once it does, in the next breath', () => {
  const made = harness.create(pods, pod('early', { runtimeClassName: 'later' }));
  expect(made.body).toMatchObject({
    code: 403,
    reason: 'Forbidden',
    message: 'pods "early" is forbidden: pod rejected: RuntimeClass "later" not found',
    details: { name: 'early', kind: 'pods' },
  });
  harness.create(classes, classOf('later'));
  expect(harness.create(pods, pod('early', { runtimeClassName: 'later' })).status).toBe(201);
});

test('a class without overhead or places changes nothing', () => {
  const { spec } = harness.create(pods, pod('bare', { runtimeClassName: 'bare' })).body;
  const { spec: plain } = harness.create(pods, pod('plain')).body;
  expect([spec.overhead, spec.nodeSelector]).toEqual([undefined, undefined]);
  expect(spec.tolerations).toEqual(plain.tolerations);
});

test('overhead comes from the class, and counts against quotas: limits only where the pod has any', () => {
  const containers = [{ name: 'main', image: 'a', resources: { limits: { cpu: '1' } } }];
  const made = harness.create(pods, pod('sized', { containers, runtimeClassName: 'sized' })).body;
  expect(made.spec.overhead).toEqual({ cpu: '500m', memory: '100Mi' });
  const usage = podUsage(made);
  const nanos = (name: string) => usage.get(name)?.nanos;
  expect([nanos('requests.cpu'), nanos('limits.cpu')]).toEqual([1_500_000_000n, 1_500_000_000n]);
  expect([nanos('requests.memory'), nanos('limits.memory')]).toEqual([104_857_600n * 1_000_000_000n, undefined]);
});

const mismatch = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";
const unfounded = 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead';
test.each([
  ['the same', 'sized', { cpu: '0.5', memory: '102400Ki' }, null],
  ['none', 'sized', {}, null],
  ['more', 'sized', { cpu: '600m', memory: '100Mi' }, mismatch],
  ['less of it', 'sized', { cpu: '500m' }, mismatch],
  ['another resource', 'sized', { cpu: '500m', constructor: '1' }, mismatch],
  ['some, where the class has none', 'bare', { cpu: '500m' }, unfounded],
  ['some, without a class', undefined, { cpu: '500m' }, unfounded],
  ['none, without a class', undefined, {}, null],
])('a pod that claims %s', (_title, runtimeClassName, overhead, complaint) => {
  const spec = { overhead, ...(runtimeClassName === undefined ? {} : { runtimeClassName }) };
  const made = harness.create(pods, { ...pod('', spec), metadata: { generateName: 'claims-' } });
  expect(made.status).toBe(complaint === null ? 201 : 403);
  if (complaint !== null) expect(made.body.message).toContain(complaint);
});

test('the places of a class are added to those of the pod', () => {
  const own = { key: 'gpu', operator: 'Exists' };
  const given = { nodeSelector: { vm: 'yes', zone: 'a' }, tolerations: [own], runtimeClassName: 'placed' };
  const { spec } = harness.create(pods, pod('placed', given)).body;
  expect(spec.nodeSelector).toEqual({ vm: 'yes', zone: 'a', disk: 'ssd' });
  expect(spec.tolerations.map(({ key }: { key: string }) => key)).toEqual([
    'gpu',
    'node.kubernetes.io/not-ready',
    'node.kubernetes.io/unreachable',
    'vm',
  ]);
});

test('a pod that wants to be where its class cannot be is refused', () => {
  const made = harness.create(pods, pod('torn', { nodeSelector: { vm: 'no' }, runtimeClassName: 'placed' }));
  expect(made.body).toMatchObject({
    code: 403,
    message:
      'pods "torn" is forbidden: conflict: runtimeClass.scheduling.nodeSelector[vm] = yes; pod.spec.nodeSelector[vm] = no',
  });
});

test.each([
  ['a handler that is no label', { handler: 'No!' }, 'handler: Invalid value'],
  ['a negative overhead', { overhead: { podFixed: { cpu: '-1' } } }, 'overhead.limits[cpu]: Invalid value'],
  ['an unknown resource', { overhead: { podFixed: { nonsense: '1' } } }, 'must be a standard resource'],
  ['a selector that is no label', { scheduling: { nodeSelector: { 'a b': 'c' } } }, 'scheduling.nodeSelector'],
  ['a toleration of nothing', { scheduling: { tolerations: [{}] } }, 'scheduling.tolerations[0].operator'],
])('a class with %s is refused', (_title, more, complaint) => {
  const made = harness.create(classes, classOf('wrong', more));
  expect(made.status).toBe(422);
  expect(made.body.message).toContain(complaint);
});

test('the handler of a class stays what it is', () => {
  const changed = harness.patch(`${classes}/bare`, 'merge', { handler: 'worker' });
  expect(changed.body.message).toContain('handler: Invalid value: "worker": field is immutable');
  expect(harness.patch(`${classes}/bare`, 'merge', { overhead: { podFixed: { cpu: '1' } } }).status).toBe(200);
  harness.patch(`${classes}/bare`, 'merge', { overhead: null });
});
