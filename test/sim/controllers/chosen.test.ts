/** Goal: of the controllers those run that were chosen, whichever master holds the office. Method: what the others would have done does not come. */
import { expect, test } from 'vitest';
import { Cluster } from '../../../actors/cluster/index.ts';

const simulated = { seed: 3 };
const spec = `
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: main, image: web }] }
`;

test('one that is left out leaves its work undone, also after the master in office has died', async () => {
  await using cluster = await Cluster.start({ masters: 3, simulated, controllers: ['*', '-deployment-controller'] });
  await cluster.apply(`apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: left }\n${spec}`);
  await cluster.kill((await cluster.status()).leaders.controllers ?? '');
  await cluster.apply(`apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: { name: done }\n${spec}`);
  await cluster.waitFor(
    'replicaset/done',
    (set) => (set as { status?: { readyReplicas?: number } }).status?.readyReplicas === 2,
  );
  await cluster.sleep(10_000);
  const sets = await cluster.api.list('replicasets');
  expect(sets.map(({ metadata }) => metadata.name)).toEqual(['done']);
});

test('none: the API is there, and whoever tests a controller of his own has it for himself', async () => {
  await using cluster = await Cluster.start({ masters: 1, nodes: 0, simulated, controllers: [] });
  await cluster.apply(`apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: left }\n${spec}`);
  await cluster.sleep(5_000);
  expect(await cluster.api.list('replicasets')).toEqual([]);
  expect((await cluster.api.get('deployment/left'))['status']).toEqual({});
});

test('a controller that is not there is refused, and so is anything but a list', async () => {
  await expect(Cluster.start({ simulated, controllers: ['*', '-jobs'] })).rejects.toThrow('not "-jobs"; there are');
  await expect(Cluster.start({ simulated, controllers: '*' as never })).rejects.toThrow('must be a list of texts');
});
