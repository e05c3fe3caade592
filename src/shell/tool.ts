/** What the commands of the shell are made of: each is a function from its arguments and streams to a task that ends with an exit code. */
import type { WallMs } from '../base/brand.ts';
import type { Files } from './files.ts';
import { readBytesMax } from './limits.ts';
import type { CommandMemory } from './memory.ts';
import { BrokenPipe, type Reader, type Streams, sourceOf, type Writer, writerTo } from './streams.ts';
import type { Task, Tasks } from './tasks.ts';

/** Where commands run. */
export interface Machine {
  readonly hostname: string;
  readonly address: string;
  /** What the container was started with. */
  readonly command: readonly string[];
  readonly tty: boolean;
  /** What `uname -r` says. */
  readonly release: string;
  readonly tasks: Tasks;
  wallMs(): WallMs;
  /** Returns bytes of chance. */
  random(length: number): Uint8Array;
  /** Finds a command beyond the common ones. */
  tool(name: string): Tool | undefined;
  /** Sets what happens when the container is asked to end; null: it ends. */
  onTerminate(handler: (() => void) | null): void;
}

export interface ToolCall extends Streams {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Relative paths start from the shell's folder. */
  readonly files: Files;
  readonly machine: Machine;
  /** What it holds; closed when it ends. */
  readonly memory: CommandMemory;
  /** Runs another command with the same surroundings. */
  run(argv: readonly string[], streams: Streams, env?: Readonly<Record<string, string>>): Task<number>;
}

export type Tool = (call: ToolCall) => Task<number>;

/** A command was called in a way that it does not know. */
export class UsageError extends Error {}

/** Ctrl-C was typed: whatever runs ends. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted');
    this.name = 'Interrupted';
  }
}

/** Tells whether an error is for those further out: it is no failure of the command that it passes. */
export function passesThrough(error: unknown): boolean {
  return error instanceof BrokenPipe || error instanceof Interrupted;
}

interface Closing {
  close(): void;
}

function close(): void {}

/** Opens what a path or `-` means for reading. */
export function openReader(
  { files, stdin, machine }: Pick<ToolCall, 'files' | 'stdin' | 'machine'>,
  path: string,
): Reader & Closing {
  const from = (next: () => Uint8Array | null): Reader & Closing => Object.assign(sourceOf(next), { close });
  switch (path) {
    case '-':
    case '/dev/stdin':
      return { read: () => stdin.read(), unread: (bytes) => stdin.unread(bytes), close };
    case '/dev/null':
      return from(() => null);
    case '/dev/zero':
      return from(() => new Uint8Array(readBytesMax));
    case '/dev/random':
    case '/dev/urandom':
      return from(() => machine.random(readBytesMax));
    default: {
      const file = files.open(path, 'r');
      return Object.assign(
        sourceOf(() => file.read(readBytesMax)),
        { close: () => file.close() },
      );
    }
  }
}

/** Opens a file for writing. */
export function openWriter(
  { files, stdout, stderr }: Pick<ToolCall, 'files' | 'stdout' | 'stderr'>,
  path: string,
  flags: 'w' | 'a',
): Writer & Closing {
  if (path === '/dev/null') return { ...writerTo(() => {}), close };
  if (path === '/dev/stdout') return { write: (chunk) => stdout.write(chunk), close };
  if (path === '/dev/stderr') return { write: (chunk) => stderr.write(chunk), close };
  const file = files.open(path, flags);
  return { ...writerTo((bytes) => file.write(bytes)), close: () => file.close() };
}

/** Opens the files that arguments name, or standard input, one after another. */
export function* eachInput(
  call: ToolCall,
  paths: readonly string[],
  use: (reader: Reader, path: string) => Task<void>,
): Task<number> {
  return yield* eachOperand(call, paths.length === 0 ? ['-'] : paths, function* (path) {
    const reader = openReader(call, path);
    try {
      yield* use(reader, path);
    } finally {
      reader.close();
    }
  });
}

/** Does something for each operand and tells what went wrong; returns the exit code. */
export function* eachOperand(
  call: ToolCall,
  operands: readonly string[],
  use: (operand: string) => Task<void>,
): Task<number> {
  let code = 0;
  for (const operand of operands) {
    try {
      yield* use(operand);
    } catch (error) {
      if (passesThrough(error)) throw error;
      yield* call.stderr.write(`${call.name}: ${(error as Error).message}\n`);
      code = 1;
    }
  }
  return code;
}

export interface Flags {
  readonly flags: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
  readonly rest: readonly string[];
}

/** Parts flags from operands. `valued` are the one-letter flags that take a value; `long` maps long names to letters. Throws UsageError. */
export function parseFlags(
  args: readonly string[],
  known: string,
  valued = '',
  long: Readonly<Record<string, string>> = {},
): Flags {
  const flags = new Set<string>();
  const values = new Map<string, string>();
  const rest: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? '';
    if (arg === '--') {
      rest.push(...args.slice(index + 1));
      break;
    }
    if (!arg.startsWith('-') || arg === '-') {
      rest.push(arg);
      continue;
    }
    const [name = '', value] = arg.startsWith('--') ? arg.slice(2).split(/=(.*)/s) : [];
    const letters = arg.startsWith('--') ? long[name] : arg.slice(1);
    if (letters === undefined) throw new UsageError(`unrecognized option: ${arg}`);
    for (let at = 0; at < letters.length; at += 1) {
      const letter = letters.charAt(at);
      if (valued.includes(letter)) {
        const direct = value ?? letters.slice(at + 1);
        if (value === undefined && direct === '') index += 1;
        values.set(letter, direct === '' && value === undefined ? (args[index] ?? '') : direct);
        break;
      }
      if (!known.includes(letter)) throw new UsageError(`unrecognized option: -${letter}`);
      flags.add(letter);
    }
  }
  return { flags, values, rest };
}

/** `-5` means `-n5`, unless it is what `-n` or `-c` asks for. */
export function withCount(args: readonly string[]): readonly string[] {
  return args.map((arg, at) => (/^-[nc]$/.test(args[at - 1] ?? '') ? arg : arg.replace(/^-(\d+)$/, '-n$1')));
}
