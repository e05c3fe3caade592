/**
 * From a JSON tree that a client sent, or that was stored, to a custom resource as its schema has it: unknown fields dropped, absent ones
 * filled, fields in alphabetical order as Kubernetes writes them, so that equal objects have equal bytes.
 * Models apiextensions-apiserver pkg/apiserver/customresource_handler.go schemaCoercingDecoder and unstructuredDefaulter.
 */
import { apiVersionOf } from '../../api/group-version.ts';
import { fieldOf, isJsonObject, type Json, type JsonObject, jsonTypeOf, quoted, setField } from '../../api/json.ts';
import type { AnyObject } from '../../api/object-meta.ts';
import type { FieldValidationMode } from '../../api/request.ts';
import { badRequest } from '../../api/status-errors.ts';
import { must } from '../../base/assert.ts';
import { checkType, type Decoded, decodePart, unusable } from '../decode.ts';
import type { Schemas } from '../schema.ts';
import { applyDefaults } from '../structural/default.ts';
import { pruneObject } from '../structural/prune.ts';
import type { CustomVersion } from './version.ts';

/** As decodeObject does for built-in kinds. Throws StatusError BadRequest. */
export function decodeCustom(
  tree: Json,
  version: CustomVersion,
  schemas: Schemas,
  validation: FieldValidationMode,
): Decoded<AnyObject> {
  const { info, schema } = version;
  if (!isJsonObject(tree)) {
    throw unusable(info, `json: cannot unmarshal ${jsonTypeOf(tree)} into Go value of type map[string]interface {}`);
  }
  checkPresent(tree, 'kind', 'Kind');
  checkPresent(tree, 'apiVersion', 'apiVersion');
  checkType(tree, info);
  const metadata = decodeMetadata(tree, version, schemas);
  const object: JsonObject = { kind: info.kind, apiVersion: apiVersionOf(info), metadata: metadata.object };
  for (const name of Object.keys(tree).sort()) {
    if (!Object.hasOwn(object, name)) setField(object, name, sorted(fieldOf(tree, name) as Json));
  }
  const pruned = pruneObject(object, schema).map((path) => `unknown field ${quoted(path)}`);
  const unknown = [...metadata.unknown, ...pruned];
  if (validation === 'Strict' && unknown.length > 0) {
    throw unusable(info, `strict decoding error: ${unknown.join(', ')}`);
  }
  return {
    object: withDefaults(object, version) as unknown as AnyObject,
    warnings: validation === 'Warn' ? unknown : [],
  };
}

/**
 * Brings an object that was stored under an earlier state of its definition to the present one. The caller owns the tree; returns whether
 * anything was changed but its version.
 */
export function coerceStored(object: JsonObject, version: CustomVersion): boolean {
  const isPruned = pruneObject(object, version.schema).length > 0;
  return applyDefaults(object, version.schema) || isPruned;
}

function checkPresent(tree: JsonObject, name: string, title: string): void {
  const value = fieldOf(tree, name);
  if (typeof value === 'string' && value !== '') return;
  throw badRequest(`Object '${title}' is missing in '${JSON.stringify(tree)}'`);
}

function decodeMetadata(tree: JsonObject, { info }: CustomVersion, schemas: Schemas): ReturnType<typeof decodePart> {
  const raw = fieldOf(tree, 'metadata') ?? {};
  if (!isJsonObject(raw)) {
    throw unusable(
      info,
      `json: cannot unmarshal ${jsonTypeOf(raw)} into Go struct field ObjectMeta.metadata of type v1.ObjectMeta`,
    );
  }
  const struct = must(schemas.struct('meta.v1.ObjectMeta'), 'the struct of metadata');
  const decoded = decodePart(raw, struct, 'metadata', schemas);
  if (decoded.problem !== undefined) throw unusable(info, decoded.problem);
  return decoded;
}

/** A default that was filled in stands last; order is restored only then. */
function withDefaults(object: JsonObject, { schema }: CustomVersion): JsonObject {
  if (!applyDefaults(object, schema)) return object;
  const { kind, apiVersion, metadata, ...rest } = object;
  return { kind, apiVersion, metadata, ...(sorted(rest) as JsonObject) } as JsonObject;
}

/** Returns a copy with fields in alphabetical order. */
function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  const copy: JsonObject = {};
  for (const name of Object.keys(value).sort()) setField(copy, name, sorted(value[name] as Json));
  return copy;
}
