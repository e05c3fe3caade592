/**
 * Validates that a schema is structural: every field has a type, what shapes objects stands outside of allOf, anyOf, oneOf and not, and all that
 * these constrain is declared outside of them too. Walks the JSONSchemaProps tree as it was sent.
 * Models apiextensions-apiserver pkg/apiserver/schema/validation.go, pkg/apis/apiextensions/validation and pkg/apiserver/schema/defaulting.
 */
import { CelCompiler } from '../../api/cel.ts';
import { at, child, type FieldError, forbiddenField, invalid, notSupported, required } from '../../api/field-error.ts';
import { cloneJson, fieldOf, isJsonObject, type JsonObject } from '../../api/json.ts';
import { pruneDefault } from '../structural/prune.ts';
import { structuralSchema } from '../structural/schema.ts';
import { validateValue } from '../structural/validate-value.ts';
import { validateJunctors } from './validate-junctors.ts';
import { isPresent, validateKeywords } from './validate-keywords.ts';
import { validateListType } from './validate-list-type.ts';
import { type RuleContext, validateRules } from './validate-rules.ts';

type Level = 'root' | 'field' | 'item';

const emptyTypes: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  field: 'must not be empty for specified object fields',
  item: 'must not be empty for specified array items',
};
const knownTypes: readonly string[] = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

/** Returns everything that is wrong with the schema at `path`, the root of an object's schema. */
export function validateSchema(tree: JsonObject, path: string): FieldError[] {
  const errors = validateNode(tree, path, 'root', { compiler: new CelCompiler(), isCorrelated: true });
  const type = fieldOf(tree, 'type');
  if (type !== undefined && type !== '' && type !== 'object') {
    errors.push(invalid(child(path, 'type'), type, 'must be object at the root'));
  }
  if (fieldOf(tree, 'nullable') === true)
    errors.push(forbiddenField(child(path, 'nullable'), 'nullable cannot be true at the root'));
  errors.push(...validateMetadataSchema(tree, path));
  return errors;
}

function validateNode(tree: JsonObject, path: string, level: Level, context: RuleContext): FieldError[] {
  const errors = [
    ...validateKeywords(tree, path),
    ...validateTypes(tree, path, level),
    ...validateListType(tree, path),
    ...validateJunctors(tree, path),
    ...validateDefault(tree, path),
    ...validateRules(tree, path, context),
  ];
  const properties = fieldOf(tree, 'properties');
  if (isJsonObject(properties)) {
    for (const [name, inner] of Object.entries(properties)) {
      if (isJsonObject(inner))
        errors.push(...validateNode(inner, at(child(path, 'properties'), name), 'field', context));
    }
  }
  const items = fieldOf(tree, 'items');
  if (isJsonObject(items)) {
    // An item of a list that is no map has no counterpart in the old object.
    const isCorrelated = context.isCorrelated && fieldOf(tree, 'x-kubernetes-list-type') === 'map';
    errors.push(...validateNode(items, child(path, 'items'), 'item', { ...context, isCorrelated }));
  }
  const additional = fieldOf(tree, 'additionalProperties');
  if (isJsonObject(additional))
    errors.push(...validateNode(additional, child(path, 'additionalProperties'), 'field', context));
  return errors;
}

function validateTypes(tree: JsonObject, path: string, level: Level): FieldError[] {
  const errors: FieldError[] = [];
  const type = fieldOf(tree, 'type') ?? '';
  const isIntOrString = fieldOf(tree, 'x-kubernetes-int-or-string') === true;
  const preserves = fieldOf(tree, 'x-kubernetes-preserve-unknown-fields');
  if (preserves === false) {
    errors.push(invalid(child(path, 'x-kubernetes-preserve-unknown-fields'), false, 'must be true or undefined'));
  }
  if (isIntOrString && type !== '') {
    errors.push(invalid(child(path, 'type'), type, 'must be empty if x-kubernetes-int-or-string is true'));
  }
  if (isIntOrString && preserves === true) {
    const detail = 'must be false if x-kubernetes-int-or-string is true';
    errors.push(invalid(child(path, 'x-kubernetes-preserve-unknown-fields'), true, detail));
  }
  if (type === '' && !isIntOrString && preserves !== true)
    errors.push(required(child(path, 'type'), emptyTypes[level]));
  if (type !== '' && !(typeof type === 'string' && knownTypes.includes(type))) {
    errors.push(notSupported(child(path, 'type'), type, knownTypes));
  }
  if (type === 'array' && !isPresent(fieldOf(tree, 'items')) && preserves !== true) {
    errors.push(required(child(path, 'items'), 'must be specified'));
  }
  if (fieldOf(tree, 'x-kubernetes-embedded-resource') === true) errors.push(...validateEmbedded(tree, path));
  return errors;
}

function validateEmbedded(tree: JsonObject, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const type = fieldOf(tree, 'type');
  if (type !== 'object') {
    errors.push(invalid(child(path, 'type'), type ?? '', 'must be object if x-kubernetes-embedded-resource is true'));
  }
  const isOpen = fieldOf(tree, 'x-kubernetes-preserve-unknown-fields') === true;
  if (!isOpen && !isPresent(fieldOf(tree, 'properties'))) {
    const detail =
      'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields';
    errors.push(required(child(path, 'properties'), detail));
  }
  return errors;
}

/** Of an object's own metadata, a schema may constrain the names alone. */
function validateMetadataSchema(tree: JsonObject, path: string): FieldError[] {
  const properties = fieldOf(tree, 'properties');
  const metadata = isJsonObject(properties) ? fieldOf(properties, 'metadata') : undefined;
  if (!isJsonObject(metadata)) return [];
  const place = at(child(path, 'properties'), 'metadata');
  const errors: FieldError[] = [];
  if (fieldOf(metadata, 'type') !== 'object') {
    errors.push(invalid(child(place, 'type'), fieldOf(metadata, 'type') ?? '', 'must be object'));
  }
  const inner = fieldOf(metadata, 'properties');
  for (const name of isJsonObject(inner) ? Object.keys(inner) : []) {
    if (name === 'name' || name === 'generateName') continue;
    const detail = 'must not specify anything other than name and generateName, but metadata is implicitly specified';
    errors.push(forbiddenField(child(place, 'properties'), detail));
    break;
  }
  return errors;
}

/** A default has to be what a client could have sent. */
function validateDefault(tree: JsonObject, path: string): FieldError[] {
  const value = fieldOf(tree, 'default');
  if (value === undefined) return [];
  const place = child(path, 'default');
  const schema = structuralSchema(tree);
  const copy = cloneJson(value);
  if (pruneDefault(copy, schema).length > 0) return [invalid(place, value, 'must not have unknown fields')];
  return validateValue(value, schema, place);
}
