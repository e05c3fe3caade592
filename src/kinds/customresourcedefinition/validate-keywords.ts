/** Keywords of JSON Schema that no CustomResourceDefinition may use, and values of others that make no sense. */
import { child, type FieldError, forbiddenField, invalid } from '../../api/field-error.ts';
import { goPattern } from '../../api/go-pattern.ts';
import { fieldOf, type Json, type JsonObject } from '../../api/json.ts';

const unsupported: readonly string[] = [
  '$ref',
  'additionalItems',
  'definitions',
  'dependencies',
  'id',
  'patternProperties',
];
const bounds: readonly string[] = ['maxLength', 'minLength', 'maxItems', 'minItems', 'maxProperties', 'minProperties'];

/** What may stand nowhere in a schema, inside and outside of junctors alike. */
export function validateKeywords(tree: JsonObject, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of unsupported) {
    if (isPresent(fieldOf(tree, name))) errors.push(forbiddenField(child(path, name), `${name} is not supported`));
  }
  if (fieldOf(tree, 'uniqueItems') === true) {
    const detail = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic';
    errors.push(forbiddenField(child(path, 'uniqueItems'), detail));
  }
  if (Array.isArray(fieldOf(tree, 'items'))) {
    errors.push(forbiddenField(child(path, 'items'), 'items must be a schema object and not an array'));
  }
  const additional = fieldOf(tree, 'additionalProperties');
  if (additional === false) {
    errors.push(forbiddenField(child(path, 'additionalProperties'), 'additionalProperties cannot be set to false'));
  } else if (additional !== undefined && isPresent(fieldOf(tree, 'properties'))) {
    const detail = 'additionalProperties and properties are mutual exclusive';
    errors.push(forbiddenField(child(path, 'additionalProperties'), detail));
  }
  const pattern = fieldOf(tree, 'pattern');
  if (typeof pattern === 'string' && goPattern(pattern) === undefined) {
    errors.push(invalid(child(path, 'pattern'), pattern, "must be a valid regular expression, but isn't"));
  }
  for (const name of bounds) {
    const bound = fieldOf(tree, name);
    if (typeof bound === 'number' && bound < 0)
      errors.push(invalid(child(path, name), bound, 'must be greater than or equal to 0'));
  }
  return errors;
}

/** Tells whether a keyword says anything: neither absent nor empty. */
export function isPresent(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === '') return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}
