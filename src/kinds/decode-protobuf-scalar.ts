/**
 * The leaves of a schema in protobuf. Times, quantities and numbers-or-strings are messages there and texts in JSON.
 * Models apimachinery pkg/apis/meta/v1/time_proto.go, pkg/api/resource and pkg/util/intstr generated.proto.
 */
import type { Json } from '../api/json.ts';
import { malformed, ProtobufReader, type ProtobufTag, wireTypes } from '../api/protobuf-reader.ts';
import type { WallMs } from '../base/brand.ts';
import { timestampSeconds } from '../base/time.ts';
import type { ScalarType } from './schema.ts';

const wireTypeOf: Readonly<Partial<Record<ScalarType, number>>> = {
  bool: wireTypes.varint,
  int32: wireTypes.varint,
  int64: wireTypes.varint,
  number: wireTypes.fixed64,
};
/** The years 1 to 9999, which is what RFC 3339 can say. */
const secondsMin = -62_135_596_800;
const secondsMax = 253_402_300_799;

/** Reads one value; null is Go's zero time. Throws StatusError BadRequest. */
export function decodeProtobufScalar(
  reader: ProtobufReader,
  { number, wireType }: ProtobufTag,
  type: Exclude<ScalarType, 'bytes' | 'json'>,
): Json {
  if (wireType !== (wireTypeOf[type] ?? wireTypes.bytes))
    throw malformed(`wrong wireType = ${wireType} for field ${number}`);
  switch (type) {
    case 'string':
      return reader.text();
    case 'bool':
      return reader.bool();
    case 'int32':
      return reader.int32();
    case 'int64':
      return reader.int64();
    case 'number':
      return reader.double();
    case 'quantity':
      return quantityOf(reader.bytes());
    case 'time':
    case 'microTime':
      return timeOf(reader.bytes(), type);
    case 'intOrString':
      return intOrStringOf(reader.bytes());
    case 'duration':
      // Only metrics have one, and nobody sends metrics.
      throw malformed('this field is understood in JSON only');
  }
}

function quantityOf(bytes: Uint8Array): string {
  const reader = new ProtobufReader(bytes);
  let text = '';
  while (!reader.isAtEnd) {
    const tag = reader.tag();
    if (tag.number === 1 && tag.wireType === wireTypes.bytes) text = reader.text();
    else reader.skip(tag);
  }
  return text === '' ? '0' : text;
}

/** Seconds 1 and nanoseconds 2. */
function timeOf(bytes: Uint8Array, type: 'time' | 'microTime'): Json {
  const [seconds, nanos] = numbersOf(bytes);
  if (seconds === 0 && nanos === 0) return null;
  if (seconds < secondsMin || seconds > secondsMax || nanos < 0 || nanos > 999_999_999)
    throw malformed('time out of range');
  const text = timestampSeconds((seconds * 1000) as WallMs);
  if (type === 'time') return text;
  return text.replace('Z', `.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z`);
}

function numbersOf(bytes: Uint8Array): readonly [first: number, second: number] {
  const reader = new ProtobufReader(bytes);
  let first = 0;
  let second = 0;
  while (!reader.isAtEnd) {
    const tag = reader.tag();
    if (tag.number === 1 && tag.wireType === wireTypes.varint) first = reader.int64();
    else if (tag.number === 2 && tag.wireType === wireTypes.varint) second = reader.int32();
    else reader.skip(tag);
  }
  return [first, second];
}

/** Type 1 (0 for a number, 1 for a text), intVal 2, strVal 3. */
function intOrStringOf(bytes: Uint8Array): Json {
  const [type, int] = numbersOf(bytes);
  if (type === 0) return int;
  if (type !== 1) throw malformed(`an IntOrString of type ${type}`);
  const reader = new ProtobufReader(bytes);
  let text = '';
  while (!reader.isAtEnd) {
    const tag = reader.tag();
    if (tag.number === 3 && tag.wireType === wireTypes.bytes) text = reader.text();
    else reader.skip(tag);
  }
  return text;
}
