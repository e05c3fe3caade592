/**
 * Fills absent fields with the defaults of a structural schema. Idempotent. A null where null is not allowed counts as absent if there is a
 * default. Models apiextensions-apiserver pkg/apiserver/schema/defaulting/algorithm.go and prune.go.
 */
import { cloneJson, fieldOf, isJsonObject, type Json, type JsonObject, setField } from '../../api/json.ts';
import type { StructuralSchema } from './schema.ts';

/** Fills an object that the caller owns; returns whether anything was filled. */
export function applyDefaults(value: Json, schema: StructuralSchema): boolean {
  if (!schema.hasDefaults) return false;
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined) return false;
    return value.reduce((isChanged: boolean, item) => applyDefaults(item, items) || isChanged, false);
  }
  return isJsonObject(value) && fillFields(value, schema);
}

function fillFields(object: JsonObject, schema: StructuralSchema): boolean {
  let isChanged = false;
  for (const [name, property] of schema.properties) {
    if (!property.hasDefaults) continue;
    const value = fieldOf(object, name);
    const isAbsent = value === undefined || (value === null && !property.isNullable);
    if (isAbsent && property.default !== undefined && (property.default !== null || property.isNullable)) {
      setField(object, name, cloneJson(property.default));
      isChanged = true;
    }
    const present = fieldOf(object, name);
    if (present !== undefined && applyDefaults(present, property)) isChanged = true;
  }
  const { additionalProperties } = schema;
  if (additionalProperties === undefined || additionalProperties === true) return isChanged;
  for (const [name, value] of Object.entries(object)) {
    if (!schema.properties.has(name) && applyDefaults(value, additionalProperties)) isChanged = true;
  }
  return isChanged;
}
