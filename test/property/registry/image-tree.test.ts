/** Layers against a model that knows paths only; and no archive, however it is made, leads out of its image. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { targetOf } from '../../../src/registry/image-path.ts';
import { ImageTree, LayerError } from '../../../src/registry/image-tree.ts';
import { judgeEntry, type LayerEntry } from '../../../src/registry/layer-entry.ts';

const name = fc.constantFrom('a', 'b', 'c');
const path = fc.array(name, { minLength: 1, maxLength: 3 });

const plainEntry: fc.Arbitrary<LayerEntry> = fc.oneof(
  path.map((parts): LayerEntry => ({ type: 'directory', path: parts, mode: 0o755 })),
  path.map((parts): LayerEntry => ({ type: 'file', path: parts, mode: 0o644, content: 0, sizeBytes: 0 })),
  path.map((parts): LayerEntry => ({ type: 'whiteout', path: parts })),
  fc.array(name, { maxLength: 2 }).map((parts): LayerEntry => ({ type: 'opaque', path: parts })),
);

/** Paths of folders and files alone: what is below a path that goes, goes too. */
class PathModel {
  readonly #found = new Map<string, string>();

  add(layer: number, entries: readonly LayerEntry[]): void {
    for (const { type, path: parts } of entries) {
      if (type === 'whiteout' && this.#isFolder(parts.slice(0, -1))) this.#cut(parts, true);
      if (type === 'opaque') this.#cut(parts, false);
    }
    for (const { type, path: parts } of entries) {
      if (type !== 'directory' && type !== 'file') continue;
      for (let depth = 1; depth < parts.length; depth += 1) this.#folder(parts.slice(0, depth));
      if (type === 'directory') this.#folder(parts);
      else {
        this.#cut(parts, true);
        this.#found.set(parts.join('/'), `file ${layer}`);
      }
    }
  }

  paths(): string[] {
    return [...this.#found].map(([at, what]) => `${at} ${what}`).sort();
  }

  #isFolder(parts: readonly string[]): boolean {
    return parts.length === 0 || this.#found.get(parts.join('/')) === 'folder';
  }

  #folder(parts: readonly string[]): void {
    this.#found.set(parts.join('/'), 'folder');
  }

  #cut(parts: readonly string[], isSelf: boolean): void {
    const at = parts.join('/');
    for (const each of this.#found.keys()) {
      if (isSelf ? each === at || each.startsWith(`${at}/`) : at === '' || each.startsWith(`${at}/`)) {
        this.#found.delete(each);
      }
    }
  }
}

test('layers of files, folders and whiteouts make what the model makes', () => {
  fc.assert(
    fc.property(fc.array(fc.array(plainEntry, { maxLength: 8 }), { maxLength: 4 }), (layers) => {
      const tree = new ImageTree();
      const model = new PathModel();
      for (const [index, entries] of layers.entries()) {
        tree.add(entries);
        model.add(index, entries);
      }
      const paths = tree
        .entries()
        .map((entry) => `${entry.path} ${entry.type === 'file' ? `file ${entry.layer}` : 'folder'}`);
      expect(paths.sort()).toEqual(model.paths());
    }),
    { numRuns: 1_000 },
  );
});

const anyPath = fc
  .array(fc.constantFrom('a', 'b', 'c', '..', '.', '', '.wh.a', '.wh..wh..opq', '.wh.'), { maxLength: 5 })
  .map((parts) => parts.join('/'));
const archiveEntry = fc.record({
  path: anyPath,
  type: fc.constantFrom('File', 'Directory', 'SymbolicLink', 'Link', 'FIFO'),
  mode: fc.nat(0o7777),
  linkPath: fc.oneof(
    anyPath,
    anyPath.map((text) => `/${text}`),
  ),
});

test('whatever an archive says, what is laid out stays below its root, and is in an order in which it can be made', () => {
  fc.assert(
    fc.property(fc.array(fc.array(archiveEntry, { maxLength: 8 }), { maxLength: 4 }), (layers) => {
      const tree = new ImageTree();
      try {
        for (const archive of layers) {
          tree.add(
            archive.flatMap((each): LayerEntry[] => {
              const verdict = judgeEntry(each);
              if (verdict.type === 'entry') return [verdict.entry];
              return verdict.type === 'file' ? [{ ...verdict, content: 0, sizeBytes: 0 }] : [];
            }),
          );
        }
      } catch (error) {
        expect(error).toBeInstanceOf(LayerError);
      }
      const folders = new Set(['']);
      const seen = new Set<string>();
      for (const entry of tree.entries()) {
        const parts = entry.path.split('/');
        expect(parts.some((part) => part === '' || part === '.' || part === '..')).toBe(false);
        expect(seen.has(entry.path)).toBe(false);
        seen.add(entry.path);
        const parent = parts.slice(0, -1);
        expect(folders.has(parent.join('/'))).toBe(true);
        if (entry.type === 'directory') folders.add(entry.path);
        if (entry.type !== 'symlink') continue;
        expect(entry.target.startsWith('/')).toBe(false);
        expect(targetOf(parent, entry.target)).not.toBeNull();
        // What goes up goes up first, and no further than the root: a link on the way can lead it nowhere else.
        const way = entry.target.split('/');
        const ups = way.filter((part) => part === '..').length;
        expect(way.slice(0, ups).every((part) => part === '..')).toBe(true);
        expect(ups).toBeLessThanOrEqual(parent.length);
      }
    }),
    { numRuns: 1_000 },
  );
});
