/** What only the runtime `worker` does: modules as images, threads that fail, memory that a pod shares, our own shell and images. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { builtInImages } from '../../actors/io/programs/images.ts';
import { builtIns } from '../../actors/programs/built-ins.ts';
import { utf8Text } from '../../src/base/bytes.ts';
import { otherAddresses, portFreeEverywhere, reach } from './addresses.ts';
import { containerConfig, RuntimeHarness } from './runtime-harness.ts';

/** A machine that is busy gives a program little time. */
const patience = { timeout: 20_000 };

let node: RuntimeHarness;
let modules: string;

beforeEach(async () => {
  modules = mkdtempSync(join(tmpdir(), 'threemaster-modules-'));
  node = await new RuntimeHarness('worker').start({ mapped: module('mapped', 'console.log("by name")') });
});
afterEach(async () => {
  await node[Symbol.asyncDispose]();
  rmSync(modules, { recursive: true });
});

/** Writes a module and returns its URL: an image. */
function module(name: string, text: string): string {
  const path = join(modules, `${name}.mjs`);
  writeFileSync(path, text);
  return pathToFileURL(path).href;
}

async function output(containerId: string, script: string): Promise<string> {
  const answer = await node.ask('execSync', { containerId, command: ['sh', '-c', script], timeoutMs: 10_000 });
  if (answer.type === 'failed') throw new Error(answer.message);
  return utf8Text(answer.stdout) + utf8Text(answer.stderr);
}

/** Starts two containers in one pod. */
async function pair(one: Parameters<typeof containerConfig>[0], two: typeof one): Promise<readonly [string, string]> {
  const { sandboxId } = await node.sandbox();
  const ids: string[] = [];
  for (const [index, config] of [one, two].entries()) {
    const containerId = await node.create(sandboxId, containerConfig({ name: `c${index}`, ...config }));
    await node.ask('startContainer', { containerId });
    ids.push(containerId);
  }
  return [ids[0] ?? '', ids[1] ?? ''];
}

test('every image of ours has a program', () => {
  expect(Object.keys(builtIns).toSorted()).toEqual([...builtInImages].toSorted());
});

describe('images', () => {
  test('a module is an image, by URL or by name, with or without a tag', async () => {
    const text = `export default async (container) => {
      container.stdout.write(container.args.join(',') + ' ' + container.env.NAME + '\\n');
      await container.fs.writeFile('/dev/termination-log', 'told');
      return 9;
    }`;
    const { containerId } = await node.run({
      image: module('main', text),
      args: ['a', 'b'],
      env: [{ name: 'NAME', value: 'x' }],
    });
    expect(await node.exited(containerId)).toMatchObject({ exitCode: 9, message: 'told' });
    expect(await node.logs(containerId)).toBe('a,b x\n');
    const mapped = await node.run({ image: 'mapped:v1' });
    expect(await node.exited(mapped.containerId)).toMatchObject({ exitCode: 0, reason: 'Completed' });
    expect(await node.logs(mapped.containerId)).toBe('by name\n');
  });

  test('a well-known name stands for a program of ours, and says so', async () => {
    const { config: sandbox } = await node.sandbox();
    const note = 'Under the runtime "worker" it stands for the built-in program threemaster/web.';
    expect(await node.ask('pullImage', { image: 'docker.io/library/nginx:1.27', sandbox })).toMatchObject({ note });
    expect(await node.ask('imageStatus', { image: 'docker.io/library/nginx:1.27', runtimeHandler: '' })).toMatchObject({
      note,
    });
  });

  test('any other image cannot be pulled, and the message says which there are', async () => {
    const { config: sandbox } = await node.sandbox();
    const answer = await node.ask('pullImage', { image: 'postgres:16', sandbox });
    expect(answer).toMatchObject({ type: 'failed', code: 'pullFailed' });
    const { message } = answer as { message: string };
    for (const name of ['postgres:16', 'threemaster/shell', 'mapped', 'file:']) expect(message).toContain(name);
    const missing = await node.ask('pullImage', { image: 'file:///nowhere/module.mjs', sandbox });
    expect(missing).toMatchObject({ message: expect.stringContaining('no module at') });
  });
});

