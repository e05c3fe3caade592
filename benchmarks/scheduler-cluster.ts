/**
 * How many pods a second the scheduler binds on a thousand nodes in a running cluster of one master: pods wait, the scheduler is started, and a watch
 * sees the bindings come. The nodes are objects without kubelets, which the pods' tolerations make up for. Two writes a pod: the binding and its event.
 */
import { performance } from 'node:perf_hooks';
import { Cluster } from '../actors/cluster/index.ts';
import type { AnyObject } from '../src/api/object-meta.ts';
import { must } from '../src/base/assert.ts';
import type { Pod } from '../src/kinds/pod/types.ts';
import type { Figure } from './statistics.ts';

const nodeCount = 1_000;
const podCount = 5_000;
const parallel = 64;
const scheduler = 'master-0/scheduler';

export async function benchSchedulerCluster(): Promise<Figure[]> {
  await using cluster = await Cluster.start({ masters: 1, nodes: 0, profile: 'kubernetes' });
  await cluster.kill(scheduler);
  await createAll(cluster, nodeCount, nodeOf);
  await createAll(cluster, podCount, podOf);
  const seconds = await secondsToBind(cluster);
  return [{ name: `pods bound on ${nodeCount} nodes in a cluster, 1 master`, value: podCount / seconds, unit: '/s' }];
}

/** From the first binding to the last. */
async function secondsToBind(cluster: Cluster): Promise<number> {
  const bound = new Set<string>();
  let firstMs = 0;
  const done = new Promise<number>((resolve) => {
    cluster.api.watch('pods').subscribe(({ type, object }) => {
      if (type === 'BOOKMARK') return;
      const pod = object as unknown as Pod;
      if ((pod.spec.nodeName ?? '') === '') return;
      if (bound.size === 0) firstMs = performance.now();
      bound.add(must(pod.metadata.name, 'a pod has a name'));
      if (bound.size === podCount) resolve(performance.now() - firstMs);
    });
  });
  await cluster.restart(scheduler);
  return (await done) / 1_000;
}

async function createAll(cluster: Cluster, count: number, make: (index: number) => object): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      await cluster.api.create(make(next - 1) as AnyObject);
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
}

function nodeOf(index: number): object {
  const name = `bare-${index}`;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name } },
    status: { allocatable: { cpu: '16', memory: '64Gi', pods: '110' } },
  };
}

function podOf(index: number): object {
  const resources = { requests: { cpu: '100m', memory: '100Mi' } };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `pod-${index}`, namespace: 'default', labels: { app: 'web' } },
    spec: { containers: [{ name: 'main', image: 'nginx', resources }], tolerations: [{ operator: 'Exists' }] },
  };
}
