/**
 * One end of a SPDY/3.1 connection, the server's: frames in, streams out. Flow control holds for peers that take part in it: whoever never sends a
 * WINDOW_UPDATE or an initial window, as the SPDY library of Go's Kubernetes clients, would wait forever for what is held back, so to such a
 * peer data goes as soon as the program may say it, and the connection's own back-pressure is the bound.
 */
import { concatBytes, emptyBytes, ownBytes } from '../base/bytes.ts';
import { HeaderReader, type Headers, HeaderWriter, uint32 } from './spdy-headers.ts';
import type { WireWrite } from './wire.ts';

const frameType = {
  synStream: 1,
  synReply: 2,
  reset: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const;
const flagFin = 1;
const version = 3;
const headBytes = 8;
const initialWindowSetting = 7;
const controlBytesMax = 64 * 1024;
const windowBytes = 64 * 1024;
const windowMax = 0x7fffffff;
export const resetStatus = { protocolError: 1, refusedStream: 3, cancel: 5 } as const;

export type SpdyEvent =
  | { readonly type: 'stream'; readonly id: number; readonly headers: Headers; readonly isEnd: boolean }
  | { readonly type: 'data'; readonly id: number; readonly bytes: Uint8Array; readonly isEnd: boolean }
  | { readonly type: 'reset'; readonly id: number }
  | { readonly type: 'broken'; readonly message: string };

interface Held {
  readonly bytes: Uint8Array;
  readonly isEnd: boolean;
  readonly session: number | null;
}

interface Stream {
  window: number;
  readonly held: Held[];
  /** Bytes taken since the peer was last told. */
  taken: number;
  isOpenHere: boolean;
  isOpenThere: boolean;
}

export class SpdyConnection {
  readonly #headerReader = new HeaderReader();
  readonly #headerWriter = new HeaderWriter();
  readonly #streams = new Map<number, Stream>();
  readonly #writes: WireWrite[] = [];
  #unread: Uint8Array = emptyBytes;
  /** The data frame that is under way: its bytes are passed on as they come. */
  #data: { readonly id: number; left: number; readonly isEnd: boolean } | null = null;
  #isControlled = false;
  #initialWindow = windowBytes;
  #window = windowBytes;
  #taken = 0;
  #lastId = 0;
  #isBroken = false;

  /** No data waits for the peer's permission. */
  get isDrained(): boolean {
    return [...this.#streams.values()].every(({ held }) => held.length === 0);
  }

  get streams(): number {
    return this.#streams.size;
  }

  receive(bytes: Uint8Array): readonly SpdyEvent[] {
    if (this.#isBroken) return [];
    const events: SpdyEvent[] = [];
    this.#unread = this.#unread.length === 0 ? bytes : concatBytes([this.#unread, bytes]);
    while (!this.#isBroken && this.#takeFrame(events));
    this.#unread = ownBytes(this.#unread);
    return events;
  }

  reply(id: number): void {
    const block = this.#headerWriter.write(new Map());
    this.#control(frameType.synReply, [uint32(id), block]);
  }

  /** `session`: whose output it is, for the write that carries it. */
  send(id: number, bytes: Uint8Array, isEnd: boolean, session: number | null): void {
    const stream = this.#streams.get(id);
    if (stream === undefined || !stream.isOpenHere) {
      if (session !== null) this.#writes.push({ bytes: emptyBytes, session });
      return;
    }
    if (isEnd) stream.isOpenHere = false;
    stream.held.push({ bytes, isEnd, session });
    this.#release(id, stream);
  }

  reset(id: number, status: number): void {
    this.#control(frameType.reset, [uint32(id), uint32(status)]);
    this.#drop(id);
  }

  goAway(): void {
    this.#control(frameType.goAway, [uint32(this.#lastId), uint32(0)]);
  }

  /** So much of a stream's data has been used: the peer may send more. */
  taken(id: number, bytes: number): void {
    this.#taken += bytes;
    if (this.#taken >= windowBytes / 2) {
      this.#control(frameType.windowUpdate, [uint32(0), uint32(this.#taken)]);
      this.#taken = 0;
    }
    const stream = this.#streams.get(id);
    if (stream === undefined || !stream.isOpenThere) return;
    stream.taken += bytes;
    if (stream.taken < windowBytes / 2) return;
    this.#control(frameType.windowUpdate, [uint32(id), uint32(stream.taken)]);
    stream.taken = 0;
  }

  takeWrites(): readonly WireWrite[] {
    return this.#writes.splice(0);
  }

  /** Returns whether there may be another. */
  #takeFrame(events: SpdyEvent[]): boolean {
    if (this.#data !== null) return this.#takeData(events, this.#data);
    const unread = this.#unread;
    if (unread.length < headBytes) return false;
    const view = new DataView(unread.buffer, unread.byteOffset, unread.length);
    const first = view.getUint32(0);
    const flags = unread[4] as number;
    const length = view.getUint32(4) & 0xffffff;
    if (first >>> 31 === 0) {
      this.#data = { id: first, left: length, isEnd: (flags & flagFin) !== 0 };
      this.#unread = unread.subarray(headBytes);
      return this.#takeData(events, this.#data);
    }
    if (((first >>> 16) & 0x7fff) !== version) return this.#fail(events, 'not SPDY/3.1');
    if (length > controlBytesMax) return this.#fail(events, 'a control frame is too large');
    if (unread.length < headBytes + length) return false;
    this.#unread = unread.subarray(headBytes + length);
    return this.#takeControl(first & 0xffff, flags, unread.subarray(headBytes, headBytes + length), events);
  }

  #takeData(events: SpdyEvent[], data: { id: number; left: number; isEnd: boolean }): boolean {
    const bytes = this.#unread.subarray(0, data.left);
    if (bytes.length === 0 && data.left > 0) return false;
    this.#unread = this.#unread.subarray(bytes.length);
    data.left -= bytes.length;
    const isEnd = data.left === 0 && data.isEnd;
    if (data.left === 0) this.#data = null;
    const stream = this.#streams.get(data.id);
    if (stream?.isOpenThere === true) {
      if (isEnd) this.#closedThere(data.id, stream);
      if (bytes.length > 0 || isEnd) events.push({ type: 'data', id: data.id, bytes, isEnd });
    } else this.taken(data.id, bytes.length);
    return true;
  }

  #takeControl(type: number, flags: number, body: Uint8Array, events: SpdyEvent[]): boolean {
    const view = new DataView(body.buffer, body.byteOffset, body.length);
    const word = (at: number): number => (at + 4 <= body.length ? view.getUint32(at) : 0);
    const id = word(0) & windowMax;
    switch (type) {
      case frameType.synStream:
        return this.#opened(id, flags, body.subarray(10), events);
      case frameType.headers:
        // Nothing is said there that we would want to know, but the compression goes on through it.
        return this.#headerReader.read(body.subarray(4)) !== null || this.#fail(events, 'malformed headers');
      case frameType.reset:
        this.#drop(id);
        events.push({ type: 'reset', id });
        return true;
      case frameType.settings:
        for (let at = 4; at + 8 <= body.length; at += 8) {
          if ((word(at) & 0xffffff) === initialWindowSetting) this.#setInitialWindow(word(at + 4) & windowMax);
        }
        return true;
      case frameType.ping:
        // Odd ones are the client's own.
        if (id % 2 === 1) this.#control(frameType.ping, [uint32(id)]);
        return true;
      case frameType.windowUpdate:
        return this.#widen(id, word(4) & windowMax);
      default:
        return true;
    }
  }

  #opened(id: number, flags: number, block: Uint8Array, events: SpdyEvent[]): boolean {
    const headers = this.#headerReader.read(block);
    if (headers === null) return this.#fail(events, 'malformed headers');
    if (id % 2 === 0 || id <= this.#lastId) return this.#fail(events, `stream ${id} is out of order`);
    this.#lastId = id;
    const isEnd = (flags & flagFin) !== 0;
    const window = this.#initialWindow;
    this.#streams.set(id, { window, held: [], taken: 0, isOpenHere: true, isOpenThere: !isEnd });
    events.push({ type: 'stream', id, headers, isEnd });
    return true;
  }

  #setInitialWindow(bytes: number): void {
    this.#isControlled = true;
    for (const stream of this.#streams.values()) stream.window += bytes - this.#initialWindow;
    this.#initialWindow = bytes;
    this.#releaseAll();
  }

  #widen(id: number, bytes: number): boolean {
    this.#isControlled = true;
    if (id === 0) {
      this.#window = Math.min(windowMax, this.#window + bytes);
      this.#releaseAll();
      return true;
    }
    const stream = this.#streams.get(id);
    if (stream === undefined) return true;
    stream.window = Math.min(windowMax, stream.window + bytes);
    this.#release(id, stream);
    return true;
  }

  #releaseAll(): void {
    for (const [id, stream] of this.#streams) this.#release(id, stream);
  }

  #release(id: number, stream: Stream): void {
    for (let next = stream.held[0]; next !== undefined; next = stream.held[0]) {
      const allowed = this.#isControlled ? Math.max(0, Math.min(stream.window, this.#window)) : next.bytes.length;
      if (allowed === 0 && next.bytes.length > 0) return;
      const bytes = next.bytes.subarray(0, allowed);
      const isWhole = bytes.length === next.bytes.length;
      stream.window -= bytes.length;
      this.#window -= bytes.length;
      const size = uint32(bytes.length);
      size[0] = isWhole && next.isEnd ? flagFin : 0;
      this.#writes.push({ bytes: concatBytes([uint32(id), size, bytes]), session: isWhole ? next.session : null });
      if (isWhole) stream.held.shift();
      else stream.held[0] = { ...next, bytes: next.bytes.subarray(allowed) };
    }
    if (!stream.isOpenHere && !stream.isOpenThere) this.#streams.delete(id);
  }

  #closedThere(id: number, stream: Stream): void {
    stream.isOpenThere = false;
    if (!stream.isOpenHere && stream.held.length === 0) this.#streams.delete(id);
  }

  /** What a dropped stream still held counts as gone. */
  #drop(id: number): void {
    for (const { session } of this.#streams.get(id)?.held ?? []) {
      if (session !== null) this.#writes.push({ bytes: emptyBytes, session });
    }
    this.#streams.delete(id);
  }

  #control(type: number, parts: readonly Uint8Array[]): void {
    const body = concatBytes(parts);
    const head = Uint8Array.of(0x80, version, 0, type);
    this.#writes.push({ bytes: concatBytes([head, uint32(body.length), body]), session: null });
  }

  #fail(events: SpdyEvent[], message: string): false {
    this.#isBroken = true;
    events.push({ type: 'broken', message });
    return false;
  }
}