describe('failures of a program', () => {
  test('an error that nobody handles ends it with 1, and its stack is in the log', async () => {
    const image = module('throws', 'setTimeout(() => { throw new Error("lost"); }, 1)');
    const { containerId } = await node.run({ image });
    expect(await node.exited(containerId)).toMatchObject({ exitCode: 1, reason: 'Error' });
    expect(await node.logs(containerId)).toMatch(/Error: lost\n {4}at .*throws\.mjs/);
  });

  test('one that takes more memory than it may is killed as OOMKilled', async () => {
    const image = module(
      'grows',
      'const all = []; for (;;) all.push(Array.from({ length: 1000 }, (_, n) => ({ n })));',
    );
    const { containerId } = await node.run({ image, memoryLimitBytes: 32 * 1024 * 1024 });
    expect(await node.exited(containerId)).toMatchObject({ exitCode: 137, reason: 'OOMKilled' });
  });

  test('one that blocks its thread harms nobody, and can be killed', async () => {
    const image = module('blocks', 'console.log("in"); for (;;);');
    const { containerId } = await node.run({ image });
    await expect.poll(() => node.logs(containerId)).toBe('in\n');
    const { containerId: other } = await node.run({ command: ['echo', 'fine'] });
    expect(await node.exited(other)).toMatchObject({ exitCode: 0 });
    await node.ask('stopContainer', { containerId, graceMs: 50 });
    expect(await node.container(containerId)).toMatchObject({ exitCode: 137, reason: 'Error' });
  });

  test.runIf(process.platform === 'linux')(
    'what one that blocks its thread uses is measured all the same',
    async () => {
      const { containerId } = await node.run({ image: module('busy', 'setTimeout(() => { for (;;); }, 50)') });
      await expect
        .poll(async () => {
          const usage = await node.ask('stats', null);
          const [only] = usage.type === 'done' ? usage.containers : [];
          return (
            only?.containerId === containerId && only.cpuNanoseconds > 200_000_000 && only.workingSetBytes > 1_000_000
          );
        }, patience)
        .toBe(true);
    },
  );

  test('one that writes without a pause is slowed down, not stopped', async () => {
    const image = module('floods', 'for (;;) process.stdout.write("x".repeat(100) + "\\n");');
    const { containerId } = await node.run({ image });
    await expect.poll(async () => (await node.logs(containerId)).length, { timeout: 10_000 }).toBeGreaterThan(100_000);
    expect(await node.container(containerId)).toMatchObject({ state: 'running' });
    await node.ask('stopContainer', { containerId, graceMs: 0 });
    expect(await node.container(containerId)).toMatchObject({ exitCode: 137 });
  });
});

