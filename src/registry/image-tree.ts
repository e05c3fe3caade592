/**
 * The files of an image as its layers make them, one over the other:
 *
 *   layer 1: app/, app/a, app/b      layer 2: app/.wh.a, app/b      the image: app/, app/b of layer 2
 *
 * No byte is moved here: a file is known by its layer and its number in it. Paths go through symbolic links as the image means them, and never
 * out of it. Models opencontainers/image-spec layer.md "Applying Changesets".
 */
import { relativeLink, targetOf } from './image-path.ts';
import type { LayerEntry } from './layer-entry.ts';
import { linksMax } from './limits.ts';

type Parts = readonly string[];

interface Folder {
  readonly type: 'directory';
  mode: number;
  readonly children: Map<string, Node>;
}

interface FileNode {
  readonly type: 'file';
  readonly mode: number;
  readonly layer: number;
  readonly content: number;
  readonly sizeBytes: number;
}

type Node = Folder | FileNode | { readonly type: 'symlink'; readonly target: string };

/** What has to be made, folders before what is in them. `target` of a link is relative and stays below the root. */
export type TreeEntry =
  | { readonly type: 'directory'; readonly path: string; readonly mode: number }
  | ({ readonly path: string } & FileNode)
  | { readonly type: 'symlink'; readonly path: string; readonly target: string };

const folderMode = 0o755;

/** A layer cannot stand on those below it; the message says why. */
export class LayerError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'LayerError';
  }
}

export class ImageTree {
  readonly #root: Folder = { type: 'directory', mode: folderMode, children: new Map() };
  #layers = 0;

  /** Lays a layer over those before it; throws LayerError. What it says is gone goes first: that concerns the layers below alone. */
  add(entries: readonly LayerEntry[]): void {
    const layer = this.#layers;
    this.#layers += 1;
    for (const entry of entries) if (entry.type === 'opaque' || entry.type === 'whiteout') this.#hide(entry);
    for (const entry of entries) if (entry.type !== 'opaque' && entry.type !== 'whiteout') this.#place(entry, layer);
  }

  /** Returns all that there is, sorted within each folder. */
  entries(): readonly TreeEntry[] {
    const found: TreeEntry[] = [];
    const visit = (folder: Folder, at: Parts): void => {
      for (const [name, node] of [...folder.children].sort(([left], [right]) => (left < right ? -1 : 1))) {
        const parts = [...at, name];
        const path = parts.join('/');
        if (node.type === 'file') found.push({ path, ...node });
        else if (node.type === 'directory') {
          found.push({ type: 'directory', path, mode: node.mode });
          visit(node, parts);
        } else {
          // No entry whose target climbs above the root gets in; what a link was moved by, by a link, is cut off at the root.
          found.push({ type: 'symlink', path, target: relativeLink(at, targetOf(at, node.target) ?? []) });
        }
      }
    };
    visit(this.#root, []);
    return found;
  }

  #hide({ type, path }: Extract<LayerEntry, { type: 'opaque' | 'whiteout' }>): void {
    const name = type === 'whiteout' ? path.at(-1) : undefined;
    const found = this.#resolve(name === undefined ? path : path.slice(0, -1), false);
    if (found === null) return;
    if (name === undefined) found.folder.children.clear();
    else found.folder.children.delete(name);
  }

  #place(entry: Exclude<LayerEntry, { type: 'opaque' | 'whiteout' }>, layer: number): void {
    const name = entry.path.at(-1);
    if (name === undefined) {
      if (entry.type === 'directory') this.#root.mode = entry.mode;
      return;
    }
    const { folder, path } = this.#mustResolve(entry.path.slice(0, -1));
    switch (entry.type) {
      case 'directory': {
        const known = folder.children.get(name);
        if (known?.type === 'directory') known.mode = entry.mode;
        else folder.children.set(name, { type: 'directory', mode: entry.mode, children: new Map() });
        return;
      }
      case 'file': {
        const { mode, content, sizeBytes } = entry;
        folder.children.set(name, { type: 'file', mode, layer, content, sizeBytes });
        return;
      }
      case 'symlink':
        if (targetOf(path, entry.target) === null) {
          throw new LayerError(`the link ${JSON.stringify(entry.path.join('/'))} leads out of the image`);
        }
        folder.children.set(name, { type: 'symlink', target: entry.target });
        return;
      case 'link': {
        const node = this.#find(entry.target);
        if (node === null || node.type === 'directory') {
          const names = [entry.path, entry.target].map((parts) => JSON.stringify(parts.join('/')));
          throw new LayerError(`the link ${names[0]} needs the file ${names[1]}, which is not there`);
        }
        folder.children.set(name, node);
        return;
      }
    }
  }

  #find(path: Parts): Node | null {
    const found = this.#resolve(path.slice(0, -1), false);
    return found?.folder.children.get(path.at(-1) ?? '') ?? null;
  }

  #mustResolve(path: Parts): { readonly folder: Folder; readonly path: Parts } {
    const found = this.#resolve(path, true);
    if (found === null) throw new LayerError(`${JSON.stringify(path.join('/'))} leads nowhere, or out of the image`);
    return found;
  }

  /** Finds a folder through links. `makes`: what is missing on the way is made, and a file that is in the way gives way. */
  #resolve(path: Parts, makes: boolean): { readonly folder: Folder; readonly path: Parts } | null {
    let trail: { readonly name: string; readonly folder: Folder }[] = [];
    const waiting = [...path];
    let links = 0;
    const current = (): Folder => trail.at(-1)?.folder ?? this.#root;
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      let node = current().children.get(name);
      if (node?.type === 'symlink') {
        links += 1;
        const target = targetOf(
          trail.map((each) => each.name),
          node.target,
        );
        if (links > linksMax || target === null) return null;
        waiting.unshift(...target);
        trail = [];
        continue;
      }
      if (node?.type !== 'directory') {
        if (!makes) return null;
        node = { type: 'directory', mode: folderMode, children: new Map() };
        current().children.set(name, node);
      }
      trail.push({ name, folder: node });
    }
    return { folder: current(), path: trail.map(({ name }) => name) };
  }
}
