/**
 * Masters that come and go, one situation each, on the simulator: joins and leaves that cannot be finished leave nothing behind, or go on by
 * themselves; everybody who was told of the masters at the start hears of those that came.
 */
import { expect, test } from 'vitest';
import { Cluster, StoreRequestError } from '../../actors/cluster/index.ts';

async function membersOf(cluster: Cluster): Promise<string> {
  const leader = (await cluster.storeStatuses()).find(({ role }) => role === 'leader');
  return `${leader?.membership.voters.join() ?? '?'} + ${leader?.membership.learners.join() ?? '?'}`;
}

async function until(cluster: Cluster, limitMs: number, condition: () => Promise<boolean>): Promise<void> {
  const endMs = cluster.nowMs() + limitMs;
  while (!(await condition())) {
    expect(cluster.nowMs()).toBeLessThan(endMs);
    await cluster.sleep(2);
  }
}

test('a master that cannot catch up is taken back, and nothing of it is left', async () => {
  await using cluster = await Cluster.start({ simulated: { seed: 1 }, masters: 1, nodes: 0 });
  const cut = { drop: 1 };
  await cluster.disturb({ from: 'master-0', to: 'master-1', ...cut }, { from: 'master-1', to: 'master-0', ...cut });
  await expect(cluster.addMaster()).rejects.toMatchObject({ name: 'MembershipError', code: 'timeout' });
  expect(cluster.masters()).toEqual(['master-0']);
  expect(() => cluster.member('master-1')).toThrow('no member master-1');
  expect(await membersOf(cluster)).toBe('1 + ');
  await cluster.removeMaster('master-1');
  expect((await cluster.addMaster()).name).toBe('master-2');
  expect(await membersOf(cluster)).toBe('1,3 + ');
});

test('a join amid which the majority dies is taken back as soon as there is one again', async () => {
  await using cluster = await Cluster.start({ simulated: { seed: 2 }, masters: 3, nodes: 0 });
  // It hears nothing of the others, so a learner is what it stays.
  await cluster.disturb(...cluster.masters().map((from) => ({ from, to: 'master-3', drop: 1 })));
  const join = cluster.addMaster().catch((error: unknown) => error);
  await until(cluster, 5_000, async () => (await membersOf(cluster)) === '1,2,3 + 4');
  await Promise.all(['master-0', 'master-1'].map((name) => cluster.kill(name)));
  expect(await join).toMatchObject({ name: 'MembershipError', code: 'timeout' });
  expect(cluster.masters()).toEqual(['master-0', 'master-1', 'master-2']);
  expect(isGone(cluster, 'master-3')).toBe(true);
  await Promise.all(['master-0', 'master-1'].map((name) => cluster.restart(name)));
  await until(cluster, 30_000, async () => (await membersOf(cluster)) === '1,2,3 + ');
  await cluster.ready();
});

test('a leave amid which the majority dies goes on by itself', async () => {
  await using cluster = await Cluster.start({ simulated: { seed: 3 }, masters: 3, nodes: 1 });
  const gone: string[] = [];
  cluster.events$.subscribe((event) => event.type === 'masterRemoved' && gone.push(event.name));
  const [first = '', second = '', third = ''] = cluster.masters();
  const leave = cluster.removeMaster(third).catch((error: unknown) => error);
  await until(cluster, 5_000, async () => !cluster.masters().includes(third));
  await cluster.kill(first);
  await cluster.kill(second);
  expect(await leave).toMatchObject({ name: 'MembershipError', code: 'timeout' });
  await cluster.restart(first);
  await cluster.restart(second);
  await until(cluster, 30_000, async () => (await membersOf(cluster)) === '1,2 + ' && isGone(cluster, third));
  expect(gone).toEqual([third]);
  await cluster.removeMaster(third);
  await cluster.ready();
});

