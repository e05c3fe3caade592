/** The work with layers on real files: what archives hold, what they may not hold, and what becomes of the machine's own files. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Header, type HeaderData } from 'tar';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { digestOf, type ImageLayer, packLayer } from '../../actors/io/images/image-archive.ts';
import { layOut, merge, unpack } from '../../actors/io/images/image-work.ts';
import { layerUnpackedBytesMax } from '../../src/registry/limits.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'threemaster-layers-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function unpackBytes(
  name: string,
  bytes: Uint8Array,
  digest = digestOf(bytes),
  diffId = digest,
  compression: 'none' | 'gzip' = 'none',
): Promise<string> {
  const file = join(folder, `${name}.fetched`);
  const place = join(folder, 'layers', name);
  mkdirSync(join(folder, 'layers'), { recursive: true });
  writeFileSync(file, bytes);
  await unpack({ file, folder: place, digest, diffId, compression });
  return place;
}

/** Lays layers out; returns the folder. */
async function laidOut(...layers: readonly ImageLayer[]): Promise<string> {
  const places: string[] = [];
  for (const [index, layer] of layers.entries()) {
    const { bytes, digest, diffId } = await packLayer(layer);
    places.push(await unpackBytes(String(index), bytes, digest, diffId, 'gzip'));
  }
  merge({ layers: places, file: join(folder, 'tree.json') });
  layOut({ tree: join(folder, 'tree.json'), root: join(folder, 'root') });
  return join(folder, 'root');
}

type Told = Partial<HeaderData> & { readonly body?: string };

/** An archive of entries as they are told, sensible or not. */
function archive(...entries: readonly Told[]): Buffer {
  const blocks = entries.flatMap(({ body = '', ...data }) => {
    const block = Buffer.alloc(512);
    new Header({ mode: 0o644, uid: 0, gid: 0, mtime: new Date(0), type: 'File', ...data, size: body.length }).encode(
      block,
    );
    return [block, Buffer.from(body.padEnd(Math.ceil(body.length / 512) * 512, '\0'))];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1_024)]);
}

test('a folder of the machine comes out as it went in: contents, modes, links, long names', async () => {
  const source = join(folder, 'source');
  const long = `${'long-name/'.repeat(20)}end`;
  mkdirSync(join(source, 'bin'), { recursive: true });
  mkdirSync(join(source, long, '..'), { recursive: true });
  writeFileSync(join(source, 'bin/run'), '#!/bin/sh\n', { mode: 0o755 });
  writeFileSync(join(source, long), 'x'.repeat(100_000));
  writeFileSync(join(source, 'empty'), '');
  symlinkSync('/bin/run', join(source, 'run'));
  const root = await laidOut({ directory: source, files: { 'more/ünïcode.txt': 'ü' } });
  expect(readFileSync(join(root, long), 'utf8')).toBe('x'.repeat(100_000));
  expect(readFileSync(join(root, 'more/ünïcode.txt'), 'utf8')).toBe('ü');
  expect(lstatSync(join(root, 'bin/run')).mode & 0o777).toBe(0o755);
  expect(lstatSync(join(root, 'empty')).size).toBe(0);
  // The image's root is this folder, for whoever knows nothing of it.
  expect(readlinkSync(join(root, 'run'))).toBe('bin/run');
  expect(readFileSync(join(root, 'run'), 'utf8')).toBe('#!/bin/sh\n');
});

test('the same files make the same layer, whenever they are packed', async () => {
  const one = await packLayer({ files: { a: '1' }, removed: ['b'] });
  expect((await packLayer({ files: { a: '1' }, removed: ['/b/'] })).digest).toBe(one.digest);
});

test('a layer that changes nothing is one', async () => {
  const root = await laidOut({ files: { a: '1' } }, {});
  expect(readdirSync(root)).toEqual(['a']);
  const none = await unpackBytes('none', Buffer.alloc(0));
  expect(readFileSync(join(none, 'index.json'), 'utf8')).toBe('[]');
});

test('a container may change its files, and those of the layer stay', async () => {
  const root = await laidOut({ files: { a: 'as built' } });
  writeFileSync(join(root, 'a'), 'changed');
  layOut({ tree: join(folder, 'tree.json'), root: join(folder, 'other') });
  expect(readFileSync(join(folder, 'other/a'), 'utf8')).toBe('as built');
});

