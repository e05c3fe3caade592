/** What commands read and write: bytes that come or go when there is room. */
import { concatBytes, emptyBytes, utf8, utf8Text } from '../base/bytes.ts';
import { heldBytesMax, lineBytesMax, pipeBytesMax } from './limits.ts';
import type { CommandMemory } from './memory.ts';
import { ended, Pace, type Task } from './tasks.ts';

/** Something that bytes come from, until null. */
export interface Reader {
  read(): Task<Uint8Array | null>;
  /** Gives back what was read too far: the next read returns it. */
  unread(bytes: Uint8Array): void;
}

/** Something that bytes go to. It keeps them: whoever writes does not change them afterwards. */
export interface Writer {
  write(chunk: string | Uint8Array): Task<void>;
}

export interface Streams {
  readonly stdin: Reader;
  readonly stdout: Writer;
  readonly stderr: Writer;
}

/** The reader of a pipe is gone. */
export class BrokenPipe extends Error {
  constructor() {
    super('broken pipe');
    this.name = 'BrokenPipe';
  }
}

/** A reader of what a function yields. */
export class Source implements Reader {
  readonly #next: () => Task<Uint8Array | null>;
  #unread: Uint8Array = emptyBytes;

  constructor(next: () => Task<Uint8Array | null>) {
    this.#next = next;
  }

  read(): Task<Uint8Array | null> {
    const bytes = this.#unread;
    if (bytes.length === 0) return this.#next();
    this.#unread = emptyBytes;
    return ended<Uint8Array | null>(bytes);
  }

  unread(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#unread = this.#unread.length === 0 ? bytes : concatBytes([bytes, this.#unread]);
  }
}

/** A reader of bytes that are there. */
export function readerOf(bytes: Uint8Array): Reader {
  const parts = [bytes];
  return new Source(() => ended(parts.shift() ?? null));
}

/** A writer whose function takes everything at once. */
export function writerTo(take: (bytes: Uint8Array) => void): Writer {
  const pace = new Pace();
  return {
    *write(chunk) {
      const bytes = bytesOf(chunk);
      take(bytes);
      yield* pace.after(bytes.length);
    },
  };
}

/** A reader of what a function returns at once. */
export function sourceOf(next: () => Uint8Array | null): Source {
  const pace = new Pace();
  return new Source(function* () {
    const bytes = next();
    yield* pace.after(bytes?.length ?? 0);
    return bytes;
  });
}

export function bytesOf(chunk: string | Uint8Array): Uint8Array {
  return typeof chunk === 'string' ? utf8(chunk) : chunk;
}

/** Parts of something that is kept in memory, up to a bound, on a command's account. */
export class Held {
  readonly #parts: Uint8Array[] = [];
  readonly #bytesMax: number;
  readonly #memory: CommandMemory;
  #bytes = 0;

  constructor(bytesMax: number, memory: CommandMemory) {
    this.#bytesMax = bytesMax;
    this.#memory = memory;
  }

  /** Throws when there is too much. */
  push(bytes: Uint8Array): void {
    if (this.#bytes + bytes.length > this.#bytesMax) throw new Error('out of memory');
    this.#memory.take(bytes.length);
    this.#bytes += bytes.length;
    this.#parts.push(bytes);
  }

  /** What is held is no longer needed. */
  drop(): void {
    this.#memory.give(this.#bytes);
    this.#bytes = 0;
    this.#parts.length = 0;
  }

  whole(): Uint8Array {
    return concatBytes(this.#parts);
  }
}

/** Reads all of a stream, which the command holds until it ends; throws when it is too much. */
export function* readAll(reader: Reader, memory: CommandMemory): Task<Uint8Array> {
  const held = new Held(heldBytesMax, memory);
  for (let bytes = yield* reader.read(); bytes !== null; bytes = yield* reader.read()) held.push(bytes);
  return held.whole();
}

export function* readText(reader: Reader, memory: CommandMemory): Task<string> {
  return utf8Text(yield* readAll(reader, memory));
}

/** The text of a stream, piece by piece: a character that was cut comes whole, with the piece in which it ends. */
export class TextSource {
  readonly #reader: Reader;
  readonly #decoder = new TextDecoder();
  #bytes = 0;
  #isOver = false;

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  /** Bytes that were read so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Null at the end; malformed sequences become U+FFFD. */
  *read(): Task<string | null> {
    if (this.#isOver) return null;
    const bytes = yield* this.#reader.read();
    this.#isOver = bytes === null;
    if (bytes === null) return this.#decoder.decode();
    this.#bytes += bytes.length;
    return this.#decoder.decode(bytes, { stream: true });
  }
}

const newline = 0x0a;

/** Reads one line without its end; null at the end of the stream. What is behind it stays for the next reader. Throws when it is too long. */
export function* readLine(reader: Reader, memory: CommandMemory): Task<string | null> {
  const held = new Held(lineBytesMax, memory);
  try {
    for (let isEmpty = true; ; isEmpty = false) {
      const bytes = yield* reader.read();
      if (bytes === null) return isEmpty ? null : utf8Text(held.whole());
      const end = bytes.indexOf(newline);
      held.push(end < 0 ? bytes : bytes.subarray(0, end));
      if (end < 0) continue;
      reader.unread(bytes.subarray(end + 1));
      return utf8Text(held.whole());
    }
  } finally {
    held.drop();
  }
}

/** A pipe between two commands: bounded, so that the writer waits for the reader; a writer whose reader is gone gets BrokenPipe. */
export class Pipe extends Source implements Writer {
  readonly #chunks: Uint8Array[];
  #bytes = 0;
  #isWriteEnded = false;
  #isReadEnded = false;

  constructor() {
    super(() => this.#take());
    this.#chunks = [];
  }

  *write(chunk: string | Uint8Array): Task<void> {
    const bytes = bytesOf(chunk);
    let at = 0;
    do {
      while (this.#bytes >= pipeBytesMax && !this.#isReadEnded) {
        yield { isOver: () => this.#bytes < pipeBytesMax || this.#isReadEnded };
      }
      if (this.#isReadEnded) throw new BrokenPipe();
      const piece = bytes.subarray(at, at + pipeBytesMax - this.#bytes);
      this.#chunks.push(piece);
      this.#bytes += piece.length;
      at += piece.length;
    } while (at < bytes.length);
  }

  endWriting(): void {
    this.#isWriteEnded = true;
  }

  endReading(): void {
    this.#isReadEnded = true;
  }

  *#take(): Task<Uint8Array | null> {
    for (;;) {
      const next = this.#chunks.shift();
      if (next !== undefined) {
        this.#bytes -= next.length;
        if (next.length > 0) return next;
      } else if (this.#isWriteEnded) return null;
      else yield { isOver: () => this.#chunks.length > 0 || this.#isWriteEnded };
    }
  }
}
