/** Real threads: what dies, throws, eats memory or blocks is noticed by whoever watches it, and nothing of it takes a neighbour along. */
import { expect, test } from 'vitest';
import { ThreadEndedError } from '../../actors/runtime/thread.ts';
import type { Effect } from '../../src/actor/effect.ts';
import { startHarness } from './harness.ts';

const askWorker = (id: number, type: string, request: unknown = null): Effect => ({
  type: 'ask',
  to: 'w/test',
  id,
  body: { type, request },
  timeoutMs: 60_000,
});
const watchWorker: Effect = { type: 'watch', path: 'w/test' };

test('an ask crosses to another thread and back over the direct port', async () => {
  await using harness = await startHarness();
  harness.probe.perform(askWorker(1, 'echo', { bytes: new Uint8Array([1, 2, 3]), list: [null, 'x', 1.5] }));
  const reply = await harness.probe.waitFor('reply');
  expect(reply.body).toEqual({ bytes: new Uint8Array([1, 2, 3]), list: [null, 'x', 1.5] });
});

test.each(['throw', 'thaw'])(
  'an actor that throws (%s) fails its asker and is restarted; its thread lives on',
  async (what) => {
    await using harness = await startHarness();
    harness.probe.perform(watchWorker, askWorker(1, what));
    expect((await harness.probe.waitFor('askFailed')).failure.code).toBe('peerFailed');
    await harness.probe.waitFor('watched', ({ status, incarnation }) => status === 'running' && incarnation === 2);
    harness.probe.perform(askWorker(2, 'echo', 'again'));
    expect((await harness.probe.waitFor('reply')).body).toBe('again');
    expect(harness.exits).toEqual([]);
  },
);

test('a thread that is killed is noticed by its watcher, and its asks fail', async () => {
  await using harness = await startHarness();
  harness.probe.perform(watchWorker);
  await harness.probe.waitFor('watched', ({ status }) => status === 'running');
  harness.worker.pause();
  harness.probe.perform(askWorker(1, 'echo'));
  await harness.worker.kill();
  expect((await harness.probe.waitFor('askFailed')).failure).toEqual({ code: 'peerFailed', definite: false });
  await harness.probe.waitFor('watched', ({ status }) => status === 'terminated');
  expect(harness.exits.map(({ reason }) => reason)).toEqual(['killed']);
});

test('a thread that exceeds its memory limit dies alone and is noticed', async () => {
  await using harness = await startHarness({ maxOldGenerationSizeMb: 24 });
  harness.probe.perform(watchWorker, askWorker(1, 'eat'));
  await harness.probe.waitFor('watched', ({ status }) => status === 'terminated');
  await harness.worker.exited;
  expect(harness.exits.map(({ reason }) => reason)).toEqual(['outOfMemory']);
});

test('a thread that blocks is unresponsive to its watcher', async () => {
  await using harness = await startHarness();
  harness.probe.perform(watchWorker);
  await harness.probe.waitFor('watched', ({ status }) => status === 'running');
  harness.probe.perform(askWorker(1, 'block'));
  await harness.probe.waitFor('watched', ({ status }) => status === 'unresponsive');
  expect(harness.exits).toEqual([]);
});

test('a paused thread stands still and goes on where it was', async () => {
  await using harness = await startHarness();
  harness.probe.perform(watchWorker);
  await harness.probe.waitFor('watched', ({ status }) => status === 'running');
  harness.worker.pause();
  harness.probe.perform(askWorker(1, 'echo', 'late'));
  await harness.probe.waitFor('watched', ({ status }) => status === 'unresponsive');
  expect(harness.probe.inputs.filter(({ type }) => type === 'reply')).toEqual([]);
  harness.worker.resume();
  expect((await harness.probe.waitFor('reply')).body).toBe('late');
});

test('a call to a thread that has ended is rejected instead of waiting for ever', async () => {
  await using harness = await startHarness();
  const { worker } = harness;
  worker.pause();
  const call = worker.call((control) => control.inspect());
  await worker.kill();
  await expect(call).rejects.toBeInstanceOf(ThreadEndedError);
  await expect(worker.call((control) => control.inspect())).rejects.toBeInstanceOf(ThreadEndedError);
});
