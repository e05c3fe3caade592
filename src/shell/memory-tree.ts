/** Files and folders in memory, and the room that they may take. */
import { memoryBytesMax, memoryFilesMax } from './limits.ts';

export interface Room {
  readonly bytesMax: number;
  readonly filesMax: number;
}

/** What a tree may hold, and does: within the room of another, if it has one. */
export class MemoryStore {
  readonly #room: Room;
  readonly #outer: MemoryStore | null;
  #bytes = 0;
  #files = 0;

  constructor(outer: MemoryStore | null = null, room: Partial<Room> = {}) {
    this.#room = { bytesMax: memoryBytesMax, filesMax: memoryFilesMax, ...room };
    this.#outer = outer;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get files(): number {
    return this.#files;
  }

  /** Takes room, or gives it back with negative numbers; returns whether there was any, and takes none otherwise. */
  take(bytes: number, files: number): boolean {
    const isFull =
      (bytes > 0 && this.#bytes + bytes > this.#room.bytesMax) ||
      (files > 0 && this.#files + files > this.#room.filesMax);
    if (isFull || this.#outer?.take(bytes, files) === false) return false;
    this.#bytes += bytes;
    this.#files += files;
    return true;
  }

  /** Gives all of it back: what is in the tree is not used any more. */
  release(): void {
    this.#outer?.take(-this.#bytes, -this.#files);
    this.#bytes = 0;
    this.#files = 0;
  }
}

export interface MemoryFolder {
  readonly type: 'folder';
  readonly store: MemoryStore;
  readonly children: Map<string, MemoryNode>;
  mode: number;
  modifiedAtMs: number;
}

export interface MemoryFile {
  readonly type: 'file';
  readonly store: MemoryStore;
  /** The first `size` bytes count. */
  bytes: Uint8Array;
  size: number;
  mode: number;
  modifiedAtMs: number;
}

export interface MemoryLink {
  readonly type: 'link';
  readonly store: MemoryStore;
  readonly target: string;
  mode: number;
  modifiedAtMs: number;
}

export type MemoryNode = MemoryFolder | MemoryFile | MemoryLink;

/** Makes a folder that takes no room: the root of a tree. */
export function memoryFolder(store: MemoryStore, modifiedAtMs: number, mode = 0o755): MemoryFolder {
  return { type: 'folder', store, children: new Map(), mode, modifiedAtMs };
}

const emptyContent = new Uint8Array(0);

/** Puts something new into a folder; undefined when there is no room. */
export function addFolder(folder: MemoryFolder, name: string, nowMs: number, mode = 0o755): MemoryFolder | undefined {
  return added(folder, name, nowMs, memoryFolder(folder.store, nowMs, mode));
}

export function addFile(folder: MemoryFolder, name: string, nowMs: number, mode = 0o644): MemoryFile | undefined {
  const { store } = folder;
  return added(folder, name, nowMs, { type: 'file', store, bytes: emptyContent, size: 0, mode, modifiedAtMs: nowMs });
}

export function addLink(folder: MemoryFolder, name: string, nowMs: number, target: string): MemoryLink | undefined {
  const { store } = folder;
  return added(folder, name, nowMs, { type: 'link', store, target, mode: 0o777, modifiedAtMs: nowMs });
}

/** Tells whether a folder is another one, or somewhere in it: paths do not tell, as a folder may be mounted in several places. */
export function holds(node: MemoryNode, folder: MemoryFolder): boolean {
  const waiting = [node];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next === folder) return true;
    if (next.type === 'folder') for (const child of next.children.values()) waiting.push(child);
  }
  return false;
}

function added<Node extends MemoryNode>(
  folder: MemoryFolder,
  name: string,
  nowMs: number,
  node: Node,
): Node | undefined {
  if (!folder.store.take(bytesIn(node), 1)) return undefined;
  folder.children.set(name, node);
  folder.modifiedAtMs = nowMs;
  return node;
}

/** Takes something out of its folder and gives back the room of all that is in it. */
export function removeChild(folder: MemoryFolder, name: string, nowMs: number): void {
  const node = folder.children.get(name);
  if (node === undefined) return;
  folder.children.delete(name);
  folder.modifiedAtMs = nowMs;
  release(node);
}

function release(node: MemoryNode): void {
  node.store.take(-bytesIn(node), -1);
  if (node.type === 'folder') for (const child of node.children.values()) release(child);
}

/** Returns the bytes that a node takes of its store. */
function bytesIn(node: MemoryNode): number {
  if (node.type === 'folder') return 0;
  return node.type === 'file' ? node.size : node.target.length;
}

/** Writes at a place of a file; returns false, and writes nothing, when there is no room. */
export function writeAt(file: MemoryFile, at: number, bytes: Uint8Array, nowMs: number): boolean {
  const end = at + bytes.length;
  if (end > file.size && !file.store.take(end - file.size, 0)) return false;
  if (end > file.bytes.length) {
    const grown = new Uint8Array(Math.max(end, 2 * file.bytes.length));
    grown.set(file.bytes.subarray(0, file.size));
    file.bytes = grown;
  }
  file.bytes.set(bytes, at);
  file.size = Math.max(file.size, end);
  file.modifiedAtMs = nowMs;
  return true;
}

export function truncate(file: MemoryFile, nowMs: number): void {
  file.store.take(-file.size, 0);
  file.bytes = emptyContent;
  file.size = 0;
  file.modifiedAtMs = nowMs;
}
