/** What the commands of our own shell are made of: each is a function from its arguments and streams to an exit code. */
import { randomFillSync } from 'node:crypto';
import { StringDecoder } from 'node:string_decoder';
import type { Container } from './container.ts';
import type { ContainerFiles } from './container-files.ts';
import type { Reader, Writer } from './container-streams.ts';

export interface Streams {
  readonly stdin: Reader;
  readonly stdout: Writer;
  readonly stderr: Writer;
}

export interface ToolCall extends Streams {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Relative paths start from the shell's folder. */
  readonly files: ContainerFiles;
  readonly container: Container;
  /** Runs another command with the same surroundings. */
  run(argv: readonly string[], streams: Streams, env?: Readonly<Record<string, string>>): Promise<number>;
}

export type Tool = (call: ToolCall) => Promise<number> | number;

/** The reader of a pipe is gone. */
export class BrokenPipe extends Error {
  constructor() {
    super('broken pipe');
    this.name = 'BrokenPipe';
  }
}

/** A command was called in a way that it does not know. */
export class UsageError extends Error {}

const readBytes = 64 * 1024;

/** Opens what a path or `-` means for reading. */
export async function openReader(
  { files, stdin }: Pick<ToolCall, 'files' | 'stdin'>,
  path: string,
): Promise<Reader & { close(): Promise<void> }> {
  const close = async (): Promise<void> => {};
  if (path === '-' || path === '/dev/stdin') return { read: () => stdin.read(), close };
  if (path === '/dev/null') return { read: async () => null, close };
  if (path === '/dev/zero') return { read: async () => new Uint8Array(readBytes), close };
  if (path === '/dev/urandom' || path === '/dev/random') {
    return { read: async () => randomFillSync(new Uint8Array(readBytes)), close };
  }
  const file = await files.open(path, 'r');
  const read = async (): Promise<Uint8Array | null> => {
    const { bytesRead, buffer } = await file
      .read(new Uint8Array(readBytes), 0, readBytes)
      .catch((error: NodeJS.ErrnoException) => {
        throw error.code === 'EISDIR' ? new Error(`${path}: Is a directory`) : error;
      });
    return bytesRead === 0 ? null : buffer.subarray(0, bytesRead);
  };
  return { read, close: () => file.close() };
}

/** Opens a file for writing. */
export async function openWriter(
  { files, stdout, stderr }: Pick<ToolCall, 'files' | 'stdout' | 'stderr'>,
  path: string,
  flags: 'w' | 'a',
): Promise<Writer & { close(): Promise<void> }> {
  const close = async (): Promise<void> => {};
  if (path === '/dev/null') return { write: () => {}, close };
  if (path === '/dev/stdout') return { write: (chunk) => stdout.write(chunk), close };
  if (path === '/dev/stderr') return { write: (chunk) => stderr.write(chunk), close };
  const file = await files.open(path, flags);
  const write = async (chunk: string | Uint8Array): Promise<void> => {
    await file.writeFile(chunk);
  };
  return { write, close: () => file.close() };
}

/** Reads all of a stream. */
export async function readAll(reader: Reader): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for (let bytes = await reader.read(); bytes !== null; bytes = await reader.read()) parts.push(bytes);
  return Buffer.concat(parts);
}

/** Yields the lines of a stream, without their ends. */
export async function* linesOf(reader: Reader): AsyncGenerator<string> {
  let rest = '';
  const decoder = new StringDecoder('utf8');
  for (let bytes = await reader.read(); bytes !== null; bytes = await reader.read()) {
    const lines = (rest + decoder.write(bytes as Buffer)).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

/** Opens the files that arguments name, or standard input, one after another. */
export async function eachInput(
  call: ToolCall,
  paths: readonly string[],
  use: (reader: Reader, path: string) => Promise<void>,
): Promise<number> {
  let code = 0;
  for (const path of paths.length === 0 ? ['-'] : paths) {
    try {
      const reader = await openReader(call, path);
      await use(reader, path).finally(() => reader.close());
    } catch (error) {
      if (error instanceof BrokenPipe) throw error;
      await call.stderr.write(`${call.name}: ${(error as Error).message}\n`);
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
