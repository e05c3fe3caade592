/**
 * Autoscaling on a real store, API servers and controllers, with a kubelet that shares a load out among the pods that are there: the size follows
 * the load up and down, whoever dies meanwhile. Rows A61 and A62.
 */
import { expect, test } from 'vitest';
import type { Behaviour } from '../../../src/actor/behaviour.ts';
import type { AnyObject } from '../../../src/api/object-meta.ts';
import type { WallMs } from '../../../src/base/brand.ts';
import {
  deploymentResource,
  eventResource,
  horizontalPodAutoscalerResource,
  podResource,
} from '../../../src/controllers/resources.ts';
import type { Deployment } from '../../../src/kinds/deployment/types.ts';
import type { HorizontalPodAutoscaler } from '../../../src/kinds/horizontalpodautoscaler/types.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import type { UsageSummary } from '../../../src/protocol/kubelet.ts';
import { SimulatedCluster } from './simulated-cluster.ts';
import { addNodes, tendUntil } from './stand-in.ts';

const nodes = ['node-0'];
const labels = { app: 'web' };

class Load {
  /** Thousandths of a processor, of all pods together. */
  millis = 0;
  #running: readonly Pod[] = [];
  readonly #cluster: SimulatedCluster;

  constructor(cluster: SimulatedCluster) {
    this.#cluster = cluster;
    const behaviour: Behaviour<unknown, unknown> = {
      init: () => null,
      step: (_state, input) =>
        input.type === 'ask' ? [{ type: 'reply', request: input.request, body: this.#summary(input.wallMs) }] : [],
    };
    cluster.attach('node-0/kubelet', behaviour);
  }

  look(): void {
    const pods = this.#cluster.list(podResource) as unknown as readonly Pod[];
    this.#running = pods.filter(({ status, metadata }) => status?.phase === 'Running' && !metadata.deletionTimestamp);
  }

  #summary(wallMs: WallMs): UsageSummary {
    const share = Math.round((this.millis * 1_000_000) / Math.max(1, this.#running.length));
    const usage = { cpuNanocores: share, cpuNanoseconds: 0, workingSetBytes: 1_000_000 };
    const pods = this.#running.map(({ metadata }) => ({
      namespace: 'default',
      name: metadata.name ?? '',
      uid: metadata.uid ?? '',
      containers: [{ name: 'web', ...usage }],
    }));
    return { type: 'measured', measuredAtMs: wallMs, windowMs: 500, node: usage, pods };
  }
}

function start(masters: number, seed: number): { cluster: SimulatedCluster; load: Load } {
  const cluster = new SimulatedCluster(masters, seed);
  addNodes(cluster, nodes);
  const resources = { requests: { cpu: '100m' } };
  cluster.create(deploymentResource, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'web:1', resources }] } },
    },
  } as never);
  cluster.create(horizontalPodAutoscalerResource, {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      minReplicas: 2,
      maxReplicas: 10,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
      ],
    },
  } as never);
  const load = new Load(cluster);
  load.millis = 100;
  return { cluster, load };
}

const sizeOf = (cluster: SimulatedCluster): number | undefined =>
  (cluster.get(deploymentResource, 'web') as Deployment | null)?.spec.replicas;
const autoscalerOf = (cluster: SimulatedCluster): HorizontalPodAutoscaler =>
  cluster.get(horizontalPodAutoscalerResource, 'web') as unknown as HorizontalPodAutoscaler;

/** `slack`: one pod too many is kept where its absence would be a pod too few. */
function settle(cluster: SimulatedCluster, load: Load, replicas: number, limitMs = 60_000, slack = 0): void {
  tendUntil(
    cluster,
    { nodes },
    () => {
      load.look();
      const size = sizeOf(cluster) ?? 0;
      return size >= replicas && size <= replicas + slack;
    },
    limitMs,
  );
}

