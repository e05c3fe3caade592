/**
 * Messages between two actors on two threads, next to bare postMessage between the same kind of threads in the same run. Ratios count, not
 * absolute figures: machines are shared. `npm run bench -- messages`.
 */

import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';
import { MessageChannel, Worker } from 'node:worker_threads';
import { linkThreads, OwnThread, WorkerThread } from '../actors/runtime/thread.ts';
import { ThreadWorld } from '../actors/runtime/thread-world.ts';
import type { Role } from '../src/actor/behaviour.ts';
import type { Effect } from '../src/actor/effect.ts';
import { type Figure, medianOf } from './statistics.ts';

interface Bench {
  ask(type: string, request: unknown, to?: string): Promise<unknown>;
  close(): Promise<void>;
}

const payload = new Uint8Array(1_024).fill(120);

async function startBench(): Promise<Bench> {
  let emit: (event: unknown) => void = () => {};
  const waiting = new Map<number, (body: unknown) => void>();
  const caller: Role = {
    name: 'caller',
    behaviour: {
      init: () => null,
      step: (_state, input) => {
        if (input.type === 'io') return [input.event as Effect];
        if (input.type === 'reply') waiting.get(input.id)?.(input.body);
        if (input.type === 'askFailed') throw new Error(`benchmark ask failed: ${input.failure.code}`);
        return [];
      },
    },
    ports: { calls: (emitEvent) => ((emit = emitEvent), { handle: () => {}, close: () => {} }) },
  };
  const world = new ThreadWorld({ thread: 'main', clusterSeed: 1, roles: [caller], report: () => {} });
  const own = new OwnThread(world);
  const threads = ['a', 'b'].map(
    (name) => new WorkerThread({ name, entry: 'message-actors', clusterSeed: 1, onEvent: () => {}, onExit: () => {} }),
  );
  const [a, b] = threads as [WorkerThread, WorkerThread];
  await own.call((control) => control.start([{ path: 'main/caller', role: 'caller', args: null, incarnation: 1 }]));
  for (const thread of threads) {
    const path = `${thread.name}/message`;
    await thread.call((control) => control.start([{ path, role: 'message', args: null, incarnation: 1 }]));
    await linkThreads({ thread: own, paths: ['main/caller'] }, { thread, paths: [path] });
  }
  await linkThreads({ thread: a, paths: ['a/message'] }, { thread: b, paths: ['b/message'] });
  let lastId = 0;
  return {
    ask: (type, request, to = 'a/message') =>
      new Promise((resolve) => {
        lastId += 1;
        waiting.set(lastId, resolve);
        emit({ type: 'ask', to, id: lastId, body: { type, request }, timeoutMs: 120_000 } satisfies Effect);
      }),
    close: async () => {
      world.close();
      await Promise.all(threads.map((thread) => thread.kill()));
    },
  };
}

/** Microseconds per ask of 1 KB and its reply, `atOnce` under way at a time. */
async function roundTripUs(bench: Bench, rounds: number, atOnce: number): Promise<number> {
  const elapsedMs = (await bench.ask('ask', { peer: 'b/message', rounds, atOnce, payload })) as number;
  return (elapsedMs * 1_000) / rounds;
}

/** Tells per second, with at most four batches on their way: more than the link's window would be rejected. */
async function tellsPerSecond(bench: Bench, batches: number, perBatch: number): Promise<number> {
  const before = (await bench.ask('counted', null, 'b/message')) as number;
  const startedMs = performance.now();
  let counted = before;
  for (let batch = 1; batch <= batches; batch += 1) {
    await bench.ask('tell', { peer: 'b/message', rounds: perBatch, atOnce: 1, payload });
    const least = before + perBatch * (batch === batches ? batches : Math.max(0, batch - 4));
    while (counted < least) counted = (await bench.ask('counted', null, 'b/message')) as number;
  }
  return (batches * perBatch * 1_000) / (performance.now() - startedMs);
}

/** The same with bare postMessage between two workers, one message per post. */
async function bareRoundTripUs(rounds: number, atOnce: number): Promise<number> {
  const workers = [0, 1].map(() => new Worker(createRequire(import.meta.url).resolve('#workers/bare-echo')));
  const [asking, echoing] = workers as [Worker, Worker];
  const { port1, port2 } = new MessageChannel();
  echoing.postMessage({ port: port2, rounds: 0 }, [port2]);
  const elapsedMs = new Promise<number>((resolve) => void asking.once('message', resolve));
  asking.postMessage({ port: port1, rounds, atOnce, payload }, [port1]);
  const us = ((await elapsedMs) * 1_000) / rounds;
  await Promise.all(workers.map((worker) => worker.terminate()));
  return us;
}

/** Measures asks, pipelined asks and tells of 1 KB. */
export async function benchMessages(): Promise<Figure[]> {
  const bench = await startBench();
  await roundTripUs(bench, 5_000, 64);
  const runs = 5;
  const figures: Figure[] = [
    {
      name: 'ask and reply, one at a time',
      value: await medianOf(runs, () => roundTripUs(bench, 5_000, 1)),
      unit: 'us',
    },
    {
      name: 'bare postMessage and echo, one at a time',
      value: await medianOf(runs, () => bareRoundTripUs(5_000, 1)),
      unit: 'us',
    },
    {
      name: 'ask and reply, 64 at a time',
      value: await medianOf(runs, () => roundTripUs(bench, 50_000, 64)),
      unit: 'us each',
    },
    {
      name: 'bare postMessage and echo, 64 at a time',
      value: await medianOf(runs, () => bareRoundTripUs(50_000, 64)),
      unit: 'us each',
    },
    {
      name: 'tells, 1,000 a turn',
      value: await medianOf(runs, () => tellsPerSecond(bench, 100, 1_000)),
      unit: 'messages/s',
    },
  ];
  await bench.close();
  return figures;
}