describe('what would lead out is refused, and leaves nothing', () => {
  test.each<[string, Told]>([
    ['a path that goes up', { path: '../escaped', body: 'x' }],
    ['a path through the root', { path: 'a/../../escaped', body: 'x' }],
    ['a link up', { path: 'l', type: 'SymbolicLink', linkpath: '../../' }],
    ['another name for a file of the machine', { path: 'l', type: 'Link', linkpath: '../../../etc/passwd' }],
  ])('%s', async (_name, entry) => {
    await expect(unpackBytes('bad', archive({ path: 'good', body: 'x' }, entry))).rejects.toThrow(
      'leads out of the image',
    );
    expect(readdirSync(join(folder, 'layers'))).toEqual([]);
    expect(existsSync(join(folder, 'escaped'))).toBe(false);
  });

  test('a file through a link is written into the image, wherever the link points on the machine', async () => {
    const outside = join(folder, 'outside');
    mkdirSync(outside);
    const bytes = archive({ path: 'l', type: 'SymbolicLink', linkpath: outside }, { path: 'l/file', body: 'x' });
    const layer = await unpackBytes('link', bytes);
    merge({ layers: [layer], file: join(folder, 'tree.json') });
    layOut({ tree: join(folder, 'tree.json'), root: join(folder, 'root') });
    expect(readdirSync(outside)).toEqual([]);
    expect(readFileSync(join(folder, 'root', outside, 'file'), 'utf8')).toBe('x');
  });

  test('an absolute path begins at the image', async () => {
    const layer = await unpackBytes('absolute', archive({ path: '/etc/passwd', body: 'ours' }));
    merge({ layers: [layer], file: join(folder, 'tree.json') });
    layOut({ tree: join(folder, 'tree.json'), root: join(folder, 'root') });
    expect(readFileSync(join(folder, 'root/etc/passwd'), 'utf8')).toBe('ours');
  });
});

describe('what is broken is refused, and leaves nothing', () => {
  const good = archive({ path: 'a', body: 'x'.repeat(10_000) });
  const spoilt = Buffer.from(good);
  spoilt[3] = 0xff;
  const zstdMagic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
  const endless = Buffer.alloc(1_024);
  new Header({ path: 'a', mode: 0o644, mtime: new Date(0), type: 'File', size: layerUnpackedBytesMax + 1 }).encode(
    endless,
  );

  test.each<[string, Parameters<typeof unpackBytes>, RegExp]>([
    ['another digest', ['x', good, digestOf(Buffer.from('other'))], /the layer is sha256:\w+, which is not the digest/],
    ['another content', ['x', good, digestOf(good), digestOf(Buffer.from('other'))], /the unpacked layer is sha256/],
    ['no archive', ['x', Buffer.from('hello'.repeat(1_000))], /./],
    ['a header that was changed', ['x', spoilt], /checksum/],
    ['an archive that was cut', ['x', good.subarray(0, 5_000)], /./],
    ['no gzip', ['x', good, digestOf(good), digestOf(good), 'gzip'], /incorrect header/],
    [
      'gzip that was cut',
      ['x', gzipSync(good).subarray(0, 40), digestOf(gzipSync(good).subarray(0, 40)), digestOf(good), 'gzip'],
      /unexpected end/,
    ],
    ['gzip that its manifest does not tell', ['x', gzipSync(good)], /the layer is compressed/],
    [
      'gzip within gzip',
      ['x', gzipSync(gzipSync(good)), digestOf(gzipSync(gzipSync(good))), digestOf(gzipSync(good)), 'gzip'],
      /the layer is compressed/,
    ],
    ['zstd that its manifest does not tell', ['x', Buffer.concat([zstdMagic, good])], /the layer is compressed/],
    ['more than a layer may have', ['x', endless], /unpacks to more than/],
  ])('%s', async (_name, args, message) => {
    await expect(unpackBytes(...args)).rejects.toThrow(message);
    expect(readdirSync(join(folder, 'layers'))).toEqual([]);
  });
});
