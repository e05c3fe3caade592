/**
 * Validates values against a structural schema, in the words of Kubernetes' validator. On an update, what has not changed is not complained
 * about (ratcheting, as CRDValidationRatcheting does): items of a list that is a map are compared by their keys, properties by their names.
 * Models k8s.io/kube-openapi pkg/validation/validate, apiextensions-apiserver pkg/apiserver/validation and pkg/apiserver/schema/listtype.
 */
import {
  at,
  child,
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  required,
  tooLong,
  tooMany,
  typeInvalid,
} from '../../api/field-error.ts';
import { equalJson, fieldOf, isJsonObject, type Json, type JsonObject } from '../../api/json.ts';
import { hasFormat } from './formats.ts';
import type { StructuralSchema } from './schema.ts';

/** Returns what is wrong with `value`; `old` is the value before an update. `path` is empty at the root. */
export function validateValue(value: Json, schema: StructuralSchema, path: string, old?: Json): FieldError[] {
  if (old !== undefined && equalJson(value, old)) return [];
  const mistyped = typeError(value, schema, path);
  if (mistyped !== undefined) return [mistyped];
  if (value === null) return [];
  return [...validateOwn(value, schema, path, old), ...validateJunctors(value, schema, path)];
}

function validateOwn(value: Json, schema: StructuralSchema, path: string, old: Json | undefined): FieldError[] {
  const errors = validateChoice(value, schema, path);
  if (Array.isArray(value)) errors.push(...validateList(value, schema, path, old));
  else if (isJsonObject(value)) errors.push(...validateFields(value, schema, path, old));
  else if (typeof value === 'string') errors.push(...validateText(value, schema, path));
  else if (typeof value === 'number') errors.push(...validateNumber(value, schema, path));
  return errors;
}

function typeError(value: Json, { type, isNullable, isIntOrString }: StructuralSchema, path: string) {
  if (value === null && isNullable) return undefined;
  const actual = typeName(value);
  const wanted = isIntOrString ? ['integer', 'string'] : type === undefined ? [] : [type];
  if (wanted.length === 0 || wanted.includes(actual as 'string')) return undefined;
  if (actual === 'integer' && type === 'number') return undefined;
  const detail = `${path} in body must be of type ${wanted.join(',')}: ${JSON.stringify(actual)}`;
  return typeInvalid(path, actual, detail);
}

function typeName(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function validateChoice(value: Json, { checks }: StructuralSchema, path: string): FieldError[] {
  const { enum: choices } = checks;
  if (choices === undefined || choices.some((choice) => equalJson(choice, value))) return [];
  return [
    notSupported(
      path,
      value,
      choices.map((choice) => (typeof choice === 'string' ? choice : JSON.stringify(choice))),
    ),
  ];
}

function validateText(text: string, { checks }: StructuralSchema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { maxLength, minLength, pattern, compiledPattern, format } = checks;
  const length = maxLength === undefined && minLength === undefined ? 0 : lengthOf(text);
  if (maxLength !== undefined && length > maxLength) errors.push(tooLong(path, maxLength));
  if (minLength !== undefined && length < minLength) {
    errors.push(invalid(path, text, `${path} in body should be at least ${minLength} chars long`));
  }
  if (compiledPattern !== undefined && !compiledPattern.test(text)) {
    errors.push(invalid(path, text, `${path} in body should match '${pattern}'`));
  }
  if (format !== '' && !hasFormat(text, format)) {
    errors.push(invalid(path, text, `${path} in body must be of type ${format}: ${JSON.stringify(text)}`));
  }
  return errors;
}

/** Characters, not units of UTF-16. */
function lengthOf(text: string): number {
  return text.length - (text.match(/[\uD800-\uDBFF][\uDC00-\uDFFF]/g)?.length ?? 0);
}

const integerBounds: Readonly<Record<string, readonly [number, number]>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [-(2 ** 63), 2 ** 63],
};

function validateNumber(value: number, { checks, type }: StructuralSchema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { maximum, exclusiveMaximum, minimum, exclusiveMinimum, multipleOf, format } = checks;
  const complain = (detail: string): number => errors.push(invalid(path, value, `${path} in body ${detail}`));
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum)) {
    complain(`should be less than ${exclusiveMaximum ? '' : 'or equal to '}${maximum}`);
  }
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum)) {
    complain(`should be greater than ${exclusiveMinimum ? '' : 'or equal to '}${minimum}`);
  }
  if (multipleOf !== undefined && multipleOf > 0 && !isMultiple(value, multipleOf)) {
    complain(`should be a multiple of ${multipleOf}`);
  }
  const bounds = type === 'integer' && Object.hasOwn(integerBounds, format) ? integerBounds[format] : undefined;
  if (bounds !== undefined && (value < bounds[0] || value > bounds[1])) {
    complain(`must be of type ${format}: ${JSON.stringify(String(value))}`);
  }
  return errors;
}

/** Tenths are no sums of halves: a quotient that is nearly whole is whole. */
function isMultiple(value: number, factor: number): boolean {
  const quotient = value / factor;
  return Math.abs(quotient - Math.round(quotient)) < 1e-9 * Math.max(1, Math.abs(quotient));
}

