/** The example of docs/simulated-containers.md, as it stands there, given to whole simulated clusters whose masters die. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Cluster } from '../../actors/cluster/cluster.ts';
import type { Pod } from '../../src/kinds/pod/types.ts';

const page = readFileSync('docs/simulated-containers.md', 'utf8');
const example = /```yaml\n([\s\S]*?)```/.exec(page.slice(page.indexOf('## Stages')))?.[1] ?? '';

const manifest = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 4
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: "web:1" }] }
---
apiVersion: v1
kind: Pod
metadata: { name: fragile, labels: { chaos: "yes" }, annotations: { example.com/breaks-after: 3s } }
spec: { containers: [{ name: main, image: "web:1" }] }
`;

const podsOf = async (cluster: Cluster): Promise<Pod[]> => (await cluster.api.list('pods')) as unknown as Pod[];

async function until(cluster: Cluster, condition: () => Promise<boolean>, limitMs = 60_000): Promise<void> {
  const endMs = cluster.nowMs() + limitMs;
  while (!(await condition())) {
    if (cluster.nowMs() > endMs) throw new Error(`not reached within ${limitMs} ms`);
    await cluster.sleep(100);
  }
}

test.each([1, 2, 3, 4, 5, 6])(
  'seed %i: a deployment comes up, breaks and goes by stages, though masters die',
  async (seed) => {
    await using cluster = await Cluster.start({ simulated: { seed }, masters: 3, nodes: 3, stages: example });
    const startMs = cluster.nowMs();
    await cluster.apply(manifest);
    await (await cluster.leader()).kill();
    await cluster.waitFor('deployment/web', 'Available');
    await cluster.waitFor('pod/fragile', (pod) => (pod as unknown as Pod).status?.phase === 'Failed');
    // Half a second at least until it runs, and what its annotation says until it breaks.
    expect(cluster.nowMs() - startMs).toBeGreaterThanOrEqual(3_500);
    const runningOf = async (): Promise<Pod[]> =>
      (await podsOf(cluster)).filter(({ status }) => status?.phase === 'Running');
    await until(cluster, async () => (await runningOf()).length === 4);
    expect(new Set((await runningOf()).map(({ status }) => status?.podIP)).size).toBe(4);
    await cluster.api.delete('deployment/web');
    await cluster.api.delete('pod/fragile');
    await until(cluster, async () => (await podsOf(cluster)).length === 0);
  },
);

test('what cannot be carried out is said at the start', async () => {
  const told: string[] = [];
  const stages = [
    {
      apiVersion: 'kwok.x-k8s.io/v1alpha1',
      kind: 'Stage',
      metadata: { name: 'beat' },
      spec: { resourceRef: { kind: 'Node' }, selector: {}, next: { statusTemplate: 'phase: Running' } },
    },
  ];
  const log = ({ level, message }: { level: string; message: string }): void => {
    if (level === 'warn') told.push(message);
  };
  await using cluster = await Cluster.start({ simulated: { seed: 1 }, stages, log });
  expect(told).toEqual(['stages of nodes and other kinds are not carried out, only those of pods: beat']);
  await cluster.apply(
    'apiVersion: v1\nkind: Pod\nmetadata: { name: a }\nspec: { containers: [{ name: a, image: a }] }',
  );
  await cluster.waitFor('pod/a', 'Ready');
});
