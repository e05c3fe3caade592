/** Takes fields out of a value. Models structured-merge-diff typed/remove.go and fieldpath/set.go EnsureNamedFieldsAreMembers. */
import { isJsonObject, type Json, type JsonObject, setField } from '../json.ts';
import { branchOf, type FieldSet, isMember, leaf } from './field-set.ts';
import { fieldElement, fieldNameOf, itemElement, selfMark } from './path-element.ts';
import {
  deducedShape,
  fieldShape,
  isAtomic,
  type ListShape,
  type MapShape,
  resolveShape,
  type TypeShape,
} from './type-shape.ts';

/**
 * Returns `value` without the fields of the set, sharing branches with it. What becomes empty stays, as an empty list or object; of what is one
 * field nothing is taken out.
 */
export function removeFields(shape: TypeShape, value: Json, set: FieldSet): Json {
  const resolved = resolveShape(shape, value);
  if (isAtomic(resolved)) return value;
  if (Array.isArray(value)) return resolved.type === 'list' ? removeItems(resolved, value, set) : value;
  return isJsonObject(value) && resolved.type === 'map' ? removeMembers(resolved, value, set) : value;
}

function removeItems(shape: ListShape, items: readonly Json[], set: FieldSet): Json[] {
  const kept: Json[] = [];
  for (const item of items) {
    const branch = set[itemElement(shape, item)];
    if (branch === undefined) kept.push(item);
    else if (!isMember(branch)) kept.push(removeFields(shape.item, item, branch));
  }
  return kept;
}

function removeMembers(shape: MapShape, value: JsonObject, set: FieldSet): JsonObject {
  const kept: JsonObject = {};
  for (const name of Object.keys(value)) {
    const own = value[name] as Json;
    const branch = set[fieldElement(name)];
    if (branch === undefined) setField(kept, name, own);
    else if (!isMember(branch)) setField(kept, name, removeFields(fieldShape(shape, name), own, branch));
  }
  return kept;
}

/**
 * Returns the set with the structs on the way to its members: whoever owns `.spec.strategy.type` owns the field `strategy` then too. A set lists
 * them only when they are empty.
 */
export function withNamedFields(shape: TypeShape, set: FieldSet): FieldSet {
  const map = shape.type === 'map' ? shape : undefined;
  const list = shape.type === 'list' ? shape : undefined;
  const result: Record<string, FieldSet> = {};
  for (const [element, branch] of Object.entries(set)) {
    if (element === selfMark) continue;
    const name = fieldNameOf(element);
    const named = name === undefined ? undefined : map?.field(name);
    const below = named ?? (name === undefined ? list?.item : map?.others) ?? deducedShape;
    const inner = withNamedFields(below, branch) as Record<string, FieldSet>;
    result[element] = branchOf(isMember(branch) || named !== undefined, inner) ?? leaf;
  }
  return result;
}
