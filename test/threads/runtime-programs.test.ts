/** What the runtimes `worker` and `process` do for real: volumes, sessions, limits, ends. The commands are understood by both. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { utf8, utf8Text } from '../../src/base/bytes.ts';
import { logLinesMax } from '../../src/kubelet/log-ring.ts';
import type { VolumeContent } from '../../src/protocol/runtime.ts';
import { containerConfig, RuntimeHarness, written } from './runtime-harness.ts';

const file = (path: string, text: string) => ({ path, bytes: utf8(text), mode: 0o644 });
const streams = { stdin: false, stdout: true, stderr: true, tty: false };

describe.each(['worker', 'process'] as const)('the runtime %s', (handler) => {
  let node: RuntimeHarness;

  beforeEach(async () => {
    node = await new RuntimeHarness(handler).start();
  });
  afterEach(() => node[Symbol.asyncDispose]());

  const sh = (script: string) => ['sh', '-c', script];

  /** Runs a command in a container and returns what it wrote. */
  async function output(containerId: string, script: string): Promise<string> {
    const answer = await node.ask('execSync', { containerId, command: sh(script), timeoutMs: 10_000 });
    if (answer.type === 'failed') throw new Error(answer.message);
    return utf8Text(answer.stdout) + utf8Text(answer.stderr);
  }

  async function setVolume(podUid: string, name: string, content: VolumeContent): Promise<void> {
    expect(await node.ask('setVolume', { podUid, name, content })).toEqual({ type: 'done' });
  }

  test('a program gets its environment and working directory, and nothing of the cluster’s own environment', async () => {
    process.env['THREEMASTER_SECRET'] = 'not for pods';
    const { containerId } = await node.run({
      command: sh('echo $GREETING $HOSTNAME; env | grep -c SECRET; basename $(pwd); echo done'),
      env: [{ name: 'GREETING', value: 'hi' }],
      workingDirectory: '/tmp',
    });
    await node.exited(containerId);
    expect(await node.logs(containerId)).toMatch(/^hi pod-\d+\n0\ntmp\ndone\n$/);
  });

  test('two containers see neither the files nor the environment of each other', async () => {
    const one = await node.run({ command: sh('echo secret > mine; sleep 1000'), env: [{ name: 'OWN', value: '1' }] });
    const other = await node.run({ command: ['sleep', '1000'] });
    await expect.poll(() => output(one.containerId, 'cat mine')).toBe('secret\n');
    expect(await output(other.containerId, 'ls mine; env | grep OWN')).not.toContain('secret');
    expect(await output(other.containerId, 'cat mine || echo none')).toContain('none');
  });

  test('a program that is not there cannot be started', async () => {
    const { sandboxId } = await node.sandbox();
    const containerId = await node.create(sandboxId, containerConfig({ command: ['no-such-program'] }));
    const answer = await node.ask('startContainer', { containerId });
    expect(answer).toEqual({
      type: 'failed',
      code: 'startFailed',
      message: 'exec: "no-such-program": executable file not found in $PATH',
    });
    expect(await node.container(containerId)).toMatchObject({ state: 'created' });
  });

  test('volumes are shared by the containers of a pod, and files in them are replaced all at once', async () => {
    const config = node.sandboxConfig();
    const { uid } = config;
    await setVolume(uid, 'scratch', { type: 'empty', isMemory: false, sizeLimitBytes: 0 });
    await setVolume(uid, 'config', { type: 'files', files: [file('a.txt', 'one'), file('sub/b.txt', 'two')] });
    await setVolume(uid, 'kept', { type: 'persistent', handle: 'pv-1', isReadOnly: false });
    const { sandboxId } = (await node.ask('runPodSandbox', { config })) as { sandboxId: string };
    const mount = (volume: string, containerPath: string, subPath = '') => ({
      volume,
      containerPath,
      subPath,
      isReadOnly: false,
    });
    const mounts = [mount('scratch', '/scratch'), mount('config', '/etc/app'), mount('kept', '/kept', 'part')];
    const ids = [];
    for (const name of ['one', 'two']) {
      const id = await node.create(sandboxId, containerConfig({ name, command: ['sleep', '1000'], mounts }));
      await node.ask('startContainer', { containerId: id });
      ids.push(id);
    }
    const [one = '', two = ''] = ids;
    // A process finds its root in $HOME; to a worker it is /.
    const root = handler === 'process' ? '$HOME' : '';
    await output(one, `echo shared > ${root}/scratch/x; echo kept > ${root}/kept/y`);
    expect(await output(two, `cat ${root}/scratch/x ${root}/etc/app/a.txt ${root}/etc/app/sub/b.txt`)).toBe(
      'shared\nonetwo',
    );
    await setVolume(uid, 'config', { type: 'files', files: [file('a.txt', 'changed')] });
    expect(await output(two, `cat ${root}/etc/app/a.txt; ls ${root}/etc/app`)).toBe('changeda.txt\n');
    expect(readFileSync(join(node.folder, 'volumes/pv-1/part/y'), 'utf8')).toBe('kept\n');
    await node.ask('removePodSandbox', { sandboxId });
    expect(await node.ask('removeVolumes', { podUid: uid })).toEqual({ type: 'done' });
    expect(existsSync(join(node.folder, 'volumes/pv-1/part/y'))).toBe(true);
    const [base = ''] = readdirSync(join(node.folder, 'nodes'));
    expect(readdirSync(join(node.folder, 'nodes', base, 'pods'))).toEqual([]);
    await expect.poll(() => readdirSync(join(node.folder, 'nodes', base, 'containers'))).toEqual([]);
  });

  test('the termination message is what the program wrote to its file, or the end of its log', async () => {
    const root = handler === 'process' ? '$HOME' : '';
    const told = await node.run({ command: sh(`echo -n because > ${root}/dev/termination-log; exit 1`) });
    expect(await node.exited(told.containerId)).toMatchObject({ exitCode: 1, message: 'because' });
    const terminationMessagePolicy = 'FallbackToLogsOnError' as const;
    const silent = await node.run({ command: sh('echo last words; exit 1'), terminationMessagePolicy });
    expect(await node.exited(silent.containerId)).toMatchObject({ message: 'last words\n' });
  });

  test('an exec session takes input and ends with the code of its command', async () => {
    const { containerId } = await node.run({ command: ['sleep', '1000'] });
    const command = sh('read name; echo hello $name; echo oops >&2; exit 5');
    const session = node.subscribe('exec', { ...streams, sessionId: 's', containerId, command, stdin: true });
    const input = { sessionId: 's', bytes: utf8('world\n'), isEnd: true };
    expect(await node.ask('sendInput', input)).toEqual({ type: 'done' });
    expect(await session.ended()).toBe('completed');
    expect([written(session.items(), 'stdout'), written(session.items(), 'stderr')]).toEqual([
      'hello world\n',
      'oops\n',
    ]);
    expect(session.items().at(-1)).toEqual({ type: 'exited', exitCode: 5 });
    expect(await node.ask('sendInput', input)).toMatchObject({ code: 'notFound' });
  });

  test('a session whose reader goes is killed; an attached one leaves the container running', async () => {
    const { containerId } = await node.run({
      command: sh('while read line; do echo got $line; done; echo end'),
      stdin: true,
    });
    const exec = node.subscribe('exec', {
      ...streams,
      sessionId: 'e',
      containerId,
      command: sh('echo up; sleep 1000'),
    });
    await node.until(() => written(exec.items(), 'stdout') === 'up\n');
    node.unsubscribe(exec.id);
    await expect
      .poll(async () => (await node.ask('sendInput', { sessionId: 'e', bytes: utf8(''), isEnd: false })).type)
      .toBe('failed');
    const attached = node.subscribe('attach', { ...streams, sessionId: 'a', containerId, stdin: true });
    await node.ask('sendInput', { sessionId: 'a', bytes: utf8('this\n'), isEnd: false });
    await node.until(() => written(attached.items(), 'stdout') === 'got this\n');
    node.unsubscribe(attached.id);
    expect(await node.container(containerId)).toMatchObject({ state: 'running' });
    expect(await node.logs(containerId)).toBe('got this\n');
  });

  test('a program that ignores SIGTERM is killed when its grace is over', async () => {
    const { containerId } = await node.run({ command: sh("trap '' TERM; echo deaf; while true; do sleep 0.01; done") });
    await expect.poll(() => node.logs(containerId)).toBe('deaf\n');
    const stop = node.ask('stopContainer', { containerId, graceMs: 300 });
    expect(await node.container(containerId)).toMatchObject({ state: 'running' });
    expect(await stop).toEqual({ type: 'done' });
    expect(await node.container(containerId)).toMatchObject({ exitCode: 137, reason: 'Error' });
  });

  test('a program that handles SIGTERM ends as it likes', async () => {
    const { containerId } = await node.run({
      command: sh("trap 'echo bye; exit 7' TERM; echo up; while true; do sleep 0.01; done"),
    });
    await expect.poll(() => node.logs(containerId)).toBe('up\n');
    await node.ask('stopContainer', { containerId, graceMs: 10_000 });
    expect(await node.container(containerId)).toMatchObject({ exitCode: 7 });
    // Some shells of the machine also tell what became of the sleep.
    expect(await node.logs(containerId)).toMatch(/^up\n(Terminated\n)?bye\n$/);
  });

  test('a program that writes without end costs the node no memory, and goes on', async () => {
    const { containerId } = await node.run({ command: ['yes', 'a line of some length that goes on and on'] });
    await expect
      .poll(async () => (await node.logs(containerId)).split('\n').length, { timeout: 10_000 })
      .toBe(logLinesMax + 1);
    const before = process.memoryUsage().rss;
    const session = node.subscribe('exec', { ...streams, sessionId: 's', containerId, command: ['yes'] }, 4);
    await node.until(() => session.items().length === 4);
    await node.logs(containerId);
    // A session that nobody reads holds back no more than its window, and the log no more than its ring.
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
    await node.ask('stopContainer', { containerId, graceMs: 0 });
    expect(await node.container(containerId)).toMatchObject({ state: 'exited', exitCode: 137 });
    node.grant(session.id, 1_000);
    expect(await session.ended()).toBe('completed');
    expect(session.items().at(-1)).toEqual({ type: 'exited', exitCode: 137 });
  });

  test('a container’s port answers probes and connections from outside, and no other pod’s', async () => {
    const { sandboxId, config } = await node.sandbox();
    const containerId = await node.create(
      sandboxId,
      containerConfig(
        handler === 'worker'
          ? { image: 'threemaster/web', args: ['--port=8080'] }
          : {
              command: [
                'node',
                '-e',
                'require("http").createServer((q, s) => s.end("real")).listen(8080, process.env.POD_IP)',
              ],
              env: [{ name: 'POD_IP', value: config.podIp ?? '' }],
            },
      ),
    );
    await node.ask('startContainer', { containerId });
    const http = { type: 'http', host: '', port: 8_080, path: '/', isTls: false, headers: [] } as const;
    const probe = (action: Parameters<typeof node.ask<'probe'>>[1]['action']) =>
      node.ask('probe', { containerId, action, timeoutMs: 2_000 });
    await expect.poll(() => probe(http)).toMatchObject({ isSuccessful: true });
    expect(await probe({ type: 'tcp', host: '', port: 8_080 })).toMatchObject({ isSuccessful: true });
    expect(await probe({ type: 'tcp', host: '', port: 8_081 })).toMatchObject({
      isSuccessful: false,
      message: expect.stringContaining('refused'),
    });
    if (handler === 'worker')
      expect(await probe({ ...http, path: '/none' })).toMatchObject({
        message: 'HTTP probe failed with statuscode: 404',
      });
    const connection = node.subscribe('connect', { sessionId: 'c', sandboxId, port: 8_080 });
    await node.ask('sendInput', {
      sessionId: 'c',
      bytes: utf8('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'),
      isEnd: false,
    });
    expect(await connection.ended()).toBe('completed');
    expect(written(connection.items(), 'stdout')).toContain('HTTP/1.1 200 OK');
    const refused = node.subscribe('connect', { sessionId: 'd', sandboxId, port: 8_081 });
    await refused.ended();
    expect(refused.items()).toMatchObject([{ type: 'failed', message: expect.stringContaining('ECONNREFUSED') }]);
  });
});
