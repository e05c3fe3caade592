/** Validates x-kubernetes-list-type and its kin. Models apiextensions-apiserver pkg/apis/apiextensions/validation ValidateCustomResourceDefinitionOpenAPISchema. */
import { at, child, type FieldError, forbiddenField, invalid, notSupported, required } from '../../api/field-error.ts';
import { fieldOf, isJsonObject, type Json, type JsonObject } from '../../api/json.ts';

const listTypeField = 'x-kubernetes-list-type';
const keysField = 'x-kubernetes-list-map-keys';
const mapTypeField = 'x-kubernetes-map-type';
const listTypes: readonly string[] = ['atomic', 'map', 'set'];
const mapTypes: readonly string[] = ['atomic', 'granular'];

export function validateListType(tree: JsonObject, path: string): FieldError[] {
  const errors = validateMapType(tree, path);
  const listType = fieldOf(tree, listTypeField);
  const keys = fieldOf(tree, keysField);
  const type = fieldOf(tree, 'type') ?? '';
  if (listType === undefined) {
    if (Array.isArray(keys) && keys.length > 0) {
      errors.push(forbiddenField(child(path, keysField), `must only be set if ${listTypeField} is map`));
    }
    return errors;
  }
  if (type !== 'array') {
    errors.push(invalid(child(path, 'type'), type, `must be array if ${listTypeField} is specified`));
  }
  if (typeof listType !== 'string' || !listTypes.includes(listType)) {
    return [...errors, notSupported(child(path, listTypeField), listType, listTypes)];
  }
  const items = fieldOf(tree, 'items');
  if (listType === 'map') errors.push(...validateMapKeys(Array.isArray(keys) ? keys : [], items, path));
  else if (Array.isArray(keys) && keys.length > 0) {
    errors.push(forbiddenField(child(path, keysField), `must only be set if ${listTypeField} is map`));
  }
  if (listType === 'set' && isJsonObject(items)) errors.push(...validateSetItems(items, child(path, 'items')));
  return errors;
}

function validateMapType(tree: JsonObject, path: string): FieldError[] {
  const mapType = fieldOf(tree, mapTypeField);
  if (mapType === undefined) return [];
  const errors: FieldError[] = [];
  const type = fieldOf(tree, 'type') ?? '';
  if (type !== 'object') {
    errors.push(invalid(child(path, 'type'), type, `must be object if ${mapTypeField} is specified`));
  }
  if (typeof mapType !== 'string' || !mapTypes.includes(mapType)) {
    errors.push(notSupported(child(path, mapTypeField), mapType, mapTypes));
  }
  return errors;
}

function validateMapKeys(keys: readonly Json[], items: Json | undefined, path: string): FieldError[] {
  const place = child(path, keysField);
  if (keys.length === 0) return [required(place, `must not be empty if ${listTypeField} is map`)];
  const errors: FieldError[] = [];
  const itemsPath = child(path, 'items');
  if (!isJsonObject(items)) return [required(itemsPath, `must have a schema if ${listTypeField} is map`)];
  if (fieldOf(items, 'type') !== 'object') {
    errors.push(
      invalid(
        child(itemsPath, 'type'),
        fieldOf(items, 'type') ?? '',
        `must be object if parent array's ${listTypeField} is map`,
      ),
    );
  }
  if (fieldOf(items, 'nullable') === true) {
    errors.push(forbiddenField(child(itemsPath, 'nullable'), `cannot be nullable when ${listTypeField} is map`));
  }
  const properties = fieldOf(items, 'properties');
  const needed = fieldOf(items, 'required');
  const seen = new Set<Json>();
  for (const [index, key] of keys.entries()) {
    const property = isJsonObject(properties) && typeof key === 'string' ? fieldOf(properties, key) : undefined;
    if (seen.has(key))
      errors.push({
        reason: 'FieldValueDuplicate',
        field: at(place, index),
        body: `Duplicate value: ${JSON.stringify(key)}`,
      });
    seen.add(key);
    if (!isJsonObject(property)) {
      errors.push(invalid(at(place, index), key, 'entries must all be names of item properties'));
      continue;
    }
    const type = fieldOf(property, 'type') ?? '';
    if (type === 'object' || type === 'array') {
      const detail = `must be a scalar type if parent array's ${listTypeField} is map`;
      errors.push(invalid(child(at(child(itemsPath, 'properties'), key as string), 'type'), type, detail));
    }
    const isNeeded = Array.isArray(needed) && needed.includes(key);
    if (!isNeeded && fieldOf(property, 'default') === undefined) {
      const detail = `this property is in ${keysField}, so it must have a default or be a required property`;
      errors.push(required(child(at(child(itemsPath, 'properties'), key as string), 'default'), detail));
    }
  }
  return errors;
}

/** Items of a set are compared as wholes, so nobody may own a part of one. */
function validateSetItems(items: JsonObject, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const type = fieldOf(items, 'type');
  if (fieldOf(items, 'nullable') === true) {
    errors.push(forbiddenField(child(path, 'nullable'), `cannot be nullable when ${listTypeField} is set`));
  }
  if (type === 'object' && fieldOf(items, mapTypeField) !== 'atomic') {
    const detail = `must be atomic as item of a list with ${listTypeField}=set`;
    errors.push(invalid(child(path, mapTypeField), fieldOf(items, mapTypeField) ?? null, detail));
  }
  if (type === 'array' && (fieldOf(items, listTypeField) ?? 'atomic') !== 'atomic') {
    const detail = `must be atomic as item of a list with ${listTypeField}=set`;
    errors.push(invalid(child(path, listTypeField), fieldOf(items, listTypeField) ?? null, detail));
  }
  return errors;
}
