/** Writes JSON trees as protobuf by the field table, as Go's generated code does: the opposite of decode-protobuf.ts, for tests only. */
import protobuf from 'protobufjs/minimal.js';
import type { Json, JsonObject } from '../../../src/api/json.ts';
import { must } from '../../../src/base/assert.ts';
import { builtInSchemas, type FieldSchema, type FieldType } from '../../../src/kinds/schema.ts';

const { Writer } = protobuf;
const varint = 0;
const fixed64 = 1;
const bytes = 2;

/** Returns the body of a request: the magic and a runtime.Unknown. */
export function protobufBody(apiVersion: string, kind: string, struct: string, tree: JsonObject): Uint8Array {
  const type = Writer.create().uint32(tag(1, bytes)).string(apiVersion).uint32(tag(2, bytes)).string(kind).finish();
  const raw = messageOf(struct, tree);
  const unknown = Writer.create().uint32(tag(1, bytes)).bytes(type).uint32(tag(2, bytes)).bytes(raw);
  unknown.uint32(tag(3, bytes)).string('').uint32(tag(4, bytes)).string('');
  return Uint8Array.from([0x6b, 0x38, 0x73, 0, ...unknown.finish()]);
}

export function messageOf(struct: string, tree: JsonObject): Uint8Array {
  const { fields } = must(builtInSchemas.struct(struct), struct);
  return level(
    fields.filter(({ name, protobufPath }) => tree[name] !== undefined && protobufPath !== undefined),
    tree,
    0,
  );
}

/** Writes the fields of a message whose own number stands at `depth` in their paths; the others are within embedded ones. */
function level(fields: readonly FieldSchema[], tree: JsonObject, depth: number): Uint8Array {
  const writer = Writer.create();
  const embedded = new Map<number, FieldSchema[]>();
  for (const field of fields) {
    const path = must(field.protobufPath, field.name);
    const number = must(path[depth], field.name);
    if (path.length === depth + 1) writeField(writer, number, field.type, tree[field.name] as Json);
    else embedded.set(number, [...(embedded.get(number) ?? []), field]);
  }
  for (const [number, inner] of embedded) writer.uint32(tag(number, bytes)).bytes(level(inner, tree, depth + 1));
  return writer.finish();
}

function writeField(writer: protobuf.Writer, number: number, type: FieldType, value: Json): void {
  if (type.type === 'list') {
    for (const item of value as Json[]) writeValue(writer, number, type.item, item);
  } else if (type.type === 'map') {
    for (const [key, item] of Object.entries(value as JsonObject)) {
      const entry = Writer.create().uint32(tag(1, bytes)).string(key);
      writeValue(entry, 2, type.value, item);
      writer.uint32(tag(number, bytes)).bytes(entry.finish());
    }
  } else writeValue(writer, number, type, value);
}

function writeValue(writer: protobuf.Writer, number: number, type: FieldType, value: Json): void {
  switch (type.type) {
    case 'bool':
      writer.uint32(tag(number, varint)).bool(value as boolean);
      return;
    case 'int32':
      writer.uint32(tag(number, varint)).int32(value as number);
      return;
    case 'int64':
      writer.uint32(tag(number, varint)).int64(value as number);
      return;
    case 'number':
      writer.uint32(tag(number, fixed64)).double(value as number);
      return;
    case 'string':
      writer.uint32(tag(number, bytes)).string(value as string);
      return;
    default:
      writer.uint32(tag(number, bytes)).bytes(bytesOf(type, value));
  }
}

function bytesOf(type: FieldType, value: Json): Uint8Array {
  const writer = Writer.create();
  switch (type.type) {
    case 'struct':
      return messageOf(type.name, value as JsonObject);
    case 'list':
      writeField(writer, 1, type, value);
      return writer.finish();
    case 'bytes':
      return new Uint8Array(Buffer.from(value as string, 'base64'));
    case 'quantity':
      return writer
        .uint32(tag(1, bytes))
        .string(value as string)
        .finish();
    case 'json':
      return writer.uint32(tag(1, bytes)).string(JSON.stringify(value)).finish();
    case 'time':
    case 'microTime':
      return timeBytes(value as string | null);
    case 'intOrString':
      return typeof value === 'number'
        ? writer
            .uint32(tag(1, varint))
            .int64(0)
            .uint32(tag(2, varint))
            .int32(value)
            .uint32(tag(3, bytes))
            .string('')
            .finish()
        : writer
            .uint32(tag(1, varint))
            .int64(1)
            .uint32(tag(2, varint))
            .int32(0)
            .uint32(tag(3, bytes))
            .string(value as string)
            .finish();
    default:
      throw new Error(`no bytes for ${type.type}`);
  }
}

function timeBytes(text: string | null): Uint8Array {
  if (text === null) return new Uint8Array(0);
  const micros = Number(/\.(\d{6})Z$/.exec(text)?.[1] ?? '0');
  const seconds = Math.floor(Date.parse(text) / 1000);
  return Writer.create()
    .uint32(tag(1, varint))
    .int64(seconds)
    .uint32(tag(2, varint))
    .int32(micros * 1000)
    .finish();
}

function tag(number: number, wireType: number): number {
  return (number << 3) | wireType;
}
