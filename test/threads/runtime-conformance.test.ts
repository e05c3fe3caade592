/** One table for all three runtimes: what the Container Runtime Interface promises, whatever a container is. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runtimeHandlers } from '../../actors/kubelet/node-runtime.ts';
import { utf8Text } from '../../src/base/bytes.ts';
import { containerConfig, RuntimeHarness } from './runtime-harness.ts';

/** A machine that is busy gives a program little time. */
const patience = { timeout: 20_000 };
const sleeps = ['sleep', '1000'];
const speaks = ['sh', '-c', 'echo hello; exit 3'];

describe.each(runtimeHandlers)('the runtime %s', (handler) => {
  let node: RuntimeHarness;

  beforeEach(async () => {
    node = await new RuntimeHarness(handler).start();
  });
  afterEach(() => node[Symbol.asyncDispose]());

  test('a sandbox that is run twice is one, and one that is stopped or removed twice is gone', async () => {
    const { sandboxId, config } = await node.sandbox();
    expect(await node.ask('runPodSandbox', { config })).toEqual({ type: 'done', sandboxId });
    for (const type of ['stopPodSandbox', 'stopPodSandbox', 'removePodSandbox', 'removePodSandbox'] as const) {
      expect(await node.ask(type, { sandboxId })).toEqual({ type: 'done' });
    }
    expect(await node.ask('list', null)).toEqual({ sandboxes: [], containers: [] });
  });

  test('an image is there once it was pulled', async () => {
    const { config: sandbox } = await node.sandbox();
    const status = (): Promise<unknown> => node.ask('imageStatus', { image: 'busybox', runtimeHandler: '' });
    expect(await status()).toMatchObject({ imageId: null });
    const pulled = await node.ask('pullImage', { image: 'busybox', sandbox });
    expect(pulled).toMatchObject({ type: 'done' });
    expect(await status()).toMatchObject({ imageId: (pulled as { imageId: string }).imageId });
  });

  test('a container runs, speaks, and leaves its code', async () => {
    const { sandboxId } = await node.sandbox();
    const config = containerConfig({ command: speaks });
    const containerId = await node.create(sandboxId, config);
    expect(await node.create(sandboxId, config)).toBe(containerId);
    expect(await node.ask('startContainer', { containerId })).toEqual({ type: 'done' });
    const ended = await node.exited(containerId);
    expect(ended).toMatchObject({ state: 'exited', exitCode: 3, reason: 'Error' });
    expect(ended.finishedAtMs).toBeGreaterThanOrEqual(ended.startedAtMs ?? Number.NaN);
    expect(await node.logs(containerId)).toBe('hello\n');
    expect(node.changesOf(containerId).map(({ state }) => state)).toEqual(['running', 'exited']);
    expect(await node.ask('startContainer', { containerId })).toEqual({ type: 'done' });
    expect(await node.ask('createContainer', { sandboxId, config })).toMatchObject({ code: 'wrongState' });
  });

  test('a container that is asked to stop ends as by SIGTERM, however often it is asked', async () => {
    const { containerId } = await node.run({ command: sleeps });
    const stop = (): Promise<unknown> => node.ask('stopContainer', { containerId, graceMs: 10_000 });
    expect(await Promise.all([stop(), stop()])).toEqual([{ type: 'done' }, { type: 'done' }]);
    expect(await node.container(containerId)).toMatchObject({ state: 'exited', exitCode: 143, reason: 'Error' });
    expect(await stop()).toEqual({ type: 'done' });
  });

  test('a container is removed when it has ended, and not before', async () => {
    const { containerId } = await node.run({ command: sleeps });
    expect(await node.ask('removeContainer', { containerId })).toMatchObject({ code: 'wrongState' });
    await node.ask('stopContainer', { containerId, graceMs: 10_000 });
    expect(await node.ask('removeContainer', { containerId })).toEqual({ type: 'done' });
    expect(await node.ask('removeContainer', { containerId })).toEqual({ type: 'done' });
    expect(await node.container(containerId)).toBeUndefined();
    expect(await node.ask('startContainer', { containerId })).toMatchObject({ code: 'notFound' });
    const options = { follow: false, tailLines: null, sinceMs: null, timestamps: false, limitBytes: null };
    expect(await node.subscribe('logs', { containerId, options }).ended()).toBe('rejected');
  });

  test('what runs in a sandbox that is stopped is killed', async () => {
    const { sandboxId, containerId } = await node.run({ command: sleeps });
    expect(await node.ask('stopPodSandbox', { sandboxId })).toEqual({ type: 'done' });
    expect(await node.container(containerId)).toMatchObject({ state: 'exited', exitCode: 137 });
    expect((await node.ask('list', null)).sandboxes).toMatchObject([{ id: sandboxId, state: 'stopped' }]);
    const config = containerConfig({ name: 'late' });
    expect(await node.ask('createContainer', { sandboxId, config })).toMatchObject({ code: 'notFound' });
  });

  test('a command in a container has its own output and code', async () => {
    const { containerId } = await node.run({ command: sleeps });
    const command = ['sh', '-c', 'echo inside; exit 4'];
    const answer = await node.ask('execSync', { containerId, command, timeoutMs: 10_000 });
    expect(answer).toMatchObject({ type: 'done', exitCode: 4 });
    expect(utf8Text((answer as { stdout: Uint8Array }).stdout)).toBe('inside\n');
    const late = await node.ask('execSync', { containerId, command: ['sleep', '60'], timeoutMs: 50 });
    expect(late).toMatchObject({ code: 'timedOut', message: 'command "sleep 60" timed out' });
    await node.ask('stopContainer', { containerId, graceMs: 0 });
    expect(await node.ask('execSync', { containerId, command, timeoutMs: 10_000 })).toMatchObject({ code: 'notFound' });
    const action = { type: 'tcp', host: '', port: 1 } as const;
    expect(await node.ask('probe', { containerId, action, timeoutMs: 100 })).toMatchObject({ code: 'notFound' });
  });

  test('what a container uses is measured while it runs', async () => {
    const { sandboxId, containerId } = await node.run({ command: sleeps });
    let usage = await node.ask('stats', null);
    await expect
      .poll(async () => {
        usage = await node.ask('stats', null);
        return usage.type === 'done' && usage.containers.map((each) => each.containerId);
      }, patience)
      .toEqual([containerId]);
    if (usage.type !== 'done') throw new Error(usage.message);
    const [only] = usage.containers;
    expect(only).toMatchObject({ name: 'main', podUid: expect.any(String) });
    expect(only?.workingSetBytes).toBeGreaterThan(100_000);
    expect(only?.cpuNanoseconds).toBeGreaterThanOrEqual(0);
    expect(usage.node.workingSetBytes).toBe(only?.workingSetBytes);
    expect(usage.windowMs).toBeGreaterThanOrEqual(1_000);
    await node.ask('stopPodSandbox', { sandboxId });
    expect(await node.ask('stats', null)).toMatchObject({ type: 'done', containers: [] });
  });

  test('logs are read from their end, with timestamps, to a limit, and followed to the last line', async () => {
    const { containerId } = await node.run({ command: ['sh', '-c', 'echo one; echo two; echo three; sleep 0.2'] });
    expect(await node.logs(containerId, { follow: true })).toBe('one\ntwo\nthree\n');
    expect(await node.logs(containerId, { tailLines: 1 })).toBe('three\n');
    expect(await node.logs(containerId, { limitBytes: 5 })).toBe('one\nt');
    expect(await node.logs(containerId, { tailLines: 1, timestamps: true })).toMatch(/^\d{4}-\d\d-\d\dT.*Z three\n$/);
  });

  test('a log can be read by its streams', async () => {
    // All that a simulated container says goes to its standard output.
    const isSimulated = handler === 'simulated';
    const command = `echo out; ${isSimulated ? '' : 'echo bad >&2; '}echo more; sleep 0.2`;
    const { containerId } = await node.run({ command: ['sh', '-c', command] });
    const all = await node.logs(containerId, { follow: true });
    expect(await node.logs(containerId, { stream: 'stdout' })).toBe('out\nmore\n');
    expect(await node.logs(containerId, { stream: 'stderr' })).toBe(isSimulated ? '' : 'bad\n');
    expect(await node.logs(containerId, { stream: 'stderr', limitBytes: 2 })).toBe(isSimulated ? '' : 'ba');
    expect(all.split('\n').sort()).toEqual((isSimulated ? 'out\nmore\n' : 'out\nmore\nbad\n').split('\n').sort());
  });
});
