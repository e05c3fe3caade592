/** Layers over layers: what shadows, what is gone, and what is refused because it would lead out. */
import { describe, expect, test } from 'vitest';
import { ImageTree } from '../../../src/registry/image-tree.ts';
import { type ArchiveEntry, judgeEntry, type LayerEntry } from '../../../src/registry/layer-entry.ts';

/** `d/` a folder, `l -> t` a link, `l => t` another name, else a file. */
function entry(text: string): ArchiveEntry {
  const [, path = '', arrow, linkPath = ''] = /^(.*?)(?: (->|=>) (.*))?$/.exec(text) ?? [];
  const type = arrow === '->' ? 'SymbolicLink' : arrow === '=>' ? 'Link' : path.endsWith('/') ? 'Directory' : 'File';
  return { path, type, mode: 0o644, linkPath };
}

function layer(texts: readonly string[]): LayerEntry[] {
  return texts.flatMap((text, content): LayerEntry[] => {
    const verdict = judgeEntry(entry(text));
    if (verdict.type === 'refuse') throw new Error(verdict.message);
    if (verdict.type === 'entry') return [verdict.entry];
    return verdict.type === 'skip' ? [] : [{ ...verdict, content, sizeBytes: 1 }];
  });
}

/** Writes what layers make: `a:1` is a file of layer 1. */
function merged(...layers: readonly (readonly string[])[]): string[] {
  const tree = new ImageTree();
  for (const each of layers) tree.add(layer(each));
  return tree.entries().map((found) => {
    if (found.type === 'directory') return `${found.path}/`;
    return found.type === 'symlink' ? `${found.path} -> ${found.target}` : `${found.path}:${found.layer}`;
  });
}

describe('layers', () => {
  test.each<[string, string[][], string[]]>([
    ['the upper one shadows', [['a', 'b'], ['b']], ['a:0', 'b:1']],
    ['folders are joined', [['d/', 'd/a'], ['d/b']], ['d/', 'd/a:0', 'd/b:1']],
    ['folders that nobody names are there', [['x/y/z']], ['x/', 'x/y/', 'x/y/z:0']],
    ['a whiteout hides a file', [['d/a', 'd/b'], ['d/.wh.a']], ['d/', 'd/b:0']],
    ['a whiteout hides a folder', [['d/a', 'e'], ['.wh.d']], ['e:0']],
    ['a whiteout of nothing is nothing', [['a'], ['.wh.b', 'x/.wh.c']], ['a:0']],
    [
      'an opaque folder begins anew',
      [
        ['d/a', 'd/s/b'],
        ['d/.wh..wh..opq', 'd/c'],
      ],
      ['d/', 'd/c:1'],
    ],
    [
      'an opaque root too',
      [
        ['a', 'b'],
        ['.wh..wh..opq', 'c'],
      ],
      ['c:1'],
    ],
    ['order within a layer does not matter to what it hides', [['d/a'], ['d/b', 'd/.wh..wh..opq']], ['d/', 'd/b:1']],
    ['a layer hides nothing of itself', [['a'], ['a', '.wh.a']], ['a:1']],
    ['what was hidden may come again', [['a'], ['.wh.a'], ['a']], ['a:2']],
    ['a file replaces a folder', [['d/a'], ['d']], ['d:1']],
    ['a folder replaces a file', [['d'], ['d/', 'd/a']], ['d/', 'd/a:1']],
    ['a folder replaces a file without saying so', [['d'], ['d/a']], ['d/', 'd/a:1']],
    ['a folder replaces a link', [['e/a', 'd -> e'], ['d/']], ['d/', 'e/', 'e/a:0']],
    [
      'paths go through links',
      [['usr/lib/', 'lib -> usr/lib'], ['lib/x']],
      ['lib -> usr/lib', 'usr/', 'usr/lib/', 'usr/lib/x:1'],
    ],
    [
      'whiteouts go through links',
      [['usr/lib/x', 'lib -> /usr/lib'], ['lib/.wh.x']],
      ['lib -> usr/lib', 'usr/', 'usr/lib/'],
    ],
    ['absolute links are the image’s', [['a/b/l -> /etc/x']], ['a/', 'a/b/', 'a/b/l -> ../../etc/x']],
    ['a link to the root', [['a/l -> /']], ['a/', 'a/l -> ..']],
    ['a link to itself is harmless', [['l -> l']], ['l -> l']],
    ['another name for a file', [['a', 'b => a']], ['a:0', 'b:0']],
    ['another name for a file below', [['a'], ['b => a']], ['a:0', 'b:0']],
    ['slashes and dots are no names', [['./a', '//b', 'd/./c']], ['a:0', 'b:0', 'd/', 'd/c:0']],
    ['nothing', [[], []], []],
  ])('%s', (_name, layers, expected) => {
    expect(merged(...layers)).toEqual(expected);
  });

  test('no layers make no files', () => {
    expect(new ImageTree().entries()).toEqual([]);
  });
});

describe('what is refused', () => {
  test.each([
    ['a path that goes up', [['../a']]],
    ['a path that goes up in the middle', [['a/../../b']]],
    ['a link that climbs out', [['a -> ../etc']]],
    ['a link that climbs out from below', [['d/e/a -> ../../../etc']]],
    ['a link without a target', [['a -> ']]],
    ['another name for something outside', [['a => ../etc/passwd']]],
    ['another name for nothing', [['a => b']]],
    ['another name for a folder', [['d/', 'a => d']]],
    ['a whiteout without a name', [['.wh.']]],
    ['a whiteout of the parent', [['d/.wh...']]],
    ['a link that climbs out of where it was moved to', [['e/', 'x/y/', 'x/y/f -> /e'], ['x/y/f/l -> ../../z']]],
    ['a path through links in a circle', [['a -> b', 'b -> a'], ['a/x']]],
  ])('%s', (_name, layers) => {
    expect(() => merged(...layers)).toThrow();
  });

  test.each([
    ['CharacterDevice', 'skip'],
    ['BlockDevice', 'skip'],
    ['FIFO', 'skip'],
    ['ContiguousFile', 'file'],
    ['Unheard', 'refuse'],
  ])('an entry of type %s: %s', (type, verdict) => {
    expect(judgeEntry({ path: 'a', type, mode: 0, linkPath: '' }).type).toBe(verdict);
  });

  test('bits that give somebody else’s rights are left out', () => {
    expect(judgeEntry({ path: 'a', type: 'File', mode: 0o4755, linkPath: '' })).toMatchObject({ mode: 0o755 });
  });
});
