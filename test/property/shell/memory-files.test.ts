/** Files in memory do what those of the machine do, step by step: the same outcome, the same tree, and no room that is lost. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ContainerPaths } from '../../../actors/programs/container-paths.ts';
import { ShellFiles } from '../../../actors/programs/shell-files.ts';
import { utf8, utf8Text } from '../../../src/base/bytes.ts';
import { FileError, type Files } from '../../../src/shell/files.ts';
import { MemoryFiles } from '../../../src/shell/memory-files.ts';
import { MemoryStore, memoryFolder } from '../../../src/shell/memory-tree.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'threemaster-files-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const path = fc.constantFrom('/a', '/b', '/a/c', '/a/c/d', '/b/e', 'f', '/b/./h', '/link', '/link/i');
const step = fc.record({
  type: fc.constantFrom(
    'write',
    'append',
    'mkdir',
    'mkdirs',
    'remove',
    'removeAll',
    'removeFolder',
    'rename',
    'symlink',
    'chmod',
    'touch',
  ),
  path,
  other: path,
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Does a step; returns what went wrong. */
function outcomeOf(files: Files, { type, path: first, other }: Step): string {
  try {
    perform(files, type, first, other);
    return 'done';
  } catch (error) {
    if (error instanceof FileError) return 'failed';
    throw error;
  }
}

function perform(files: Files, type: Step['type'], first: string, other: string): void {
  switch (type) {
    case 'write':
    case 'append': {
      const file = files.open(first, type === 'write' ? 'w' : 'a');
      file.write(utf8(`${other} `));
      return file.close();
    }
    case 'mkdir':
    case 'mkdirs':
      // What is made on the way through a link that leads nowhere, each sees in its own way.
      return files.mkdir(first, { recursive: type === 'mkdirs' && !first.startsWith('/link') });
    case 'remove':
    case 'removeAll':
      return files.remove(first, { recursive: type === 'removeAll', force: type === 'removeAll' });
    case 'removeFolder':
      return files.removeFolder(first);
    case 'rename':
      return files.rename(first, other);
    case 'symlink':
      return files.symlink(other, '/link');
    case 'chmod':
      return files.chmod(first, 0o750);
    case 'touch':
      return files.touch(first);
  }
}

/** All that is there, as text. */
function treeOf(files: Files, at = '/'): readonly string[] {
  return files
    .names(at)
    .toSorted()
    .flatMap((name) => {
      const own = `${at === '/' ? '' : at}/${name}`;
      const { type } = files.lstat(own);
      if (type === 'link') return [`${own} -> ${files.readlink(own)}`];
      if (type === 'folder') return [`${own}/`, ...treeOf(files, own)];
      const file = files.open(own, 'r');
      const content = file.read(100_000);
      file.close();
      return [`${own}: ${utf8Text(content ?? new Uint8Array(0))}`];
    });
}

test('each step has the same outcome on both', () => {
  let count = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      count += 1;
      const root = join(folder, String(count));
      const store = new MemoryStore();
      const memory = new MemoryFiles({ root: memoryFolder(store, 0), mounts: new Map(), nowMs: () => 0 });
      const machine = new ShellFiles(new ContainerPaths({ root, mounts: [] }), '/');
      machine.mkdir('/', { recursive: true });
      for (const each of steps) {
        const outcomes = [outcomeOf(memory, each), outcomeOf(machine, each)];
        expect(outcomes, JSON.stringify(each)).toEqual([outcomes[1], outcomes[1]]);
        expect(treeOf(memory)).toEqual(treeOf(machine));
      }
      for (const name of memory.names('/')) memory.remove(name, { recursive: true, force: true });
      expect([store.bytes, store.files]).toEqual([0, 0]);
    }),
    { numRuns: 200 },
  );
});
