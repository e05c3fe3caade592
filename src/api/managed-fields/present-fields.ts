/**
 * Which fields a value has. Two answers: everything that is there, which is what somebody adds who writes the value where nothing was; and what
 * somebody claims who applies it, which leaves out the structs on the way. Models structured-merge-diff typed/compare.go and tofieldset.go.
 */
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { branchOf, type FieldSet, inOrder, leaf } from './field-set.ts';
import { fieldElement, itemElement, selfMark } from './path-element.ts';
import { fieldShape, isAtomic, type ListShape, type MapShape, resolveShape, type TypeShape } from './type-shape.ts';

/** Returns the branch of a value that stands where nothing was: itself, and all below it. */
export function addedBranch(shape: TypeShape, value: Json): FieldSet {
  const resolved = resolveShape(shape, value);
  if (isAtomic(resolved) || typeof value !== 'object' || value === null) return leaf;
  const branch: Record<string, FieldSet> = {};
  if (Array.isArray(value)) {
    if (resolved.type !== 'list' || value.length === 0) return leaf;
    branch[selfMark] = leaf;
    for (const item of value) {
      const element = itemElement(resolved, item);
      branch[element] = Object.hasOwn(branch, element) ? leaf : addedBranch(resolved.item, item);
    }
    return inOrder(branch);
  }
  const names = Object.keys(value);
  if (resolved.type !== 'map' || names.length === 0) return leaf;
  branch[selfMark] = leaf;
  for (const name of names.sort()) {
    branch[fieldElement(name)] = addedBranch(fieldShape(resolved, name), value[name] as Json);
  }
  return branch;
}

/** Returns the fields that somebody claims who applies `value`. */
export function appliedFields(shape: TypeShape, value: Json): FieldSet {
  return appliedBranch(shape, value, false) ?? leaf;
}

/** `isClaimed`: the path to the value is claimed whatever is in it. Null when nothing is. */
function appliedBranch(shape: TypeShape, value: Json, isClaimed: boolean): FieldSet | null {
  const resolved = resolveShape(shape, value);
  if (isAtomic(resolved)) return leaf;
  if (Array.isArray(value) && resolved.type === 'list') return branchOf(isClaimed, appliedItems(resolved, value));
  if (isJsonObject(value) && resolved.type === 'map') {
    const below = appliedMembers(resolved, value);
    return branchOf(isClaimed || Object.keys(value).length === 0, below);
  }
  return leaf;
}

function appliedItems(shape: ListShape, items: readonly Json[]): Record<string, FieldSet> {
  const below: Record<string, FieldSet> = {};
  for (const item of items) {
    const element = itemElement(shape, item);
    // Items that cannot be told apart are claimed without what is in them.
    below[element] = Object.hasOwn(below, element) ? leaf : (appliedBranch(shape.item, item, true) ?? leaf);
  }
  return inOrder(below);
}

function appliedMembers(shape: MapShape, value: JsonObject): Record<string, FieldSet> {
  const below: Record<string, FieldSet> = {};
  for (const name of Object.keys(value).sort()) {
    const named = shape.field(name);
    const branch = appliedBranch(named ?? fieldShape(shape, name), value[name] as Json, named === undefined);
    if (branch !== null) below[fieldElement(name)] = branch;
  }
  return below;
}
