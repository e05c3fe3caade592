/**
 * What changed between two values of one type, as sets of fields. Where nothing changed nothing is made, for most of what is compared on the way
 * of a write is the same. Models structured-merge-diff typed/compare.go.
 */
import { equalJson, fieldOf, isJsonObject, type Json, type JsonObject } from '../json.ts';
import { type FieldSet, inOrder, leaf, noFields } from './field-set.ts';
import { fieldElement, itemElement } from './path-element.ts';
import { addedBranch } from './present-fields.ts';
import type { TrackedFields } from './tracked-fields.ts';
import { fieldShape, isAtomic, type ListShape, type MapShape, resolveShape, type TypeShape } from './type-shape.ts';

export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

export const sameFields: Comparison = { added: noFields, modified: noFields, removed: noFields };

/** Branches of one value; those that are undefined are empty. */
interface Change {
  readonly added: FieldSet | undefined;
  readonly modified: FieldSet | undefined;
  readonly removed: FieldSet | undefined;
}

interface MutableChange {
  added: Record<string, FieldSet> | undefined;
  modified: Record<string, FieldSet> | undefined;
  removed: Record<string, FieldSet> | undefined;
}

const modifiedLeaf: Change = { added: undefined, modified: leaf, removed: undefined };
const addedLeaf: Change = { added: leaf, modified: undefined, removed: undefined };
const removedLeaf: Change = { added: undefined, modified: undefined, removed: leaf };

/** Compares two objects in what is tracked of them. */
export function compareObjects(
  shape: TypeShape,
  left: JsonObject,
  right: JsonObject,
  tracked: TrackedFields,
): Comparison {
  const root = resolveShape(shape, right);
  if (root.type !== 'map') return sameFields;
  return rootOf(compareMembers(root, left, right, (name) => tracked.includes(name), tracked.includesMetadata));
}

/** Compares two values of one type. */
export function compareValues(shape: TypeShape, left: Json, right: Json): Comparison {
  return rootOf(compare(shape, left, right));
}

function rootOf(change: Change | null): Comparison {
  if (change === null) return sameFields;
  return {
    added: change.added ?? noFields,
    modified: change.modified ?? noFields,
    removed: change.removed ?? noFields,
  };
}

/** Returns null when nothing changed. One of both may be absent. */
function compare(shape: TypeShape, left: Json | undefined, right: Json | undefined): Change | null {
  if (left === right) return null;
  if (left === undefined) return { ...addedLeaf, added: addedBranch(shape, right as Json) };
  if (right === undefined) return { ...removedLeaf, removed: addedBranch(shape, left) };
  const resolved = resolveShape(shape, right ?? left);
  if (isAtomic(resolved)) return compareLeaves(left, right);
  if (resolved.type === 'list') return compareLists(resolved, left, right);
  return resolved.type === 'map' ? compareMaps(resolved, left, right) : compareLeaves(left, right);
}

function compareLeaves(left: Json, right: Json): Change | null {
  return equalJson(left, right) ? null : modifiedLeaf;
}

function compareMaps(shape: MapShape, left: Json, right: Json): Change | null {
  if (!isMapOrNull(left) || !isMapOrNull(right)) return compareLeaves(left, right);
  const before = left ?? {};
  const after = right ?? {};
  // Empty and null differ, though neither has a field.
  if (Object.keys(before).length === 0 && Object.keys(after).length === 0) return compareLeaves(left, right);
  return compareMembers(shape, before, after, everyName, undefined);
}

type NameFilter = (name: string) => boolean;

const everyName: NameFilter = () => true;

/** `metadata` says which fields are looked at in the field of that name; undefined for all. */
function compareMembers(
  shape: MapShape,
  left: JsonObject,
  right: JsonObject,
  isLookedAt: NameFilter,
  metadata: NameFilter | undefined,
): Change | null {
  let result: MutableChange | null = null;
  for (const name of namesOfEither(left, right)) {
    const before = fieldOf(left, name);
    const after = fieldOf(right, name);
    if (before === after || !isLookedAt(name)) continue;
    const below = fieldShape(shape, name);
    const change =
      metadata !== undefined &&
      name === 'metadata' &&
      below.type === 'map' &&
      isJsonObject(before) &&
      isJsonObject(after)
        ? compareMembers(below, before, after, metadata, undefined)
        : compare(below, before, after);
    if (change !== null) result = collect(result, fieldElement(name), change);
  }
  return result === null ? null : changeInOrder(result);
}

function namesOfEither(left: JsonObject, right: JsonObject): readonly string[] {
  const names = Object.keys(right);
  for (const name of Object.keys(left)) if (!Object.hasOwn(right, name)) names.push(name);
  return names;
}

function compareLists(shape: ListShape, left: Json, right: Json): Change | null {
  if (!isListOrNull(left) || !isListOrNull(right)) return compareLeaves(left, right);
  const before = left ?? [];
  const after = right ?? [];
  if (before.length === 0 && after.length === 0) return compareLeaves(left, right);
  if (equalJson(before, after)) return null;
  const earlier = itemsByElement(shape, before);
  const later = itemsByElement(shape, after);
  let result: MutableChange | null = null;
  for (const [element, items] of later) {
    const change = compareItems(shape, earlier.get(element) ?? [], items);
    if (change !== null) result = collect(result, element, change);
  }
  for (const [element, items] of earlier) {
    if (later.has(element)) continue;
    const change = compareItems(shape, items, []);
    if (change !== null) result = collect(result, element, change);
  }
  return result === null ? null : changeInOrder(result);
}

/** Items that cannot be told apart are compared as one. */
function compareItems(shape: ListShape, left: readonly Json[], right: readonly Json[]): Change | null {
  if (left.length <= 1 && right.length <= 1) return compare(shape.item, left[0], right[0]);
  if (left.length === 0) return addedLeaf;
  if (right.length === 0) return removedLeaf;
  return equalJson(left, right) ? null : modifiedLeaf;
}

function itemsByElement(shape: ListShape, items: readonly Json[]): Map<string, Json[]> {
  const found = new Map<string, Json[]>();
  for (const item of items) {
    const element = itemElement(shape, item);
    const same = found.get(element);
    if (same === undefined) found.set(element, [item]);
    else same.push(item);
  }
  return found;
}

/** Adds the change of a part to that of the whole, which is made here and belongs to the caller. */
function collect(result: MutableChange | null, element: string, change: Change): MutableChange {
  const into: MutableChange = result ?? { added: undefined, modified: undefined, removed: undefined };
  if (change.added !== undefined) (into.added ??= {})[element] = change.added;
  if (change.modified !== undefined) (into.modified ??= {})[element] = change.modified;
  if (change.removed !== undefined) (into.removed ??= {})[element] = change.removed;
  return into;
}

function changeInOrder(change: MutableChange): Change {
  const { added, modified, removed } = change;
  if (added !== undefined) change.added = inOrder(added);
  if (modified !== undefined) change.modified = inOrder(modified);
  if (removed !== undefined) change.removed = inOrder(removed);
  return change;
}

function isMapOrNull(value: Json): value is JsonObject | null {
  return value === null || isJsonObject(value);
}

function isListOrNull(value: Json): value is Json[] | null {
  return value === null || Array.isArray(value);
}
