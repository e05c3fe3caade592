/** A program that is a process of the machine, with a process group of its own. Limits are watched from outside: see ProcessTable. */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { outputWindowBytes } from '../../../src/actor/programs-port.ts';
import { type Guard, markVariable } from './guard.ts';
import type { ProcessTable } from './process-table.ts';
import { exitCodes, type Program, type ProgramListener, type ProgramUsage } from './program.ts';

export interface ProcessProgramOptions {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly stdin: boolean;
  /** Bytes; 0 means no limit. */
  readonly memoryLimitBytes: number;
  /** Names this program among those of the node. */
  readonly mark: string;
  readonly guard: Guard;
  readonly table: ProcessTable;
  readonly listener: ProgramListener;
}

export class ProcessProgram implements Program {
  readonly #options: ProcessProgramOptions;
  readonly #child: ChildProcess;
  /** Its group bears its number; 0 while it has not started. */
  readonly #group: number;
  #outputBytes = 0;
  #isOutOfMemory = false;
  #hasEnded = false;

  constructor(options: ProcessProgramOptions) {
    this.#options = options;
    const { argv, env, workingDirectory, stdin, guard, table, mark, memoryLimitBytes } = options;
    const [program = '', ...args] = argv;
    this.#child = spawn(program, args, {
      cwd: workingDirectory,
      env: { ...env, [markVariable]: mark },
      detached: true,
      stdio: [stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    });
    this.#group = this.#child.pid ?? 0;
    if (this.#group > 0) {
      guard.add(this.#group);
      const onExcess = (excess: 'memory' | 'processes'): void => this.#exceeded(excess);
      table.watch(this.#group, { mark: `${markVariable}=${mark}`, memoryLimitBytes, onExcess });
    }
    this.#listen();
  }

  write(bytes: Uint8Array, isEnd: boolean, taken: (isTaken: boolean) => void): void {
    const { stdin } = this.#child;
    if (stdin === null || stdin.destroyed || stdin.writableEnded) return taken(this.#options.stdin === false);
    if (bytes.length > 0) stdin.write(bytes, (error) => taken(error === null || error === undefined));
    if (isEnd) stdin.end(bytes.length > 0 ? undefined : () => taken(true));
    else if (bytes.length === 0) taken(true);
    return undefined;
  }

  taken(bytes: number): void {
    this.#outputBytes -= bytes;
    if (this.#outputBytes >= outputWindowBytes) return;
    this.#child.stdout?.resume();
    this.#child.stderr?.resume();
  }

  signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (this.#group === 0 || this.#hasEnded) return;
    signalGroup(this.#group, signal);
    // What left the group is found by the node's mark in its environment.
    if (signal === 'SIGKILL') this.#options.table.killMarked(this.#group);
  }

  limit(memoryLimitBytes: number): void {
    this.#options.table.limit(this.#group, memoryLimitBytes);
  }

  resize(): void {
    // Without a terminal of the system there is nothing to resize.
  }

  async usage(): Promise<ProgramUsage | null> {
    return this.#options.table.usageOf(this.#group);
  }

  #listen(): void {
    const child = this.#child;
    const { listener } = this.#options;
    child.once('spawn', () => listener.started());
    child.once('error', (error) => {
      if (this.#group === 0) listener.startFailed(startError(this.#options.argv[0] ?? '', error));
    });
    child.stdin?.on('error', () => {});
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream]?.on('data', (bytes: Buffer) => this.#wrote(stream, bytes));
      child[stream]?.on('error', () => {});
    }
    child.once('exit', () => {
      // The first process is the container: what it leaves in its group goes with it.
      signalGroup(this.#group, 'SIGKILL');
      this.#options.table.killMarked(this.#group);
    });
    child.once('close', (code, signal) => {
      if (this.#group === 0) return;
      this.#hasEnded = true;
      this.#options.table.forget(this.#group);
      this.#options.guard.remove(this.#group);
      listener.exited(this.#isOutOfMemory ? exitCodes.killed : codeOf(code, signal), this.#isOutOfMemory);
    });
  }

  #wrote(stream: 'stdout' | 'stderr', bytes: Buffer): void {
    this.#outputBytes += bytes.length;
    if (this.#outputBytes >= outputWindowBytes) {
      this.#child.stdout?.pause();
      this.#child.stderr?.pause();
    }
    this.#options.listener.output(stream, bytes);
  }

  #exceeded(excess: 'memory' | 'processes'): void {
    this.#isOutOfMemory = excess === 'memory';
    if (excess === 'processes') this.#wrote('stderr', Buffer.from('killed: too many processes\n'));
    this.signal('SIGKILL');
  }
}

function signalGroup(group: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-group, signal);
  } catch {
    // It is gone already.
  }
}

function codeOf(code: number | null, signal: NodeJS.Signals | null): number {
  if (code !== null) return code;
  return signal === null ? 1 : 128 + (constants.signals[signal] ?? 0);
}

function startError(program: string, error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return `exec: "${program}": executable file not found in $PATH`;
  if (error.code === 'EACCES') return `exec: "${program}": permission denied`;
  return `exec: "${program}": ${error.message}`;
}
