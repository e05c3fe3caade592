/** Images of nodes, from the pull to the choice of the scheduler, with the real actors in a simulated universe. */
import { expect, test } from 'vitest';
import type { Node } from '../../../src/kinds/node/types.ts';
import { isReady, NodeWorld, podNamed } from './node-world.ts';

const pods = 'core/v1/default/pods';
const seeds = [1, 2, 3, 4];
const bigBytes = 600_000_000;

function create(world: NodeWorld, name: string, image: string, imageBytes = bigBytes, pinnedTo?: string): void {
  const containers = [{ name: 'main', image }];
  const nodeSelector = pinnedTo === undefined ? {} : { nodeSelector: { 'kubernetes.io/hostname': pinnedTo } };
  const annotations = { 'threemaster.dev/image-bytes': String(imageBytes) };
  const made = world.create(pods, podNamed(name, { containers, ...nodeSelector }, { annotations }));
  expect(made.status).toBe(201);
  world.until(() => isReady(world.pod(name)), 10_000);
}

function remove(world: NodeWorld, name: string): void {
  world.delete(`${pods}/${name}`);
  world.until(() => world.pod(name) === null, 40_000);
}

function nodeOf(world: NodeWorld, name: string): Node {
  return world.get(`core/v1/-/nodes/${name}`).body as Node;
}

function imagesOf(world: NodeWorld, name: string): readonly unknown[] {
  return nodeOf(world, name).status?.images ?? [];
}

test.each(seeds)('seed %i: a pod goes where its image is, when all else is equal, though a master has died', (seed) => {
  const world = new NodeWorld({ seed, masters: 3, nodes: 5 });
  expect(imagesOf(world, 'node-3')).toEqual([]);
  create(world, 'first', 'registry.test/big', bigBytes, 'node-3');
  world.kill('master-0', 'master-0/apiserver');
  world.until(() => imagesOf(world, 'node-3').length > 0, 10_000);
  expect(imagesOf(world, 'node-3')).toEqual([{ names: ['registry.test/big:latest'], sizeBytes: bigBytes }]);
  expect(imagesOf(world, 'node-1')).toEqual([]);
  remove(world, 'first');
  create(world, 'second', 'registry.test/big:latest');
  expect(world.pod('second')?.spec.nodeName).toBe('node-3');
});

test('many pulls make one write, and pods of images that are known make none', () => {
  const world = new NodeWorld({ limits: { nodeStatusMs: 600_000, nodeImagesMs: 10_000 } });
  world.runFor(20_000);
  const before = nodeOf(world, 'node-0').metadata.resourceVersion;
  for (const [index, image] of ['a', 'b', 'c'].entries()) create(world, `pod-${index}`, image, index + 1);
  expect(nodeOf(world, 'node-0').metadata.resourceVersion).toBe(before);
  world.until(() => imagesOf(world, 'node-0').length > 0, 15_000);
  const written = nodeOf(world, 'node-0');
  expect(written.status?.images).toEqual([
    { names: ['c:latest'], sizeBytes: 3 },
    { names: ['b:latest'], sizeBytes: 2 },
    { names: ['a:latest'], sizeBytes: 1 },
  ]);
  create(world, 'again', 'c', 3);
  world.runFor(30_000);
  expect(nodeOf(world, 'node-0').metadata.resourceVersion).toBe(written.metadata.resourceVersion);
});

test('a node that lost its images says so, and one that registers anew tells of them at once', () => {
  const world = new NodeWorld();
  create(world, 'web', 'a', 7);
  world.until(() => imagesOf(world, 'node-0').length > 0, 10_000);
  world.delete('core/v1/-/nodes/node-0');
  world.until(() => world.get('core/v1/-/nodes/node-0').status === 200, 30_000);
  expect(imagesOf(world, 'node-0')).toEqual([{ names: ['a:latest'], sizeBytes: 7 }]);
  remove(world, 'web');
  world.kill('node-0', 'node-0/kubelet');
  world.kill('node-0', 'node-0/runtime');
  world.startNode('node-0');
  world.until(() => imagesOf(world, 'node-0').length === 0, 30_000);
});
