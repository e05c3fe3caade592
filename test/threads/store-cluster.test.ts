/** Three replicas on three real threads: leaders are killed and paused, partitions heal, locks are fenced, and nothing acknowledged is lost. */
import { filter, firstValueFrom, take, toArray } from 'rxjs';
import { afterEach, expect, test } from 'vitest';
import { Cluster, ClusterOptionsError, textOf } from '../../actors/cluster/index.ts';
import { singleKey } from '../../src/mvcc/key-range.ts';
import { putOperation } from '../../src/mvcc/transaction.ts';
import { heldCompare } from '../../src/store/recipes/election.ts';

let cluster: Cluster;

afterEach(() => cluster?.stop());

test('a write is acknowledged soon after the leader was killed, and nothing acknowledged is lost', async () => {
  cluster = await Cluster.start({ masters: 3, nodes: 0 });
  for (let n = 0; n < 50; n += 1) await cluster.store.put(`key/${n}`, `value-${n}`);
  const first = await cluster.leader();
  await first.kill();
  await cluster.store.put('key/after', 'x');
  const second = await cluster.leader();
  expect(second.name).not.toBe(first.name);
  expect((await cluster.store.range({ start: 'key/', end: 'key0' })).count).toBe(51);
  await first.restart();
  await cluster.store.put('key/last', 'y');
  expect((await cluster.storeStatuses()).map(({ name }) => name)).toEqual(['master-0', 'master-1', 'master-2']);
});

test('without a majority a write fails clearly, and it succeeds when the members are back', async () => {
  cluster = await Cluster.start({ masters: 3, nodes: 0 });
  await cluster.kill('master-1');
  await cluster.kill('master-2');
  await expect(cluster.store.put('x', '1', { timeoutMs: 700 })).rejects.toMatchObject({ name: 'StoreRequestError' });
  await cluster.restart('master-1');
  await cluster.leader();
  await cluster.store.put('x', '2');
  expect(textOf((await cluster.store.get('x')) as never)).toBe('2');
});

test('a paused leader is replaced, and finds its place again when it is resumed', async () => {
  cluster = await Cluster.start({ masters: 3, nodes: 0 });
  const first = await cluster.leader();
  const next = firstValueFrom(cluster.leadership$.pipe(filter(({ leader }) => leader !== first.name)));
  await first.pause();
  const { leader } = await next;
  await cluster.store.put('while', 'paused', { replica: `${leader}/store` });
  await first.resume();
  expect(textOf((await cluster.store.get('while', { replica: `${first.name}/store` })) as never)).toBe('paused');
});

test('a watch delivers every change in order', async () => {
  cluster = await Cluster.start({ masters: 3, nodes: 0 });
  const events = firstValueFrom(cluster.store.watch('w/').pipe(take(100), toArray()));
  await cluster.store.revision();
  for (let n = 0; n < 100; n += 1) await cluster.store.put(`w/${n % 7}`, String(n));
  expect((await events).map(({ keyValue }) => textOf(keyValue))).toEqual(
    Array.from({ length: 100 }, (_, n) => String(n)),
  );
});

test('a lock passes to the next in line, and the fence of the one before no longer holds', async () => {
  cluster = await Cluster.start({ masters: 3, nodes: 0 });
  const first = await cluster.acquireLock('printer');
  const waiting = cluster.acquireLock('printer');
  await first.release();
  const second = await waiting;
  const write = (fence: typeof first.fence): Promise<{ succeeded: boolean }> =>
    cluster.store.transaction({
      compares: [heldCompare(fence)],
      success: [putOperation('page', new Uint8Array([1]))],
      failure: [],
    });
  expect((await write(first.fence)).succeeded).toBe(false);
  expect((await write(second.fence)).succeeded).toBe(true);
  await second.release();
});

test('an election is won by one, and by another when the first resigns', async () => {
  cluster = await Cluster.start({ masters: 1, nodes: 0 });
  const first = await cluster.winElection('boss', 'ann');
  const waiting = cluster.winElection('boss', 'bob');
  expect((await cluster.store.range(singleKey('election/boss'))).keyValues.map(textOf)).toEqual(['ann']);
  await first.release();
  const second = await waiting;
  expect(second.fence.createRevision).toBeGreaterThan(first.fence.createRevision);
  await second.release();
});

test('wrong options are refused with what is allowed, before anything starts', async () => {
  const refusal = (options: object): Promise<Cluster> => Cluster.start(options);
  await expect(refusal({ masters: 0 })).rejects.toThrow('masters must be a whole number from 1 to 7, not 0');
  await expect(refusal({ mastres: 3 })).rejects.toThrow('unknown option mastres');
  await expect(refusal({ name: 'No Way' })).rejects.toBeInstanceOf(ClusterOptionsError);
  await expect(refusal({ profile: 'slow' })).rejects.toThrow('profile must be one of fast, kubernetes, not slow');
});
