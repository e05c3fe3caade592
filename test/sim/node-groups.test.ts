/**
 * A whole simulated cluster whose nodes come and go with its pods, while masters die: everything is served throughout, the disruption budget
 * holds while nodes are emptied, and in the end there are as many nodes as it takes. Row A63.
 */
import { expect, test } from 'vitest';
import { Cluster } from '../../actors/cluster/cluster.ts';
import { isReady } from '../../src/controllers/pod-state.ts';
import type { Pod } from '../../src/kinds/pod/types.ts';

const manifest = (replicas: number): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: web } }
  template:
    metadata:
      labels: { app: web }
      annotations: { threemaster.dev/ready-delay-ms: "300" }
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: web
          image: web:1
          resources: { requests: { cpu: "1" } }
          readinessProbe: { httpGet: { port: 80 }, periodSeconds: 1 }
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: web }
spec: { minAvailable: 2, selector: { matchLabels: { app: web } } }
`;

async function readyPods(cluster: Cluster): Promise<number> {
  return ((await cluster.api.list('pods')) as unknown as Pod[]).filter(
    (pod) => isReady(pod) && pod.metadata.deletionTimestamp === undefined,
  ).length;
}

async function until(cluster: Cluster, condition: () => Promise<boolean>, limitMs: number): Promise<void> {
  const endMs = cluster.nowMs() + limitMs;
  while (!(await condition())) {
    if (cluster.nowMs() > endMs)
      throw new Error(`not reached within ${limitMs} ms; nodes: ${cluster.nodes().join(' ')}`);
    await cluster.sleep(200);
  }
}

test.each([1, 2])('seed %i: nodes follow the pods up and down while masters die', async (seed) => {
  await using cluster = await Cluster.start({
    simulated: { seed },
    masters: 3,
    nodes: 1,
    nodeGroups: [{ name: 'workers', min: 0, max: 3, zone: 'b', labels: { tier: 'spot' }, capacity: { cpu: '8' } }],
  });
  await cluster.apply(manifest(18));
  await (await cluster.leader()).kill();
  await until(cluster, async () => (await readyPods(cluster)) === 18, 60_000);
  // Four processors, and eight on each node that was added: two of those are needed.
  expect(cluster.nodes()).toHaveLength(3);
  const labels = (await cluster.api.get('node/node-1')).metadata.labels;
  expect(labels).toMatchObject({
    'topology.kubernetes.io/zone': 'b',
    tier: 'spot',
    'threemaster.dev/node-group': 'workers',
  });
  for (const name of cluster.masters()) await cluster.restart(name);
  await cluster.ready();
  await cluster.api.scale('deployment/web', 3);
  let fewest = 18;
  let turns = 0;
  await until(
    cluster,
    async () => {
      fewest = Math.min(fewest, await readyPods(cluster));
      turns += 1;
      if (turns === 20) await (await cluster.leader()).kill();
      return cluster.nodes().length === 1;
    },
    120_000,
  );
  expect(cluster.nodes()).toEqual(['node-0']);
  expect(fewest).toBeGreaterThanOrEqual(2);
  await until(cluster, async () => (await readyPods(cluster)) === 3, 30_000);
  expect((await cluster.api.list('nodes')).map(({ metadata }) => metadata.name)).toEqual(['node-0']);
});

test('a group is kept at its least, and what its options say wrong is refused', async () => {
  await using cluster = await Cluster.start({
    simulated: { seed: 5 },
    nodes: 0,
    nodeGroups: [{ name: 'base', min: 2, max: 2 }],
  });
  await until(cluster, async () => (await cluster.api.list('nodes')).length === 2, 20_000);
  await cluster.removeNode('node-0');
  await until(cluster, async () => cluster.nodes().join() === 'node-1,node-2', 20_000);
  const start = (group: object): Promise<unknown> =>
    Cluster.start({ simulated: { seed: 1 }, nodeGroups: [group as never] });
  await expect(start({ name: 'a', min: 3, max: 1 })).rejects.toThrow('0 <= min <= max');
  await expect(start({ name: 'A', min: 0, max: 1 })).rejects.toThrow('the name of a node group');
  await expect(start({ name: 'a', min: 0, max: 1, size: 1 })).rejects.toThrow('unknown field size');
});
