/** What only the runtime `process` does: limits that are watched from outside, and the end of everything that a program began. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { otherAddresses, portFreeEverywhere, reach } from './addresses.ts';
import { containerConfig, RuntimeHarness } from './runtime-harness.ts';

const isLinux = process.platform === 'linux';

/** A machine that is busy gives a program little time. */
const patience = { timeout: 20_000 };

let node: RuntimeHarness;

beforeEach(async () => {
  node = await new RuntimeHarness('process').start();
});
afterEach(() => node[Symbol.asyncDispose]());

/** One that was killed and that nobody has asked after is dead too. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isLinux || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** The numbers that a program has written, one a line. */
async function numbersOf(containerId: string, count: number): Promise<number[]> {
  await expect.poll(async () => (await node.logs(containerId)).split('\n').length - 1).toBe(count);
  return (await node.logs(containerId)).trim().split('\n').map(Number);
}

test('a container without a command cannot be started, since an image is a name only', async () => {
  await expect(node.run({ image: 'nginx' })).rejects.toThrow('name one as command');
});

test('a process that a signal ends leaves 128 and the number of the signal', async () => {
  const { containerId } = await node.run({ command: ['sh', '-c', 'kill -SEGV $$'] });
  expect(await node.exited(containerId)).toMatchObject({ exitCode: 139, reason: 'Error' });
});

test('what a program leaves behind ends with it, even in another session', async () => {
  const script = 'sleep 1000 & echo $!; setsid sleep 1000 & echo $!; sleep 0.2';
  const { containerId } = await node.run({ command: ['sh', '-c', script] });
  const pids = await numbersOf(containerId, 2);
  await node.exited(containerId);
  await expect.poll(() => pids.filter(isAlive)).toEqual([]);
});

test.runIf(isLinux)('one that takes more memory than it may is killed as OOMKilled', async () => {
  const command = ['node', '-e', 'const all = []; setInterval(() => all.push(Buffer.alloc(8 << 20, 1)), 5)'];
  const { containerId } = await node.run({ command, memoryLimitBytes: 96 * 1024 * 1024 });
  expect(await node.exited(containerId)).toMatchObject({ exitCode: 137, reason: 'OOMKilled' });
});

test.runIf(isLinux)('one that has too many processes is killed', async () => {
  const script = 'i=0; while [ $i -lt 300 ]; do sleep 1000 & i=$((i + 1)); done; wait';
  const { containerId } = await node.run({ command: ['sh', '-c', script] });
  expect(await node.exited(containerId)).toMatchObject({ exitCode: 137, reason: 'Error' });
  expect(await node.logs(containerId)).toContain('killed: too many processes');
});

test('with the runtime end all processes and all folders but persistent volumes', async () => {
  const { containerId } = await node.run({ command: ['sh', '-c', 'echo $$; setsid sleep 1000 & echo $!; wait'] });
  const pids = await numbersOf(containerId, 2);
  const nodes = join(node.folder, 'nodes');
  expect(readdirSync(nodes)).toHaveLength(1);
  await node.kill();
  await expect.poll(() => pids.filter(isAlive)).toEqual([]);
  await expect.poll(() => existsSync(nodes)).toBe(false);
});

test.runIf(isLinux)('what a busy process and its children use is measured', async () => {
  const { containerId } = await node.run({ command: ['sh', '-c', '(while :; do :; done) & sleep 1000'] });
  await expect
    .poll(async () => {
      const usage = await node.ask('stats', null);
      const [only] = usage.type === 'done' ? usage.containers : [];
      return only?.containerId === containerId && only.cpuNanoseconds > 50_000_000 && only.cpuNanocores > 10_000_000;
    }, patience)
    .toBe(true);
});

test.runIf(isLinux).each([
  ['at its pod’s address is refused at all others, and another pod has the same port', 'pod', 'ECONNREFUSED'],
  ['everywhere is everywhere: nothing confines a process', '0.0.0.0', 'answers'],
])('a process that listens %s', async (_name, host, elsewhere) => {
  const port = await portFreeEverywhere();
  const script =
    'require("net").createServer().listen(+process.argv[1], process.argv[2], () => console.log("listening"))';
  const addresses: string[] = [];
  for (const hostname of host === 'pod' ? ['one', 'two'] : ['one']) {
    const { sandboxId, config } = await node.sandbox({ hostname });
    const address = config.podIp ?? '';
    // What a pod gets from `fieldPath: status.podIP`.
    const command = ['node', '-e', script, `${port}`, host === 'pod' ? address : host];
    const containerId = await node.create(sandboxId, containerConfig({ command }));
    await node.ask('startContainer', { containerId });
    await expect.poll(() => node.logs(containerId), patience).toBe('listening\n');
    addresses.push(address);
  }
  for (const address of addresses) expect(await reach(address, port)).toBe('answers');
  expect(await reach('127.0.0.1', port)).toBe(elsewhere);
  const others = otherAddresses().filter((address) => !address.includes(':'));
  expect(await Promise.all(others.map((address) => reach(address, port)))).toEqual(others.map(() => elsewhere));
});
