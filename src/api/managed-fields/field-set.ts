/**
 * Sets of paths to fields. A set is the tree that FieldsV1 writes, as it came from JSON: reading one from an object costs nothing, and sets
 * that share branches share memory. Never changed in place, and always in the order of FieldsV1, so that equal sets are equal texts.
 *
 *   {"f:spec": {"f:replicas": {}, "f:selector": {".": {}, "f:app": {}}}}     .spec.replicas, .spec.selector, .spec.selector.app
 *
 * A branch without a name below it is itself in the set; one with names is if it has the mark `.`. The root has no path, so it is never in the set:
 * as a root, `{}` is the empty set. Models structured-merge-diff fieldpath/set.go and serialize.go.
 */
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { compareElements, parseElement, selfMark } from './path-element.ts';

export interface FieldSet {
  readonly [element: string]: FieldSet;
}

/**
 * The empty set as a root; as a branch, a path that is in the set and has none below it. Not frozen, though never changed: JSON.stringify takes five
 * times as long for frozen objects.
 */
export const leaf: FieldSet = {};
export const noFields = leaf;

/** Paths may not be deeper: whoever walks a set recurses. */
const depthMax = 500;

export function isEmptySet(set: FieldSet): boolean {
  for (const _element in set) return false;
  return true;
}

/** Tells whether the path to `branch`, which is not a root, is in the set. */
export function isMember(branch: FieldSet): boolean {
  return Object.hasOwn(branch, selfMark) || isEmptySet(branch);
}

/** Returns a branch; null when nothing is in it. `below` is taken over and must not have the mark. */
export function branchOf(isItselfIn: boolean, below: Record<string, FieldSet>): FieldSet | null {
  if (isEmptySet(below)) return isItselfIn ? leaf : null;
  return isItselfIn ? { [selfMark]: leaf, ...below } : below;
}

export function unionOf(left: FieldSet, right: FieldSet): FieldSet {
  if (isEmptySet(left)) return right;
  if (isEmptySet(right)) return left;
  return uniteBelow(left, right);
}

/** Returns the members of `left` that are not in `right`. What is below a member of `right` stays. */
export function differenceOf(left: FieldSet, right: FieldSet): FieldSet {
  return intersects(left, right) ? subtractBelow(left, right) : left;
}

export function intersectionOf(left: FieldSet, right: FieldSet): FieldSet {
  return intersectBelow(left, right);
}

/** Tells whether a path is in both. */
export function intersects(left: FieldSet, right: FieldSet): boolean {
  for (const element in right) {
    const other = left[element];
    if (element === selfMark || other === undefined) continue;
    const branch = right[element] as FieldSet;
    if (isMember(other) && isMember(branch)) return true;
    if (intersects(other, branch)) return true;
  }
  return false;
}

/** Tells whether every path of `part` is in `whole`. */
export function covers(whole: FieldSet, part: FieldSet): boolean {
  for (const element in part) {
    if (element === selfMark) continue;
    const branch = part[element] as FieldSet;
    const other = whole[element];
    if (other === undefined || (isMember(branch) && !isMember(other)) || !covers(other, branch)) return false;
  }
  return true;
}

/** Returns every path, in the order of the tree. */
export function pathsOf(set: FieldSet): readonly (readonly string[])[] {
  const paths: (readonly string[])[] = [];
  const visit = (branch: FieldSet, path: readonly string[]): void => {
    for (const element of Object.keys(branch)) {
      if (element === selfMark) continue;
      const below = branch[element] as FieldSet;
      const here = [...path, element];
      if (isMember(below)) paths.push(here);
      visit(below, here);
    }
  };
  visit(set, []);
  return paths;
}

/** Returns the set of these paths. */
export function setOfPaths(paths: readonly (readonly string[])[]): FieldSet {
  return paths.reduce<FieldSet>(
    (set, path) =>
      unionOf(
        set,
        path.reduceRight((below, each) => ({ [each]: below }), leaf),
      ),
    noFields,
  );
}

/** Returns a set, whose branches are in order, with its own elements in the order of FieldsV1; the set itself when they are. */
export function inOrder(set: Record<string, FieldSet>): Record<string, FieldSet> {
  const elements = Object.keys(set);
  for (let index = 1; index < elements.length; index += 1) {
    if (compareElements(elements[index - 1] as string, elements[index] as string) <= 0) continue;
    const result: Record<string, FieldSet> = {};
    for (const element of elements.sort(compareElements)) result[element] = set[element] as FieldSet;
    return result;
  }
  return set;
}

/** Reads FieldsV1 that came from a client; undefined when it is none. */
export function parseFieldSet(json: Json | undefined): FieldSet | undefined {
  if (json === undefined || json === null) return noFields;
  return parseBelow(json, 0);
}

function parseBelow(json: Json, depth: number): FieldSet | undefined {
  if (!isJsonObject(json) || depth > depthMax) return undefined;
  const set: Record<string, FieldSet> = {};
  for (const [text, value] of Object.entries(json as JsonObject)) {
    const element = text === selfMark ? text : parseElement(text);
    const below = element === undefined ? undefined : parseBelow(value, depth + 1);
    if (element === undefined || below === undefined) return undefined;
    if (element === selfMark && depth === 0) continue;
    set[element] = below;
  }
  return inOrder(set);
}

function uniteBelow(left: FieldSet, right: FieldSet): FieldSet {
  const below: Record<string, FieldSet> = { ...left };
  for (const element in right) {
    const own = left[element];
    const other = right[element] as FieldSet;
    below[element] = own === undefined || own === other ? other : uniteBranches(own, other);
  }
  return inOrder(below);
}

function uniteBranches(left: FieldSet, right: FieldSet): FieldSet {
  const isItselfIn = isMember(left) || isMember(right);
  const united = uniteBelow(left, right);
  return isItselfIn && !isEmptySet(united) && !Object.hasOwn(united, selfMark)
    ? { [selfMark]: leaf, ...united }
    : united;
}

function subtractBelow(left: FieldSet, right: FieldSet): FieldSet {
  const below: Record<string, FieldSet> = {};
  for (const element in left) {
    if (element === selfMark) continue;
    const own = left[element] as FieldSet;
    const other = right[element];
    const rest = other === undefined ? own : branchOf(isMember(own) && !isMember(other), subtractBelow(own, other));
    if (rest !== null) below[element] = rest;
  }
  return below;
}

function intersectBelow(left: FieldSet, right: FieldSet): FieldSet {
  const below: Record<string, FieldSet> = {};
  for (const element in left) {
    const own = left[element] as FieldSet;
    const other = right[element];
    if (element === selfMark || other === undefined) continue;
    const rest = branchOf(isMember(own) && isMember(other), intersectBelow(own, other));
    if (rest !== null) below[element] = rest;
  }
  return below;
}
