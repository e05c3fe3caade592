/**
 * What `exec` runs in a simulated container: the shell and the tools of `src/shell`, over files in memory. A command that is not among them
 * ends with 127, as an image without it would.
 */
import type { WallMs } from '../base/brand.ts';
import { concatBytes, emptyBytes, ownBytes, utf8 } from '../base/bytes.ts';
import { Random } from '../base/random.ts';
import type { SessionItem } from '../protocol/runtime.ts';
import { sessionChunkBytesMax } from '../protocol/session.ts';
import type { Files } from '../shell/files.ts';
import { Interpreter } from '../shell/interpreter.ts';
import { ShellState } from '../shell/shell-state.ts';
import { bytesOf, Source, type Writer } from '../shell/streams.ts';
import { type Job, type Task, Tasks } from '../shell/tasks.ts';
import { Interrupted, type Machine } from '../shell/tool.ts';
import { shellStepsPerTurn } from './limits.ts';
import type { Moment, Program } from './program.ts';
import { shellVariables } from './simulated-command.ts';
import { TerminalLine } from './terminal-line.ts';

export interface ShellSurroundings {
  readonly hostname: string;
  readonly address: string;
  /** What the container was started with. */
  readonly command: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  /** Relative paths start from the working directory. */
  readonly files: Files;
}

const inputBytesMax = 64 * 1024;
const interruptedExitCode = 130;
/** A command that computes without a pause takes time, as it would anywhere. */
const busyMs = 1;
const newline = 0x0a;
const carriageReturn = 0x0d;

export class SimulatedShell implements Program {
  readonly #tty: TerminalLine | null;
  readonly #output: SessionItem[] = [];
  readonly #tasks = new Tasks(0);
  readonly #job: Job<number>;
  #input: Uint8Array = emptyBytes;
  #isInputEnded: boolean;
  #wallMs = 0 as WallMs;
  /** It has more to do, but has done enough for now. */
  #busyUntilMs = 0;

  constructor(
    command: readonly string[],
    { tty, stdin }: { readonly tty: boolean; readonly stdin: boolean },
    surroundings: ShellSurroundings,
  ) {
    this.#tty = tty ? new TerminalLine() : null;
    this.#isInputEnded = !stdin;
    const { files, env, hostname } = surroundings;
    const variables = shellVariables(env, hostname, files.folder);
    const streams = {
      stdin: new Source(() => this.#read()),
      stdout: this.#writer('stdout'),
      stderr: this.#writer('stderr'),
    };
    const machine = this.#machine(surroundings, tty && stdin);
    const shell = new Interpreter(new ShellState(variables, files, 'sh', []), machine, streams);
    this.#job = this.#tasks.start(run(shell, command));
  }

  get dueAtMs(): number {
    if (this.#output.length > 0 || this.#job.isOver) return 0;
    return this.#busyUntilMs > 0 ? this.#busyUntilMs : this.#tasks.dueAtMs;
  }

  get wantsInput(): boolean {
    return this.#output.length === 0 && this.#input.length < inputBytesMax;
  }

  write(bytes: Uint8Array, isEnd: boolean): void {
    if (this.#tty === null) {
      this.#input = concatBytes([this.#input, bytes]);
      this.#isInputEnded ||= isEnd;
      return;
    }
    const { echo, input, isInterrupted, isEnded } = this.#tty.type(ownBytes(bytes));
    if (echo !== '') this.#output.push({ type: 'stdout', bytes: utf8(echo) });
    this.#input = isInterrupted ? utf8(input) : concatBytes([this.#input, utf8(input)]);
    this.#isInputEnded ||= isEnd || isEnded;
    if (isInterrupted) this.#job.interrupt(new Interrupted());
  }

  read({ monotonicMs, wallMs }: Moment): SessionItem | null {
    this.#wallMs = wallMs;
    if (this.#output.length === 0 && !this.#job.isOver && monotonicMs >= this.#busyUntilMs) {
      const goesOn = this.#tasks.run(monotonicMs, shellStepsPerTurn);
      this.#busyUntilMs = goesOn ? monotonicMs + busyMs : 0;
    }
    const said = this.#output.shift();
    if (said !== undefined) return said;
    if (!this.#job.isOver) return null;
    this.#tasks.cancel();
    return { type: 'exited', exitCode: this.#job.result() ?? 0 };
  }

  *#read(): Task<Uint8Array | null> {
    while (this.#input.length === 0 && !this.#isInputEnded) {
      yield { isOver: () => this.#input.length > 0 || this.#isInputEnded };
    }
    if (this.#input.length > 0) {
      const bytes = this.#input;
      this.#input = emptyBytes;
      return bytes;
    }
    // In a terminal the end of the input is for the command that reads it, not for the shell behind it.
    if (this.#tty !== null) this.#isInputEnded = false;
    return null;
  }

  /** Writes when all that was written before has been read. A terminal has one stream, and begins each line anew. */
  #writer(stream: 'stdout' | 'stderr'): Writer {
    const output = this.#output;
    const isTerminal = this.#tty !== null;
    return {
      *write(chunk) {
        const bytes = isTerminal ? withReturns(bytesOf(chunk)) : bytesOf(chunk);
        for (let at = 0; at < bytes.length; at += sessionChunkBytesMax) {
          if (output.length > 0) yield { isOver: () => output.length === 0 };
          output.push({ type: isTerminal ? 'stdout' : stream, bytes: bytes.slice(at, at + sessionChunkBytesMax) });
        }
      },
    };
  }

  #machine({ hostname, address, command }: ShellSurroundings, tty: boolean): Machine {
    const random = new Random(1, hostname, ...command);
    return {
      hostname,
      address,
      command,
      tty,
      release: 'threemaster simulated',
      tasks: this.#tasks,
      wallMs: () => this.#wallMs,
      random: (length) => Uint8Array.from({ length }, () => random.integer(0, 255)),
      tool: () => undefined,
      // A simulated container ends as its profile says.
      onTerminate: () => {},
    };
  }
}

function* run(shell: Interpreter, command: readonly string[]): Task<number> {
  try {
    return yield* shell.runAlone(command);
  } catch (error) {
    // It may also come while a complaint waits to be read.
    if (error instanceof Interrupted) return interruptedExitCode;
    throw error;
  }
}

function withReturns(bytes: Uint8Array): Uint8Array {
  const count = bytes.reduce((sum, byte) => sum + (byte === newline ? 1 : 0), 0);
  if (count === 0) return bytes;
  const shown = new Uint8Array(bytes.length + count);
  let at = 0;
  for (const byte of bytes) {
    if (byte === newline) shown[at++] = carriageReturn;
    shown[at++] = byte;
  }
  return shown;
}
