/** Makes the layers of an image out of files: archives that are the same bytes for the same files, whoever makes them and when. */
import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Header, Pax } from 'tar';

/** What one layer holds. */
export interface ImageLayer {
  /** Texts or bytes by path in the image. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** A folder of this machine; what is in it stands at the root of the image, links as links. */
  readonly directory?: string;
  /** Paths that layers below have, and the image shall not have. */
  readonly removed?: readonly string[];
}

export interface PackedLayer {
  /** Compressed. */
  readonly bytes: Uint8Array;
  readonly digest: string;
  /** Without compression. */
  readonly diffId: string;
}

interface Entry {
  readonly path: string;
  readonly type: 'File' | 'Directory' | 'SymbolicLink';
  readonly mode: number;
  readonly linkPath: string;
  readonly bytes: Uint8Array;
}

const blockBytes = 512;
const nothing = new Uint8Array(0);
const compress = promisify(gzip);

/** Packs a layer. Rejects when a file cannot be read. */
export async function packLayer({ files = {}, directory, removed = [] }: ImageLayer): Promise<PackedLayer> {
  const entries: Entry[] = directory === undefined ? [] : await readFolder(directory, '');
  for (const [path, content] of Object.entries(files)) {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    entries.push({ path: path.replace(/^\/+/, ''), type: 'File', mode: 0o644, linkPath: '', bytes });
  }
  for (const path of removed) {
    const [, folder = '', name = ''] = /^\/*(.*\/)?([^/]+)\/*$/.exec(path) ?? [];
    entries.push({ path: `${folder}.wh.${name}`, type: 'File', mode: 0o644, linkPath: '', bytes: nothing });
  }
  const ends = new Uint8Array(2 * blockBytes);
  const archive = Buffer.concat([...entries.flatMap(encode), ends]);
  const bytes = await compress(archive);
  return { bytes, digest: digestOf(bytes), diffId: digestOf(archive) };
}

/** Returns the digest of bytes. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

async function readFolder(folder: string, at: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const host = join(folder, name);
    const path = `${at}${name}`;
    const stats = await lstat(host);
    const mode = stats.mode & 0o777;
    if (stats.isDirectory()) {
      entries.push({ path: `${path}/`, type: 'Directory', mode, linkPath: '', bytes: nothing });
      entries.push(...(await readFolder(host, `${path}/`)));
    } else if (stats.isSymbolicLink()) {
      entries.push({ path, type: 'SymbolicLink', mode, linkPath: await readlink(host), bytes: nothing });
    } else if (stats.isFile()) {
      entries.push({ path, type: 'File', mode, linkPath: '', bytes: await readFile(host) });
    }
  }
  return entries;
}

function encode({ path, type, mode, linkPath, bytes }: Entry): Uint8Array[] {
  const size = bytes.length;
  const block = Buffer.alloc(blockBytes);
  const data = { path, mode, uid: 0, gid: 0, size, mtime: new Date(0), type, linkpath: linkPath };
  const isLong = new Header(data).encode(block, 0);
  const padding = new Uint8Array((blockBytes - (size % blockBytes)) % blockBytes);
  const long = isLong ? [new Pax(data).encode()] : [];
  return [...long, block, bytes, padding];
}
