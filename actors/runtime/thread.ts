/**
 * Threads as their creator sees them. A call to a worker that died would never settle (Comlink does not notice), so every call races the
 * worker's exit.
 */

import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { MessageChannel, type MessagePort, type ResourceLimits, Worker } from 'node:worker_threads';
import { releaseProxy, transfer, wrap } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import type { ThreadBirth, ThreadControl, ThreadEvent } from './thread-control.ts';
import { ThreadWorld } from './thread-world.ts';

/** The thread ended before or while it was asked. */
export class ThreadEndedError extends Error {
  readonly thread: string;

  constructor(thread: string) {
    super(`thread ${thread} has ended`);
    this.name = 'ThreadEndedError';
    this.thread = thread;
  }
}

export interface ThreadExit {
  readonly thread: string;
  /** `killed`: by `kill()`. Otherwise the thread died of itself. */
  readonly reason: 'killed' | 'outOfMemory' | 'crashed';
  readonly message: string;
}

/** A thread that hosts actors: a worker, or the main thread itself. */
export interface Thread {
  readonly name: string;
  /** Calls the thread's control; rejects with ThreadEndedError when the thread ends first. */
  call<Result>(use: (control: ThreadControl) => Result | Promise<Result>): Promise<Result>;
  openLink(peer: string, paths: readonly string[], port: MessagePort): Promise<void>;
}

export interface WorkerOptions {
  readonly name: string;
  /** The bundle among `#workers/` that the thread runs. */
  readonly entry: string;
  readonly clusterSeed: number;
  readonly onEvent: (event: ThreadEvent) => void;
  readonly onExit: (exit: ThreadExit) => void;
  readonly resourceLimits?: ResourceLimits;
}

const require = createRequire(import.meta.url);

export class WorkerThread implements Thread {
  readonly name: string;
  readonly exited: Promise<ThreadExit>;
  readonly #worker: Worker;
  readonly #control: ReturnType<typeof wrap<ThreadControl>>;
  readonly #pauseFlag: Int32Array;
  #hasEnded = false;
  #wasKilled = false;
  #error: (Error & { code?: string }) | undefined;

  constructor(options: WorkerOptions) {
    this.name = options.name;
    const pauseFlag = new SharedArrayBuffer(4);
    this.#pauseFlag = new Int32Array(pauseFlag);
    const { port1: reports, port2 } = new MessageChannel();
    const { name: thread, entry: bundle, clusterSeed } = options;
    const birth: ThreadBirth = { thread, bundle, clusterSeed, pauseFlag, reports: port2 };
    this.#worker = new Worker(pathToFileURL(require.resolve('#workers/worker-entry')), {
      name: options.name,
      workerData: birth,
      transferList: [port2],
      ...(options.resourceLimits === undefined ? {} : { resourceLimits: options.resourceLimits }),
    });
    this.#control = wrap<ThreadControl>(nodeEndpoint(this.#worker));
    reports.on('message', (events: readonly ThreadEvent[]) => {
      for (const event of events) options.onEvent(event);
    });
    this.#worker.on('error', (error) => {
      this.#error = error as Error;
    });
    this.exited = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#hasEnded = true;
        reports.close();
        this.#control[releaseProxy]();
        const exit = this.#describeExit();
        resolve(exit);
        options.onExit(exit);
      });
    });
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  async call<Result>(use: (control: ThreadControl) => Result | Promise<Result>): Promise<Result> {
    if (this.#hasEnded) throw new ThreadEndedError(this.name);
    const ended = this.exited.then(() => {
      throw new ThreadEndedError(this.name);
    });
    return Promise.race([use(this.#control as unknown as ThreadControl), ended]);
  }

  openLink(peer: string, paths: readonly string[], port: MessagePort): Promise<void> {
    return this.call((control) => control.connect(peer, paths, transfer(port, [port as never])));
  }

  /** Stops the thread where it stands, from its next turn on; what arrives waits. */
  pause(): void {
    Atomics.store(this.#pauseFlag, 0, 1);
  }

  resume(): void {
    Atomics.store(this.#pauseFlag, 0, 0);
    Atomics.notify(this.#pauseFlag, 0);
  }

  get isPaused(): boolean {
    return Atomics.load(this.#pauseFlag, 0) === 1;
  }

  /** Ends the thread from one moment to the next, as kill -9 ends a process; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#wasKilled = true;
    this.resume();
    await this.#worker.terminate();
    await this.exited;
  }

  #describeExit(): ThreadExit {
    const reason = this.#wasKilled
      ? 'killed'
      : this.#error?.code === 'ERR_WORKER_OUT_OF_MEMORY'
        ? 'outOfMemory'
        : 'crashed';
    return { thread: this.name, reason, message: this.#error?.stack ?? '' };
  }
}

/** The thread that we are on, as a host among the others. */
export class OwnThread implements Thread {
  readonly name: string;
  readonly #world: ThreadWorld;
  readonly #control: ThreadControl;

  constructor(world: ThreadWorld) {
    this.name = world.host.thread;
    this.#world = world;
    this.#control = world.control();
  }

  async call<Result>(use: (control: ThreadControl) => Result | Promise<Result>): Promise<Result> {
    return use(this.#control);
  }

  async openLink(peer: string, paths: readonly string[], port: MessagePort): Promise<void> {
    this.#world.connect(peer, paths, port);
  }
}

/** Opens a direct link between two threads; `paths` are those that live on each end. */
export async function linkThreads(
  left: { readonly thread: Thread; readonly paths: readonly string[] },
  right: { readonly thread: Thread; readonly paths: readonly string[] },
): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  await Promise.all([
    left.thread.openLink(right.thread.name, right.paths, port1),
    right.thread.openLink(left.thread.name, left.paths, port2),
  ]);
}
