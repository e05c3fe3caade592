/**
 * Goal: programs on @kubernetes/client-node work unchanged, in both lines of it. Method: each does what clients do against a real cluster over
 * HTTPS, while the master dies that its connections lead to.
 */
import * as version2 from '@kubernetes/client-node';
import * as version1 from 'client-node-1';
import { afterEach, expect, test } from 'vitest';
import { Cluster } from '../../actors/cluster/index.ts';

type Client = typeof version2;
type ConfigMap = version2.V1ConfigMap;

let cluster: Cluster | undefined;

afterEach(async () => {
  await cluster?.stop();
  cluster = undefined;
});

// The lines differ in their types alone where it matters here.
const clients: readonly (readonly [string, Client])[] = [
  ['2.x', version2],
  ['1.4', version1 as unknown as Client],
];
const namespace = 'default';

async function started(client: Client): Promise<{ config: version2.KubeConfig; core: version2.CoreV1Api }> {
  cluster = await Cluster.start({ masters: 3, nodes: 0 });
  const config = new client.KubeConfig();
  config.loadFromOptions(cluster.kubeConfig());
  return { config, core: config.makeApiClient(client.CoreV1Api) };
}

/** A connection to a dead master is reset; a client connects again, as clients do. What is there already was made by the first try. */
async function persistently<T>(attempt: () => Promise<T>, orElse: () => Promise<T>): Promise<T> {
  for (let count = 0; ; count += 1) {
    try {
      return await attempt();
    } catch (error) {
      if ((error as { code?: number }).code === 409) return orElse();
      if (count === 20) throw error;
    }
  }
}

async function until(isTrue: () => boolean): Promise<void> {
  await expect.poll(isTrue, { timeout: 30_000, interval: 20 }).toBe(true);
}

test.each(clients)('client-node %s creates, reads, changes and deletes, with each kind of patch', async (_, client) => {
  const { config, core } = await started(client);
  const name = 'one';
  const body: ConfigMap = { metadata: { name, labels: { app: 'web' } }, data: { a: '1' } };
  const created = await core.createNamespacedConfigMap({ namespace, body });
  expect(created.metadata?.creationTimestamp).toBeInstanceOf(Date);
  await expect(core.createNamespacedConfigMap({ namespace, body })).rejects.toMatchObject({ code: 409 });
  const replaced = await core.replaceNamespacedConfigMap({ namespace, name, body: { ...created, data: { a: '2' } } });
  expect(replaced.data).toEqual({ a: '2' });
  await expect(core.replaceNamespacedConfigMap({ namespace, name, body: created })).rejects.toMatchObject({
    code: 409,
  });

  const patch = (strategy: version2.PatchStrategy, change: object, fieldManager?: string): Promise<ConfigMap> =>
    core.patchNamespacedConfigMap(
      { namespace, name, body: change, ...(fieldManager === undefined ? {} : { fieldManager }) },
      client.setHeaderOptions('Content-Type', strategy),
    );
  const { PatchStrategy } = client;
  await patch(PatchStrategy.JsonPatch, [{ op: 'add', path: '/data/b', value: '3' }]);
  await patch(PatchStrategy.MergePatch, { data: { c: '4' } });
  await patch(PatchStrategy.StrategicMergePatch, { data: { a: null } });
  const apply = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { d: '5' } };
  const applied = await patch(PatchStrategy.ServerSideApply, apply, 'me');
  expect(applied.data).toEqual({ b: '3', c: '4', d: '5' });

  const listed = await core.listNamespacedConfigMap({ namespace, labelSelector: 'app=web' });
  expect(listed.items.map(({ metadata }) => metadata?.name)).toEqual([name]);
  const objects = client.KubernetesObjectApi.makeApiClient(config);
  const read = (await objects.read({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace },
  })) as ConfigMap;
  expect(read.data).toEqual(applied.data);
  await core.deleteNamespacedConfigMap({ namespace, name });
  await expect(core.readNamespacedConfigMap({ namespace, name })).rejects.toMatchObject({ code: 404 });
});

test.each(clients)(
  'an informer of client-node %s misses nothing when the master of its connection dies',
  async (_, client) => {
    const { config, core } = await started(client);
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    const informer = client.makeInformer<ConfigMap>(config, path, () => core.listNamespacedConfigMap({ namespace }));
    const deleted: (string | undefined)[] = [];
    informer.on('delete', (object) => deleted.push(object.metadata?.name));
    // As its documentation says: who hears of an error starts it again.
    let isOver = false;
    const restart = (): void => {
      if (!isOver) informer.start().catch(restart);
    };
    informer.on('error', restart);
    await informer.start();
    const known = (name: string): ConfigMap | undefined => informer.get(name, namespace);
    const create = (name: string): Promise<ConfigMap> =>
      persistently(
        () => core.createNamespacedConfigMap({ namespace, body: { metadata: { name }, data: { a: '1' } } }),
        () => core.readNamespacedConfigMap({ namespace, name }),
      );
    const names = [0, 1, 2].map((index) => `map-${index}`);
    await create('before');
    await until(() => known('before') !== undefined);
    for (const [index, name] of names.entries()) {
      // One master after the other, so one of them is the one that the informer is connected to.
      await cluster?.kill(`master-${index}`);
      await create(name);
      await until(() => known(name) !== undefined);
      await cluster?.restart(`master-${index}`);
      await cluster?.ready();
    }
    await persistently(
      () => core.deleteNamespacedConfigMap({ namespace, name: 'before' }),
      () => core.readNamespacedConfigMap({ namespace, name: 'before' }),
    ).catch((error: { code?: number }) => expect(error.code).toBe(404));
    await until(() => known('before') === undefined);
    expect(deleted).toContain('before');
    isOver = true;
    await informer.stop();
  },
);
