/** What a RuntimeClass says of its pods, as scheduler and kubelets see it: overhead takes room, and places bind. */
import { expect, test } from 'vitest';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import { isReady, NodeWorld, podNamed } from './node-world.ts';

const pods = 'core/v1/default/pods';
const scheduled = (pod: Pod | null) => pod?.status?.conditions?.find(({ type }) => type === 'PodScheduled');

function asking(cpu: string, more: object = {}): object {
  return { containers: [{ name: 'main', image: 'app', resources: { requests: { cpu } } }], ...more };
}

function createClass(world: NodeWorld, name: string, more: object): void {
  const made = world.create('node.k8s.io/v1/-/runtimeclasses', {
    apiVersion: 'node.k8s.io/v1',
    kind: 'RuntimeClass',
    metadata: { name },
    handler: 'simulated',
    ...more,
  });
  expect(made.status).toBe(201);
}

test('overhead counts where pods are placed, and where they are taken', () => {
  const world = new NodeWorld();
  createClass(world, 'heavy', { overhead: { podFixed: { cpu: '1' } } });
  const runtimeClassName = 'heavy';
  world.create(pods, podNamed('tall', asking('3500m', { runtimeClassName })));
  world.until(() => scheduled(world.pod('tall'))?.reason === 'Unschedulable', 5_000);
  expect(scheduled(world.pod('tall'))?.message).toContain('1 Insufficient cpu');
  world.create(pods, podNamed('bound', asking('3500m', { runtimeClassName, nodeName: 'node-0' })));
  world.until(() => world.pod('bound')?.status?.phase === 'Failed', 5_000);
  expect(world.pod('bound')?.status).toMatchObject({
    reason: 'OutOfcpu',
    message: expect.stringContaining('requested: 4500, used: 0, capacity: 4000'),
  });
  world.create(pods, podNamed('fits', asking('3', { runtimeClassName })));
  world.until(() => isReady(world.pod('fits')), 10_000);
});

test('pods of a class go where the class can be, past taints that it tolerates', () => {
  const world = new NodeWorld({ nodes: 2 });
  const taints = [{ key: 'vm', value: 'yes', effect: 'NoSchedule' }];
  world.patch('core/v1/-/nodes/node-1', 'merge', { metadata: { labels: { vm: 'yes' } }, spec: { taints } });
  const tolerations = [{ key: 'vm', operator: 'Exists', effect: 'NoSchedule' }];
  createClass(world, 'machine', { scheduling: { nodeSelector: { vm: 'yes' }, tolerations } });
  world.create(pods, podNamed('plain', {}));
  world.create(pods, podNamed('machine', { runtimeClassName: 'machine' }));
  world.until(() => isReady(world.pod('plain')) && isReady(world.pod('machine')), 10_000);
  expect([world.pod('plain')?.spec.nodeName, world.pod('machine')?.spec.nodeName]).toEqual(['node-0', 'node-1']);
});
