/**
 * Drops what a structural schema does not know. Idempotent. At the root of an object, and of an embedded one, apiVersion, kind and metadata are
 * always known; what is inside metadata is not looked at. Models apiextensions-apiserver pkg/apiserver/schema/pruning/algorithm.go.
 */
import { fieldOf, isJsonObject, type Json, type JsonObject } from '../../api/json.ts';
import type { StructuralSchema } from './schema.ts';

const unknownFieldsMax = 100;
const rootFields: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

/** Drops unknown fields of an object that the caller owns and returns their paths, the first hundred of them. */
export function pruneObject(object: JsonObject, schema: StructuralSchema): readonly string[] {
  const unknown: string[] = [];
  pruneValue(object, schema, true, '', unknown);
  return unknown;
}

/** As `pruneObject` for a value that is no object of its own, such as a default. */
export function pruneDefault(value: Json, schema: StructuralSchema): readonly string[] {
  const unknown: string[] = [];
  pruneValue(value, schema, schema.isEmbeddedResource, '', unknown);
  return unknown;
}

function pruneValue(value: Json, schema: StructuralSchema, isRoot: boolean, path: string, unknown: string[]): void {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined) return;
    for (const [index, item] of value.entries()) {
      pruneValue(item, items, items.isEmbeddedResource, `${path}[${index}]`, unknown);
    }
  } else if (isJsonObject(value)) pruneFields(value, schema, isRoot, path, unknown);
}

function pruneFields(
  object: JsonObject,
  schema: StructuralSchema,
  isRoot: boolean,
  path: string,
  unknown: string[],
): void {
  const { additionalProperties } = schema;
  for (const name of Object.keys(object)) {
    if (isRoot && rootFields.has(name)) continue;
    const inner = path === '' ? name : `${path}.${name}`;
    const known = schema.properties.get(name) ?? additionalProperties;
    if (known === true) continue;
    if (known !== undefined) pruneValue(fieldOf(object, name) as Json, known, known.isEmbeddedResource, inner, unknown);
    else if (!schema.preservesUnknownFields) {
      delete object[name];
      if (unknown.length < unknownFieldsMax) unknown.push(inner);
    }
  }
}
