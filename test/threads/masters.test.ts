/**
 * Goal: masters join and leave on real threads, and neither a thread nor a socket nor a folder is left behind; what a data directory holds is
 * always a cluster that starts again. Method: from one master to three and back while writes go on; stops and starts; kills amid a join.
 */
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { filter, firstValueFrom, map } from 'rxjs';
import { afterEach, expect, test, vi } from 'vitest';
import { Cluster, StoreRequestError } from '../../actors/cluster/index.ts';
import { Random } from '../../src/base/random.ts';
import type { ClusterStatus } from '../../src/cli/cluster-status.ts';
import { CommandLine } from './command.ts';

let cluster: Cluster | undefined;
/** Whether those who write in the background are to end. */
const writers = { areOver: false };

afterEach(async () => {
  writers.areOver = true;
  await cluster?.stop();
  cluster = undefined;
});

/** Workers and sockets that are open, by kind. */
function resources(): Record<string, number> {
  const names = process.getActiveResourcesInfo();
  const count = (kind: string): number => names.filter((name) => name === kind).length;
  return Object.fromEntries(['Worker', 'TCPServerWrap', 'MessagePort'].map((kind) => [kind, count(kind)]));
}

function clientOf({ access }: Cluster): CoreV1Api {
  const config = new KubeConfig();
  config.loadFromFile(access.kubeconfigPath);
  return config.makeApiClient(CoreV1Api);
}

test.for([2, 3] as const)(
  'one master becomes three, the first dies, three become one, and no acknowledged write is lost: %i threads each',
  async (threadsPerMaster) => {
    const started = await Cluster.start({ masters: 1, nodes: 1, threadsPerMaster });
    cluster = started;
    const before = resources();
    const folder = dirname(started.kubeconfigPath);
    writers.areOver = false;
    const acknowledged: string[] = [];
    const write = async (): Promise<void> => {
      for (let index = 0; !writers.areOver; index += 1) {
        await started.store.put(`k/${index}`, 'v').then(
          () => void acknowledged.push(`k/${index}`),
          (error: unknown) => {
            if (!(error instanceof StoreRequestError)) throw error;
          },
        );
      }
    };
    const writing = write();
    const leaders: string[] = [];
    started.leadership$.subscribe(({ leader }) => void leaders.push(leader));
    const joined = await Promise.all([started.addMaster(), started.addMaster()]);
    expect(joined.map(({ name }) => name)).toEqual(['master-1', 'master-2']);
    await started.ready();
    const status = await started.status();
    expect(status.masters.map(({ name, ready }) => [name, ready])).toEqual([
      ['master-0', true],
      ['master-1', true],
      ['master-2', true],
    ]);
    const threads = {
      2: ['master-2/server', 'master-2/control'],
      3: ['master-2/store', 'master-2/api', 'master-2/control'],
    };
    expect(status.masters[2]?.threads.map(({ name }) => name)).toEqual(threads[threadsPerMaster]);
    await started.kill('master-0');
    expect((await started.leader()).name).not.toBe('master-0');
    // Through the balancer, which has nobody but the new ones to send it to.
    await expect
      .poll(
        () =>
          clientOf(started)
            .listNode()
            .then(
              ({ items }) => items.length,
              () => 0,
            ),
        { timeout: 10_000 },
      )
      .toBe(1);
    await started.apply('apiVersion: v1\nkind: ConfigMap\nmetadata: { name: later }\n');

    await started.removeMaster('master-0');
    const kept = started.masters().find((name) => !leaders.includes(name)) ?? 'master-1';
    const leader = (await started.leader()).name;
    const other = leader === kept ? started.masters().find((name) => name !== kept) : leader;
    await started.removeMaster(other ?? '');
    await started.ready();
    writers.areOver = true;
    await writing;
    expect(started.masters()).toEqual([kept]);
    expect(leaders).toContain(kept);
    expect((await started.storeStatuses())[0]?.membership).toMatchObject({
      voters: [Number(kept.slice(7)) + 1],
      learners: [],
    });
    expect((await readdir(folder)).filter((name) => name.startsWith('master-'))).toEqual([kept]);
    expect(Object.keys(started.access.ports).toSorted()).toEqual(['balancer', `${kept}/gateway`]);
    expect(() => started.member('master-0')).toThrow('no member master-0');
    const { keyValues } = await started.store.range({ start: 'k/', end: 'k0' });
    const present = new Set(keyValues.map(({ key }) => key));
    expect(acknowledged.filter((key) => !present.has(key))).toEqual([]);
    expect(acknowledged.length).toBeGreaterThan(10);
    expect((await started.api.get('configmap/later')).metadata.name).toBe('later');
    await expect.poll(resources).toEqual(before);
    await expect(started.removeMaster(kept)).rejects.toMatchObject({ name: 'MembershipError', code: 'lastMaster' });
  },
);