function validateList(list: readonly Json[], schema: StructuralSchema, path: string, old: Json | undefined) {
  const errors: FieldError[] = [];
  const { items, checks } = schema;
  const { maxItems, minItems } = checks;
  if (maxItems !== undefined && list.length > maxItems) errors.push(tooMany(path, list.length, maxItems));
  if (minItems !== undefined && list.length < minItems) {
    errors.push(invalid(path, list.length, `${path} in body should have at least ${minItems} items`));
  }
  errors.push(...validateListType(list, schema, path));
  if (items === undefined) return errors;
  const former = schema.listType === 'map' ? formerItems(schema, old) : undefined;
  for (const [index, item] of list.entries()) {
    errors.push(...validateValue(item, items, at(path, index), former?.get(itemKey(schema, item))));
  }
  return errors;
}

function validateListType(list: readonly Json[], schema: StructuralSchema, path: string): FieldError[] {
  if (schema.listType !== 'set' && schema.listType !== 'map') return [];
  const seen = new Set<string>();
  const errors: FieldError[] = [];
  for (const [index, item] of list.entries()) {
    const key = schema.listType === 'map' ? itemKey(schema, item) : canonical(item);
    if (seen.has(key)) {
      errors.push(duplicate(at(path, index), schema.listType === 'map' ? keyFields(schema, item) : item));
    }
    seen.add(key);
  }
  return errors;
}

function formerItems(schema: StructuralSchema, old: Json | undefined): ReadonlyMap<string, Json> | undefined {
  return Array.isArray(old) ? new Map(old.map((item) => [itemKey(schema, item), item])) : undefined;
}

/** Returns what makes an item of a list that is a map the same item: the values of its keys. */
export function itemKey(schema: StructuralSchema, item: Json): string {
  return canonical(keyFields(schema, item));
}

function keyFields({ listMapKeys, items }: StructuralSchema, item: Json): Json {
  if (!isJsonObject(item)) return item;
  const pairs = listMapKeys.map((key) => [key, fieldOf(item, key) ?? items?.properties.get(key)?.default ?? null]);
  return Object.fromEntries(pairs) as JsonObject;
}

/** The text of a value in which the order of fields does not count. */
function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const fields = Object.keys(value).sort();
  return `{${fields.map((name) => `${JSON.stringify(name)}:${canonical(value[name] as Json)}`).join(',')}}`;
}

function validateFields(object: JsonObject, schema: StructuralSchema, path: string, old: Json | undefined) {
  const errors: FieldError[] = [];
  const { checks, properties, additionalProperties } = schema;
  const { maxProperties, minProperties } = checks;
  const names = Object.keys(object);
  if (maxProperties !== undefined && names.length > maxProperties) {
    errors.push(tooMany(path, names.length, maxProperties));
  }
  if (minProperties !== undefined && names.length < minProperties) {
    errors.push(invalid(path, names.length, `${path} in body should have at least ${minProperties} properties`));
  }
  for (const name of checks.required) if (!Object.hasOwn(object, name)) errors.push(required(child(path, name)));
  if (schema.isEmbeddedResource) errors.push(...validateEmbedded(object, path));
  const former = isJsonObject(old) ? old : undefined;
  for (const name of names) {
    const inner = properties.get(name) ?? additionalProperties;
    if (inner === undefined || inner === true) continue;
    const before = former === undefined ? undefined : fieldOf(former, name);
    errors.push(...validateValue(fieldOf(object, name) as Json, inner, child(path, name), before));
  }
  return errors;
}

/** An object within an object has to say what it is. */
function validateEmbedded(object: JsonObject, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of ['apiVersion', 'kind']) {
    const value = fieldOf(object, name);
    if (value === undefined || value === '') errors.push(required(child(path, name), 'must not be empty'));
    else if (typeof value !== 'string') errors.push(invalid(child(path, name), value, 'must be a string'));
  }
  const metadata = fieldOf(object, 'metadata');
  if (metadata !== undefined && !isJsonObject(metadata)) {
    errors.push(invalid(child(path, 'metadata'), metadata, 'must be an object'));
  }
  return errors;
}

/** Junctors look at the whole value, so nothing in them is ratcheted. */
function validateJunctors(value: Json, { checks }: StructuralSchema, path: string): FieldError[] {
  const { allOf, anyOf, oneOf, not } = checks;
  const errors: FieldError[] = [];
  const complain = (detail: string): number =>
    errors.push(invalid(path === '' ? '<nil>' : path, '', `${JSON.stringify(path)} ${detail}`));
  if (anyOf.length > 0) {
    const failures = anyOf.map((schema) => validateValue(value, schema, path));
    if (failures.every((found) => found.length > 0)) {
      complain('must validate at least one schema (anyOf)');
      errors.push(...fewest(failures));
    }
  }
  if (oneOf.length > 0) {
    const failures = oneOf.map((schema) => validateValue(value, schema, path));
    const valid = failures.filter((found) => found.length === 0).length;
    if (valid !== 1) {
      const found = valid === 0 ? 'Found none valid' : `Found ${valid} valid alternatives`;
      complain(`must validate one and only one schema (oneOf). ${found}`);
      if (valid === 0) errors.push(...fewest(failures));
    }
  }
  if (allOf.length > 0) {
    const failures = allOf.map((schema) => validateValue(value, schema, path));
    const isNone = failures.every((found) => found.length > 0);
    if (failures.some((found) => found.length > 0)) {
      complain(`must validate all the schemas (allOf)${isNone ? '. None validated' : ''}`);
      errors.push(...failures.flat());
    }
  }
  if (not !== undefined && validateValue(value, not, path).length === 0) {
    complain('must not validate the schema (not)');
  }
  return errors;
}

/** Of alternatives that all failed, the one that came nearest is worth telling about. */
function fewest(failures: readonly FieldError[][]): readonly FieldError[] {
  return failures.reduce((best, found) => (found.length < best.length ? found : best));
}
