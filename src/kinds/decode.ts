/**
 * From a JSON tree that a client sent to an object as Kubernetes would hold it: known fields only, in canonical order, of the
 * right JSON types, quantities and times in canonical form.
 *
 * What Go's decoder and encoder do together is kept, because clients see it: null and empty values go where the field is
 * omitempty, a zero stays where it is not, and a struct that is no pointer is always there (`resources: {}`).
 * Unknown fields are dropped and reported by path; a value of the wrong type is refused with StatusError BadRequest.
 */
import { apiVersionOf, type GroupVersionKind } from '../api/group-version.ts';
import { fieldOf, isJsonObject, type Json, type JsonObject, jsonTypeOf, quoted, setField } from '../api/json.ts';
import type { AnyObject } from '../api/object-meta.ts';
import type { FieldValidationMode } from '../api/request.ts';
import type { StatusError } from '../api/status.ts';
import { badRequest } from '../api/status-errors.ts';
import { must } from '../base/assert.ts';
import { decodeScalar, type ScalarProblem } from './decode-scalar.ts';
import type { FieldSchema, FieldType, Schemas, StructSchema } from './schema.ts';

export interface Decoded<T> {
  readonly object: T;
  /** `unknown field "spec.foo"`, for Warning headers; empty under Strict and Ignore. */
  readonly warnings: readonly string[];
}

const unknownFieldsMax = 100;

/**
 * Decodes a request body as an object of `kind`. A body without apiVersion or kind gets them; one of another kind is refused.
 * The result shares nothing that is mutable with `tree`.
 */
export function decodeObject(
  tree: Json,
  kind: GroupVersionKind,
  schemas: Schemas,
  validation: FieldValidationMode,
): Decoded<AnyObject> {
  const schema = must(schemas.kind(kind), `schema of ${kind.kind}`);
  if (!isJsonObject(tree)) {
    throw unusable(kind, `json: cannot unmarshal ${jsonTypeOf(tree)} into Go value of type ${schema.name}`);
  }
  checkType(tree, kind);
  const walk = new Walk(schemas);
  const object: JsonObject = { kind: kind.kind, apiVersion: apiVersionOf(kind), ...walk.struct(tree, schema, '') };
  if (walk.problem !== undefined) throw unusable(kind, walk.problem);
  if (validation === 'Strict' && walk.unknown.length > 0) {
    throw unusable(kind, `strict decoding error: ${walk.unknown.join(', ')}`);
  }
  return {
    object: object as unknown as AnyObject,
    warnings: validation === 'Warn' ? walk.unknown : [],
  };
}

/** Decodes a tree that is no object of its own, such as DeleteOptions; unknown fields are dropped. */
export function decodeStruct(tree: Json, struct: StructSchema, schemas: Schemas): JsonObject {
  const walk = new Walk(schemas);
  if (!isJsonObject(tree)) {
    throw badRequest(`json: cannot unmarshal ${jsonTypeOf(tree)} into Go value of type ${localName(struct)}`);
  }
  const result = walk.struct(tree, struct, '');
  if (walk.problem !== undefined) throw badRequest(walk.problem);
  return result;
}

/** What became of a part of a tree. `unknown`: texts for warnings; with a `problem` the object means nothing. */
export interface DecodedPart {
  readonly object: JsonObject;
  readonly unknown: readonly string[];
  readonly problem: string | undefined;
}

/** Decodes the part at `path` of an object that has no struct of its own, such as the metadata of a custom resource. */
export function decodePart(tree: JsonObject, struct: StructSchema, path: string, schemas: Schemas): DecodedPart {
  const walk = new Walk(schemas);
  const object = walk.struct(tree, struct, path);
  return { object, unknown: walk.unknown, problem: walk.problem };
}

/** Refuses a tree that says to be of another kind or version. */
export function checkType(tree: JsonObject, kind: GroupVersionKind): void {
  const actualKind = fieldOf(tree, 'kind') ?? '';
  const actualVersion = fieldOf(tree, 'apiVersion') ?? '';
  const wantedVersion = apiVersionOf(kind);
  if (typeof actualKind !== 'string' || typeof actualVersion !== 'string') return;
  if (actualKind !== '' && actualKind !== kind.kind) {
    throw badRequest(
      `${actualKind} in version ${quoted(actualVersion)} cannot be handled as a ${kind.kind}: ` +
        `converting (${actualVersion}.${actualKind}) to (${wantedVersion}.${kind.kind}): unknown conversion`,
    );
  }
  if (actualVersion !== '' && actualVersion !== wantedVersion) {
    throw badRequest(
      `the API version in the data (${actualVersion}) does not match the expected API version (${wantedVersion})`,
    );
  }
}

/** A body that cannot be an object of the kind. */
export function unusable(kind: GroupVersionKind, problem: string): StatusError {
  return badRequest(`${kind.kind} in version ${quoted(kind.version)} cannot be handled as a ${kind.kind}: ${problem}`);
}

/** One pass over one tree. Collects unknown fields, and the first problem of type, after which results mean nothing. */
class Walk {
  readonly unknown: string[] = [];
  problem: string | undefined;
  readonly #schemas: Schemas;

  constructor(schemas: Schemas) {
    this.#schemas = schemas;
  }