describe('a pod', () => {
  const keeps = `export default async (container) => {
    const cells = new Int32Array(await container.sharedMemory('counter', 4));
    container.stdout.write('was ' + Atomics.add(cells, 0, 1) + '\\n');
    setInterval(() => {}, 1000);
  }`;

  test('its containers share memory by key, as over System V; another pod does not see it', async () => {
    const image = module('memory', keeps);
    const [one, two] = await pair({ image }, { image });
    const { containerId: other } = await node.run({ image });
    await expect
      .poll(async () => [await node.logs(one), await node.logs(two)].toSorted())
      .toEqual(['was 0\n', 'was 1\n']);
    await expect.poll(() => node.logs(other)).toBe('was 0\n');
  });

  test('its containers find each other at localhost and collide on a port; another pod may have the same port', async () => {
    const [server, client] = await pair(
      { image: 'threemaster/echo', args: ['--port=8080'] },
      { command: ['sleep', '1000'] },
    );
    await expect.poll(() => node.logs(server)).toContain('listening');
    expect(await output(client, 'wget -qO- http://localhost:8080/hello | grep path')).toContain('/hello');
    const [first, second] = await pair(
      { image: 'threemaster/web', args: ['--port=8080'] },
      { command: ['sleep', '1000'] },
    );
    await expect.poll(() => node.logs(first)).toContain('listening');
    expect(await output(second, 'curl -s localhost:8080')).toContain('It works');
    const { sandboxId } = (await node.container(first)) ?? { sandboxId: '' };
    const containerId = await node.create(
      sandboxId,
      containerConfig({ name: 'late', image: 'threemaster/echo', args: ['--port=8080'] }),
    );
    await node.ask('startContainer', { containerId });
    expect(await node.exited(containerId)).toMatchObject({ exitCode: 1 });
    expect(await node.logs(containerId)).toContain('EADDRINUSE: address already in use');
  });

  test('pods reach each other by address', async () => {
    const { sandboxId, containerId } = await node.run({
      image: 'threemaster/agnhost',
      args: ['netexec', '--http-port=8080', '--udp-port=-1'],
    });
    await expect.poll(() => node.logs(containerId)).toContain('Started');
    const { sandboxes } = await node.ask('list', null);
    const address = sandboxes.find(({ id }) => id === sandboxId)?.config;
    const { containerId: client } = await node.run({ command: ['sleep', '1000'] });
    expect(await output(client, `wget -qO- http://${address?.podIp ?? ''}:8080/hostname`)).toBe(address?.hostname);
    expect(await output(client, 'wget -qO- http://localhost:8080/')).toContain('Connection refused');
  });

  describe.runIf(process.platform === 'linux')('is reached at its own address alone', () => {
    const serves = `import { createServer } from 'node:http';
      export default (container) => new Promise((resolve, reject) => {
        const server = createServer((request, response) => response.end(container.hostname));
        const port = Number(container.args[0]);
        server.on('error', reject).listen(LISTEN, () => console.log('listening'));
      });`;

    test.each([
      ['nowhere in particular', 'port'],
      ['at 0.0.0.0', "port, '0.0.0.0'"],
      ['at :: by options', "{ port, host: '::' }"],
      ['at localhost', "port, 'localhost'"],
      ['at 127.0.0.1', "{ port, host: '127.0.0.1' }"],
    ])(
      'a program that listens %s: two pods have the same port, and no other address of the machine has it',
      async (name, listen) => {
        const image = module(name.replaceAll(/\W/g, '-'), serves.replace('LISTEN', listen));
        const port = await portFreeEverywhere();
        const addresses: string[] = [];
        const ids: string[] = [];
        for (const hostname of ['one', 'two']) {
          const { sandboxId, config } = await node.sandbox({ hostname });
          const containerId = await node.create(sandboxId, containerConfig({ image, args: [`${port}`] }));
          await node.ask('startContainer', { containerId });
          await expect.poll(() => node.logs(containerId), patience).toBe('listening\n');
          addresses.push(config.podIp ?? '');
          ids.push(containerId);
          expect(await output(containerId, `wget -qO- http://localhost:${port}/`)).toBe(hostname);
        }
        const [one = '', two = ''] = addresses;
        expect(await output(ids[0] ?? '', `wget -qO- http://${two}:${port}/`)).toBe('two');
        expect(await output(ids[1] ?? '', `wget -qO- http://${one}:${port}/`)).toBe('one');
        const action = { type: 'tcp', host: '', port } as const;
        const probed = await node.ask('probe', { containerId: ids[0] ?? '', action, timeoutMs: 10_000 });
        expect(probed).toMatchObject({ isSuccessful: true });
        expect(await reach(one, port)).toBe('answers');
        const others = otherAddresses();
        expect(others).toContain('127.0.0.1');
        const answers = await Promise.all(others.map((address) => reach(address, port)));
        expect(answers).toEqual(others.map(() => 'ECONNREFUSED'));
      },
    );

    test('a program reaches itself at localhost and at 127.0.0.1, and the machine at any other port there', async () => {
      const text = `import { createServer } from 'node:http';
        export default async (container) => {
          const server = createServer((request, response) => response.end('pod'));
          await new Promise((resolve) => server.listen(Number(container.args[0]), resolve));
          const hosts = ['localhost:' + container.args[0], '127.0.0.1:' + container.args[0], '127.0.0.1:' + container.args[1]];
          for (const host of hosts) console.log(await (await fetch('http://' + host)).text());
          return 0;
        }`;
      const machine = createServer((_request, response) => response.end('machine')).listen(0, '127.0.0.1');
      await once(machine, 'listening');
      const ports = [await portFreeEverywhere(), (machine.address() as AddressInfo).port];
      const { containerId } = await node.run({ image: module('both', text), args: ports.map(String) });
      expect(await node.exited(containerId)).toMatchObject({ exitCode: 0 });
      expect(await node.logs(containerId)).toBe('pod\npod\nmachine\n');
      machine.close();
    });

    test('so is one that speaks UDP', async () => {
      const text = `import { createSocket } from 'node:dgram';
        export default (container) => {
          const socket = createSocket('udp4');
          socket.bind(Number(container.args[0]), () => {
            container.stdout.write('at ' + socket.address().address);
            const client = createSocket('udp4');
            client.send('to localhost', socket.address().port, 'localhost', () => client.close());
          });
          socket.on('message', (message) => { container.stdout.write(', ' + message); container.exit(0); });
        };`;
      const port = await portFreeEverywhere();
      const { sandboxId, containerId } = await node.run({ image: module('datagrams', text), args: [`${port}`] });
      await node.exited(containerId);
      const { sandboxes } = await node.ask('list', null);
      const address = sandboxes.find(({ id }) => id === sandboxId)?.config.podIp;
      expect(await node.logs(containerId)).toMatch(`at ${address}, to localhost`);
    });

    test('a pod of the host’s network listens where it says', async () => {
      const { sandboxId } = await node.sandbox({ podIp: null });
      const port = await portFreeEverywhere();
      const image = module('host', serves.replace('LISTEN', "port, '0.0.0.0'"));
      const containerId = await node.create(sandboxId, containerConfig({ image, args: [`${port}`] }));
      await node.ask('startContainer', { containerId });
      await expect.poll(() => node.logs(containerId), patience).toBe('listening\n');
      expect(await reach('127.0.0.1', port)).toBe('answers');
    });
  });

  test('a key-value store keeps what it was given in its volume', async () => {
    const config = node.sandboxConfig();
    await node.ask('setVolume', {
      podUid: config.uid,
      name: 'data',
      content: { type: 'persistent', handle: 'kv', isReadOnly: false },
    });
    const mounts = [{ volume: 'data', containerPath: '/data', subPath: '', isReadOnly: false }];
    const { sandboxId } = (await node.ask('runPodSandbox', { config })) as { sandboxId: string };
    const start = async (attempt: number): Promise<string> => {
      const containerId = await node.create(sandboxId, containerConfig({ attempt, image: 'threemaster/kv', mounts }));
      await node.ask('startContainer', { containerId });
      await expect.poll(() => node.logs(containerId)).toContain('listening');
      return containerId;
    };
    const first = await start(0);
    expect(await output(first, 'curl -s -X PUT -d blue localhost:6379/keys/colour')).toBe('ok\n');
    await node.ask('stopContainer', { containerId: first, graceMs: 10_000 });
    expect(await node.container(first)).toMatchObject({ exitCode: 0 });
    const second = await start(1);
    expect(await output(second, 'curl -s localhost:6379/keys/colour; curl -s localhost:6379/keys')).toBe(
      'blue["colour"]\n',
    );
  });
});

