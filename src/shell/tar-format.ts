/**
 * The format of tar archives: 512-byte headers, each before the content of its file, padded. Written as ustar with PAX records for what does
 * not fit; read with PAX records and the long names of GNU. Models POSIX.1-2017 pax, "ustar Interchange Format" and "pax Extended Header".
 */
import { concatBytes, utf8, utf8Text } from '../base/bytes.ts';

export const tarBlockBytes = 512;

export interface TarEntry {
  /** With `/` between its parts; a folder's has none at its end. */
  readonly name: string;
  readonly type: 'file' | 'folder' | 'link';
  /** Bytes of content, which follow the header. */
  readonly size: number;
  readonly mode: number;
  readonly modifiedAtMs: number;
  /** Where a link leads; empty for others. */
  readonly link: string;
}

/** An archive that cannot be read. */
export class TarError extends Error {}

const offsets = {
  name: [0, 100],
  mode: [100, 8],
  user: [108, 8],
  group: [116, 8],
  size: [124, 12],
  time: [136, 12],
  sum: [148, 8],
  type: [156, 1],
  link: [157, 100],
  magic: [257, 8],
  prefix: [345, 155],
} as const;
type Field = keyof typeof offsets;

const types = { file: '0', folder: '5', link: '2' } as const;
/** The most that an octal field of eleven digits holds. */
const sizeMax = 8 ** 11 - 1;
/** Of names and links in extended headers. */
const extendedBytesMax = 64 * 1024;

/** Returns the header of an entry: one block, or several with records before it. */
export function tarHeader({ name, type, size, mode, modifiedAtMs, link }: TarEntry): Uint8Array {
  const fullName = type === 'folder' ? `${name}/` : name;
  const records: string[] = [];
  if (!fits(fullName, 'name')) records.push(record('path', fullName));
  if (!fits(link, 'link')) records.push(record('linkpath', link));
  if (size > sizeMax) records.push(record('size', String(size)));
  const seconds = Math.max(0, Math.floor(modifiedAtMs / 1_000));
  const own = block(fullName, types[type], Math.min(size, sizeMax), mode, seconds, link);
  if (records.length === 0) return own;
  const text = utf8(records.join(''));
  return concatBytes([block('PaxHeader', 'x', text.length, 0o644, seconds, ''), text, padding(text.length), own]);
}

/** Returns the zeros behind a content of so many bytes. */
export function padding(size: number): Uint8Array {
  return new Uint8Array((tarBlockBytes - (size % tarBlockBytes)) % tarBlockBytes);
}

/** What ends an archive. */
export function tarEnd(): Uint8Array {
  return new Uint8Array(2 * tarBlockBytes);
}

function fits(text: string, field: Field): boolean {
  const bytes = utf8(text);
  return bytes.length <= offsets[field][1] && bytes.length === text.length && !text.includes('\0');
}

