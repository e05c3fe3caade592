/**
 * Validates what stands inside allOf, anyOf, oneOf and not: it may constrain values, never shape objects, and what it constrains must be declared
 * outside of it. An integer or string may repeat its two types, as many generators write it.
 */
import { at, child, type FieldError, forbiddenField, required } from '../../api/field-error.ts';
import { equalJson, fieldOf, isJsonObject, type Json, type JsonObject } from '../../api/json.ts';
import { validateKeywords } from './validate-keywords.ts';

const shaping: readonly string[] = [
  'description',
  'type',
  'title',
  'default',
  'nullable',
  'additionalProperties',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-embedded-resource',
  'x-kubernetes-int-or-string',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
  'x-kubernetes-validations',
];
const bothTypes: Json = [{ type: 'integer' }, { type: 'string' }];

/** Checks the junctors of a node. */
export function validateJunctors(tree: JsonObject, path: string): FieldError[] {
  return membersOf(tree, path).flatMap(({ member, place, isTypes }) =>
    isTypes ? [] : validateMember(member, tree, place, path),
  );
}

interface Member {
  readonly member: JsonObject;
  readonly place: string;
  /** Part of `anyOf: [{type: integer}, {type: string}]` of an integer or string. */
  readonly isTypes: boolean;
}

function membersOf(tree: JsonObject, path: string): readonly Member[] {
  const isIntOrString = fieldOf(tree, 'x-kubernetes-int-or-string') === true;
  const members: Member[] = [];
  for (const name of ['allOf', 'anyOf', 'oneOf']) {
    const list = fieldOf(tree, name);
    if (!Array.isArray(list)) continue;
    const isTypes = isIntOrString && name === 'anyOf' && equalJson(list, bothTypes);
    for (const [index, member] of list.entries()) {
      if (!isJsonObject(member)) continue;
      const isNested = isIntOrString && name === 'allOf' && index === 0 && equalJson(member, { anyOf: bothTypes });
      members.push({ member, place: at(child(path, name), index), isTypes: isTypes || isNested });
    }
  }
  const not = fieldOf(tree, 'not');
  if (isJsonObject(not)) members.push({ member: not, place: child(path, 'not'), isTypes: false });
  return members;
}

/** `outside` is the schema that the member constrains; undefined when nothing is declared there. */
function validateMember(
  member: JsonObject,
  outside: JsonObject | undefined,
  path: string,
  outsidePath: string,
): FieldError[] {
  const errors = validateKeywords(member, path);
  for (const name of shaping) {
    const value = fieldOf(member, name);
    if (value === undefined || value === '' || value === false) continue;
    errors.push(forbiddenField(child(path, name), 'must be empty to be structural'));
  }
  const properties = fieldOf(member, 'properties');
  const declared = outside === undefined ? undefined : fieldOf(outside, 'properties');
  for (const [name, inner] of isJsonObject(properties) ? Object.entries(properties) : []) {
    const own = isJsonObject(declared) ? fieldOf(declared, name) : undefined;
    const place = at(child(path, 'properties'), name);
    errors.push(...validateInner(inner, own, place, at(child(outsidePath, 'properties'), name)));
  }
  const items = fieldOf(member, 'items');
  if (items !== undefined) {
    const own = outside === undefined ? undefined : fieldOf(outside, 'items');
    errors.push(...validateInner(items, own, child(path, 'items'), child(outsidePath, 'items')));
  }
  for (const inner of membersOf(member, path)) {
    errors.push(...validateMember(inner.member, outside, inner.place, outsidePath));
  }
  return errors;
}

function validateInner(inner: Json, declared: Json | undefined, path: string, outsidePath: string): FieldError[] {
  if (!isJsonObject(inner)) return [];
  if (!isJsonObject(declared)) return [required(outsidePath, `because it is defined in ${path}`)];
  return validateMember(inner, declared, path, outsidePath);
}
