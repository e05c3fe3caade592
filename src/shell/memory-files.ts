/**
 * A file system in memory: a tree of its own, with other trees mounted in it, which several file systems may share. It takes no more room than
 * its stores allow; beyond that there is no space left.
 */
import { ownBytes } from '../base/bytes.ts';
import { FileError, type FileStats, type Files, linksMax, type OpenFile } from './files.ts';
import { nameCharactersMax, pathPartsMax } from './limits.ts';
import {
  addFile,
  addFolder,
  addLink,
  holds,
  type MemoryFile,
  type MemoryFolder,
  type MemoryNode,
  removeChild,
  truncate,
  writeAt,
} from './memory-tree.ts';
import { partsOf } from './paths.ts';

export interface MemoryMount {
  /** Absolute and normal. */
  readonly path: string;
  readonly node: MemoryNode;
  readonly isReadOnly: boolean;
}

interface Tree {
  readonly root: MemoryFolder;
  readonly mounts: ReadonlyMap<string, MemoryMount>;
  readonly nowMs: () => number;
}

/** Where a path leads: what is there, and the folder that it is in. Of the root both are the root. */
interface Found {
  readonly parts: readonly string[];
  readonly parent: MemoryFolder;
  /** Undefined: there is nothing in `parent` under the last of `parts`. */
  readonly node: MemoryNode | undefined;
}

export class MemoryFiles implements Files {
  readonly #tree: Tree;
  readonly folder: string;

  constructor(tree: Tree, folder = '/') {
    this.#tree = tree;
    this.folder = folder;
  }

