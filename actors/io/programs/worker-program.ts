/** A program that is a worker thread: its streams, signals and end. Its thread can block, run out of memory or throw without harm to others. */
import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { type ResourceLimits, Worker } from 'node:worker_threads';
import type { ContainerBirth, FromContainer, ToContainer } from '../../../src/actor/container-thread.ts';
import { measureWaitMs, workerHeapMbMin } from './limits.ts';
import { exitCodes, type Program, type ProgramListener, type ProgramUsage } from './program.ts';
import type { SharedMemory } from './shared-memory.ts';
import { threadNanoseconds } from './thread-time.ts';

export interface WorkerProgramOptions {
  readonly birth: Omit<ContainerBirth, 'outputBytes'>;
  readonly env: Readonly<Record<string, string>>;
  /** Bytes; 0 means no limit. */
  readonly memoryLimitBytes: number;
  readonly memory: SharedMemory;
  readonly podUid: string;
  readonly listener: ProgramListener;
}

const bytesPerMb = 1024 * 1024;
const nanosecondsPerMs = 1_000_000;
const entry = '#workers/container';

export class WorkerProgram implements Program {
  readonly #worker: Worker;
  readonly #options: WorkerProgramOptions;
  readonly #outputBytes: Int32Array;
  readonly #inputs = new Map<number, (isTaken: boolean) => void>();
  #lastInput = 0;
  #isKilled = false;
  #isOutOfMemory = false;
  #refusal: string | null = null;
  #hasStarted = false;
  #thread = 0;
  /** What it held when it last told. */
  #memoryBytes = 0;
  /** Who waits for it to tell. */
  readonly #measuring: (() => void)[] = [];
  /** Output that came in this turn of the event loop: a program of many small writes costs its node few events. */
  #output: { readonly stream: 'stdout' | 'stderr'; readonly parts: Uint8Array[] }[] = [];

  constructor(options: WorkerProgramOptions) {
    this.#options = options;
    const { birth, env, memoryLimitBytes } = options;
    const outputBytes = new SharedArrayBuffer(4);
    this.#outputBytes = new Int32Array(outputBytes);
    const workerData: ContainerBirth = { ...birth, outputBytes };
    const { resolve } = createRequire(import.meta.url);
    this.#worker = new Worker(pathToFileURL(resolve(entry)), {
      name: birth.container,
      workerData,
      env: { ...env },
      argv: [...birth.argv],
      execArgv: [],
      // What the program writes goes through a channel with back-pressure; these take only what Node itself has to say.
      stdout: true,
      stderr: true,
      resourceLimits: limitsOf(memoryLimitBytes),
    });
    this.#listen();
  }

  write(bytes: Uint8Array, isEnd: boolean, taken: (isTaken: boolean) => void): void {
    this.#lastInput += 1;
    this.#inputs.set(this.#lastInput, taken);
    this.#tell({ type: 'input', id: this.#lastInput, bytes, isEnd });
  }

  taken(bytes: number): void {
    Atomics.sub(this.#outputBytes, 0, bytes);
    Atomics.notify(this.#outputBytes, 0);
  }

  signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (signal === 'SIGTERM') return this.#tell({ type: 'signal', signal });
    this.#isKilled = true;
    void this.#worker.terminate();
    return undefined;
  }

  resize(columns: number, rows: number): void {
    this.#tell({ type: 'resize', columns, rows });
  }

  async usage(): Promise<ProgramUsage | null> {
    if (!this.#hasStarted) return null;
    const told = new Promise<void>((resolve) => this.#measuring.push(resolve));
    this.#tell({ type: 'measure' });
    await Promise.race([told, delay(measureWaitMs, undefined, { ref: false })]);
    return { cpuNanoseconds: this.#cpuNanoseconds(), memoryBytes: this.#memoryBytes };
  }

  /** Its thread's time on a processor; where threads have no numbers, the time in which its event loop was not idle. */
  #cpuNanoseconds(): number {
    const onProcessor = this.#thread === 0 ? null : threadNanoseconds(this.#thread);
    return onProcessor ?? Math.round(this.#worker.performance.eventLoopUtilization().active * nanosecondsPerMs);
  }

  #tell(message: ToContainer): void {
    this.#worker.postMessage(message);
  }

  #listen(): void {
    const { listener } = this.#options;
    const worker = this.#worker;
    worker.on('message', (message: FromContainer) => this.#heard(message));
    worker.on('error', (error: Error & { readonly code?: string }) => {
      this.#isOutOfMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      const text = error instanceof Error ? (error.stack ?? error.message) : `Uncaught ${String(error)}`;
      this.#write('stderr', Buffer.from(`${text}\n`));
    });
    worker.stdout.on('data', (bytes: Buffer) => this.#write('stdout', bytes));
    worker.stderr.on('data', (bytes: Buffer) => this.#write('stderr', bytes));
    worker.once('exit', (code) => {
      for (const taken of this.#inputs.values()) taken(false);
      this.#inputs.clear();
      this.#tellOutput();
      if (this.#refusal !== null) return listener.startFailed(this.#refusal);
      if (!this.#hasStarted) listener.started();
      const isKilled = this.#isKilled || this.#isOutOfMemory;
      return listener.exited(isKilled ? exitCodes.killed : code, this.#isOutOfMemory);
    });
  }

  #heard(message: FromContainer): void {
    switch (message.type) {
      case 'output':
        return this.#gather(message.stream, message.bytes);
      case 'inputTaken':
        this.#inputs.get(message.id)?.(true);
        this.#inputs.delete(message.id);
        return undefined;
      case 'wantMemory': {
        const buffer = this.#options.memory.get(this.#options.podUid, message.key, message.bytes);
        return this.#tell({ type: 'memory', id: message.id, buffer });
      }
      case 'started':
        this.#hasStarted = true;
        this.#thread = message.thread;
        this.#memoryBytes = message.memoryBytes;
        return this.#options.listener.started();
      case 'holds':
        this.#memoryBytes = message.memoryBytes;
        for (const resolve of this.#measuring.splice(0)) resolve();
        return undefined;
      case 'notFound':
        this.#refusal = message.message;
        return undefined;
    }
  }

  /** Output that did not pass the thread's own counter. */
  #write(stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
    Atomics.add(this.#outputBytes, 0, bytes.length);
    this.#gather(stream, bytes);
  }

  #gather(stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
    const last = this.#output.at(-1);
    if (last === undefined) setImmediate(() => this.#tellOutput());
    if (last?.stream === stream) last.parts.push(bytes);
    else this.#output.push({ stream, parts: [bytes] });
  }

  #tellOutput(): void {
    const gathered = this.#output;
    this.#output = [];
    for (const { stream, parts } of gathered) this.#options.listener.output(stream, Buffer.concat(parts));
  }
}

function limitsOf(memoryLimitBytes: number): ResourceLimits {
  if (memoryLimitBytes === 0) return {};
  const heapMb = Math.max(workerHeapMbMin, Math.floor(memoryLimitBytes / bytesPerMb));
  return { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: Math.max(4, Math.floor(heapMb / 8)) };
}
