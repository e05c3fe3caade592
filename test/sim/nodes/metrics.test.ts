/** metrics.k8s.io over real kubelets and runtimes: curves of use show in it, and what is dead is left out. */
import { expect, test } from 'vitest';
import { resourceRequest } from '../../unit/apiserver/harness.ts';
import { isReady, NodeWorld, podNamed, type Tree } from './node-world.ts';

const pods = 'core/v1/default/pods';

function listed(world: NodeWorld, path: string): Tree[] {
  return world.call(resourceRequest('list', `metrics.k8s.io/v1beta1/${path}`)).body.items;
}

function usageOf(world: NodeWorld, name: string): Tree {
  return world.get(`metrics.k8s.io/v1beta1/default/pods/${name}`).body.containers?.[0]?.usage;
}

test.each([1, 2])('seed %i: the use of a pod follows its curve, and its node is the sum of its pods', (seed) => {
  const world = new NodeWorld({ seed, masters: 3 });
  const annotations = { 'threemaster.dev/cpu-millis': '0:100,10:500', 'threemaster.dev/memory-bytes': '1048576' };
  for (const name of ['one', 'two']) world.create(pods, podNamed(name, {}, { annotations }));
  world.until(() => isReady(world.pod('one')) && isReady(world.pod('two')), 8_000);
  world.runFor(2_000);
  expect(usageOf(world, 'one')).toEqual({ cpu: '100m', memory: '1Mi' });
  expect(listed(world, '-/nodes')).toMatchObject([
    { metadata: { name: 'node-0' }, usage: { cpu: '200m', memory: '2Mi' } },
  ]);
  world.runFor(12_000);
  expect(usageOf(world, 'two')).toEqual({ cpu: '500m', memory: '1Mi' });
});

test('a node whose kubelet or runtime is dead is left out until it is back', () => {
  const world = new NodeWorld({ nodes: 2 });
  world.until(() => listed(world, '-/nodes').length === 2, 8_000);
  world.kill('node-1', 'node-1/kubelet');
  world.until(() => listed(world, '-/nodes').length === 1, 8_000);
  world.startKubelet('node-1');
  world.until(() => listed(world, '-/nodes').length === 2, 8_000);
  world.kill('node-0', 'node-0/runtime');
  world.until(() => listed(world, '-/nodes').length === 1, 8_000);
});
