/** `tar`: packs and unpacks, as `kubectl cp` wants it. Ustar, with the long names of GNU and PAX. */
import { posix } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { openReader, openWriter, readAll, type Tool, type ToolCall, UsageError } from '../tool.ts';

const blockBytes = 512;

interface Wanted {
  readonly action: string;
  readonly file: string;
  readonly folder: string;
  readonly isCompressed: boolean;
  readonly isVerbose: boolean;
  readonly strip: number;
  readonly paths: readonly string[];
}

const tar: Tool = async (call) => {
  const wanted = wantedOf(call.args);
  const inside = { ...call, files: call.files.at(wanted.folder) };
  switch (wanted.action) {
    case 'c':
      return create(call, inside, wanted);
    case 'x':
    case 't':
      return extract(call, inside, wanted);
    default:
      throw new UsageError('need one of c, x and t');
  }
};

function wantedOf(args: readonly string[]): Wanted {
  const paths: string[] = [];
  let [action, file, folder, strip] = ['', '-', '.', 0];
  const flags = new Set<string>();
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? '';
    const long = /^--strip-components=(\d+)$/.exec(arg);
    if (long !== null) strip = Number(long[1]);
    else if (arg.startsWith('--')) continue;
    else if (arg.startsWith('-') || index === 0) {
      for (const letter of arg.replace(/^-/, '')) {
        flags.add(letter);
        if ('cxt'.includes(letter)) action = letter;
        if (letter !== 'f' && letter !== 'C') continue;
        index += 1;
        if (letter === 'f') file = args[index] ?? '-';
        else folder = args[index] ?? '.';
      }
    } else paths.push(arg);
  }
  return { action, file, folder, strip, paths, isCompressed: flags.has('z'), isVerbose: flags.has('v') };
}

async function create(call: ToolCall, inside: ToolCall, { paths, file, isCompressed }: Wanted): Promise<number> {
  const parts: Uint8Array[] = [];
  const add = async (path: string): Promise<void> => {
    const stats = await inside.files.lstat(path);
    const name = path.replace(/^\/+/, '');
    if (stats.isDirectory()) {
      parts.push(header(`${name}/`, 0, stats.mode, stats.mtimeMs, '5', ''));
      for (const entry of (await inside.files.readdir(path)).toSorted()) await add(posix.join(path, entry));
    } else if (stats.isSymbolicLink())
      parts.push(header(name, 0, stats.mode, stats.mtimeMs, '2', await inside.files.readlink(path)));
    else {
      const bytes = await inside.files.readFile(path);
      parts.push(header(name, bytes.length, stats.mode, stats.mtimeMs, '0', ''), padded(bytes));
    }
  };
  let code = 0;
  for (const path of paths) {
    await add(path).catch(async (error: Error) => {
      await call.stderr.write(`tar: ${error.message}\n`);
      code = 1;
    });
  }
  parts.push(new Uint8Array(2 * blockBytes));
  const archive = Buffer.concat(parts);
  const writer = file === '-' ? null : await openWriter(call, file, 'w');
  await (writer ?? call.stdout).write(isCompressed ? gzipSync(archive) : archive);
  await writer?.close();
  return code;
}

function padded(bytes: Uint8Array): Uint8Array {
  const full = new Uint8Array(Math.ceil(bytes.length / blockBytes) * blockBytes);
  full.set(bytes);
  return full;
}

function header(name: string, size: number, mode: number, mtimeMs: number, type: string, link: string): Uint8Array {
  const long =
    Buffer.byteLength(name) > 100
      ? [header('././@LongLink', Buffer.byteLength(name) + 1, 0o644, 0, 'L', ''), padded(Buffer.from(`${name}\0`))]
      : [];
  const block = Buffer.alloc(blockBytes);
  const octal = (value: number, at: number, length: number): void =>
    void block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
  block.write(Buffer.from(name).subarray(0, 100).toString('latin1'), 0, 'latin1');
  octal(mode & 0o7777, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(Math.floor(mtimeMs / 1_000), 136, 12);
  block.write('        ', 148, 'latin1');
  block.write(type, 156, 'latin1');
  block.write(link, 157, 100);
  block.write('ustar\x0000', 257, 'latin1');
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  return Buffer.concat([...long, block]);
}

async function extract(call: ToolCall, inside: ToolCall, wanted: Wanted): Promise<number> {
  const reader = await openReader(call, wanted.file);
  const bytes = await readAll(reader);
  await reader.close();
  const archive = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
  let longName = '';
  for (let at = 0; at + blockBytes <= archive.length; ) {
    const block = archive.subarray(at, at + blockBytes);
    if (block.every((byte) => byte === 0)) break;
    const size = Number.parseInt(textOf(block, 124, 12), 8) || 0;
    const type = String.fromCharCode(block[156] ?? 0);
    const body = archive.subarray(at + blockBytes, at + blockBytes + size);
    at += blockBytes + Math.ceil(size / blockBytes) * blockBytes;
    if (type === 'L') longName = body.toString('utf8').replace(/\0.*$/s, '');
    else if (type === 'x') longName = /\d+ path=(.*)\n/.exec(body.toString('utf8'))?.[1] ?? longName;
    else if (type !== 'g') {
      const prefix = textOf(block, 257, 6) === 'ustar' ? textOf(block, 345, 155) : '';
      const name = longName || (prefix === '' ? textOf(block, 0, 100) : `${prefix}/${textOf(block, 0, 100)}`);
      longName = '';
      await extractOne(inside, wanted, {
        name,
        type,
        body,
        mode: Number.parseInt(textOf(block, 100, 8), 8) || 0o644,
        link: textOf(block, 157, 100),
      });
    }
  }
  return 0;
}

interface Entry {
  readonly name: string;
  readonly type: string;
  readonly body: Uint8Array;
  readonly mode: number;
  readonly link: string;
}

async function extractOne(
  { files, stdout, stderr }: ToolCall,
  { action, strip, isVerbose, paths }: Wanted,
  entry: Entry,
): Promise<void> {
  const name = entry.name
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .slice(strip)
    .join('/');
  if (name === '' || (paths.length > 0 && !paths.some((path) => name === path || name.startsWith(`${path}/`)))) return;
  // A name that leads upwards is refused, as tar does.
  if (name.split('/').includes('..')) return;
  if (action === 't' || isVerbose) await (action === 't' ? stdout : stderr).write(`${entry.name}\n`);
  if (action === 't') return;
  if (entry.type === '5') return files.mkdir(name, { recursive: true });
  await files.mkdir(posix.dirname(name), { recursive: true });
  if (entry.type === '2') {
    await files.remove(name, { force: true });
    return files.symlink(entry.link, name);
  }
  await files.writeFile(name, entry.body);
  return files.chmod(name, entry.mode & 0o777);
}

function textOf(block: Uint8Array, at: number, length: number): string {
  return Buffer.from(block.subarray(at, at + length))
    .toString('utf8')
    .replace(/\0.*$/s, '')
    .trim();
}

export const tarTools: Readonly<Record<string, Tool>> = { tar };
