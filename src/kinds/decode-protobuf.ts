/**
 * From a protobuf body to the JSON tree that decodeObject takes, by the numbers in the field table: kubectl 1.32 and newer, and
 * Go clients, send protobuf for what they make themselves.
 *
 * A body is the magic `k8s\0` and a runtime.Unknown, whose `raw` is the message of its kind. What Go embeds is a message of its own that
 * JSON does not show, so its fields land in the object around it. Go writes every field that is no pointer, set or not; decodeObject drops
 * the zero ones among them, by the same table, as it does for JSON. As anywhere in protobuf, unknown fields are passed over, and a
 * message that comes twice is one message. Models apimachinery pkg/runtime/serializer/protobuf/protobuf.go.
 */
import { bodyDepthMax, parseBody } from '../api/body.ts';
import { apiVersionOf, type GroupVersionKind, parseApiVersion } from '../api/group-version.ts';
import { fieldOf, type Json, type JsonObject, quoted, setField } from '../api/json.ts';
import { malformed, ProtobufReader, type ProtobufTag, wireTypes } from '../api/protobuf-reader.ts';
import { badRequest } from '../api/status-errors.ts';
import { must } from '../base/assert.ts';
import { encodeBase64 } from '../base/base64.ts';
import { emptyBytes, utf8Text } from '../base/bytes.ts';
import { decodeProtobufScalar } from './decode-protobuf-scalar.ts';
import type { FieldSchema, FieldType, Schemas, StructSchema } from './schema.ts';

const magic: readonly number[] = [0x6b, 0x38, 0x73, 0x00];

/** What stands under a field number: a field, or the message of an embedded struct. */
type Slot =
  | { readonly type: 'field'; readonly field: FieldSchema }
  | { readonly type: 'embedded'; readonly slots: Slots };
type Slots = Map<number, Slot>;

interface Envelope {
  readonly apiVersion: string;
  readonly kind: string;
  readonly raw: Uint8Array;
}

/** Slots by struct. A memo of what the table says. */
const slotsByStruct = new WeakMap<StructSchema, Slots>();

