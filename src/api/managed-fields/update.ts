/**
 * Owners after an ordinary write: whoever changes or adds a field becomes its owner, in the place of whoever was; what is removed has no owner.
 * Models structured-merge-diff merge/update.go Update and apimachinery pkg/util/managedfields/internal/managedfieldsupdater.go.
 */
import type { JsonObject } from '../json.ts';
import { type Comparison, compareObjects } from './compare.ts';
import { covers, differenceOf, type FieldSet, intersects, isEmptySet, noFields, unionOf } from './field-set.ts';
import { capManagers, type FieldManager, type Managers, managerId, withoutIdle } from './managers.ts';
import type { TrackedFields } from './tracked-fields.ts';
import type { TypeShape } from './type-shape.ts';

/** One object in several API versions, for owners who know it in another version than the one that is being written. */
export interface Versions {
  /** Returns the shape of the object's kind in a version; undefined when it is not served in that version. */
  shape(apiVersion: string): TypeShape | undefined;
  /** Returns the object of the kind in which nothing is set, in a version that has a shape. */
  empty(apiVersion: string): JsonObject;
  /** Returns an object in another version that has a shape. Must not change `object`. */
  convert(object: JsonObject, apiVersion: string): JsonObject;
}

/** Who writes, and how far the write reaches. */
export interface Writer {
  readonly name: string;
  /** In which the object is being written. */
  readonly apiVersion: string;
  readonly subresource: string;
  /** RFC 3339, whole seconds. */
  readonly time: string;
  readonly tracked: TrackedFields;
}

/** An object before and after, both in the writer's version. */
export interface Change {
  readonly before: JsonObject;
  readonly after: JsonObject;
}

/** Returns the owners after a change; `managers` itself when nothing that is tracked changed. */
export function updateManagers(managers: Managers, change: Change, writer: Writer, versions: Versions): Managers {
  const comparison = comparisonIn(versions, writer.apiVersion, change, writer.tracked);
  if (comparison === undefined || isSame(comparison)) return managers;
  const touched = touchedBy(comparison);
  const rest = new Map(withoutTouched(managers, change, writer, versions, comparison));
  if (!isEmptySet(touched)) {
    const { name, apiVersion, subresource, time } = writer;
    const self: FieldManager = { name, operation: 'Update', apiVersion, subresource, time, fields: noFields };
    const id = managerId(self);
    const owned = managers.get(id)?.fields ?? noFields;
    rest.set(id, { ...self, fields: ownedAfter(owned, touched, comparison.removed) });
  }
  return capManagers(withoutIdle(rest));
}

/** Returns the managers without what a change made by somebody else took from them. Those at a version that is not served are dropped. */
export function withoutTouched(
  managers: Managers,
  change: Change,
  writer: Writer,
  versions: Versions,
  own: Comparison,
): Managers {
  const comparisons = comparisonsBy(change, writer, versions, own);
  const result = new Map<string, FieldManager>();
  for (const [id, manager] of managers) {
    const comparison = comparisons(manager.apiVersion);
    if (comparison === undefined) continue;
    const kept = differenceOf(differenceOf(manager.fields, touchedBy(comparison)), comparison.removed);
    result.set(id, kept === manager.fields ? manager : { ...manager, fields: kept });
  }
  return result;
}

/** Returns the comparison in any version, each made once; undefined for a version that is not served. */
export function comparisonsBy(
  change: Change,
  writer: Writer,
  versions: Versions,
  own: Comparison,
): (apiVersion: string) => Comparison | undefined {
  const known = new Map<string, Comparison | undefined>([[writer.apiVersion, own]]);
  return (apiVersion) => {
    if (!known.has(apiVersion)) known.set(apiVersion, converted(versions, apiVersion, change, writer.tracked));
    return known.get(apiVersion);
  };
}

/** Returns the fields that are new or have another value. */
export function touchedBy({ added, modified }: Comparison): FieldSet {
  return unionOf(modified, added);
}

export function comparisonIn(
  versions: Versions,
  apiVersion: string,
  { before, after }: Change,
  tracked: TrackedFields,
): Comparison | undefined {
  const shape = versions.shape(apiVersion);
  return shape === undefined ? undefined : compareObjects(shape, before, after, tracked);
}

function converted(
  versions: Versions,
  apiVersion: string,
  { before, after }: Change,
  tracked: TrackedFields,
): Comparison | undefined {
  if (versions.shape(apiVersion) === undefined) return undefined;
  const change = { before: versions.convert(before, apiVersion), after: versions.convert(after, apiVersion) };
  return comparisonIn(versions, apiVersion, change, tracked);
}

export function isSame({ added, modified, removed }: Comparison): boolean {
  return isEmptySet(added) && isEmptySet(modified) && isEmptySet(removed);
}

/** A writer who only changes values of what he owns keeps his set as it is. */
function ownedAfter(owned: FieldSet, touched: FieldSet, removed: FieldSet): FieldSet {
  if (covers(owned, touched) && !intersects(owned, removed)) return owned;
  return unionOf(differenceOf(owned, removed), touched);
}
