/** The files of a container, for our own shell: the same that a module sees as `container.fs`, without waiting, since its thread is its own. */
import {
  chmodSync,
  closeSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  renameSync,
  rmdirSync,
  rmSync,
  type Stats,
  statSync,
  symlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import {
  FileError,
  type FileErrorCode,
  type FileStats,
  type Files,
  fileErrors,
  type OpenFile,
} from '../../src/shell/files.ts';
import type { ContainerPaths, Place } from './container-paths.ts';

export class ShellFiles implements Files {
  readonly #paths: ContainerPaths;
  readonly folder: string;

  constructor(paths: ContainerPaths, folder: string) {
    this.#paths = paths;
    this.folder = folder;
  }

  at(folder: string): ShellFiles {
    return new ShellFiles(this.#paths, this.absolute(folder));
  }

  absolute(path: string): string {
    return this.#place(path).path;
  }

  open(path: string, flags: 'r' | 'w' | 'a'): OpenFile {
    const file = told(path, () => openSync(flags === 'r' ? this.#place(path).host : this.#writable(path), flags));
    return {
      read: (bytesMax) => {
        const bytes = new Uint8Array(bytesMax);
        const count = told(path, () => readSync(file, bytes));
        return count === 0 ? null : bytes.subarray(0, count);
      },
      write: (bytes) => {
        for (let at = 0; at < bytes.length; ) at += told(path, () => writeSync(file, bytes, at));
      },
      close: () => closeSync(file),
    };
  }

  names(path: string): readonly string[] {
    return told(path, () => readdirSync(this.#place(path).host));
  }

  stat(path: string): FileStats {
    return statsOf(told(path, () => statSync(this.#place(path).host)));
  }

  lstat(path: string): FileStats {
    return statsOf(told(path, () => lstatSync(this.#place(path, false).host)));
  }

  mkdir(path: string, { recursive }: { readonly recursive: boolean }): void {
    // A folder that is there is none to make: it may be one that may not be written to.
    const isThere = recursive && statSync(this.#place(path).host, { throwIfNoEntry: false })?.isDirectory() === true;
    if (!isThere) told(path, () => mkdirSync(this.#writable(path), { recursive }));
  }

  remove(path: string, { recursive, force }: { readonly recursive: boolean; readonly force: boolean }): void {
    try {
      told(path, () => rmSync(this.#writable(path, false), { recursive, force }));
    } catch (error) {
      // Whether what would be below a file is missing differs among releases of Node; for rm it is.
      if (!force || !(error instanceof FileError) || error.code !== 'ENOTDIR') throw error;
    }
  }

  removeFolder(path: string): void {
    told(path, () => rmdirSync(this.#writable(path, false)));
  }

  rename(from: string, to: string): void {
    const source = this.#writable(from, false);
    const target = this.#writable(to, false);
    told(from, () => {
      try {
        renameSync(source, target);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
        cpSync(source, target, { recursive: true });
        rmSync(source, { recursive: true });
      }
    });
  }

  copy(from: string, to: string): void {
    const source = this.#place(from).host;
    const target = this.#writable(to);
    told(from, () => cpSync(source, target, { recursive: true, verbatimSymlinks: true }));
  }

  symlink(target: string, path: string): void {
    told(path, () => symlinkSync(target, this.#writable(path, false)));
  }

  readlink(path: string): string {
    return told(path, () => readlinkSync(this.#place(path, false).host));
  }

  chmod(path: string, mode: number): void {
    told(path, () => chmodSync(this.#writable(path), mode));
  }

  touch(path: string): void {
    const host = this.#writable(path);
    told(path, () => {
      if (!existsSync(host)) closeSync(openSync(host, 'a'));
      const now = Date.now() / 1_000;
      utimesSync(host, now, now);
    });
  }

  #place(path: string, follow = true): Place {
    return told(path, () => this.#paths.find(this.folder, path, follow));
  }

  #writable(path: string, follow = true): string {
    const place = this.#place(path, follow);
    if (place.isReadOnly) throw new FileError(path, 'EROFS');
    return place.host;
  }
}

function statsOf(stats: Stats): FileStats {
  const type = stats.isDirectory() ? 'folder' : stats.isSymbolicLink() ? 'link' : 'file';
  return { type, size: stats.size, mode: stats.mode & 0o7777, modifiedAtMs: stats.mtimeMs, links: stats.nlink };
}

/** Errors name the container's paths, never those of the machine. */
function told<Result>(path: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof FileError) throw error;
    const { code = '' } = error as NodeJS.ErrnoException;
    const known = code === 'ERR_FS_EISDIR' ? 'EISDIR' : code;
    throw new FileError(path, Object.hasOwn(fileErrors, known) ? (known as FileErrorCode) : 'EINVAL');
  }
}
