/** The command, as its user runs it: clusters that stay, faults from another terminal, processes that die. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { ClusterStatus } from '../../src/cli/cluster-status.ts';
import { CommandLine, type Started } from './command.ts';

interface Summary {
  readonly name: string;
  readonly state: string;
  readonly pid: number | null;
}

const folders = (): readonly string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('threemaster-lab-'));

test('a detached cluster answers its user from anywhere, and leaves nothing when it is deleted', async () => {
  await using command = new CommandLine();
  const before = folders();
  const started = await command.json<Started>('start --detach --name lab --masters 3 --nodes 1');
  expect(started).toMatchObject({ name: 'lab', ready: true, masters: 3, nodes: 1 });
  expect(statSync(started.kubeconfig).mode & 0o077).toBe(0);
  const twice = await command.run('start --detach --name lab');
  expect([twice.code, twice.stderr]).toEqual([1, expect.stringContaining(`runs already, in process ${started.pid}`)]);

  const status = (await command.json('status --name lab')) as ClusterStatus & Summary;
  expect(status).toMatchObject({ state: 'running', ready: true, leaders: { store: status.leader } });
  expect(status.masters.map(({ name, ready }) => [name, ready])).toEqual([
    ['master-0', true],
    ['master-1', true],
    ['master-2', true],
  ]);
  expect(status.commitIndex).toBeGreaterThan(0);

  const leader = status.leader ?? '';
  expect((await command.run(`kill ${leader} --name lab`)).stdout).toBe(`killed ${leader}\n`);
  await expect.poll(async () => (await command.json<ClusterStatus>('status --name lab')).leader).not.toBe(leader);
  expect((await command.run(`restart ${leader} --name lab`)).code).toBe(0);
  expect((await command.run('partition master-0 master-1,master-2 --name lab')).code).toBe(0);
  expect((await command.run('heal --name lab')).code).toBe(0);
  expect((await command.run('pause node-0/kubelet --for 50ms --name lab')).code).toBe(0);
  const wrong = await command.run('kill master-9 --name lab');
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('no member master-9; there are master-0')]);

  expect((await command.run('stop --name lab')).stdout).toBe('cluster lab is stopped\n');
  expect(await command.json('list')).toMatchObject({ clusters: [{ name: 'lab', state: 'stopped', pid: null }] });
  expect((await command.run('status --name lab')).code).toBe(1);
  expect((await command.run('delete --name lab')).stdout).toBe('cluster lab is deleted\n');
  expect(await command.json('list')).toEqual({ clusters: [] });
  expect(folders()).toEqual(before);
});

test('a folder is pushed to the registry of a cluster', async () => {
  await using command = new CommandLine();
  const shop = mkdtempSync(join(tmpdir(), 'threemaster-shop-'));
  writeFileSync(join(shop, 'main.mjs'), 'console.log(1)');
  const nowhere = await command.run(`push shop:v1 ${shop} --name lab`);
  expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringContaining('"shop:v1" tells no registry')]);
  await command.json<Started>('start --detach --name lab --masters 1 --nodes 0 --registry');
  const pushed = await command.json<{ image: string }>(`push shop:v1 ${shop} --cmd /main.mjs --name lab`);
  expect(pushed.image).toMatch(/^127\.0\.0\.1:\d+\/shop:v1$/);
  const [registry = ''] = pushed.image.split('/');
  const tags = await fetch(`http://${registry}/v2/shop/tags/list`);
  expect(await tags.json()).toEqual({ name: 'shop', tags: ['v1'] });
  const missing = await command.run('push shop:v1 ./not-there --name lab');
  expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('is no folder')]);
  await command.run('delete --name lab');
  rmSync(shop, { recursive: true });
});

test('a cluster whose process was killed is found dead, and cleared by delete', async () => {
  await using command = new CommandLine();
  const before = folders();
  const { pid } = await command.json<Started>('start --detach --name lab --masters 1 --nodes 0');
  process.kill(pid, 'SIGKILL');
  await expect
    .poll(async () => (await command.json<{ clusters: Summary[] }>('list')).clusters[0]?.state)
    .toBe('crashed');
  const status = await command.run('status --name lab');
  expect([status.code, status.stdout]).toEqual([1, expect.stringContaining('cluster lab has crashed')]);
  const kill = await command.run('kill master-0 --name lab');
  expect([kill.code, kill.stderr]).toEqual([1, expect.stringContaining('cluster lab has crashed')]);
  expect((await command.run('delete --name lab')).code).toBe(0);
  expect(folders()).toEqual(before);
});

test('two clusters side by side share a kubeconfig file; one data directory is for one of them', async () => {
  await using command = new CommandLine();
  const file = join(command.folder, 'config');
  const data = join(command.folder, 'data');
  const options = `--masters 1 --nodes 0 --kubeconfig ${file}`;
  await command.json(`start --detach --name one ${options} --data-dir ${data} --token first-token`);
  const refused = await command.run(`start --detach --name two --masters 1 --data-dir ${data}`);
  expect([refused.code, refused.stderr]).toEqual([
    1,
    expect.stringMatching(/the data directory .* is in use by process \d+/),
  ]);
  await command.json(`start --detach --name two ${options}`);
  const shared = parse(readFileSync(file, 'utf8'));
  expect(shared.contexts.map(({ name }: { name: string }) => name)).toEqual(['threemaster-one', 'threemaster-two']);
  expect(shared.users[0].user.token).toBe('first-token');

  await command.run('stop --name one');
  const masters = await command.run('start --detach --name one --masters 3');
  expect([masters.code, masters.stderr]).toEqual([1, expect.stringContaining('holds a cluster of 1 masters, not 3')]);
  const again = await command.json<Started & { dataDirectory: string }>('start --detach --name one');
  expect(again.dataDirectory).toBe(data);
  expect(parse(readFileSync(again.kubeconfig, 'utf8')).users[0].user.token).toBe('first-token');
  await command.run('delete --name one');
  expect(existsSync(data)).toBe(false);
  expect(parse(readFileSync(file, 'utf8')).contexts).toHaveLength(1);
});
