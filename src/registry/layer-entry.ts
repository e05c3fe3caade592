/**
 * What one entry of a layer's archive means: a file, a folder, a link, or a note that something below is gone. Models
 * opencontainers/image-spec layer.md.
 */
import { partsOf, targetOf } from './image-path.ts';

/** An entry as it stands in the archive. */
export interface ArchiveEntry {
  readonly path: string;
  /** As node-tar names them. */
  readonly type: string;
  readonly mode: number;
  readonly linkPath: string;
}

type Parts = readonly string[];

/** Permission bits in `mode`; `content` numbers the file within its layer. */
export type LayerEntry =
  | { readonly type: 'directory'; readonly path: Parts; readonly mode: number }
  | {
      readonly type: 'file';
      readonly path: Parts;
      readonly mode: number;
      readonly content: number;
      readonly sizeBytes: number;
    }
  | { readonly type: 'symlink'; readonly path: Parts; readonly target: string }
  /** Another name for a file, here or in a layer below. */
  | { readonly type: 'link'; readonly path: Parts; readonly target: Parts }
  /** What layers below have at `path` is not there. */
  | { readonly type: 'whiteout'; readonly path: Parts }
  /** What layers below have in the folder `path` is not there. */
  | { readonly type: 'opaque'; readonly path: Parts };

export type EntryVerdict =
  | { readonly type: 'entry'; readonly entry: LayerEntry }
  /** Bytes follow, which become the content of the file. */
  | { readonly type: 'file'; readonly path: Parts; readonly mode: number }
  /** Devices and the like, which only the root of a machine could make. */
  | { readonly type: 'skip' }
  | { readonly type: 'refuse'; readonly message: string };

const whiteoutPrefix = '.wh.';
const opaqueName = '.wh..wh..opq';
const permissionBits = 0o777;
const fileTypes = new Set(['File', 'OldFile', 'ContiguousFile']);
const skippedTypes = new Set(['CharacterDevice', 'BlockDevice', 'FIFO', 'GlobalExtendedHeader', 'ExtendedHeader']);

/** Judges an entry before anything of it is written. */
export function judgeEntry({ path, type, mode, linkPath }: ArchiveEntry): EntryVerdict {
  const parts = partsOf(path);
  if (parts === null) return refuse(`${JSON.stringify(path)} leads out of the image`);
  const name = parts.at(-1);
  const folder = parts.slice(0, -1);
  if (name === opaqueName) return entry({ type: 'opaque', path: folder });
  if (name?.startsWith(whiteoutPrefix) === true) {
    const hidden = name.slice(whiteoutPrefix.length);
    // Other names that begin so are bookkeeping of file systems long gone.
    if (hidden.startsWith(whiteoutPrefix)) return { type: 'skip' };
    if (hidden === '' || hidden === '.' || hidden === '..') return refuse(`${JSON.stringify(path)} hides no file`);
    return entry({ type: 'whiteout', path: [...folder, hidden] });
  }
  if (type === 'Directory' || type === 'GNUDumpDir') {
    return entry({ type: 'directory', path: parts, mode: mode & permissionBits });
  }
  if (skippedTypes.has(type)) return { type: 'skip' };
  if (name === undefined) return refuse('a file stands where the root is');
  if (fileTypes.has(type)) return { type: 'file', path: parts, mode: mode & permissionBits };
  if (type === 'SymbolicLink') {
    if (linkPath === '' || targetOf(folder, linkPath) === null) {
      return refuse(`the link ${JSON.stringify(path)} leads out of the image, to ${JSON.stringify(linkPath)}`);
    }
    return entry({ type: 'symlink', path: parts, target: linkPath });
  }
  if (type === 'Link') {
    const target = partsOf(linkPath);
    if (target === null || target.length === 0) {
      return refuse(`the link ${JSON.stringify(path)} leads out of the image, to ${JSON.stringify(linkPath)}`);
    }
    return entry({ type: 'link', path: parts, target });
  }
  return refuse(`${JSON.stringify(path)} is of the unknown type ${type}`);
}

function entry(found: LayerEntry): EntryVerdict {
  return { type: 'entry', entry: found };
}

function refuse(message: string): EntryVerdict {
  return { type: 'refuse', message };
}