  at(folder: string): MemoryFiles {
    return new MemoryFiles(this.#tree, this.absolute(folder));
  }

  absolute(path: string): string {
    return `/${this.#find(path, true).parts.join('/')}`;
  }

  open(path: string, flags: 'r' | 'w' | 'a'): OpenFile {
    const { nowMs } = this.#tree;
    const found = flags === 'r' ? this.#find(path, true) : this.#writable(path, true);
    const node =
      found.node ?? (flags === 'r' ? fail(path, 'ENOENT') : room(path, addFile(...place(path, found), nowMs())));
    if (node.type !== 'file') return fail(path, 'EISDIR');
    if (flags === 'w') truncate(node, nowMs());
    return openFile(path, node, flags, nowMs);
  }

  names(path: string): readonly string[] {
    const { parts, node } = this.#existing(path, true);
    if (node.type !== 'folder') return fail(path, 'ENOTDIR');
    const inside = [...this.#tree.mounts.keys()].map((mount) => partsOf(mount)).filter((mount) => isIn(mount, parts));
    return [...new Set([...node.children.keys(), ...inside.map((mount) => mount.at(-1) ?? '')])];
  }

  stat(path: string): FileStats {
    return statsOf(this.#existing(path, true).node);
  }

  lstat(path: string): FileStats {
    return statsOf(this.#existing(path, false).node);
  }

  mkdir(path: string, { recursive }: { readonly recursive: boolean }): void {
    const parts = partsOf(path);
    if (recursive && parts.length > 1) {
      const start = path.startsWith('/') ? '/' : '';
      for (let count = 1; count < parts.length; count += 1)
        this.#makeFolder(start + parts.slice(0, count).join('/'), true);
    }
    this.#makeFolder(path, recursive);
  }

  remove(path: string, { recursive, force }: { readonly recursive: boolean; readonly force: boolean }): void {
    const found = force ? this.#findOrMiss(path) : this.#find(path, false);
    if (found?.node === undefined) {
      if (!force) fail(path, 'ENOENT');
      return;
    }
    this.#mustBeWritable(path, found);
    this.#mustBeMovable(path, found);
    if (found.node.type === 'folder' && !recursive) fail(path, 'EISDIR');
    removeChild(...place(path, found), this.#tree.nowMs());
  }

  removeFolder(path: string): void {
    const found = this.#writable(path, false);
    if (found.node === undefined) return fail(path, 'ENOENT');
    if (found.node.type !== 'folder') return fail(path, 'ENOTDIR');
    this.#mustBeMovable(path, found);
    if (found.node.children.size > 0) return fail(path, 'ENOTEMPTY');
    return removeChild(...place(path, found), this.#tree.nowMs());
  }

  rename(from: string, to: string): void {
    const source = this.#writable(from, false);
    const target = this.#writable(to, false);
    const { node } = source;
    if (node === undefined) return fail(from, 'ENOENT');
    if (node === target.node) return;
    this.#mustBeMovable(from, source);
    this.#mustBeMovable(to, target);
    if (isWithin(target.parts, source.parts) || holds(node, target.parent)) return fail(to, 'EINVAL');
    const { nowMs } = this.#tree;
    if (target.node !== undefined) {
      if (target.node.type === 'folder' && (node.type !== 'folder' || target.node.children.size > 0))
        return fail(to, node.type === 'folder' ? 'ENOTEMPTY' : 'EISDIR');
      if (target.node.type !== 'folder' && node.type === 'folder') return fail(to, 'ENOTDIR');
      removeChild(...place(to, target), nowMs());
    }
    const [folder, name] = place(to, target);
    if (folder.store === node.store) {
      source.parent.children.delete(source.parts.at(-1) as string);
      folder.children.set(name, node);
    } else {
      this.#copy(to, node, folder, name);
      removeChild(...place(from, source), nowMs());
    }
  }

  copy(from: string, to: string): void {
    const source = this.#existing(from, true);
    const target = this.#writable(to, true);
    const isWithinItself = isWithin(target.parts, source.parts) || holds(source.node, target.parent);
    if (source.node === target.node || isWithinItself) return fail(to, 'EINVAL');
    const [folder, name] = place(to, target);
    return this.#copy(to, source.node, folder, name);
  }

  symlink(target: string, path: string): void {
    const found = this.#writable(path, false);
    if (found.node !== undefined) fail(path, 'EEXIST');
    room(path, addLink(...place(path, found), this.#tree.nowMs(), target));
  }

  readlink(path: string): string {
    const { node } = this.#existing(path, false);
    return node.type === 'link' ? node.target : fail(path, 'EINVAL');
  }

  chmod(path: string, mode: number): void {
    const { node } = this.#writable(path, true);
    if (node === undefined) return fail(path, 'ENOENT');
    node.mode = mode & 0o7777;
    return undefined;
  }

  touch(path: string): void {
    const found = this.#writable(path, true);
    const { nowMs } = this.#tree;
    const node = found.node ?? room(path, addFile(...place(path, found), nowMs()));
    node.modifiedAtMs = nowMs();
  }

  #makeFolder(path: string, mayExist: boolean): void {
    const found = this.#find(path, true);
    if (found.node !== undefined) {
      if (!mayExist) fail(path, 'EEXIST');
      if (found.node.type !== 'folder') fail(path, 'ENOTDIR');
      return;
    }
    this.#mustBeWritable(path, found);
    room(path, addFolder(...place(path, found), this.#tree.nowMs()));
  }

  /** Copies what is there into a folder: over a file, into a folder of the same name. */
  #copy(path: string, node: MemoryNode, folder: MemoryFolder, name: string): void {
    const nowMs = this.#tree.nowMs();
    const present = folder.children.get(name);
    if (node.type === 'folder') {
      if (present !== undefined && present.type !== 'folder') fail(path, 'ENOTDIR');
      const copy = present?.type === 'folder' ? present : room(path, addFolder(folder, name, nowMs, node.mode));
      for (const [key, child] of node.children) this.#copy(`${path}/${key}`, child, copy, key);
      return;
    }
    if (present?.type === 'folder') fail(path, 'EISDIR');
    if (present !== undefined) removeChild(folder, name, nowMs);
    if (node.type === 'link') room(path, addLink(folder, name, nowMs, node.target));
    else {
      const copy = room(path, addFile(folder, name, nowMs, node.mode));
      if (!writeAt(copy, 0, node.bytes.subarray(0, node.size), nowMs)) fail(path, 'ENOSPC');
    }
  }

  #existing(path: string, follow: boolean): Found & { readonly node: MemoryNode } {
    const found = this.#find(path, follow);
    return { ...found, node: found.node ?? fail(path, 'ENOENT') };
  }

  #writable(path: string, follow: boolean): Found {
    const found = this.#find(path, follow);
    this.#mustBeWritable(path, found);
    return found;
  }

  #mustBeWritable(path: string, { parts }: Found): void {
    for (let count = parts.length; count > 0; count -= 1) {
      const mount = this.#tree.mounts.get(`/${parts.slice(0, count).join('/')}`);
      if (mount === undefined) continue;
      if (mount.isReadOnly) fail(path, 'EROFS');
      return;
    }
  }

  /** What is mounted, or holds what is mounted, stays where it is. */
  #mustBeMovable(path: string, { parts }: Found): void {
    for (const mount of this.#tree.mounts.keys()) if (isWithin(partsOf(mount), parts)) fail(path, 'EBUSY');
  }

  /** Undefined when a folder on the way is missing, or none. */
  #findOrMiss(path: string): Found | undefined {
    try {
      return this.#find(path, false);
    } catch (error) {
      if (error instanceof FileError && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined;
      throw error;
    }
  }

  #find(path: string, follow: boolean): Found {
    const { root, mounts } = this.#tree;
    const waiting = [...(path.startsWith('/') ? [] : partsOf(this.folder)), ...partsOf(path)];
    const way: { readonly name: string; readonly node: MemoryNode }[] = [];
    const here = (): MemoryNode => way.at(-1)?.node ?? root;
    let links = 0;
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      if (name === '..') {
        way.pop();
        continue;
      }
      const folder = here();
      if (folder.type !== 'folder') return fail(path, 'ENOTDIR');
      if (way.length >= pathPartsMax || name.length > nameCharactersMax) return fail(path, 'ENAMETOOLONG');
      const parts = [...way.map((each) => each.name), name];
      const node = mounts.get(`/${parts.join('/')}`)?.node ?? folder.children.get(name);
      if (node === undefined) {
        if (waiting.length > 0) return fail(path, 'ENOENT');
        return { parts, parent: folder, node };
      }
      if (node.type === 'link' && (follow || waiting.length > 0)) {
        links += 1;
        if (links > linksMax) return fail(path, 'ELOOP');
        if (node.target.startsWith('/')) way.length = 0;
        waiting.unshift(...partsOf(node.target));
      } else way.push({ name, node });
    }
    const parent = way.at(-2)?.node ?? root;
    return { parts: way.map(({ name }) => name), parent: parent as MemoryFolder, node: here() };
  }
}

function openFile(path: string, file: MemoryFile, flags: 'r' | 'w' | 'a', nowMs: () => number): OpenFile {
  let at = 0;
  return {
    read: (bytesMax) => {
      const bytes = ownBytes(file.bytes.subarray(at, Math.min(at + bytesMax, file.size)));
      at += bytes.length;
      return bytes.length === 0 ? null : bytes;
    },
    write: (bytes) => {
      if (flags === 'a') at = file.size;
      if (!writeAt(file, at, bytes, nowMs())) fail(path, 'ENOSPC');
      at += bytes.length;
    },
    close: () => {},
  };
}

function statsOf(node: MemoryNode): FileStats {
  const { type, mode, modifiedAtMs } = node;
  const size = node.type === 'file' ? node.size : node.type === 'link' ? node.target.length : 0;
  return { type, size, mode, modifiedAtMs, links: type === 'folder' ? 2 : 1 };
}

/** Where the last part of a path is, or goes to. */
function place(path: string, { parent, parts }: Found): readonly [MemoryFolder, string] {
  return [parent, parts.at(-1) ?? fail(path, 'EBUSY')];
}

function room<Node>(path: string, node: Node | undefined): Node {
  return node ?? fail(path, 'ENOSPC');
}

function fail(path: string, code: FileError['code']): never {
  throw new FileError(path, code);
}

function isWithin(parts: readonly string[], folder: readonly string[]): boolean {
  return parts.length >= folder.length && folder.every((part, index) => parts[index] === part);
}

/** Tells whether a path lies directly in a folder. */
function isIn(parts: readonly string[], folder: readonly string[]): boolean {
  return parts.length === folder.length + 1 && isWithin(parts, folder);
}
