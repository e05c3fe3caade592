/** Lets the tasks of our own shell run on a container's thread, and wakes them when time has passed or something has come. */
import { randomFillSync } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import type { WallMs } from '../../src/base/brand.ts';
import { Source, type Streams, writerTo } from '../../src/shell/streams.ts';
import { type Job, type Task, Tasks } from '../../src/shell/tasks.ts';
import type { Machine, Tool } from '../../src/shell/tool.ts';
import { type AsyncTool, asTask } from './async-tool.ts';
import type { Container } from './container.ts';

const stepsPerTurn = 1_000;
/** The longest that a timer can take. */
const timerMsMax = 0x7fff_ffff;

/** A thing that wakes whoever waits for it. */
export class Bell {
  #wake: (() => void) | null = null;

  ring(): void {
    this.#wake?.();
  }

  /** Resolves when the bell rings, or after that time. */
  async wait(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (ms < timerMsMax) timer = setTimeout(resolve, Math.max(0, ms));
    });
    this.#wake = null;
    clearTimeout(timer);
  }
}

/** Runs a task to its end, and whatever it starts meanwhile. */
export async function drive<Result>(
  machine: ShellMachine,
  task: Task<Result>,
  hold: (isWaiting: boolean) => void,
): Promise<Result | undefined> {
  const { tasks, bell } = machine;
  const job: Job<Result> = tasks.start(task);
  for (;;) {
    const goesOn = tasks.run(performance.now(), stepsPerTurn);
    if (job.isOver) return job.result();
    if (goesOn) await turn();
    else {
      // What it waits for may be no more than input or a signal, which keep no thread alive.
      hold(true);
      await bell.wait(tasks.dueAtMs - performance.now());
      hold(false);
    }
  }
}

/** The container as our own shell sees it. */
export class ShellMachine implements Machine {
  readonly hostname: string;
  readonly address: string;
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly release = 'threemaster worker';
  readonly tasks = new Tasks(performance.now());
  readonly bell = new Bell();
  readonly container: Container;
  readonly #tools: Readonly<Record<string, AsyncTool>>;

  /** `tools`: what there is beside the common ones. */
  constructor(container: Container, tools: Readonly<Record<string, AsyncTool>>) {
    this.container = container;
    this.hostname = container.hostname;
    this.address = container.address;
    this.command = container.args;
    this.tty = container.tty;
    this.#tools = tools;
  }

  wallMs(): WallMs {
    return Date.now() as WallMs;
  }

  random(length: number): Uint8Array {
    return randomFillSync(new Uint8Array(length));
  }

  tool(name: string): Tool | undefined {
    const tool = Object.hasOwn(this.#tools, name) ? this.#tools[name] : undefined;
    return tool === undefined ? undefined : (call) => asTask(this, call, tool);
  }

  onTerminate(handler: (() => void) | null): void {
    const ring = (): void => {
      handler?.();
      this.bell.ring();
    };
    this.container.onSignal(handler === null ? null : ring);
  }

  /** The container's streams. */
  streams(): Streams {
    const { stdin, stdout, stderr } = this.container;
    stdin.onArrival(() => this.bell.ring());
    function* next(): Task<Uint8Array | null> {
      for (;;) {
        const bytes = stdin.take();
        if (bytes !== undefined) return bytes;
        yield { isOver: () => stdin.hasArrived };
      }
    }
    return {
      stdin: new Source(next),
      stdout: writerTo((bytes) => stdout.write(bytes)),
      stderr: writerTo((bytes) => stderr.write(bytes)),
    };
  }
}
