/**
 * A pod and its volumes as the scheduler sees them, with the real API server and kubelets in a simulated universe; the test stands in for the binder and
 * the provisioner, so that it can be slow. With the real ones: test/sim/controllers/volumes.test.ts.
 */
import { expect, test } from 'vitest';
import { isReady, NodeWorld, podNamed } from '../nodes/node-world.ts';

const claims = 'core/v1/default/persistentvolumeclaims';
const volumes = 'core/v1/-/persistentvolumes';
const selectedNode = 'volume.kubernetes.io/selected-node';
const consumer = { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] };

function storageClass(provisioner: string): object {
  const metadata = { name: 'slow' };
  const volumeBindingMode = 'WaitForFirstConsumer';
  return { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata, provisioner, volumeBindingMode };
}

function claim(storageClassName = 'slow'): object {
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName };
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data' }, spec };
}

function volume(node: string): object {
  const matchExpressions = [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }];
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'volume' },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'slow',
      local: { path: '/data' },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions }] } },
    },
  };
}

/** As the binder does it: the claim names its volume, and both are bound. */
function bind(world: NodeWorld): void {
  const annotations = { 'pv.kubernetes.io/bind-completed': 'yes' };
  expect(
    world.patch(`${claims}/data`, 'merge', { metadata: { annotations }, spec: { volumeName: 'volume' } }).status,
  ).toBe(200);
}

function message(world: NodeWorld): string {
  return world.pod('db')?.status?.conditions?.find(({ type }) => type === 'PodScheduled')?.message ?? '';
}

test('a claim that waits is told the node of its pod, which runs when the volume is made', () => {
  const world = new NodeWorld({ nodes: 2 });
  expect(world.create('storage.k8s.io/v1/-/storageclasses', storageClass('p.example.com')).status).toBe(201);
  world.create('core/v1/default/pods', podNamed('db', consumer));
  world.until(
    () => message(world).startsWith('0/2 nodes are available: persistentvolumeclaim "data" not found.'),
    5_000,
  );
  expect(world.create(claims, claim()).status).toBe(201);
  const node = (): string => world.get(`${claims}/data`).body.metadata.annotations?.[selectedNode] ?? '';
  world.until(() => node() !== '', 15_000);
  world.runFor(2_000);
  expect(world.pod('db')?.spec.nodeName).toBe(undefined);
  expect(world.create(volumes, volume(node())).status).toBe(201);
  bind(world);
  world.until(() => isReady(world.pod('db')), 10_000);
  expect(world.pod('db')?.spec.nodeName).toBe(node());
});

test('a volume that exists is kept for the claim, and the pod runs where the volume is', () => {
  const world = new NodeWorld({ nodes: 3 });
  world.create('storage.k8s.io/v1/-/storageclasses', storageClass('kubernetes.io/no-provisioner'));
  world.create(claims, claim());
  world.create('core/v1/default/pods', podNamed('db', consumer));
  const hint = "0/3 nodes are available: 3 node(s) didn't find available persistent volumes to bind.";
  world.until(() => message(world).startsWith(hint), 5_000);
  expect(world.create(volumes, volume('node-2')).status).toBe(201);
  world.patch(`${volumes}/volume/status`, 'merge', { status: { phase: 'Available' } });
  world.until(() => world.get(`${volumes}/volume`).body.spec.claimRef?.name === 'data', 15_000);
  bind(world);
  world.until(() => isReady(world.pod('db')), 10_000);
  expect(world.pod('db')?.spec.nodeName).toBe('node-2');
});

test('a claim of another kind must be bound first', () => {
  const world = new NodeWorld({ nodes: 1 });
  world.create(claims, claim(''));
  world.create('core/v1/default/pods', podNamed('db', consumer));
  const hint = '0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.';
  world.until(() => message(world).startsWith(hint), 5_000);
  expect(message(world)).toContain('preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.');
  world.create(volumes, volume('node-0'));
  bind(world);
  world.until(() => isReady(world.pod('db')), 15_000);
});