test('a path leads out of a container neither by dots nor by links', async () => {
  const { containerId } = await node.run({ command: ['sleep', '1000'] });
  expect(
    await output(
      containerId,
      'ln -s /etc/passwd p; cat p; cat ../../../../etc/passwd; ln -s ../../../../../../.. up; ls up',
    ),
  ).not.toContain('root:');
  expect(await output(containerId, 'ls ../../.. | head -2')).toBe('bin\ndev\n');
});

test.each([
  ['echo a b | tr a-z A-Z > f; cat f', 'A B\n'],
  ['for i in 1 2 3; do [ $i -gt 1 ] && echo $i; done', '2\n3\n'],
  ['x=5; while [ $x -gt 3 ]; do x=$((x - 1)); echo $x; done', '4\n3\n'],
  ['if false; then echo no; elif true; then echo yes; fi || echo never', 'yes\n'],
  ['false; echo $?; true && echo and; false || echo or', '1\nand\nor\n'],
  ['echo "${NONE:-default} ${HOSTNAME#pod-}" | wc -w', '2\n'],
  ['case abc in a*) echo starts;; *) echo other;; esac', 'starts\n'],
  ['f() { echo "got $1"; return 3; }; f x; echo $?', 'got x\n3\n'],
  ['mkdir -p d/e && touch d/e/x.txt d/y.txt && ls d && echo d/*.txt', 'e\ny.txt\nd/y.txt\n'],
  ['cat <<END\nhere $((1 + 2))\nEND', 'here 3\n'],
  ['seq 1 20 | tail -n 2; seq 3 | head -n1', '19\n20\n1\n'],
  ['printf "b\\na\\nb\\n" | sort | uniq -c | tr -s " "', ' 1 a\n 2 b\n'],
  ['echo one two | cut -d" " -f2; echo abc | sed "s/b/X/"', 'two\naXc\n'],
  ['cd /tmp && pwd; (cd /; pwd); pwd', '/tmp\n/\n/tmp\n'],
  [
    'echo hi | tee copy >/dev/null; cp copy c2; mv c2 c3; cat c3; rm copy c3; ls c* 2>&1',
    'hi\nls: c*: No such file or directory\n',
  ],
  [
    'mkdir t && echo x > t/f && tar cf - t | tar tf -; tar czf a.tgz t; rm -r t; tar xzf a.tgz; cat t/f',
    't/\nt/f\nx\n',
  ],
  ['yes | head -n 2', 'y\ny\n'],
  ['nosuch 2>&1; echo $?', 'sh: nosuch: not found\n127\n'],
  ['set -e; false; echo unreachable', ''],
  ['echo $(echo nested $(echo deep))', 'nested deep\n'],
  ['echo a; exit 0; echo b', 'a\n'],
  ["echo 'unclosed", 'sh: syntax error: unterminated quoted string\n'],
])('the shell: %s', async (script, expected) => {
  const { containerId } = await node.run({ command: ['sleep', '1000'] });
  expect(await output(containerId, script)).toBe(expected);
});
