/** What the cluster adds to a new pod, and which pods it refuses. */
import { expect, test } from 'vitest';
import { Harness, pod, resourceRequest } from './harness.ts';

const harness = new Harness();
const pods = 'core/v1/default/pods';
const tokenPath = '/var/run/secrets/kubernetes.io/serviceaccount';

test('a pod runs as the default account, with its token mounted in every container', () => {
  const own = { name: 'own', image: 'b', volumeMounts: [{ name: 'x', mountPath: tokenPath }] };
  const spec = {
    initContainers: [{ name: 'init', image: 'a' }],
    containers: [{ name: 'main', image: 'a' }, own],
    volumes: [{ name: 'x', emptyDir: {} }],
  };
  const made = harness.create(pods, pod('mounted', spec)).body.spec;
  expect([made.serviceAccountName, made.serviceAccount]).toEqual(['default', 'default']);
  const volume = made.volumes.at(-1);
  expect(volume.name).toMatch(/^kube-api-access-[a-z0-9]{5}$/);
  expect(volume.projected).toEqual({
    defaultMode: 420,
    sources: [
      { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      {
        downwardAPI: {
          items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
        },
      },
    ],
  });
  const mount = { name: volume.name, readOnly: true, mountPath: tokenPath };
  expect(made.initContainers[0].volumeMounts).toEqual([mount]);
  expect(made.containers.map((each: { volumeMounts: unknown }) => each.volumeMounts)).toEqual([
    [mount],
    own.volumeMounts,
  ]);
});

test('pod and account may decline the token; the account hands its pull secrets on', () => {
  harness.create('core/v1/default/serviceaccounts', {
    metadata: { name: 'quiet' },
    automountServiceAccountToken: false,
    imagePullSecrets: [{ name: 'registry' }],
  });
  const quiet = harness.create(pods, pod('quiet', { serviceAccountName: 'quiet' })).body.spec;
  expect([quiet.volumes, quiet.imagePullSecrets]).toEqual([undefined, [{ name: 'registry' }]]);
  const declined = harness.create(pods, pod('declined', { automountServiceAccountToken: false })).body.spec;
  expect(declined.volumes).toBeUndefined();
  const wanted = pod('wanted', { serviceAccountName: 'quiet', automountServiceAccountToken: true });
  expect(harness.create(pods, wanted).body.spec.volumes).toHaveLength(1);
});

test('a pod whose account is missing is refused', () => {
  expect(harness.create(pods, pod('lost', { serviceAccountName: 'y' })).body).toMatchObject({
    code: 403,
    reason: 'Forbidden',
    message: 'pods "lost" is forbidden: error looking up service account default/y: serviceaccount "y" not found',
  });
});

test('a pod that comes before the account of its namespace waits for it', () => {
  harness.create('core/v1/-/namespaces', { metadata: { name: 'fresh' } });
  const id = harness.begin(resourceRequest('create', 'core/v1/fresh/pods', { body: pod('early') }));
  harness.settle(300);
  harness.create('core/v1/fresh/serviceaccounts', { metadata: { name: 'default' } });
  expect(harness.finish(id).status).toBe(201);
  harness.create('core/v1/-/namespaces', { metadata: { name: 'bare' } });
  expect(harness.create('core/v1/bare/pods', pod('early')).body.message).toContain(
    'serviceaccount "default" not found',
  );
});

test('priorities come from classes, of which one is the default', () => {
  const classes = 'scheduling.k8s.io/v1/-/priorityclasses';
  const high = { metadata: { name: 'high' }, value: 1000, globalDefault: true, preemptionPolicy: 'Never' };
  expect(harness.create(classes, high).status).toBe(201);
  harness.settle();
  expect(harness.create(pods, pod('important')).body.spec).toMatchObject({
    priorityClassName: 'high',
    priority: 1000,
    preemptionPolicy: 'Never',
  });
  expect(harness.create(pods, pod('liar', { priority: 5 })).body.message).toMatch(/must not be provided in pod spec/);
  expect(harness.create(pods, pod('pushy', { preemptionPolicy: 'PreemptLowerPriority' })).body.message).toMatch(
    /the string value of PreemptionPolicy \(PreemptLowerPriority\) must not be provided in pod spec/,
  );
  expect(harness.create(classes, { ...high, metadata: { name: 'other' } }).body.message).toBe(
    'priorityclasses.scheduling.k8s.io "other" is forbidden: PriorityClass high is already marked as default. ' +
      'Only one PriorityClass can be marked as globalDefault',
  );
  expect(harness.patch(`${classes}/high`, 'merge', { value: 5 }).body.message).toContain(
    'may not be changed in an update.',
  );
  const reserved = harness.create(classes, { metadata: { name: 'system-mine' }, value: 1 });
  expect(reserved.body.message).toContain(
    "priority class names with 'system-' prefix are reserved for system use only",
  );
  const bold = harness.create(classes, { metadata: { name: 'bold' }, value: 2_000_000_000 });
  expect(bold.body.message).toContain('maximum allowed value of a user defined priority is 1000000000');
});
