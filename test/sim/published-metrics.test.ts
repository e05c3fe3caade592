/** Metrics that a user publishes, as clients and autoscalers of a whole simulated cluster read them, with masters that die. Row A61. */
import { expect, test } from 'vitest';
import { Cluster } from '../../actors/cluster/cluster.ts';
import type { ResourceRequest } from '../../src/protocol/apiserver.ts';

type Json = ReturnType<typeof JSON.parse>;

const manifest = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 1
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: "web:1" }] }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: web }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }
  minReplicas: 1
  maxReplicas: 8
  metrics:
    - type: External
      external: { metric: { name: queue, selector: { matchLabels: { of: web } } }, target: { type: AverageValue, averageValue: "10" } }
    - type: Object
      object:
        describedObject: { apiVersion: v1, kind: Service, name: web }
        metric: { name: hits }
        target: { type: AverageValue, averageValue: "100" }
`;

const read = (rest: Partial<ResourceRequest>): ResourceRequest => ({
  type: 'resource',
  verb: 'get',
  group: 'custom.metrics.k8s.io',
  version: 'v1beta2',
  resource: '',
  subresource: '',
  namespace: 'default',
  name: '',
  parameters: {},
  output: 'object',
  body: null,
  credentials: { type: 'component', user: 'test', groups: ['system:masters'] },
  userAgent: 'test',
  fence: null,
  ...rest,
});

async function sizeReaches(cluster: Cluster, replicas: number): Promise<void> {
  await cluster.waitFor('deployment/web', (object) => (object as Json).spec.replicas === replicas, {
    timeoutMs: 60_000,
  });
}

test('an autoscaler follows published values, whoever dies', async () => {
  await using cluster = await Cluster.start({ simulated: { seed: 1 }, masters: 3 });
  await cluster.metrics.publish({ name: 'queue', value: '50', labels: { of: 'web' } });
  await cluster.metrics.publish({ name: 'queue', value: '500', labels: { of: 'other' } });
  await cluster.metrics.publish({ name: 'hits', value: '200', of: 'service/web' });
  await cluster.apply(manifest);
  await sizeReaches(cluster, 5);
  await (await cluster.leader()).kill();
  await cluster.metrics.publish({ name: 'hits', value: '700', of: 'service/web' });
  await sizeReaches(cluster, 7);
  await cluster.metrics.publish({ name: 'hits', value: '0', of: 'service/web' });
  await cluster.metrics.publish({ name: 'queue', value: '20', labels: { of: 'web' } });
  await sizeReaches(cluster, 2);
});

test('values are served in the forms of both APIs, and gone when they are withdrawn', async () => {
  await using cluster = await Cluster.start({ simulated: { seed: 2 } });
  for (const [name, tier] of Object.entries({ one: 'a', two: 'b' })) {
    await cluster.api.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, labels: { tier } },
      spec: { containers: [{ name: 'a', image: 'a' }] },
    } as never);
    await cluster.metrics.publish({ name: 'hits', value: '1500m', of: `pod/${name}` });
  }
  const pods = { resource: 'pods', name: '*', subresource: 'hits' };
  const all = (await cluster.api.request(read(pods))) as Json;
  expect(all).toMatchObject({ kind: 'MetricValueList', apiVersion: 'custom.metrics.k8s.io/v1beta2' });
  expect(all.items.map((item: Json) => [item.describedObject.name, item.value])).toEqual([
    ['one', '1500m'],
    ['two', '1500m'],
  ]);
  const some = (await cluster.api.request(read({ ...pods, parameters: { labelSelector: 'tier=b' } }))) as Json;
  expect(some.items.map((item: Json) => item.describedObject.name)).toEqual(['two']);
  expect(await cluster.metrics.withdraw({ name: 'hits', of: 'pod/one' })).toBe(true);
  await expect(cluster.api.request(read({ ...pods, name: 'one' }))).rejects.toThrow('not found');
  await cluster.metrics.publish({ name: 'temperature', value: '20', of: 'namespace/default' });
  expect(((await cluster.api.request(read({ resource: 'metrics', name: 'temperature' }))) as Json).items).toMatchObject(
    [{ describedObject: { kind: 'Namespace', name: 'default' }, value: '20' }],
  );
  const external = { group: 'external.metrics.k8s.io', version: 'v1beta1', verb: 'list', resource: 'queue' } as const;
  expect(((await cluster.api.request(read(external))) as Json).items).toEqual([]);
  await expect(cluster.metrics.publish({ name: 'queue', value: 'much' })).rejects.toThrow('must be a quantity');
  await expect(cluster.metrics.publish({ name: 'a/b', value: '1' })).rejects.toThrow('the name of a metric');
});