test('without a majority nobody joins or leaves, and a paused master is no reason to wait', async () => {
  cluster = await Cluster.start({ masters: 3, nodes: 0 });
  const before = resources();
  await cluster.pause('master-2');
  await cluster.addMaster();
  await cluster.removeMaster('master-3');
  await cluster.resume('master-2');
  await cluster.ready();
  await Promise.all([cluster.kill('master-1'), cluster.kill('master-2')]);
  await expect(cluster.addMaster()).rejects.toMatchObject({ name: 'MembershipError', code: 'noQuorum' });
  await expect(cluster.removeMaster('master-1')).rejects.toMatchObject({ code: 'noQuorum' });
  expect(cluster.masters()).toEqual(['master-0', 'master-1', 'master-2']);
  const folder = dirname(cluster.kubeconfigPath);
  expect((await readdir(folder)).filter((name) => name.startsWith('master-')).length).toBe(3);
  await Promise.all([cluster.restart('master-1'), cluster.restart('master-2')]);
  await cluster.ready();
  await expect.poll(resources).toEqual(before);
});

test('with a data directory the masters that a cluster has by now start again, on their ports', async () => {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'threemaster-test-'));
  const options = { nodes: 0, dataDirectory };
  cluster = await Cluster.start({ ...options, masters: 1 });
  await cluster.addMaster();
  await cluster.addMaster();
  await cluster.apply('apiVersion: v1\nkind: ConfigMap\nmetadata: { name: kept }\n');
  const { ports, url } = cluster.access;
  await cluster.stop();
  await expect(Cluster.start({ ...options, masters: 1 })).rejects.toThrow('holds a cluster of 3 masters, not 1');
  cluster = await Cluster.start(options);
  expect(cluster.masters()).toEqual(['master-0', 'master-1', 'master-2']);
  expect([cluster.access.url, cluster.access.ports]).toEqual([url, ports]);
  const removed = firstValueFrom(
    cluster.events$.pipe(
      filter(({ type }) => type === 'masterRemoved'),
      map((event) => ('name' in event ? event.name : '')),
    ),
  );
  await cluster.removeMaster('master-0');
  expect(await removed).toBe('master-0');
  expect(existsSync(join(dataDirectory, 'master-0'))).toBe(false);
  await cluster.stop();
  cluster = await Cluster.start(options);
  expect(cluster.masters()).toEqual(['master-1', 'master-2']);
  expect((await cluster.api.get('configmap/kept')).metadata.name).toBe('kept');
  // Neither the name nor the replica's id is given again.
  expect((await cluster.addMaster()).name).toBe('master-3');
  await cluster.stop();
  await rm(dataDirectory, { recursive: true });
});

/** Asks the process of the cluster itself, at once; resolves with whether it was done. */
function ask(command: CommandLine, body: object): Promise<boolean> {
  const { running } = JSON.parse(readFileSync(join(command.folder, 'home', 'kept', 'record.json'), 'utf8'));
  const headers = { Authorization: `Bearer ${running.controlToken}` };
  return fetch(running.controlUrl, { method: 'POST', headers, body: JSON.stringify(body) }).then(
    ({ ok }) => ok,
    () => false,
  );
}

test('a process killed amid a join or a leave leaves a cluster that starts again, with that master or without', async () => {
  await using command = new CommandLine();
  const random = new Random(7);
  const data = join(command.folder, 'data');
  const line = `--name kept --nodes 0 --data-dir ${data}`;
  await command.start(`${line} --masters 1`);
  const kills = 5;
  let done = 0;
  // It exits with 1 while the cluster is not ready, as on a machine so busy that an election is lost.
  const status = (): Promise<ClusterStatus> =>
    vi.waitFor(() => command.json<ClusterStatus>('status --name kept'), { timeout: 30_000 });
  for (let kill = 0; kill < kills; kill += 1) {
    const { masters } = await status();
    const isLeave = masters.length > 2;
    const change = ask(command, isLeave ? { type: 'removeMaster', member: masters[0]?.name } : { type: 'addMaster' });
    await sleep(random.integer(0, 250));
    await command.killProcess();
    done += (await change) ? 1 : 0;
    await command.start(line);
    const after = await status();
    expect(Math.abs(after.masters.length - masters.length)).toBeLessThan(2);
    const { masters: entries } = JSON.parse(readFileSync(join(data, 'cluster.json'), 'utf8')).masters;
    expect(entries).toEqual(after.masters.map(({ name }) => ({ name, phase: 'member' })));
    const folders = (await readdir(data)).filter((name) => name.startsWith('master-'));
    expect(folders.toSorted()).toEqual(after.masters.map(({ name }) => name).toSorted());
  }
  // Most kills came before the end, or nothing was tried.
  expect(done).toBeLessThan(kills);
  const { member } = await command.json<{ readonly member: string }>('add-master --name kept');
  expect((await command.run(`remove-master ${member} --name kept`)).stdout).toBe(`${member} has left\n`);
  const last = await command.run('remove-master master-77 --name kept');
  expect([last.code, last.stderr]).toEqual([1, expect.stringContaining('no master master-77; there are')]);
}, 240_000);
