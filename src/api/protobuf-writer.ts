/** Writes the wire format of protobuf: the fields of a message, one after another. The writing itself is protobufjs's. */
import protobuf from 'protobufjs/minimal.js';
import { wireTypes } from './protobuf-reader.ts';

export class ProtobufWriter {
  readonly #writer = new protobuf.Writer();

  /** Writes a text; none when it is absent. */
  text(number: number, value: string | undefined): this {
    if (value !== undefined) this.#tag(number, wireTypes.bytes).string(value);
    return this;
  }

  texts(number: number, values: readonly string[]): this {
    for (const value of values) this.text(number, value);
    return this;
  }

  /** As proto3 has it, `false` is not written. */
  bool(number: number, value: boolean | undefined): this {
    if (value === true) this.#tag(number, wireTypes.varint).bool(value);
    return this;
  }

  /** Writes a message, whose fields `write` writes to this same writer. */
  message(number: number, write: (writer: this) => void): this {
    this.#tag(number, wireTypes.bytes).fork();
    write(this);
    this.#writer.ldelim();
    return this;
  }

  /** Returns all that was written, in a buffer of its own. */
  finish(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#writer.finish());
  }

  #tag(number: number, wireType: number): protobuf.Writer {
    return this.#writer.uint32(((number << 3) | wireType) >>> 0);
  }
}
