/** `tar`: packs and unpacks, as `kubectl cp` wants it, file by file as bytes come and go. */
import { gunzipSync, gzipSync } from 'fflate';
import { concatBytes, emptyBytes } from '../../base/bytes.ts';
import { attempt, type OpenFile } from '../files.ts';
import { memoryBytesMax, readBytesMax } from '../limits.ts';
import type { CommandMemory } from '../memory.ts';
import { folderName, partsOf } from '../paths.ts';
import { type Reader, readAll, readerOf, type Writer, writerTo } from '../streams.ts';
import {
  isExtension,
  padding,
  type TarEntry,
  TarError,
  TarHeaders,
  tarBlockBytes,
  tarEnd,
  tarHeader,
} from '../tar-format.ts';
import type { Task } from '../tasks.ts';
import { eachOperand, openReader, openWriter, type Tool, type ToolCall, UsageError } from '../tool.ts';

interface Wanted {
  readonly action: string;
  readonly file: string;
  readonly folder: string;
  readonly isCompressed: boolean;
  readonly isVerbose: boolean;
  readonly strip: number;
  readonly paths: readonly string[];
}

function* tar(call: ToolCall): Task<number> {
  const wanted = wantedOf(call.args);
  switch (wanted.action) {
    case 'c':
      return yield* create(call, wanted);
    case 'x':
    case 't':
      return yield* extract(call, wanted);
    default:
      throw new UsageError('need one of c, x and t');
  }
}

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

function* create(call: ToolCall, { paths, file, folder, isCompressed }: Wanted): Task<number> {
  const opened = file === '-' ? null : openWriter(call, file, 'w');
  const output: Writer = opened ?? call.stdout;
  const parts: Uint8Array[] = [];
  const writer = isCompressed ? writerTo((bytes) => parts.push(bytes)) : output;
  const inside = { ...call, files: call.files.at(folder) };
  try {
    const code = yield* eachOperand(inside, paths, (path) => pack(inside, writer, path));
    yield* writer.write(tarEnd());
    if (isCompressed) yield* output.write(gzipSync(concatBytes(parts)));
    return code;
  } finally {
    opened?.close();
  }
}

function* pack(call: ToolCall, writer: Writer, path: string): Task<void> {
  const { files } = call;
  const { type, size, mode, modifiedAtMs } = files.lstat(path);
  const name = path.replace(/^\/+/, '').replace(/\/+$/, '') || '.';
  const entry = { name, type, mode, modifiedAtMs, size: type === 'file' ? size : 0, link: '' };
  if (type === 'link') return yield* writer.write(tarHeader({ ...entry, link: files.readlink(path) }));
  if (type === 'file') return yield* packFile(call, writer, path, entry);
  yield* writer.write(tarHeader(entry));
  for (const each of files.names(path).toSorted()) yield* pack(call, writer, `${path.replace(/\/+$/, '')}/${each}`);
}

/** A file that changes meanwhile has in the archive as many bytes as its header says. */
function* packFile({ files }: ToolCall, writer: Writer, path: string, entry: TarEntry): Task<void> {
  const file = files.open(path, 'r');
  try {
    yield* writer.write(tarHeader(entry));
    for (let left = entry.size; left > 0; ) {
      const bytes = file.read(Math.min(left, readBytesMax)) ?? new Uint8Array(Math.min(left, readBytesMax));
      yield* writer.write(bytes);
      left -= bytes.length;
    }
    yield* writer.write(padding(entry.size));
  } finally {
    file.close();
  }
}

function* extract(call: ToolCall, wanted: Wanted): Task<number> {
  const source = openReader(call, wanted.file);
  try {
    const reader = yield* unpacked(source, call.memory);
    const headers = new TarHeaders();
    let code = 0;
    for (;;) {
      const block = yield* exactly(reader, tarBlockBytes, true);
      // An archive that ends without the blocks that end it is one all the same, as other programs have it.
      const header = block === null ? 'end' : headers.take(block);
      if (header === 'end') break;
      if (isExtension(header)) {
        headers.extend(header.type, (yield* exactly(reader, header.size, false)) ?? emptyBytes);
        yield* exactly(reader, padding(header.size).length, false);
      } else if (!(yield* extractOne(call, reader, wanted, header))) code = 1;
    }
    // Whoever writes the archive may still be at its end.
    while ((yield* reader.read()) !== null) continue;
    return code;
  } finally {
    source.close();
  }
}

