/** The Programs port on worker threads, processes, folders and sockets of this machine. */
import { existsSync, statSync } from 'node:fs';
import { delimiter, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Address } from '../../../src/actor/address.ts';
import type { ContainerBirth } from '../../../src/actor/container-thread.ts';
import type { Port } from '../../../src/actor/ports.ts';
import {
  messageBytesMax,
  type ProgramReading,
  type ProgramSpec,
  type ProgramsArgs,
  type ProgramsCommand,
  type ProgramsEvent,
  type ProgramsSettings,
} from '../../../src/actor/programs-port.ts';
import { parseReference } from '../../../src/registry/reference.ts';
import { ImageStore, type StoredImage } from '../images/image-store.ts';
import { boundAddress } from './addresses.ts';
import { ConnectionProgram } from './connection-program.ts';
import { ProgramFolders } from './folders.ts';
import { Guard } from './guard.ts';
import { startOfImage } from './image-launch.ts';
import { findImage } from './images.ts';
import { probeNetwork } from './network-probe.ts';
import { ProcessProgram } from './process-program.ts';
import { ProcessTable } from './process-table.ts';
import type { Program, ProgramListener } from './program.ts';
import { SharedMemory } from './shared-memory.ts';
import { WorkerProgram } from './worker-program.ts';

/** Where commands of a container are looked for, unless its image or its pod says otherwise. */
const imagePath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

type Emit = (event: ProgramsEvent) => void;
type Start = Extract<ProgramsCommand, { type: 'start' }>;

/** Opens the port; `args` must be ProgramsArgs. */
export function openPrograms(emit: (event: unknown) => void, _self: Address, args: unknown): Port {
  const { programs } = (args ?? {}) as ProgramsArgs;
  const port = new Programs(emit as Emit, programs ?? { images: {}, folder: '', volumesFolder: '' });
  return { handle: (command) => port.handle(command as ProgramsCommand), close: () => port.close() };
}

class Programs {
  readonly #emit: Emit;
  readonly #settings: ProgramsSettings;
  readonly #folders: ProgramFolders;
  readonly #memory = new SharedMemory();
  readonly #table = new ProcessTable();
  readonly #running = new Map<number, Program>();
  readonly #images = new ImageStore(() => this.#folders.base());
  /** What containers are made of, where that was pulled. */
  readonly #imageOf = new Map<string, StoredImage>();
  #guard: Guard | undefined;
  #isClosed = false;

  constructor(emit: Emit, settings: ProgramsSettings) {
    this.#emit = emit;
    this.#settings = settings;
    this.#folders = new ProgramFolders(settings.folder, settings.volumesFolder);
  }

  handle(command: ProgramsCommand): void {
    switch (command.type) {
      case 'findImage':
        return this.#findImage(command);
      case 'setVolume': {
        this.#mustGuard();
        const { podUid, name, content } = command;
        return this.#complete(command.id, this.#folders.setVolume(podUid, name, content));
      }
      case 'removeVolumes':
        this.#memory.forget(command.podUid);
        return this.#complete(command.id, this.#folders.removeVolumes(command.podUid));
      case 'makeFolder':
        this.#mustGuard();
        return this.#complete(command.id, this.#makeFolder(command));
      case 'removeFolder':
        this.#imageOf.delete(command.container);
        return this.#complete(command.id, this.#folders.removeRoot(command.container));
      case 'start':
        return this.#start(command);
      case 'connect': {
        const { program, host, port } = command;
        this.#running.set(program, new ConnectionProgram(boundAddress(host), port, this.#listener(program, null)));
        return undefined;
      }
      case 'write':
        return this.#write(command);
      case 'taken':
        return this.#running.get(command.program)?.taken(command.bytes);
      case 'signal':
        return this.#running.get(command.program)?.signal(command.signal);
      case 'limit':
        return this.#running.get(command.program)?.limit?.(command.memoryLimitBytes);
      case 'resize':
        return this.#running.get(command.program)?.resize(command.columns, command.rows);
      case 'measure':
        return this.#measure(command);
      case 'probe': {
        const { id, probe, address, timeoutMs } = command;
        void probeNetwork(probe, address, timeoutMs).then((verdict) => this.#tell({ type: 'probed', id, ...verdict }));
        return undefined;
      }
    }
  }

  /** Ends everything. What the thread's own end leaves behind, the guard ends. */
  close(): void {
    this.#isClosed = true;
    for (const program of this.#running.values()) program.signal('SIGKILL');
    this.#table.close();
    this.#images.close();
    this.#folders.close();
    this.#guard?.close();
  }

  #measure({ id, programs }: Extract<ProgramsCommand, { type: 'measure' }>): void {
    const reading = async (program: number): Promise<readonly ProgramReading[]> => {
      const usage = await this.#running.get(program)?.usage();
      return usage === null || usage === undefined ? [] : [{ program, ...usage }];
    };
    void Promise.all(programs.map(reading)).then((all) => this.#tell({ type: 'measured', id, readings: all.flat() }));
  }

  #tell(event: ProgramsEvent): void {
    if (!this.#isClosed) this.#emit(event);
  }

  #complete(id: number, work: Promise<void>): void {
    work.then(
      () => this.#tell({ type: 'done', id }),
      (error: Error) => this.#tell({ type: 'failed', id, message: error.message }),
    );
  }

  #mustGuard(): Guard {
    this.#guard ??= new Guard(this.#folders.base());
    return this.#guard;
  }

