/**
 * The volumes of simulated pods: what each is, and, once somebody looks into it, its files in memory. Those of a claim and those of the node's
 * own paths outlive their pods, as long as the runtime lives.
 */
import { ownBytes } from '../base/bytes.ts';
import type { VolumeContent } from '../protocol/runtime.ts';
import { nodeMemoryBytesMax } from '../shell/limits.ts';
import { addFolder, type MemoryFolder, MemoryStore, memoryFolder } from '../shell/memory-tree.ts';
import { partsOf } from '../shell/paths.ts';

type Files = Extract<VolumeContent, { type: 'files' }>['files'];

interface Volume {
  content: VolumeContent;
  /** Null until somebody looks. */
  root: MemoryFolder | null;
}

const boundless = { bytesMax: Number.POSITIVE_INFINITY, filesMax: Number.POSITIVE_INFINITY };

export class SimulatedVolumes {
  /** The room of all that is in memory on this node. */
  readonly store = new MemoryStore(null, { ...boundless, bytesMax: nodeMemoryBytesMax });
  readonly #pods = new Map<string, Map<string, Volume>>();
  /** Folders of claims and of the node, by what names them. */
  readonly #lasting = new Map<string, MemoryFolder>();

  /** Makes a volume or changes what it holds. */
  set(podUid: string, name: string, given: VolumeContent, nowMs: number): void {
    const volumes = this.#pods.get(podUid) ?? new Map<string, Volume>();
    this.#pods.set(podUid, volumes);
    const content = kept(given);
    const known = volumes.get(name);
    if (known?.content.type !== content.type) {
      if (known !== undefined) release(known);
      volumes.set(name, { content, root: null });
      return;
    }
    known.content = content;
    if (content.type === 'files' && known.root !== null) fill(known.root, content.files, nowMs);
  }

  remove(podUid: string): void {
    for (const volume of this.#pods.get(podUid)?.values() ?? []) release(volume);
    this.#pods.delete(podUid);
  }

  content(podUid: string, name: string): VolumeContent | undefined {
    return this.#pods.get(podUid)?.get(name)?.content;
  }

  /** Returns the files of a volume; undefined when there is no such volume. */
  root(podUid: string, name: string, nowMs: number): MemoryFolder | undefined {
    const volume = this.#pods.get(podUid)?.get(name);
    if (volume === undefined) return undefined;
    volume.root ??= this.#rootOf(volume.content, nowMs);
    return volume.root;
  }

  #rootOf(content: VolumeContent, nowMs: number): MemoryFolder {
    switch (content.type) {
      case 'files': {
        // The contents are here already: as files they take no more room.
        const root = memoryFolder(new MemoryStore(null, boundless), nowMs);
        fill(root, content.files, nowMs);
        return root;
      }
      case 'empty': {
        const { sizeLimitBytes } = content;
        const store = new MemoryStore(this.store, sizeLimitBytes > 0 ? { bytesMax: sizeLimitBytes } : {});
        return memoryFolder(store, nowMs, 0o777);
      }
      case 'persistent':
        return this.#lastingRoot(`claim ${content.handle}`, nowMs);
      case 'host':
        return this.#lastingRoot(`node ${content.path}`, nowMs);
    }
  }

  #lastingRoot(key: string, nowMs: number): MemoryFolder {
    const root = this.#lasting.get(key) ?? memoryFolder(new MemoryStore(this.store), nowMs, 0o777);
    this.#lasting.set(key, root);
    return root;
  }
}

/** The message is a view of its batch: what is kept is copied out of it. */
function kept(content: VolumeContent): VolumeContent {
  if (content.type !== 'files') return content;
  return { type: 'files', files: content.files.map((file) => ({ ...file, bytes: ownBytes(file.bytes) })) };
}

function release({ content, root }: Volume): void {
  if (content.type === 'empty') root?.store.release();
}

/** Puts exactly these files into a folder. Nobody writes to them: their bytes are those of the volume. */
function fill(root: MemoryFolder, files: Files, nowMs: number): void {
  root.children.clear();
  root.modifiedAtMs = nowMs;
  for (const { path, bytes, mode } of files) {
    const parts = partsOf(path);
    const name = parts.at(-1);
    let folder = root;
    for (const part of parts.slice(0, -1)) {
      const known = folder.children.get(part);
      const inner = known?.type === 'folder' ? known : addFolder(folder, part, nowMs);
      if (inner === undefined) return;
      folder = inner;
    }
    const { store } = root;
    if (name !== undefined)
      folder.children.set(name, { type: 'file', store, bytes, size: bytes.length, mode, modifiedAtMs: nowMs });
  }
}
