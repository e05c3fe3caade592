/** The files of a container, for its program: what it may do with them, and nothing beyond its root and mounts. */
import type { Dirent, Stats } from 'node:fs';
import { existsSync } from 'node:fs';
import * as files from 'node:fs/promises';
import { fileErrors } from '../../src/shell/files.ts';
import type { ContainerPaths, Place } from './container-paths.ts';

export class ContainerFiles {
  readonly #paths: ContainerPaths;
  /** What relative paths start from. */
  readonly #folder: string;

  constructor(paths: ContainerPaths, folder: string) {
    this.#paths = paths;
    this.#folder = folder;
  }

  /** The same files, with relative paths from `folder`. */
  at(folder: string): ContainerFiles {
    return new ContainerFiles(this.#paths, this.absolute(folder));
  }

  get folder(): string {
    return this.#folder;
  }

  /** Returns a path from the root, without links. */
  absolute(path: string): string {
    return this.#paths.find(this.#folder, path).path;
  }

  readFile(path: string): Promise<Uint8Array> {
    return told(path, files.readFile(this.#read(path)));
  }

  readText(path: string): Promise<string> {
    return told(path, files.readFile(this.#read(path), 'utf8'));
  }

  async writeFile(path: string, content: string | Uint8Array): Promise<void> {
    await told(path, files.writeFile(this.#write(path), content));
  }

  async appendFile(path: string, content: string | Uint8Array): Promise<void> {
    await told(path, files.appendFile(this.#write(path), content));
  }

  /** Opens a file: `r` to read, `w` to write anew, `a` to append. Whoever opened it closes it. */
  open(path: string, flags: 'r' | 'w' | 'a'): Promise<files.FileHandle> {
    return told(path, files.open(flags === 'r' ? this.#read(path) : this.#write(path), flags));
  }

  readdir(path: string): Promise<readonly string[]> {
    return told(path, files.readdir(this.#read(path)));
  }

  entries(path: string): Promise<readonly Dirent[]> {
    return told(path, files.readdir(this.#read(path), { withFileTypes: true }));
  }

  stat(path: string): Promise<Stats> {
    return told(path, files.stat(this.#read(path)));
  }

  lstat(path: string): Promise<Stats> {
    return told(path, files.lstat(this.#paths.find(this.#folder, path, false).host));
  }

  exists(path: string): boolean {
    try {
      return existsSync(this.#read(path));
    } catch {
      return false;
    }
  }

  async mkdir(path: string, options: { readonly recursive?: boolean } = {}): Promise<void> {
    await told(path, files.mkdir(this.#write(path), { recursive: options.recursive === true }));
  }

  async remove(path: string, options: { readonly recursive?: boolean; readonly force?: boolean } = {}): Promise<void> {
    const place = this.#writable(path, this.#paths.find(this.#folder, path, false));
    const { recursive = false, force = false } = options;
    await told(path, files.rm(place.host, { recursive, force }));
  }

  async removeFolder(path: string): Promise<void> {
    await told(path, files.rmdir(this.#write(path)));
  }

  async rename(from: string, to: string): Promise<void> {
    const source = this.#writable(from, this.#paths.find(this.#folder, from, false));
    const target = this.#writable(to, this.#paths.find(this.#folder, to, false));
    try {
      await files.rename(source.host, target.host);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw inContainer(from, error);
      await files.cp(source.host, target.host, { recursive: true });
      await files.rm(source.host, { recursive: true });
    }
  }

  async copy(from: string, to: string): Promise<void> {
    await told(from, files.cp(this.#read(from), this.#write(to), { recursive: true, verbatimSymlinks: true }));
  }

  async symlink(target: string, path: string): Promise<void> {
    const place = this.#writable(path, this.#paths.find(this.#folder, path, false));
    await told(path, files.symlink(target, place.host));
  }

  readlink(path: string): Promise<string> {
    return told(path, files.readlink(this.#paths.find(this.#folder, path, false).host));
  }

  async chmod(path: string, mode: number): Promise<void> {
    await told(path, files.chmod(this.#write(path), mode));
  }

  async touch(path: string): Promise<void> {
    const host = this.#write(path);
    const file = await told(path, files.open(host, 'a'));
    const now = Date.now() / 1_000;
    await file.utimes(now, now);
    await file.close();
  }

  #read(path: string): string {
    return this.#paths.find(this.#folder, path).host;
  }

  #write(path: string): string {
    return this.#writable(path, this.#paths.find(this.#folder, path)).host;
  }

  #writable(path: string, place: Place): Place {
    if (!place.isReadOnly) return place;
    throw Object.assign(new Error(`EROFS: read-only file system, '${path}'`), { code: 'EROFS' });
  }
}

/** Errors name the container's paths, never those of the machine. */
async function told<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw inContainer(path, error);
  }
}

const reasons: Readonly<Record<string, string>> = { ...fileErrors, ERR_FS_EISDIR: fileErrors.EISDIR };

function inContainer(path: string, error: unknown): Error {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return Object.assign(new Error(`${path}: ${reasons[code] ?? message}`), { code, path });
}
