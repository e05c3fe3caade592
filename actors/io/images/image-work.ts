/**
 * The heavy work with images, done on Piscina's threads: layers are unpacked, and the folders of containers filled. No path of an archive is ever
 * a path of the machine: the files of a layer are kept under numbers, and only the tree that src/registry made of all layers is laid out.
 *
 *   FOLDER/layers/HEX/index.json   what the layer says, in its order
 *   FOLDER/layers/HEX/0, 1, ...    the contents of its files
 *   FOLDER/trees/HEX.json          an image: its layers, and the files that they make together
 */
import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  copyFileSync,
  createReadStream,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { Parser, type ReadEntry } from 'tar';
import { ImageTree, type TreeEntry } from '../../../src/registry/image-tree.ts';
import { judgeEntry, type LayerEntry } from '../../../src/registry/layer-entry.ts';
import { layerEntriesMax, layerUnpackedBytesMax } from '../../../src/registry/limits.ts';

export interface UnpackTask {
  /** The layer as it was fetched. */
  readonly file: string;
  readonly folder: string;
  readonly digest: string;
  readonly diffId: string;
  readonly compression: 'none' | 'gzip';
}

export interface MergeTask {
  /** Folders of layers, the lowest first. */
  readonly layers: readonly string[];
  /** Where the tree is written. */
  readonly file: string;
}

export interface LayOutTask {
  readonly tree: string;
  readonly root: string;
}

interface WrittenTree {
  readonly layers: readonly string[];
  readonly entries: readonly TreeEntry[];
}

/** Checks and unpacks a layer; `folder` is there afterwards, or nothing of it. Rejects with what is wrong. */
export async function unpack({ file, folder, digest, diffId, compression }: UnpackTask): Promise<void> {
  const draft = `${folder}.draft`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true, mode: 0o700 });
  try {
    // Nothing is made of bytes that are not those that were asked for.
    const packed = createHash('sha256');
    await pipeline(createReadStream(file), packed);
    mustMatch('the layer', digest, packed);
    const plain = createHash('sha256');
    const entries = await readArchive(openLayer(file, compression), plain, draft);
    mustMatch('the unpacked layer', diffId, plain);
    writeFileSync(join(draft, 'index.json'), JSON.stringify(entries));
    rmSync(folder, { recursive: true, force: true });
    renameSync(draft, folder);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw error;
  }
}

/** Works out what the layers of an image make together. Rejects with what is wrong. */
export function merge({ layers, file }: MergeTask): void {
  const tree = new ImageTree();
  for (const layer of layers) {
    tree.add(JSON.parse(readFileSync(join(layer, 'index.json'), 'utf8')) as readonly LayerEntry[]);
  }
  const written: WrittenTree = { layers, entries: tree.entries() };
  writeFileSync(file, JSON.stringify(written), { mode: 0o600 });
}

/** Fills the folder of a container. Contents are copied, by reference where the file system can: a container may write to its files. */
export function layOut({ tree, root }: LayOutTask): void {
  const { layers, entries } = JSON.parse(readFileSync(tree, 'utf8')) as WrittenTree;
  mkdirSync(root, { recursive: true });
  for (const entry of entries) {
    const path = join(root, entry.path);
    if (entry.type === 'directory') mkdirSync(path, { recursive: true, mode: entry.mode | 0o700 });
    else if (entry.type === 'symlink') symlinkSync(entry.target, path);
    else copyFileSync(join(layers[entry.layer] ?? '', String(entry.content)), path, constants.COPYFILE_FICLONE);
  }
}

function openLayer(file: string, compression: 'none' | 'gzip'): Readable {
  const source = createReadStream(file);
  if (compression === 'none') return source;
  const archive = createGunzip();
  // Whoever reads the archive hears of the error.
  pipeline(source, archive).catch(() => {});
  return archive;
}