  struct(tree: JsonObject, schema: StructSchema, path: string): JsonObject {
    const result: JsonObject = {};
    let knownCount = 0;
    for (const field of schema.fields) {
      const raw = fieldOf(tree, field.name);
      if (raw !== undefined) knownCount += 1;
      const value = this.#field(raw, field, schema, path);
      if (value !== undefined) result[field.name] = value;
    }
    if (knownCount < Object.keys(tree).length) this.#reportUnknown(tree, schema, path);
    return result;
  }

  #reportUnknown(tree: JsonObject, schema: StructSchema, path: string): void {
    for (const name of Object.keys(tree)) {
      if (schema.byName.has(name) || this.unknown.length >= unknownFieldsMax) continue;
      this.unknown.push(`unknown field ${quoted(join(path, name))}`);
    }
  }

  #field(raw: Json | undefined, field: FieldSchema, owner: StructSchema, path: string): Json | undefined {
    if (raw === undefined || raw === null) return this.#absent(field, path);
    const value = this.#value(raw, field.type, { owner, path: join(path, field.name) });
    const isDropped = field.omitsEmpty && !field.isPointer && isEmpty(value, field.type);
    return isDropped ? undefined : value;
  }

  /** What Go writes for a field that was not set. */
  #absent(field: FieldSchema, path: string): Json | undefined {
    if (field.isPointer) return undefined;
    if (field.type.type === 'struct') return this.struct({}, this.#structOf(field.type.name), join(path, field.name));
    return field.omitsEmpty ? undefined : zeroOf(field.type);
  }

  #value(raw: Json, type: FieldType, place: Place): Json {
    switch (type.type) {
      case 'struct':
        if (!isJsonObject(raw)) return this.#mismatch(raw, localTypeName(type.name), place);
        return this.struct(raw, this.#structOf(type.name), place.path);
      case 'list':
        if (!Array.isArray(raw)) return this.#mismatch(raw, goName(type), place);
        return raw.map((item, index) => this.#item(item, type.item, { ...place, path: `${place.path}[${index}]` }));
      case 'map':
        if (!isJsonObject(raw)) return this.#mismatch(raw, goName(type), place);
        return this.#map(raw, type.value, place);
      default: {
        const decoded = decodeScalar(raw, type.type);
        return decoded.type === 'value' ? decoded.value : this.#scalarProblem(raw, decoded, place);
      }
    }
  }

  #map(raw: JsonObject, type: FieldType, place: Place): JsonObject {
    const result: JsonObject = {};
    for (const key of Object.keys(raw).sort()) {
      setField(result, key, this.#item(raw[key] as Json, type, { ...place, path: join(place.path, key) }));
    }
    return result;
  }

  #item(raw: Json, type: FieldType, place: Place): Json {
    if (raw !== null) return this.#value(raw, type, place);
    return type.type === 'struct'
      ? this.struct({}, this.#structOf(type.name), place.path)
      : (zeroOf(type) ?? zeroItemOf(type));
  }

  #mismatch(raw: Json, goType: string, place: Place): Json {
    const path = place.path.replace(/\[\d+\]/g, '');
    this.problem ??= `json: cannot unmarshal ${jsonTypeOf(raw)} into Go struct field ${localName(place.owner)}.${path} of type ${goType}`;
    return null;
  }

  #scalarProblem(raw: Json, problem: ScalarProblem, place: Place): Json {
    if (problem.type === 'wrongType') return this.#mismatch(raw, problem.goType, place);
    this.problem ??= problem.message;
    return null;
  }

  #structOf(name: string): StructSchema {
    return must(this.#schemas.struct(name), `struct ${name}`);
  }
}

interface Place {
  /** The struct whose field is being read, for messages. */
  readonly owner: StructSchema;
  readonly path: string;
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function isEmpty(value: Json, type: FieldType): boolean {
  if (type.type === 'struct' || type.type === 'json') return false;
  // A value of the wrong type was reported already.
  if (value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (type.type === 'map') return Object.keys(value as JsonObject).length === 0;
  // A quantity and a number-or-string are structs in Go, which omitempty never drops.
  if (type.type === 'quantity' || type.type === 'intOrString') return false;
  return value === '' || value === 0 || value === false;
}

function zeroOf(type: FieldType): Json | undefined {
  switch (type.type) {
    case 'string':
      return '';
    case 'bool':
      return false;
    case 'int32':
    case 'int64':
    case 'number':
      return 0;
    default:
      return undefined;
  }
}

/** What an item of a list or a map is that was null, where a field would be absent. */
function zeroItemOf(type: FieldType): Json {
  switch (type.type) {
    case 'bytes':
      return '';
    case 'quantity':
      return '0';
    case 'intOrString':
      return 0;
    default:
      return null;
  }
}

function localName(struct: StructSchema): string {
  return struct.name.slice(struct.name.lastIndexOf('.') + 1);
}

function localTypeName(name: string): string {
  return name.split('.').slice(-2).join('.');
}

function goName(type: FieldType): string {
  switch (type.type) {
    case 'list':
      return `[]${goName(type.item)}`;
    case 'map':
      return `map[string]${goName(type.value)}`;
    case 'struct':
      return localTypeName(type.name);
    default:
      return type.type;
  }
}
