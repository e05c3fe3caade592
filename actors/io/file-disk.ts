/**
 * The Disk port on real files: one folder per actor, commands completed in order. Appending writes to the page cache at once (a few
 * microseconds) and syncs on libuv's threads, so that a slow disk delays acknowledgements but never heartbeats. Appends that wait for
 * the same file while a sync runs share the next one (group commit). A folder that need not outlive its process is never synced.
 */
import { closeSync, fdatasync, mkdirSync, openSync, readdirSync, writeSync } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { DiskCommand, DiskEvent } from '../../src/actor/disk-port.ts';
import type { Port } from '../../src/actor/ports.ts';
import { unreachable } from '../../src/base/assert.ts';

/** What an actor with a disk must have in its arguments. */
export interface DiskArgs {
  /** The actor's own folder; created if absent. */
  readonly folder: string;
  /** False: nothing is synced. For clusters that end with their process. */
  readonly isDurable: boolean;
}

/** `create` differs from `append` only in that it starts the file anew. */
type Append = Extract<DiskCommand, { type: 'append' | 'create' }>;

const syncData = promisify(fdatasync);

/** A file that is being replaced has this suffix until it is complete; a crash may leave one behind. */
const draftSuffix = '.draft';

const brokenError = new Error('an earlier write failed');

/** Opens the folder named in the actor's arguments. Throws when it cannot be created. */
export function openFileDisk(emit: (event: unknown) => void, _self: unknown, args: unknown): Port {
  const { folder, isDurable } = args as DiskArgs;
  mkdirSync(folder, { recursive: true });
  const disk = new FileDisk(folder, isDurable, emit);
  return { handle: (command) => disk.handle(command as DiskCommand), close: () => disk.close() };
}

class FileDisk {
  readonly #folder: string;
  readonly #isDurable: boolean;
  readonly #emit: (event: DiskEvent) => void;
  readonly #queue: DiskCommand[] = [];
  readonly #descriptors = new Map<string, number>();
  /** Files created since their folder was last synced: until then a crash may lose them whole. */
  readonly #unsyncedEntries = new Set<string>();
  #isRunning = false;
  #isClosed = false;
  /** A write failed: what came behind it would stand behind a hole. */
  #isBroken = false;

  constructor(folder: string, isDurable: boolean, emit: (event: DiskEvent) => void) {
    this.#folder = folder;
    this.#isDurable = isDurable;
    this.#emit = emit;
  }

  handle(command: DiskCommand): void {
    if (!this.#isRunning && !this.#isBroken && isAppend(command) && !this.#mustSync(command)) {
      this.#emit(this.#write(command));
      return;
    }
    this.#queue.push(command);
    if (!this.#isRunning) void this.#run();
  }

  close(): void {
    this.#isClosed = true;
    this.#queue.length = 0;
    if (!this.#isRunning) this.#closeDescriptors();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#queue.length > 0 && !this.#isClosed) {
      const first = this.#queue[0] as DiskCommand;
      const events = isAppend(first) ? await this.#appendGroup(first.file) : [await this.#carryOutFirst()];
      for (const event of events) this.#emit(event);
    }
    this.#isRunning = false;
    if (this.#isClosed) this.#closeDescriptors();
  }

  /** Takes all appends to `file` from the head of the queue, writes them, and syncs once if any asks for it. */
  async #appendGroup(file: string): Promise<DiskEvent[]> {
    const group: Append[] = [];
    for (let next = this.#queue[0]; next !== undefined && isAppend(next) && next.file === file; next = this.#queue[0]) {
      group.push(next);
      this.#queue.shift();
    }
    const events = group.map((append) => (this.#isBroken ? failed(append.id, brokenError) : this.#write(append)));
    // What was written before the one that failed is not synced, so none of the group is done.
    if (this.#isBroken) return events.map((event) => (event.type === 'failed' ? event : failed(event.id, brokenError)));
    if (!group.some((append) => this.#mustSync(append))) return events;
    try {
      await syncData(this.#descriptor(file));
      if (this.#unsyncedEntries.delete(file)) await this.#syncFolder();
      return events;
    } catch (error) {
      this.#isBroken = true;
      return group.map(({ id }) => failed(id, error));
    }
  }

  #write({ type, id, file, bytes }: Append): DiskEvent {
    try {
      if (type === 'create') this.#forget(file);
      const descriptor = this.#descriptor(file, type === 'create' ? 'w' : 'a');
      for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
      return { type: 'done', id };
    } catch (error) {
      this.#isBroken = true;
      return failed(id, error);
    }
  }

  async #carryOutFirst(): Promise<DiskEvent> {
    const command = this.#queue.shift() as DiskCommand;
    if (this.#isBroken) return failed(command.id, brokenError);
    try {
      return await this.#carryOut(command);
    } catch (error) {
      this.#isBroken ||= isWrite(command);
      return failed(command.id, error);
    }
  }

  async #carryOut(command: DiskCommand): Promise<DiskEvent> {
    const { id } = command;
    switch (command.type) {
      case 'list':
        return { type: 'listed', id, files: this.#list() };
      case 'read':
        return { type: 'read', id, bytes: await readIfPresent(join(this.#folder, command.file)) };
      case 'create':
      case 'append':
        return this.#write(command);
      case 'replace':
        await this.#replace(command.file, command.chunks);
        return { type: 'done', id };
      case 'delete':
        this.#forget(command.file);
        await rm(join(this.#folder, command.file), { force: true });
        await this.#syncFolder();
        return { type: 'done', id };
      default:
        return unreachable(command);
    }
  }

  #list(): string[] {
    return readdirSync(this.#folder)
      .filter((name) => !name.endsWith(draftSuffix))
      .sort();
  }

  async #replace(file: string, chunks: readonly Uint8Array[]): Promise<void> {
    this.#forget(file);
    const draft = join(this.#folder, file + draftSuffix);
    const handle = await open(draft, 'w');
    try {
      for (const chunk of chunks) await handle.writeFile(chunk);
      if (this.#isDurable) await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, join(this.#folder, file));
    await this.#syncFolder();
  }

  /** A new, renamed or deleted file is durably so only once its folder is synced. */
  async #syncFolder(): Promise<void> {
    if (!this.#isDurable) return;
    const handle: FileHandle = await open(this.#folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  #mustSync(append: Append): boolean {
    return append.sync && this.#isDurable;
  }

  #descriptor(file: string, flags = 'a'): number {
    const known = this.#descriptors.get(file);
    if (known !== undefined) return known;
    const descriptor = openSync(join(this.#folder, file), flags);
    this.#descriptors.set(file, descriptor);
    this.#unsyncedEntries.add(file);
    return descriptor;
  }

  #forget(file: string): void {
    const descriptor = this.#descriptors.get(file);
    if (descriptor === undefined) return;
    this.#descriptors.delete(file);
    closeSync(descriptor);
  }

  #closeDescriptors(): void {
    for (const file of this.#descriptors.keys()) this.#forget(file);
  }
}

/** Whatever stands behind a write may rely on it, unless the write says otherwise. */
function isWrite(command: DiskCommand): boolean {
  return isAppend(command) || (command.type === 'replace' && !command.isOptional);
}

function isAppend(command: DiskCommand): command is Append {
  return command.type === 'append' || command.type === 'create';
}

function failed(id: number, error: unknown): DiskEvent {
  return { type: 'failed', id, message: error instanceof Error ? error.message : String(error) };
}

async function readIfPresent(path: string): Promise<Uint8Array | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
