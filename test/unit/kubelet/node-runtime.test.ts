/** A node's two runtimes under one address: a request to both loses nothing of what either has to tell of others meanwhile. */
import { expect, test } from 'vitest';
import { type NodeRuntimeState, nodeRuntimeBehaviour } from '../../../actors/kubelet/node-runtime.ts';
import type { Effect } from '../../../src/actor/effect.ts';
import { Memo } from '../../../src/actor/memo.ts';
import type { ProgramsCommand, ProgramsEvent } from '../../../src/actor/programs-port.ts';
import type { RequestOf } from '../../../src/actor/protocol.ts';
import type { MonotonicMs, WallMs } from '../../../src/base/brand.ts';
import { Random } from '../../../src/base/random.ts';
import type { RuntimeInput } from '../../../src/kubelet/runtime/program-runtime.ts';
import type { RuntimeContainer, RuntimeProtocol } from '../../../src/protocol/runtime.ts';
import { containerConfig } from '../../threads/runtime-harness.ts';

type Asks = RuntimeProtocol['asks'];

const from = { path: 'kubelet', incarnation: 1 };
const eventsStream = 900;
const stopLatencyMs = 1_000;
const runMs = 2_000;

/** A runtime whose port does what it is told at once, except that it measures when the test says so. */
class Bench {
  nowMs = 0;
  /** Bodies by request. */
  readonly replies = new Map<number, unknown>();
  /** What was told of containers, as `name state`. */
  readonly changes: string[] = [];
  readonly measuring: number[] = [];
  readonly #state: NodeRuntimeState;
  #lastRequest = 0;

  constructor() {
    const programs = { images: {}, folder: 'folder', volumesFolder: 'volumes' };
    const context = { self: from, random: new Random(1), memo: new Memo(), ...this.#stamp };
    this.#state = nodeRuntimeBehaviour.init({ handler: 'simulated', programs }, context);
    this.#take({
      type: 'subscribed',
      from,
      stream: eventsStream,
      credit: 1_000,
      body: { type: 'events', request: null },
    });
  }

  get #stamp(): { readonly monotonicMs: MonotonicMs; readonly wallMs: WallMs } {
    return { monotonicMs: this.nowMs as MonotonicMs, wallMs: this.nowMs as WallMs };
  }

  /** Returns the number of the request. */
  ask<Type extends keyof Asks>(type: Type, request: RequestOf<Asks[Type]>): number {
    this.#lastRequest += 1;
    const body = { type, request } as never;
    this.#take({ type: 'ask', from, request: this.#lastRequest, timeoutMs: 10_000, body });
    return this.#lastRequest;
  }

  /** Starts a container in a sandbox of its own; returns its id. */
  run(name: string, runtimeHandler: string): string {
    const annotations = {
      'threemaster.dev/stop-latency-ms': String(stopLatencyMs),
      ...(name === 'short' && { 'threemaster.dev/run-ms': String(runMs) }),
    };
    const place = { namespace: 'default', name, uid: `uid-${name}`, attempt: 0, hostname: name, nodeName: 'node' };
    const config = { ...place, annotations, podIp: null, hostAliases: [], runtimeHandler };
    const sandboxId = this.#field(this.ask('runPodSandbox', { config }), 'sandboxId');
    const made = this.ask('createContainer', { sandboxId, config: containerConfig({ name }) });
    const containerId = this.#field(made, 'containerId');
    this.ask('startContainer', { containerId });
    return containerId;
  }

  happened(event: ProgramsEvent): void {
    this.#take({ type: 'io', port: 'programs', event });
  }

  #field(request: number, name: string): string {
    return (this.replies.get(request) as Record<string, string>)[name] ?? '';
  }

  #take(input: object): void {
    const effects = nodeRuntimeBehaviour.step(this.#state, { ...input, ...this.#stamp } as RuntimeInput);
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: Effect): void {
    if (effect.type === 'reply') {
      expect(this.replies.has(effect.request)).toBe(false);
      this.replies.set(effect.request, effect.body);
    } else if (effect.type === 'emit' && effect.stream === eventsStream) {
      const { config, state } = effect.body as RuntimeContainer;
      this.changes.push(`${config.name} ${state}`);
    } else if (effect.type === 'io') this.#command(effect.command as ProgramsCommand);
  }

  #command(command: ProgramsCommand): void {
    if (command.type === 'measure') this.measuring.push(command.id);
    else if ('id' in command) this.happened({ type: 'done', id: command.id });
    else if (command.type === 'start') this.happened({ type: 'started', program: command.program });
  }
}

function benchWithBoth(): { readonly bench: Bench; readonly stop: number } {
  const bench = new Bench();
  bench.run('program', 'worker');
  bench.run('short', 'simulated');
  const stopped = bench.run('stopped', 'simulated');
  bench.nowMs = runMs - stopLatencyMs;
  const stop = bench.ask('stopContainer', { containerId: stopped, graceMs: 30_000 });
  expect(bench.replies.has(stop)).toBe(false);
  // Nobody looks at the timer before the next request: the stop and the run are over when it comes.
  bench.nowMs = runMs;
  bench.changes.length = 0;
  return { bench, stop };
}

const bothEnded = ['short exited', 'stopped exited'];

test('what is due when usage is asked for is told, and the answer waits for the programs alone', () => {
  const { bench, stop } = benchWithBoth();
  const stats = bench.ask('stats', null);
  expect(bench.replies.get(stop)).toMatchObject({ type: 'done' });
  expect(bench.changes.toSorted()).toEqual(bothEnded);
  expect(bench.replies.has(stats)).toBe(false);
  const [id] = bench.measuring;
  bench.happened({ type: 'measured', id: id ?? 0, readings: [{ program: 1, cpuNanoseconds: 1, memoryBytes: 7 }] });
  expect(bench.replies.get(stats)).toMatchObject({ type: 'done', containers: [{ name: 'program' }] });
});

test.each(['setVolume', 'removeVolumes'] as const)('%s for a pod that nobody knows yet swallows nothing', (type) => {
  const { bench, stop } = benchWithBoth();
  const content = { type: 'empty', isMemory: false, sizeLimitBytes: 0 } as const;
  const request = bench.ask(type, { podUid: 'uid-new', name: 'v', content });
  expect(bench.replies.get(stop)).toMatchObject({ type: 'done' });
  expect(bench.changes.toSorted()).toEqual(bothEnded);
  expect(bench.replies.get(request)).toMatchObject({ type: 'done' });
});