/** `LENGTH KEY=VALUE` and a newline; the length counts itself. */
function record(key: string, value: string): string {
  const rest = utf8(` ${key}=${value}\n`).length;
  let length = rest + String(rest).length;
  if (rest + String(length).length !== length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

function block(name: string, type: string, size: number, mode: number, seconds: number, link: string): Uint8Array {
  const bytes = new Uint8Array(tarBlockBytes);
  const put = (field: Field, text: string): void =>
    bytes.set(utf8(text).subarray(0, offsets[field][1]), offsets[field][0]);
  const octal = (field: Field, value: number): void =>
    put(field, `${value.toString(8).padStart(offsets[field][1] - 1, '0')}\0`);
  put('name', name);
  octal('mode', mode & 0o7777);
  octal('user', 0);
  octal('group', 0);
  octal('size', size);
  octal('time', Math.min(seconds, sizeMax));
  put('type', type);
  put('link', link);
  put('magic', 'ustar\x0000');
  put('sum', `${sumOf(bytes).toString(8).padStart(6, '0')}\0 `);
  return bytes;
}

/** The sum of a header's bytes, with blanks for the sum itself. */
function sumOf(header: Uint8Array): number {
  const [at, length] = offsets.sum;
  let sum = length * 0x20;
  for (let index = 0; index < tarBlockBytes; index += 1) {
    if (index < at || index >= at + length) sum += header[index] as number;
  }
  return sum;
}

/** A header as it was read, with what records before it said. */
interface Extension {
  readonly type: 'records' | 'name' | 'link' | 'skipped';
  readonly size: number;
}

/** Reads headers one after another; records hold for the next entry. */
export class TarHeaders {
  #known: { name?: string; link?: string; size?: number } = {};

  /**
   * Takes a block that is a header. Returns the entry; an extension, whose content is to be given to `extend`; or `end`. Throws TarError for what
   * is none.
   */
  take(header: Uint8Array): TarEntry | Extension | 'end' {
    if (header.every((byte) => byte === 0)) return 'end';
    if (number(header, 'sum') !== sumOf(header)) throw new TarError('invalid tar header: its checksum is wrong');
    const size = number(header, 'size');
    const letter = text(header, 'type');
    const extension = { x: 'records', L: 'name', K: 'link', g: 'skipped' }[letter] as Extension['type'] | undefined;
    if (extension !== undefined) {
      if (size > extendedBytesMax) throw new TarError('a name in the archive is too long');
      return { type: extension, size };
    }
    const known = this.#known;
    this.#known = {};
    const prefix = text(header, 'magic') === 'ustar' ? text(header, 'prefix') : '';
    const ownName = prefix === '' ? text(header, 'name') : `${prefix}/${text(header, 'name')}`;
    const name = known.name ?? ownName;
    const type = letter === '5' || name.endsWith('/') ? 'folder' : letter === '2' ? 'link' : 'file';
    return {
      name: name.replace(/\/+$/, ''),
      type,
      size: type === 'file' ? (known.size ?? size) : 0,
      mode: number(header, 'mode') & 0o7777,
      modifiedAtMs: number(header, 'time') * 1_000,
      link: type === 'link' ? (known.link ?? text(header, 'link')) : '',
    };
  }

  /** Takes the content of an extension. */
  extend(type: Extension['type'], content: Uint8Array): void {
    if (type === 'name') this.#known.name = untilZero(content);
    else if (type === 'link') this.#known.link = untilZero(content);
    else if (type === 'records') {
      for (const [key, value] of recordsOf(content)) {
        if (key === 'path') this.#known.name = value;
        else if (key === 'linkpath') this.#known.link = value;
        else if (key === 'size') this.#known.size = checkedSize(Number(value));
      }
    }
  }
}

export function isExtension(header: TarEntry | Extension): header is Extension {
  return !('name' in header);
}

function* recordsOf(content: Uint8Array): Generator<readonly [string, string], void> {
  for (let at = 0; at < content.length; ) {
    const blank = content.indexOf(0x20, at);
    const length = Number(utf8Text(content.subarray(at, Math.max(at, blank))));
    if (blank < 0 || !Number.isSafeInteger(length) || length <= blank - at || at + length > content.length) {
      throw new TarError('invalid record in the archive');
    }
    const line = utf8Text(content.subarray(blank + 1, at + length - 1));
    const equals = line.indexOf('=');
    yield [line.slice(0, equals), line.slice(equals + 1)];
    at += length;
  }
}

function text(header: Uint8Array, field: Field): string {
  const [at, length] = offsets[field];
  return untilZero(header.subarray(at, at + length));
}

function untilZero(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return utf8Text(end < 0 ? bytes : bytes.subarray(0, end));
}

/** Numbers are octal, or, where the first bit is set, binary. */
function number(header: Uint8Array, field: Field): number {
  const [at, length] = offsets[field];
  const bytes = header.subarray(at, at + length);
  if (((bytes[0] as number) & 0x80) !== 0) {
    return checkedSize(bytes.reduce((sum, byte, index) => sum * 256 + (index === 0 ? byte & 0x7f : byte), 0));
  }
  const digits = untilZero(bytes).trim();
  return digits === '' ? 0 : checkedSize(/^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN);
}

function checkedSize(value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) throw new TarError('invalid number in the archive');
  return value;
}