/** Decodes a body. One that does not say what it is, is taken for an `expected`. Throws StatusError BadRequest. */
export function decodeProtobuf(bytes: Uint8Array, expected: GroupVersionKind, schemas: Schemas): JsonObject {
  if (magic.some((byte, index) => bytes[index] !== byte)) {
    throw badRequest('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  }
  const envelope = readEnvelope(bytes.subarray(magic.length));
  const apiVersion = envelope.apiVersion === '' ? apiVersionOf(expected) : envelope.apiVersion;
  const kind = envelope.kind === '' ? expected.kind : envelope.kind;
  const struct = structOf(apiVersion, kind, schemas);
  if (struct === undefined) throw badRequest(`no kind ${quoted(kind)} is registered for version ${quoted(apiVersion)}`);
  const object: JsonObject = { kind, apiVersion };
  new Walk(schemas).message(envelope.raw, slotsOf(struct), object, 0);
  return object;
}

function structOf(apiVersion: string, kind: string, schemas: Schemas): StructSchema | undefined {
  // Options are registered in every group.
  if (kind === 'DeleteOptions') return schemas.struct('meta.v1.DeleteOptions');
  const groupVersion = parseApiVersion(apiVersion);
  return groupVersion === undefined ? undefined : schemas.kind({ ...groupVersion, kind });
}

/** Reads a runtime.Unknown: typeMeta 1 {apiVersion 1, kind 2}, raw 2, contentEncoding 3, contentType 4. */
function readEnvelope(bytes: Uint8Array): Envelope {
  const parts = partsOf(bytes);
  const type = partsOf(parts.get(1) ?? emptyBytes);
  const text = (part: Uint8Array | undefined): string => (part === undefined ? '' : utf8Text(part));
  const encoding = text(parts.get(3));
  const contentType = text(parts.get(4));
  if (encoding !== '') throw badRequest(`unable to decode content encoding ${quoted(encoding)}`);
  if (contentType !== '' && contentType !== 'application/vnd.kubernetes.protobuf') {
    throw badRequest(`unable to decode content type ${quoted(contentType)} inside protobuf`);
  }
  return { apiVersion: text(type.get(1)), kind: text(type.get(2)), raw: parts.get(2) ?? emptyBytes };
}

/** Returns the fields of a message that are bytes, the last of each number. */
function partsOf(bytes: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const reader = new ProtobufReader(bytes);
  const parts = new Map<number, Uint8Array>();
  while (!reader.isAtEnd) {
    const tag = reader.tag();
    if (tag.wireType === wireTypes.bytes) parts.set(tag.number, reader.bytes());
    else reader.skip(tag);
  }
  return parts;
}

function slotsOf(struct: StructSchema): Slots {
  const known = slotsByStruct.get(struct);
  if (known !== undefined) return known;
  const slots: Slots = new Map();
  for (const field of struct.fields) {
    const { protobufPath: path } = field;
    if (path === undefined) continue;
    let level = slots;
    for (const number of path.slice(0, -1)) level = embeddedAt(level, number);
    level.set(must(path.at(-1), field.name), { type: 'field', field });
  }
  slotsByStruct.set(struct, slots);
  return slots;
}

function embeddedAt(slots: Slots, number: number): Slots {
  const known = slots.get(number);
  if (known?.type === 'embedded') return known.slots;
  const inner: Slots = new Map();
  slots.set(number, { type: 'embedded', slots: inner });
  return inner;
}

class Walk {
  readonly #schemas: Schemas;

  constructor(schemas: Schemas) {
    this.#schemas = schemas;
  }

  /** Reads the fields of a message into `target`, on top of those that it has. */
  message(bytes: Uint8Array, slots: Slots, target: JsonObject, depth: number): void {
    if (depth > bodyDepthMax) throw badRequest('the body of the request exceeded max depth');
    const reader = new ProtobufReader(bytes);
    while (!reader.isAtEnd) {
      const tag = reader.tag();
      const slot = slots.get(tag.number);
      if (slot === undefined) reader.skip(tag);
      else if (slot.type === 'field') this.#field(reader, tag, slot.field, target, depth);
      else this.message(bytesOf(reader, tag), slot.slots, target, depth + 1);
    }
  }

  #field(
    reader: ProtobufReader,
    tag: ProtobufTag,
    { name, type }: FieldSchema,
    target: JsonObject,
    depth: number,
  ): void {
    const present = fieldOf(target, name);
    if (type.type === 'list') {
      const items = (present ?? []) as Json[];
      this.#items(reader, tag, type.item, items, depth);
      setField(target, name, items);
    } else if (type.type === 'map') {
      const map = (present ?? {}) as JsonObject;
      this.#entry(bytesOf(reader, tag), type.value, map, depth);
      setField(target, name, map);
    } else {
      setField(target, name, this.#value(reader, tag, type, depth, present));
    }
  }

  /** Reads one item, or all of a packed list, which only numbers can be. */
  #items(reader: ProtobufReader, tag: ProtobufTag, item: FieldType, items: Json[], depth: number): void {
    const isPacked = tag.wireType === wireTypes.bytes && isNumeric(item);
    if (!isPacked) {
      items.push(this.#value(reader, tag, item, depth));
      return;
    }
    const packed = new ProtobufReader(reader.bytes());
    while (!packed.isAtEnd)
      items.push(this.#value(packed, { number: tag.number, wireType: wireTypes.varint }, item, depth));
  }

  /** An entry of a map is a message: the key 1, the value 2; either may be absent and is then zero. */
  #entry(bytes: Uint8Array, type: FieldType, map: JsonObject, depth: number): void {
    const reader = new ProtobufReader(bytes);
    let key = '';
    let value: Json | undefined;
    while (!reader.isAtEnd) {
      const tag = reader.tag();
      if (tag.number === 1 && tag.wireType === wireTypes.bytes) key = reader.text();
      else if (tag.number === 2) value = this.#value(reader, tag, type, depth + 1);
      else reader.skip(tag);
    }
    setField(map, key, value ?? this.#zero(type, depth));
  }

  #zero(type: FieldType, depth: number): Json {
    const nothing = new ProtobufReader(new Uint8Array([0]));
    return this.#value(
      nothing,
      { number: 2, wireType: isNumeric(type) ? wireTypes.varint : wireTypes.bytes },
      type,
      depth,
    );
  }

  /** `present` is what an earlier part of the same message has left. */
  #value(reader: ProtobufReader, tag: ProtobufTag, type: FieldType, depth: number, present?: Json): Json {
    switch (type.type) {
      case 'struct': {
        const struct = must(this.#schemas.struct(type.name), `struct ${type.name}`);
        const object = (present ?? {}) as JsonObject;
        this.message(bytesOf(reader, tag), slotsOf(struct), object, depth + 1);
        return object;
      }
      case 'list':
        return this.#wrappedList(bytesOf(reader, tag), type.item, depth);
      case 'map':
        throw malformed('a map inside a list or a map');
      case 'bytes':
        return encodeBase64(bytesOf(reader, tag));
      case 'json':
        return rawJson(bytesOf(reader, tag));
      default:
        return decodeProtobufScalar(reader, tag, type.type);
    }
  }

  /** A list that is itself an item is a message with the one field `items`, such as authentication's ExtraValue. */
  #wrappedList(bytes: Uint8Array, item: FieldType, depth: number): Json[] {
    const reader = new ProtobufReader(bytes);
    const items: Json[] = [];
    while (!reader.isAtEnd) {
      const tag = reader.tag();
      if (tag.number === 1) this.#items(reader, tag, item, items, depth + 1);
      else reader.skip(tag);
    }
    return items;
  }
}

/**
 * RawExtension, FieldsV1 and JSON are messages with JSON as bytes in their one field. The unions of apiextensions, which are JSON in our table
 * too, are not; they are refused rather than lost.
 */
function rawJson(bytes: Uint8Array): Json {
  const reader = new ProtobufReader(bytes);
  let raw = emptyBytes;
  while (!reader.isAtEnd) {
    const tag = reader.tag();
    if (tag.number !== 1 || tag.wireType !== wireTypes.bytes) throw malformed('this field is understood in JSON only');
    raw = reader.bytes();
  }
  return raw.length === 0 ? null : parseBody(raw, 'json');
}

function isNumeric(type: FieldType): boolean {
  return type.type === 'int32' || type.type === 'int64' || type.type === 'bool';
}

function bytesOf(reader: ProtobufReader, { number, wireType }: ProtobufTag): Uint8Array {
  if (wireType !== wireTypes.bytes) throw malformed(`wrong wireType = ${wireType} for field ${number}`);
  return reader.bytes();
}