test('a scripted load gives the expected sizes: up with it at once, down after the window', () => {
  const { cluster, load } = start(1, 1);
  settle(cluster, load, 2);
  // 50 of the 100 that each pod asks for is the target, so every 50 of load is one pod.
  load.millis = 300;
  settle(cluster, load, 6);
  load.millis = 2_000;
  settle(cluster, load, 10);
  const beforeMs = cluster.universe.nowMs;
  load.millis = 150;
  settle(cluster, load, 3);
  expect(cluster.universe.nowMs - beforeMs).toBeGreaterThanOrEqual(10_000);
  load.millis = 0;
  settle(cluster, load, 2);
  const conditions = autoscalerOf(cluster).status?.conditions ?? [];
  expect(conditions.map(({ type }) => type)).toEqual(['AbleToScale', 'ScalingActive', 'ScalingLimited']);
  const reasons = (cluster.list(eventResource) as readonly (AnyObject & { reason?: string })[]).map(
    ({ reason }) => reason,
  );
  expect(reasons).toContain('SuccessfulRescale');
  expect(cluster.complaints).toEqual([]);
});

test.each([1, 2, 3])(
  'seed %i: masters die while the load changes, and the size is the right one in the end',
  (seed) => {
    const { cluster, load } = start(3, seed);
    const { random } = cluster.universe;
    settle(cluster, load, 2);
    for (let round = 0; round < 3; round += 1) {
      const [victim = ''] = random.integer(0, 1) === 0 ? cluster.activeMasters() : [random.pick(cluster.masters)];
      const master = victim === '' ? 'master-0' : victim;
      cluster.killMaster(master);
      // Further from each other than what is tolerated.
      const pods = random.pick([2, 4, 7, 10]);
      load.millis = pods * 50;
      settle(cluster, load, pods, 90_000, 1);
      cluster.restartMaster(master);
      cluster.universe.runFor(2_000);
    }
    expect(cluster.activeMasters()).toHaveLength(1);
  },
);

test('a custom kind is scaled through the paths that its definition names', () => {
  const cluster = new SimulatedCluster(1, 7);
  addNodes(cluster, nodes);
  const paths = {
    specReplicasPath: '.spec.size',
    statusReplicasPath: '.status.size',
    labelSelectorPath: '.status.selector',
  };
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  cluster.create({ group: 'apiextensions.k8s.io', version: 'v1', resource: 'customresourcedefinitions' }, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'farms.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'farms', kind: 'Farm' },
      versions: [{ name: 'v1', served: true, storage: true, schema, subresources: { status: {}, scale: paths } }],
    },
  } as never);
  cluster.universe.runFor(500);
  const farms = { group: 'example.com', version: 'v1', resource: 'farms' };
  const farm = {
    apiVersion: 'example.com/v1',
    kind: 'Farm',
    metadata: { name: 'f', namespace: 'default' },
    spec: { size: 1 },
  };
  cluster.create(farms, farm as never);
  const body = { status: { size: 1, selector: 'app=web' } };
  cluster.call({
    verb: 'patch',
    resource: farms,
    namespace: 'default',
    name: 'f',
    subresource: 'status',
    body,
    patch: 'merge',
  });
  const resources = { requests: { cpu: '100m' } };
  cluster.create(podResource, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'worker', namespace: 'default', labels },
    spec: { containers: [{ name: 'web', image: 'web:1', resources }] },
  } as never);
  const load = new Load(cluster);
  load.millis = 200;
  cluster.create(horizontalPodAutoscalerResource, {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'f', namespace: 'default' },
    spec: {
      scaleTargetRef: { apiVersion: 'example.com/v1', kind: 'Farm', name: 'f' },
      maxReplicas: 3,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 100 } } },
      ],
    },
  } as never);
  const size = (): unknown => (cluster.get(farms, 'f')?.spec as { readonly size?: number } | undefined)?.size;
  tendUntil(cluster, { nodes }, () => {
    load.look();
    return size() === 2;
  });
});
