/**
 * What a program in a container's thread gets: its arguments, environment, streams, files, signals and network. A module that is an image
 * exports a function as default, which is called with this; a number that it returns is the exit code, and without one the program goes on
 * until nothing keeps its thread alive.
 *
 *   export default async function main(container) {
 *     container.onSignal((signal) => container.exit(0));
 *     container.stdout.write(`hello from ${container.hostname}\n`);
 *   }
 */
import { readlinkSync } from 'node:fs';
import type { Server } from 'node:net';
import { isIP } from 'node:net';
import { posix } from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import type { ContainerBirth, FromContainer, ToContainer } from '../../src/actor/container-thread.ts';
import { ContainerFiles } from './container-files.ts';
import { ContainerPaths } from './container-paths.ts';
import { Input, Output } from './container-streams.ts';
import { ShellFiles } from './shell-files.ts';

/** What an image that is a module exports as default. */
export type ContainerMain = (container: Container) => number | void | Promise<number | void>;

export class Container {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly hostname: string;
  /** What the program listens at, and what `localhost` means to it: the pod's address. Containers of one pod share it. */
  readonly address: string;
  readonly workingDirectory: string;
  readonly tty: boolean;
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly fs: ContainerFiles;
  /** The same, for our own shell. */
  readonly shellFiles: ShellFiles;
  readonly #port: MessagePort;
  readonly #memory = new Map<number, (buffer: SharedArrayBuffer | null) => void>();
  #lastMemory = 0;
  #onSignal: ((signal: 'SIGTERM') => void) | null = null;
  #onResize: ((columns: number, rows: number) => void) | null = null;

  constructor(birth: ContainerBirth, env: Readonly<Record<string, string>>, port: MessagePort) {
    this.#port = port;
    this.args = birth.argv;
    this.env = env;
    this.hostname = birth.hostname;
    this.address = birth.address;
    this.workingDirectory = birth.workingDirectory;
    this.tty = birth.tty;
    const paths = new ContainerPaths(birth);
    this.fs = new ContainerFiles(paths, birth.workingDirectory);
    this.shellFiles = new ShellFiles(paths, birth.workingDirectory);
    const underWay = new Int32Array(birth.outputBytes);
    const output = (stream: 'stdout' | 'stderr') =>
      new Output((bytes) => this.#tell({ type: 'output', stream, bytes }), underWay, birth.tty);
    this.stdout = output('stdout');
    // A terminal has one stream of output.
    this.stderr = birth.tty ? this.stdout : output('stderr');
    this.stdin = new Input(birth.stdin, (isWaiting) => (isWaiting ? port.ref() : port.unref()));
    port.on('message', (message: ToContainer) => this.#heard(message));
    port.unref();
  }

  /** Tells the node that the program runs, or why there is none; ends the thread then. */
  started(missing: string | null): void {
    if (missing === null) return this.#tell({ type: 'started', thread: ownThread(), memoryBytes: heldBytes() });
    this.#tell({ type: 'notFound', message: missing });
    return this.exit(1);
  }

  /** Ends the program at once. */
  exit(code = 0): never {
    return process.exit(code);
  }

  /** Lets the program do what it likes when it is asked to end; without this it ends with 143. It is killed when its grace is over. */
  onSignal(handler: ((signal: 'SIGTERM') => void) | null): void {
    this.#onSignal = handler;
  }

  onResize(handler: (columns: number, rows: number) => void): void {
    this.#onResize = handler;
  }

  /** Returns the address to connect to for a host name: `localhost`, the own name and the pod's address are the pod's. */
  resolve(host: string): string {
    const isOwn = host === 'localhost' || host === '127.0.0.1' || host === '::1' || host === this.hostname;
    return isOwn && isIP(this.address) !== 0 ? this.address : host;
  }

  /** Listens at the pod's address; resolves with the port, rejects with EADDRINUSE when another container of the pod has it. */
  listen(server: Server, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, this.address, () => {
        server.off('error', reject);
        const bound = server.address();
        resolve(typeof bound === 'object' && bound !== null ? bound.port : port);
      });
    });
  }

  /** Resolves with memory that all containers of this pod share under `key`; rejects when it exists in another size, or there is no room. */
  async sharedMemory(key: string, bytes: number): Promise<SharedArrayBuffer> {
    this.#lastMemory += 1;
    const id = this.#lastMemory;
    this.#port.ref();
    const answer = new Promise<SharedArrayBuffer | null>((resolve) => this.#memory.set(id, resolve));
    this.#tell({ type: 'wantMemory', id, key, bytes });
    const buffer = await answer;
    this.#port.unref();
    if (buffer === null) throw new Error(`no shared memory "${key}" of ${bytes} bytes`);
    return buffer;
  }

  #tell(message: FromContainer): void {
    this.#port.postMessage(message);
  }

  #heard(message: ToContainer): void {
    switch (message.type) {
      case 'input': {
        const taken = (): void => this.#tell({ type: 'inputTaken', id: message.id });
        return this.stdin.push({ bytes: message.bytes, isEnd: message.isEnd, taken });
      }
      case 'signal':
        if (this.#onSignal === null) return this.exit(exitCodeOfTerm);
        return this.#onSignal(message.signal);
      case 'measure':
        return this.#tell({ type: 'holds', memoryBytes: heldBytes() });
      case 'resize':
        this.stdout.columns = message.columns;
        this.stdout.rows = message.rows;
        return this.#onResize?.(message.columns, message.rows);
      case 'memory':
        this.#memory.get(message.id)?.(message.buffer);
        this.#memory.delete(message.id);
        return undefined;
    }
  }
}

/** The number of this thread among those of the machine; 0 where it cannot be known. */
function ownThread(): number {
  if (process.platform !== 'linux') return 0;
  try {
    return Number(posix.basename(readlinkSync('/proc/thread-self'))) || 0;
  } catch {
    return 0;
  }
}

/** The heap of this thread, and what it holds beside it: buffers above all. */
function heldBytes(): number {
  const { heapTotal, external } = process.memoryUsage();
  return heapTotal + external;
}

/** As shells tell of a program that SIGTERM ended. */
export const exitCodeOfTerm = 143;
