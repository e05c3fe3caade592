/** A critical pod that was bound to a full node, with the real actors: others make room for it, though kubelets and masters die meanwhile. */
import { expect, test } from 'vitest';
import { isReady, NodeWorld, podNamed } from './node-world.ts';

const pods = 'core/v1/default/pods';

function create(world: NodeWorld, name: string, cpu: string, more: object = {}, stopLatencyMs = 0): void {
  const containers = [{ name: 'main', image: 'app', resources: { requests: { cpu } } }];
  const annotations = { 'threemaster.dev/stop-latency-ms': `${stopLatencyMs}` };
  const spec = { containers, nodeName: 'node-0', ...more };
  expect(world.create(pods, podNamed(name, spec, { annotations })).status).toBe(201);
}

test.each([1, 2, 3])('seed %i: others end for it, and it begins behind them', (seed) => {
  const world = new NodeWorld({ seed, masters: 3 });
  create(world, 'stays', '500m');
  create(world, 'goes', '3', {}, 3_000);
  world.until(() => isReady(world.pod('stays')) && isReady(world.pod('goes')), 10_000);
  create(world, 'vital', '2', { priorityClassName: 'system-node-critical' });
  world.runFor(500);
  world.kill('node-0', 'node-0/kubelet');
  world.kill('master-1', 'master-1/apiserver');
  world.startKubelet('node-0');
  let neverBoth = true;
  world.until(() => {
    neverBoth &&= !(isReady(world.pod('vital')) && world.pod('goes')?.status?.phase === 'Running');
    return isReady(world.pod('vital'));
  }, 40_000);
  world.until(() => world.pod('goes')?.status?.phase === 'Failed', 10_000);
  expect(world.pod('goes')?.status).toMatchObject({
    reason: 'Preempting',
    message: 'Preempted in order to admit critical pod',
  });
  expect(isReady(world.pod('stays'))).toBe(true);
  expect(world.events('goes')).toContainEqual(
    expect.stringMatching(/^Preempting x\d: Preempted in order to admit critical pod$/),
  );
  expect(world.events('vital').some((event) => event.startsWith('OutOf'))).toBe(false);
  expect(neverBoth).toBe(true);
});
