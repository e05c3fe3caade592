/** The client's end of SPDY/3.1, on zlib, as far as tests need it. */
import { concatBytes, utf8 } from '../../../src/base/bytes.ts';
import { HeaderWriter, uint32 } from '../../../src/http/spdy-headers.ts';

export interface Frame {
  /** Null for data. */
  readonly type: number | null;
  readonly id: number;
  readonly isEnd: boolean;
  readonly body: Uint8Array;
}

export class SpdyClient {
  readonly #writer = new HeaderWriter();
  #lastId = -1;

  /** Returns the frame that opens a stream, and its number. */
  open(headers: Readonly<Record<string, string>>): { readonly id: number; readonly bytes: Uint8Array } {
    this.#lastId += 2;
    const block = this.#writer.write(new Map(Object.entries(headers)));
    return { id: this.#lastId, bytes: control(1, 0, [uint32(this.#lastId), uint32(0), Uint8Array.of(0, 0), block]) };
  }

  data(id: number, text: string, isEnd = false): Uint8Array {
    const bytes = utf8(text);
    const size = uint32(bytes.length);
    size[0] = isEnd ? 1 : 0;
    return concatBytes([uint32(id), size, bytes]);
  }
}

export function control(type: number, flags: number, parts: readonly Uint8Array[]): Uint8Array {
  const body = concatBytes(parts);
  const size = uint32(body.length);
  size[0] = flags;
  return concatBytes([Uint8Array.of(0x80, 3, 0, type), size, body]);
}

/** Splits what a server wrote into frames. */
export function framesOf(bytes: Uint8Array): readonly Frame[] {
  const frames: Frame[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; ) {
    const first = view.getUint32(at);
    const length = view.getUint32(at + 4) & 0xffffff;
    const body = bytes.subarray(at + 8, at + 8 + length);
    const isControl = first >>> 31 === 1;
    const id = isControl ? new DataView(body.buffer, body.byteOffset, body.length).getUint32(0) : first;
    frames.push({ type: isControl ? first & 0xffff : null, id, isEnd: (bytes[at + 4] as number) === 1, body });
    at += 8 + length;
  }
  return frames;
}