test('changes that are asked for at once are made one after the other', async () => {
  await using cluster = await Cluster.start({ simulated: { seed: 4 }, masters: 2, nodes: 0 });
  const [one, two] = await Promise.all([
    cluster.addMaster(),
    cluster.addMaster(),
    cluster.removeMaster('master-0'),
    cluster.removeMaster('master-0'),
  ]);
  expect([one.name, two.name, cluster.masters().join()]).toEqual([
    'master-2',
    'master-3',
    'master-1,master-2,master-3',
  ]);
  const refused = await Promise.allSettled(cluster.masters().map((name) => cluster.removeMaster(name)));
  expect(refused.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  await expect(cluster.removeMaster('master-3')).rejects.toMatchObject({ code: 'lastMaster' });
  for (let count = 1; count < 7; count += 1) await cluster.addMaster();
  await expect(cluster.addMaster()).rejects.toMatchObject({ code: 'tooMany' });
  await cluster.ready();
});

test.each([5, 6, 7])('seed %i: nobody who was told of the founders at the start needs any of them', async (seed) => {
  await using cluster = await Cluster.start({ simulated: { seed }, masters: 1, nodes: 2 });
  const founders = cluster.masters();
  const leaders: string[] = [];
  cluster.leadership$.subscribe(({ leader }) => void leaders.push(leader));
  const lock = await cluster.acquireLock('mine');
  let lost = 0;
  lock.lost$.subscribe(() => {
    lost += 1;
  });
  const events: string[] = [];
  cluster.api.watch('configmaps').subscribe(({ object }) => void events.push(object.metadata.name ?? ''));
  for (let count = 0; count < 3; count += 1) await cluster.addMaster();
  for (const name of founders) await cluster.removeMaster(name);
  await cluster.ready();
  await cluster.apply('apiVersion: v1\nkind: ConfigMap\nmetadata: { name: later }\n');
  await cluster.kill((await cluster.leader()).name);
  const { leaders: held } = await cluster.status();
  await until(cluster, 10_000, async () => (await cluster.status()).leader !== null);
  await cluster.apply(
    'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec: { replicas: 3, selector: { matchLabels: { app: web } }, template: { metadata: { labels: { app: web } }, spec: { containers: [{ name: web, image: "web:1" }] } } }\n',
  );
  await cluster.waitFor('deployment/web', 'Available', { timeoutMs: 30_000 });
  for (const node of cluster.nodes()) await cluster.waitFor(`node/${node}`, 'Ready');
  expect(founders).not.toContain(held.store);
  expect(leaders.at(-1)).toBe((await cluster.leader()).name);
  expect(lost).toBe(0);
  await lock.release();
});

test('while masters come and go no write fails for certain reasons of theirs', async () => {
  await using cluster = await Cluster.start({ simulated: { seed: 8 }, masters: 1, nodes: 0 });
  const last = { isOver: false };
  let written = 0;
  const failures: string[] = [];
  const write = async (): Promise<void> => {
    for (; !last.isOver; written += 1) {
      await cluster.store.put(`k/${written}`, 'v').catch((error: unknown) => {
        if (!(error instanceof StoreRequestError)) throw error;
        failures.push(error.code);
      });
    }
  };
  const writing = write();
  for (let count = 0; count < 2; count += 1) await cluster.addMaster();
  for (const name of ['master-0', 'master-1']) await cluster.removeMaster(name);
  last.isOver = true;
  await writing;
  expect(written).toBeGreaterThan(20);
  // Handing over costs at most the write that was on its way.
  expect(failures.length).toBeLessThan(3);
});

test.each([1, 2, 3, 4, 5, 6])(
  'seed %i: the last master knows that it is alone, though it dies as soon as the other one has left',
  async (seed) => {
    await using cluster = await Cluster.start({ simulated: { seed }, masters: 2, nodes: 0 });
    await cluster.removeMaster('master-1');
    await cluster.kill('master-0/store');
    await cluster.restart('master-0/store');
    await cluster.ready();
    await cluster.store.put('k', 'v');
  },
);

test('a cluster that is stopped amid a join or a leave ends at once, and says so to whoever waits', async () => {
  const cluster = await Cluster.start({ simulated: { seed: 9 }, masters: 2, nodes: 0 });
  const changes = [cluster.addMaster(), cluster.removeMaster('master-0'), cluster.addMaster()];
  const outcomes = Promise.all(changes.map((change) => change.catch((error: Error) => error.message)));
  await cluster.stop();
  expect(await outcomes).toEqual(Array.from({ length: 3 }, () => 'the cluster is stopping'));
});

function isGone(cluster: Cluster, name: string): boolean {
  try {
    cluster.member(name);
    return false;
  } catch {
    return true;
  }
}
