/**
 * The wire level of protobuf: tags and values, one after another, from bytes that a client sent. Whatever is malformed is
 * StatusError BadRequest, as a body of JSON that does not parse.
 * Format: protobuf.dev/programming-guides/encoding. The reading itself is protobufjs's; its generated messages are not used.
 */
import protobuf from 'protobufjs/minimal.js';
import { utf8TextStrict } from '../base/bytes.ts';
import { badRequest } from './status-errors.ts';

export const wireTypes = { varint: 0, fixed64: 1, bytes: 2 } as const;

export interface ProtobufTag {
  readonly number: number;
  readonly wireType: number;
}

export class ProtobufReader {
  readonly #reader: protobuf.Reader;

  constructor(bytes: Uint8Array) {
    this.#reader = new protobuf.Reader(bytes);
  }

  get isAtEnd(): boolean {
    return this.#reader.pos >= this.#reader.len;
  }

  tag(): ProtobufTag {
    const tag = this.#take((reader) => reader.uint32());
    if (tag >>> 3 === 0) throw malformed(`illegal tag 0 (wire type ${tag & 7})`);
    return { number: tag >>> 3, wireType: tag & 7 };
  }

  skip({ wireType }: ProtobufTag): void {
    this.#take((reader) => reader.skipType(wireType));
  }

  int32(): number {
    return this.#take((reader) => reader.int32());
  }

  /** As exact as a number can be: as with JSON, integers beyond 2^53 are rounded. */
  int64(): number {
    // An object of the library long, but a number where that library is absent.
    const value = this.#take((reader) => reader.int64()) as unknown as { toNumber(): number } | number;
    return typeof value === 'number' ? value : value.toNumber();
  }

  bool(): boolean {
    return this.#take((reader) => reader.bool());
  }

  double(): number {
    const value = this.#take((reader) => reader.double());
    if (!Number.isFinite(value)) throw malformed(`unsupported value ${value}`);
    return value;
  }

  /** A view of the bytes that are being read, not a copy. */
  bytes(): Uint8Array {
    return this.#take((reader) => reader.bytes());
  }

  text(): string {
    const bytes = this.bytes();
    try {
      return utf8TextStrict(bytes);
    } catch {
      throw malformed('a text is not valid UTF-8');
    }
  }

  #take<T>(read: (reader: protobuf.Reader) => T): T {
    try {
      return read(this.#reader);
    } catch (cause: unknown) {
      throw malformed(cause instanceof Error ? cause.message : String(cause));
    }
  }
}

/** Returns the refusal of a body whose protobuf is wrong. */
export function malformed(problem: string): Error {
  return badRequest(`proto: ${problem}`);
}
