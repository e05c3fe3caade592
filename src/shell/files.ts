/** The files that commands see: a port, behind which is a machine's file system or one in memory. All of it is synchronous. */

export interface FileStats {
  readonly type: 'file' | 'folder' | 'link';
  readonly size: number;
  /** Permission bits. */
  readonly mode: number;
  readonly modifiedAtMs: number;
  readonly links: number;
}

/** Whoever opened it closes it. */
export interface OpenFile {
  /** Returns null at the end. */
  read(bytesMax: number): Uint8Array | null;
  /** Keeps no reference to `bytes`. */
  write(bytes: Uint8Array): void;
  close(): void;
}

/** Everything throws FileError. Relative paths start from `folder`. */
export interface Files {
  readonly folder: string;
  /** The same files, with relative paths from `folder`. */
  at(folder: string): Files;
  /** Returns a path from the root, without links. */
  absolute(path: string): string;
  /** Opens a file: `r` to read, `w` to write anew, `a` to append. */
  open(path: string, flags: 'r' | 'w' | 'a'): OpenFile;
  /** Returns the names in a folder, in any order. */
  names(path: string): readonly string[];
  stat(path: string): FileStats;
  /** As `stat`, but of a link itself. */
  lstat(path: string): FileStats;
  mkdir(path: string, options: { readonly recursive: boolean }): void;
  remove(path: string, options: { readonly recursive: boolean; readonly force: boolean }): void;
  removeFolder(path: string): void;
  rename(from: string, to: string): void;
  /** Copies a file, or a folder with all that is in it. */
  copy(from: string, to: string): void;
  symlink(target: string, path: string): void;
  readlink(path: string): string;
  chmod(path: string, mode: number): void;
  /** Makes a file that is not there; says of one that is there that it was modified now. */
  touch(path: string): void;
}

export type FileErrorCode = keyof typeof fileErrors;

export const fileErrors = {
  ENOENT: 'No such file or directory',
  EEXIST: 'File exists',
  EISDIR: 'Is a directory',
  ENOTDIR: 'Not a directory',
  ENOTEMPTY: 'Directory not empty',
  EACCES: 'Permission denied',
  EPERM: 'Operation not permitted',
  EROFS: 'Read-only file system',
  ENOSPC: 'No space left on device',
  EBUSY: 'Device or resource busy',
  ELOOP: 'Too many levels of symbolic links',
  EINVAL: 'Invalid argument',
  ENAMETOOLONG: 'File name too long',
} as const;

/** What went wrong with a path, in the words of shells. */
export class FileError extends Error {
  readonly code: FileErrorCode;

  constructor(path: string, code: FileErrorCode) {
    super(`${path}: ${fileErrors[code]}`);
    this.name = 'FileError';
    this.code = code;
  }
}

/** Returns what an attempt yields; undefined when it fails as files do. */
export function attempt<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof FileError) return undefined;
    throw error;
  }
}

/** Links that are followed on the way to one file. */
export const linksMax = 40;
