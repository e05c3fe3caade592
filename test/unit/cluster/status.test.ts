/** What a cluster says of itself, on the simulator: whole, with a part missing, and without its majority. */
import { expect, test } from 'vitest';
import { Cluster, type MemberStatus } from '../../../actors/cluster/index.ts';

function conditionOf(object: object, type: string): string | undefined {
  const { conditions = [] } = (object as { status?: { conditions?: { type: string; status: string }[] } }).status ?? {};
  return conditions.find((condition) => condition.type === type)?.status;
}

function named(members: readonly MemberStatus[], name: string): MemberStatus | undefined {
  return members.find((member) => member.name === name);
}

test('the status of a whole cluster names who leads and shows every part running', async () => {
  await using cluster = await Cluster.start({ simulated: { seed: 1 }, masters: 3, nodes: 2 });
  const revision = await cluster.store.revision();
  const status = await cluster.status();
  expect(status).toMatchObject({ ready: true, missing: null, leader: (await cluster.leader()).name });
  expect(status.leaders.store).toBe(status.leader);
  expect(cluster.masters()).toContain(status.leaders.controllers);
  expect(cluster.masters()).toContain(status.leaders.scheduler);
  expect(status.revision).toBeGreaterThanOrEqual(revision);
  expect(Math.min(status.term, status.commitIndex)).toBeGreaterThan(0);
  expect(status.masters.map(({ name, ready }) => [name, ready])).toEqual(cluster.masters().map((name) => [name, true]));
  expect(named(status.masters, 'master-1')?.parts.map(({ path, state }) => [path, state])).toEqual([
    ['master-1/store', 'running'],
    ['master-1/apiserver', 'running'],
    ['master-1/controllers', 'running'],
    ['master-1/scheduler', 'running'],
  ]);
  expect(named(status.nodes, 'node-1')?.threads).toEqual([{ name: 'node-1', state: 'running' }]);
});

test('a part that was killed or paused on purpose is shown as such until it runs again', async () => {
  await using cluster = await Cluster.start({ simulated: { seed: 2 }, masters: 3, nodes: 2 });
  const { leader } = await cluster.status();
  const follower = cluster.masters().find((name) => name !== leader) ?? '';
  await cluster.kill('node-0/kubelet');
  await cluster.pause(follower);
  const status = await cluster.status();
  expect(named(status.nodes, 'node-0')).toMatchObject({
    ready: false,
    parts: [
      { path: 'node-0/runtime', state: 'running' },
      { path: 'node-0/kubelet', state: 'down' },
    ],
  });
  const paused = named(status.masters, follower);
  expect(paused?.ready).toBe(false);
  expect(new Set(paused?.threads.map(({ state }) => state))).toEqual(new Set(['paused']));
  await cluster.resume(follower);
  await cluster.restart('node-0/kubelet');
  await cluster.ready();
  expect((await cluster.status()).ready).toBe(true);
});

test('a cluster without its majority still tells its status, soon, and says what is missing', async () => {
  await using cluster = await Cluster.start({ simulated: { seed: 3 }, masters: 3, nodes: 1 });
  await cluster.kill('master-0');
  await cluster.kill('master-1');
  await cluster.sleep(2_000);
  const askedAtMs = cluster.nowMs();
  const status = await cluster.status();
  expect(cluster.nowMs() - askedAtMs).toBeLessThan(2_500);
  expect(status).toMatchObject({ ready: false, missing: 'the store has no leader', leader: null, term: 0 });
  expect(status.leaders).toEqual({ store: null, controllers: null, scheduler: null });
  expect(named(status.masters, 'master-0')?.threads.every(({ state }) => state === 'down')).toBe(true);
});

test('a master that was away is ready again only when its replica has caught up', async () => {
  await using cluster = await Cluster.start({ simulated: { seed: 4 }, masters: 3, nodes: 0 });
  const { leader } = await cluster.status();
  const away = cluster.masters().find((name) => name !== leader) ?? '';
  await cluster.kill(away);
  for (let n = 0; n < 400; n += 1) await cluster.store.put(`key-${n}`, 'value');
  const written = await cluster.store.revision();
  await cluster.restart(away);
  await cluster.ready();
  const own = (await cluster.storeStatuses()).find(({ name }) => name === away);
  expect(own?.revision).toBeGreaterThanOrEqual(written - 100);
});

test('nodes that share a thread are killed, restarted and removed one by one', async () => {
  await using cluster = await Cluster.start({ simulated: { seed: 4 }, masters: 1, nodes: 5, nodesPerThread: 3 });
  const threadsOf = async (): Promise<readonly unknown[]> =>
    (await cluster.status()).nodes.map(({ name, threads }) => [name, threads.map((thread) => thread.name)]);
  expect(await threadsOf()).toEqual([
    ['node-0', ['nodes-0']],
    ['node-1', ['nodes-0']],
    ['node-2', ['nodes-0']],
    ['node-3', ['nodes-1']],
    ['node-4', ['nodes-1']],
  ]);
  await cluster.kill('node-1');
  const states = (await cluster.status()).nodes.map(({ parts }) => parts.map(({ state }) => state).join());
  expect(states).toEqual(['running,running', 'down,down', 'running,running', 'running,running', 'running,running']);
  await cluster.waitFor('node/node-1', (node) => conditionOf(node, 'Ready') === 'Unknown');
  expect(conditionOf(await cluster.api.get('node/node-0'), 'Ready')).toBe('True');
  await cluster.restart('node-1');
  await cluster.waitFor('node/node-1', 'Ready');
  await cluster.pause('node-3', { forMs: 500 });
  await cluster.removeNode('node-4');
  await cluster.addNode();
  await cluster.ready();
  expect((await threadsOf()).at(-1)).toEqual(['node-5', ['node-5']]);
});

test('a thread goes with the last of the nodes that share it', async () => {
  await using cluster = await Cluster.start({ simulated: { seed: 5 }, masters: 1, nodes: 4, nodesPerThread: 2 });
  await cluster.removeNode('node-2');
  await cluster.removeNode('node-3');
  await expect(cluster.kill('nodes-1')).rejects.toThrow('no member nodes-1; there are master-0, node-0, node-1');
  expect((await cluster.status()).nodes.map(({ name }) => name)).toEqual(['node-0', 'node-1']);
  await cluster.sleep(5_000);
  await expect(cluster.api.get('node/node-3')).rejects.toThrow('not found');
  await cluster.addNode();
  await cluster.ready();
});