  #findImage({ id, program, image, credentials }: Extract<ProgramsCommand, { type: 'findImage' }>): void {
    const tell = (sizeBytes: number, note: string, imageId = ''): void =>
      this.#tell({ type: 'image', id, imageId, sizeBytes, note });
    const fail = (message: string): void => this.#tell({ type: 'failed', id, message });
    if (program === 'process') {
      return tell(0, 'The runtime "process" runs programs of the machine: the image is a name only.');
    }
    const found = findImage(image, this.#settings.images);
    if (found.type === 'builtIn') return tell(0, found.note);
    if (found.type === 'unknown') {
      const reference = parseReference(image);
      if (reference === null) return fail(found.message);
      this.#mustGuard();
      void this.#images.pull(reference, credentials).then((outcome) => {
        if (outcome.type === 'failed') fail(outcome.message);
        else tell(outcome.sizeBytes, '', outcome.imageId);
      });
      return undefined;
    }
    const file = pathOfUrl(found.url);
    const stats = file === null ? undefined : statSync(file, { throwIfNoEntry: false });
    return stats === undefined ? fail(`no module at ${found.url}`) : tell(stats.size, found.note);
  }

  async #makeFolder(command: Extract<ProgramsCommand, { type: 'makeFolder' }>): Promise<void> {
    const { container, podUid, imageId, mounts } = command;
    const image = this.#images.find(imageId);
    const folders = image === undefined ? [] : [image.config.workingDirectory];
    if (image !== undefined) {
      this.#imageOf.set(container, image);
      await this.#images.layOut(image, this.#folders.root(container));
    }
    await this.#folders.makeRoot(container, podUid, mounts, folders);
  }

  #write({ id, program, bytes, isEnd }: Extract<ProgramsCommand, { type: 'write' }>): void {
    const running = this.#running.get(program);
    const taken = (isTaken: boolean): void =>
      this.#tell(isTaken ? { type: 'done', id } : { type: 'failed', id, message: 'the program takes no more input' });
    if (running === undefined) taken(false);
    else running.write(bytes, isEnd, taken);
  }

  #listener(program: number, spec: ProgramSpec | null): ProgramListener {
    return {
      started: () => this.#tell({ type: 'started', program }),
      startFailed: (message) => {
        this.#running.delete(program);
        this.#tell({ type: 'startFailed', program, message });
      },
      output: (stream, bytes) => this.#tell({ type: 'output', program, stream, bytes }),
      exited: (exitCode, isOutOfMemory) => {
        this.#running.delete(program);
        void this.#messageOf(spec).then((message) =>
          this.#tell({ type: 'exited', program, exitCode, isOutOfMemory, message }),
        );
      },
    };
  }

  async #messageOf(spec: ProgramSpec | null): Promise<string> {
    if (spec === null || spec.messagePath === '') return '';
    return this.#folders.read(spec.container, spec.messagePath, messageBytesMax);
  }

  #start({ program, spec }: Start): void {
    const listener = this.#listener(program, spec);
    try {
      const started =
        spec.type === 'worker' ? this.#startWorker(spec, listener) : this.#startProcess(program, spec, listener);
      this.#running.set(program, started);
    } catch (error) {
      listener.startFailed((error as Error).message);
    }
  }

  #startWorker(spec: ProgramSpec, listener: ProgramListener): Program {
    const { container, podUid, command, args, hostname, address, stdin, tty } = spec;
    const image = this.#imageOf.get(container);
    const asked = spec.workingDirectory === '' ? (image?.config.workingDirectory ?? '') : spec.workingDirectory;
    const workingDirectory = asked === '' ? '/' : asked;
    const env = environmentOf(spec, imagePath, '/root', image?.config.env);
    const root = this.#folders.root(container);
    const path = env['PATH'] ?? '';
    const isExec = spec.image === null;
    const started =
      image === undefined
        ? { start: this.#startOf(spec), argv: [...command, ...args], complaint: '' }
        : startOfImage(root, image.config, { isExec, command, args, workingDirectory, path });
    const { start, argv, complaint } = started;
    return new WorkerProgram({
      birth: {
        container,
        root,
        mounts: this.#folders.mounts(container),
        start,
        argv,
        workingDirectory,
        hostname,
        address: boundAddress(address),
        hasOwnNetwork: address !== null,
        stdin,
        tty,
      },
      env,
      memoryLimitBytes: spec.memoryLimitBytes,
      memory: this.#memory,
      podUid,
      listener: complaint === '' ? listener : { ...listener, startFailed: () => listener.startFailed(complaint) },
    });
  }

  /** What a worker starts: the image, or a tool of ours that the command names. */
  #startOf({ image, command }: ProgramSpec): ContainerBirth['start'] {
    if (image === null) return { type: 'tool' };
    const found = findImage(image, this.#settings.images);
    if (found.type === 'unknown') throw new Error(found.message);
    if (found.type === 'module') return { type: 'module', url: found.url };
    // A command replaces what the image would start, as in Kubernetes.
    const isOwnName = found.name === 'agnhost' && command[0]?.replace(/^\//, '') === 'agnhost';
    if (command.length > 0 && !isOwnName) return { type: 'tool' };
    return { type: 'builtIn', name: found.name };
  }

  #startProcess(program: number, spec: ProgramSpec, listener: ProgramListener): Program {
    const { container, command, args, stdin, memoryLimitBytes } = spec;
    const argv = [...command, ...args];
    if (argv.length === 0) throw new Error('the runtime "process" starts programs of the machine: name one as command');
    const root = this.#folders.root(container);
    const env = environmentOf(spec, process.env['PATH'] ?? '/usr/bin:/bin', root);
    const workingDirectory = join(root, normalize(`/${spec.workingDirectory}`));
    if (!existsSync(workingDirectory))
      throw new Error(`chdir to cwd ("${spec.workingDirectory}") set in config failed`);
    const [name = '', ...rest] = argv;
    return new ProcessProgram({
      argv: [inRoot(name, root, env['PATH'] ?? ''), ...rest],
      env,
      workingDirectory,
      stdin,
      memoryLimitBytes,
      mark: `${this.#folders.base()}/${program}`,
      guard: this.#mustGuard(),
      table: this.#table,
      listener,
    });
  }
}

/** A program that stands in the container's own folder goes before one of the machine with the same path. */
function inRoot(name: string, root: string, path: string): string {
  if (name.startsWith('/')) {
    const own = join(root, normalize(name));
    return existsSync(own) ? own : name;
  }
  if (name.includes('/')) return name;
  const folder = path.split(delimiter).find((each) => existsSync(join(each, name)));
  return folder === undefined ? name : join(folder, name);
}

function environmentOf(
  { env, hostname }: ProgramSpec,
  path: string,
  home: string,
  ofImage: ProgramSpec['env'] = [],
): Record<string, string> {
  const own = { PATH: path, HOSTNAME: hostname, HOME: home };
  return { ...own, ...Object.fromEntries([...ofImage, ...env].map(({ name, value }) => [name, value])) };
}

function pathOfUrl(url: string): string | null {
  try {
    return url.startsWith('file:') ? fileURLToPath(url) : url;
  } catch {
    return null;
  }
}
