/** What the API server adds to claims and volumes, the classes of a fresh cluster, and which claims may grow. */
import { expect, test } from 'vitest';
import { Harness } from './harness.ts';

const harness = new Harness();
const claims = 'core/v1/default/persistentvolumeclaims';
const classes = 'storage.k8s.io/v1/-/storageclasses';

function claim(name: string, spec: object = {}): object {
  const base = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name }, spec: { ...base, ...spec } };
}

test('a claim that names no class gets the default one, and is kept while it is in use', () => {
  const made = harness.create(claims, claim('data')).body;
  expect(made.spec.storageClassName).toBe('local-path');
  expect(made.metadata.finalizers).toEqual(['kubernetes.io/pvc-protection']);
  expect(harness.create(claims, claim('plain', { storageClassName: '' })).body.spec.storageClassName).toBe('');
  const spec = { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/x' } };
  const volume = { apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: 'x' }, spec };
  expect(harness.create('core/v1/-/persistentvolumes', volume).body.metadata.finalizers).toEqual([
    'kubernetes.io/pv-protection',
  ]);
});

test('of several default classes the newest counts; without one, claims stay without class', () => {
  const isDefault = (value: string): object => ({
    metadata: { annotations: { 'storageclass.kubernetes.io/is-default-class': value } },
  });
  const storageClass = { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', provisioner: 'example.com/disk' };
  harness.create(classes, {
    ...storageClass,
    ...isDefault('true'),
    metadata: { name: 'aaa', ...(isDefault('true') as { metadata: object }).metadata },
  });
  harness.patch(`${classes}/local-path`, 'merge', isDefault('false'));
  expect(harness.create(claims, claim('one')).body.spec.storageClassName).toBe('aaa');
  harness.patch(`${classes}/aaa`, 'merge', isDefault('false'));
  expect(harness.create(claims, claim('none')).body.spec.storageClassName).toBe(undefined);
  harness.patch(`${classes}/local-path`, 'merge', isDefault('true'));
});

test.each([
  ['cloud', 200],
  ['local-path', 403],
  ['unknown', 403],
])('a bound claim of class %s that asks for more is answered with %i', (storageClassName, status) => {
  const name = `grow-${storageClassName}`;
  harness.create(claims, claim(name, { storageClassName, volumeName: 'v' }));
  const bound = { status: { phase: 'Bound', capacity: { storage: '1Gi' } } };
  expect(harness.patch(`${claims}/${name}/status`, 'merge', bound).status).toBe(200);
  const more = { spec: { resources: { requests: { storage: '2Gi' } } } };
  const answer = harness.patch(`${claims}/${name}`, 'merge', more);
  expect(answer.status).toBe(status);
  if (status === 200) return;
  expect(answer.body.message).toBe(
    `persistentvolumeclaims "${name}" is forbidden: only dynamically provisioned pvc can be resized and ` +
      'the storageclass that provisions the pvc must support resize',
  );
});