const tooMuch = `the layer unpacks to more than ${layerUnpackedBytesMax} bytes`;
/** Gzip and Zstandard, as their bytes begin. */
const magics = [Buffer.from([0x1f, 0x8b]), Buffer.from([0x28, 0xb5, 0x2f, 0xfd])];
const magicBytes = 4;

function isCompressed(head: Buffer): boolean {
  return magics.some((magic) => head.subarray(0, magic.length).equals(magic));
}

async function readArchive(source: Readable, plain: Hash, folder: string): Promise<readonly LayerEntry[]> {
  const reader = new EntryReader(folder);
  const parser = new Parser({
    onReadEntry: (entry) => reader.take(entry),
    onwarn: (code, message) => reader.warned(code, String(message)),
  });
  const end = once(parser, 'end');
  end.catch(() => {});
  let bytes = 0;
  let head: Buffer = Buffer.alloc(0);
  try {
    for await (const part of source as AsyncIterable<Buffer>) {
      plain.update(part);
      bytes += part.length;
      if (bytes > layerUnpackedBytesMax) throw new Error(tooMuch);
      if (head.length < magicBytes) {
        head = Buffer.concat([head, part.subarray(0, magicBytes)]);
        // The parser would unpack it once more, without a bound.
        if (isCompressed(head)) throw new Error('the layer is compressed, and not as its manifest tells');
      }
      if (!parser.write(part)) await Promise.race([once(parser, 'drain'), end]);
      reader.check();
    }
    parser.end();
    await end;
    reader.check();
  } finally {
    reader.close();
  }
  return reader.entries;
}

/** Takes the entries of an archive one by one. */
class EntryReader {
  readonly entries: LayerEntry[] = [];
  readonly #folder: string;
  /** Of all entries. */
  #bytes = 0;
  #error: Error | null = null;
  /** The file that is being written. */
  #file: number | null = null;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Throws what was found wrong: a parser would swallow it. */
  check(): void {
    if (this.#error !== null) throw this.#error;
  }

  warned(code: string, message: string): void {
    // An archive of nothing but its end is a layer that changes nothing.
    const isEmpty = code === 'TAR_BAD_ARCHIVE' && this.entries.length === 0;
    if (!isEmpty && code !== 'TAR_ENTRY_INFO' && code !== 'TAR_ENTRY_UNSUPPORTED') this.#fail(message);
  }

  take(entry: ReadEntry): void {
    const { path, type, mode = 0o644, linkpath = '' } = entry;
    const verdict = judgeEntry({ path, type, mode, linkPath: linkpath });
    this.#bytes += entry.size;
    if (this.#bytes > layerUnpackedBytesMax) this.#fail(tooMuch);
    if (this.entries.length >= layerEntriesMax) this.#fail(`the layer has more than ${layerEntriesMax} entries`);
    if (verdict.type === 'refuse') this.#fail(verdict.message);
    if (verdict.type === 'entry') this.entries.push(verdict.entry);
    if (verdict.type !== 'file' || this.#error !== null) return entry.resume();
    const content = this.entries.length;
    const { path: parts, mode: bits } = verdict;
    this.entries.push({ type: 'file', path: parts, mode: bits, content, sizeBytes: entry.size });
    const file = openSync(join(this.#folder, String(content)), 'wx', bits | 0o600);
    this.#file = file;
    entry.on('data', (part: Buffer) => this.#write(file, part));
    entry.on('end', () => this.close());
    return undefined;
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  #write(file: number, part: Buffer): void {
    try {
      for (let at = 0; at < part.length; ) at += writeSync(file, part, at);
    } catch (error) {
      this.#fail((error as Error).message);
    }
  }

  #fail(message: string): void {
    this.#error ??= new Error(message);
  }
}

function mustMatch(what: string, digest: string, hash: Hash): void {
  const found = `sha256:${hash.digest('hex')}`;
  if (found !== digest) throw new Error(`${what} is ${found}, which is not the digest ${digest}`);
}