/** Looks whether an archive is compressed, and lays it open. */
function* unpacked(reader: Reader, memory: CommandMemory): Task<Reader> {
  const first = yield* exactly(reader, 2, true);
  if (first !== null) reader.unread(first);
  if (first?.[0] !== 0x1f || first[1] !== 0x8b) return reader;
  const bytes = yield* readAll(reader, memory);
  const size = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4).getUint32(0, true);
  if (size > memoryBytesMax) throw new TarError('the archive is too large');
  memory.take(size);
  return readerOf(gunzipSync(bytes));
}

/** Reads so many bytes; null at the very end if `mayEnd`. Throws TarError when there are fewer. */
function* exactly(reader: Reader, size: number, mayEnd: boolean): Task<Uint8Array | null> {
  const parts: Uint8Array[] = [];
  for (let left = size; left > 0; ) {
    const bytes = yield* reader.read();
    if (bytes === null) {
      if (mayEnd && left === size) return null;
      throw new TarError('unexpected end of the archive');
    }
    reader.unread(bytes.subarray(left));
    parts.push(bytes.subarray(0, left));
    left -= Math.min(left, bytes.length);
  }
  return parts.length === 1 ? (parts[0] as Uint8Array) : concatBytes(parts);
}

/** Takes one entry out; returns whether that worked. Its content is passed over when it is not wanted. */
function* extractOne(call: ToolCall, reader: Reader, wanted: Wanted, entry: TarEntry): Task<boolean> {
  const { action, strip, isVerbose, paths, folder } = wanted;
  const name = partsOf(entry.name).slice(strip).join('/');
  const isMeant = paths.length === 0 || paths.some((path) => name === path || name.startsWith(`${path}/`));
  // A name that leads upwards is refused, as tar does.
  const isTaken = isMeant && name !== '' && !name.split('/').includes('..');
  if (isTaken && (action === 't' || isVerbose)) {
    yield* (action === 't' ? call.stdout : call.stderr).write(`${entry.name}${entry.type === 'folder' ? '/' : ''}\n`);
  }
  let file: OpenFile | undefined;
  let failure = '';
  try {
    if (isTaken && action === 'x') file = place({ ...call, files: call.files.at(folder) }, name, entry);
    for (let left = entry.size; left > 0; ) {
      const bytes = yield* exactly(reader, Math.min(left, readBytesMax), false);
      failure ||= written(file, bytes ?? emptyBytes);
      left -= bytes?.length ?? left;
    }
  } catch (error) {
    if (file !== undefined || error instanceof TarError) throw error;
    failure = (error as Error).message;
    yield* exactly(reader, entry.size, false);
  } finally {
    file?.close();
  }
  yield* exactly(reader, padding(entry.size).length, false);
  if (failure !== '') yield* call.stderr.write(`tar: ${failure}\n`);
  return failure === '';
}

function written(file: OpenFile | undefined, bytes: Uint8Array): string {
  try {
    file?.write(bytes);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
}

/** Makes what an entry stands for; returns the file that its content goes to, if it has one. */
function place({ files }: ToolCall, name: string, { type, mode, link }: TarEntry): OpenFile | undefined {
  files.mkdir(type === 'folder' ? name : folderName(name), { recursive: true });
  if (type === 'folder') return undefined;
  const present = attempt(() => files.lstat(name))?.type;
  if (type === 'link' || present === 'link') files.remove(name, { recursive: false, force: true });
  if (type === 'link') {
    files.symlink(link, name);
    return undefined;
  }
  const file = files.open(name, 'w');
  files.chmod(name, mode & 0o777);
  return file;
}

export const tarTools: Readonly<Record<string, Tool>> = { tar };
