/**
 * Server-side apply: lays a configuration over an object, takes out what the applier listed before and lists no more, unless somebody else
 * owns it, and makes him the owner of what he lists. A field that he would change and another owns is a conflict.
 * Models structured-merge-diff merge/update.go Apply and apimachinery pkg/util/managedfields/internal/{skipnonapplied,lastapplied}.go.
 */
import { equalJson, type Json, type JsonObject } from '../json.ts';
import { compareObjects } from './compare.ts';
import { differenceOf, type FieldSet, intersectionOf, isEmptySet, noFields, pathsOf, unionOf } from './field-set.ts';
import { type FieldManager, type Managers, managerId, withoutIdle } from './managers.ts';
import { mergeConfiguration } from './merge.ts';
import { appliedFields } from './present-fields.ts';
import { removeFields, withNamedFields } from './remove.ts';
import { trackedPart } from './tracked-fields.ts';
import type { TypeShape } from './type-shape.ts';
import { comparisonsBy, touchedBy, updateManagers, type Versions, type Writer, withoutTouched } from './update.ts';

export interface Application {
  /** In the writer's version, without managedFields; null when there is no object yet. */
  readonly live: JsonObject | null;
  /** In the writer's version; it fits the type. */
  readonly configuration: JsonObject;
  readonly managers: Managers;
  /** Takes fields over that others own. */
  readonly isForced: boolean;
  /** Conflicts about these fields are no conflicts. */
  readonly conceded?: FieldSet;
}

/** A field that somebody else owns. */
export interface FieldConflict {
  readonly manager: FieldManager;
  readonly path: readonly string[];
}

export type Applied =
  | { readonly type: 'applied'; readonly object: JsonObject; readonly managers: Managers }
  /** By manager, then in the order of the set. */
  | { readonly type: 'conflict'; readonly conflicts: readonly FieldConflict[] };

const beforeFirstApply = 'before-first-apply';

/** Applies a configuration. The result shares branches with what was given. */
export function applyConfiguration(
  application: Application,
  shape: TypeShape,
  writer: Writer,
  versions: Versions,
): Applied {
  const { live, configuration, isForced, conceded = noFields } = application;
  const managers = withFormerOwners(application, shape, writer, versions);
  const { name, apiVersion, subresource } = writer;
  const identity = { name, operation: 'Apply' as const, apiVersion, subresource };
  const id = managerId(identity);
  const last = managers.get(id);
  const fields = trackedPart(appliedFields(shape, configuration), writer.tracked);
  const merged = mergeConfiguration(shape, live ?? {}, configuration) as JsonObject;
  const object =
    last === undefined
      ? merged
      : prune(merged, last, claimedBy(managers, id, { ...last, apiVersion, fields }), apiVersion, versions);
  const change = { before: live ?? {}, after: object };
  const comparison = compareObjects(shape, change.before, object, writer.tracked);
  const others = new Map(managers);
  others.delete(id);
  const conflicts = conflictsOf(others, comparisonsBy(change, writer, versions, comparison), conceded);
  if (conflicts.length > 0 && !isForced) return { type: 'conflict', conflicts };
  const isUnchanged =
    live !== null &&
    last !== undefined &&
    equalJson(last.fields, fields) &&
    last.apiVersion === apiVersion &&
    equalJson(live, object);
  const rest = new Map(withoutTouched(others, change, writer, versions, comparison));
  rest.set(id, { ...identity, time: isUnchanged ? last.time : writer.time, fields });
  return { type: 'applied', object, managers: withoutIdle(rest) };
}

/** Nobody owns the name, but an object keeps it. */
const nameOnly: FieldSet = { 'f:metadata': { 'f:name': {} } };

/** Returns the managers with what the applier claims now. */
function claimedBy(managers: Managers, id: string, applier: FieldManager): Managers {
  return new Map(managers).set(id, { ...applier, fields: unionOf(applier.fields, nameOnly) });
}

/** What an object that nobody tracked has when it is first applied to belongs to one manager that stands for all before. */
function withFormerOwners(
  { live, managers }: Application,
  shape: TypeShape,
  writer: Writer,
  versions: Versions,
): Managers {
  if (live === null || managers.size > 0 || shape.type !== 'map') return managers;
  const before = versions.empty(writer.apiVersion);
  return updateManagers(managers, { before, after: live }, { ...writer, name: beforeFirstApply }, versions);
}

function conflictsOf(
  managers: Managers,
  comparisons: ReturnType<typeof comparisonsBy>,
  conceded: FieldSet,
): readonly FieldConflict[] {
  const found: FieldConflict[] = [];
  for (const [, manager] of [...managers].sort(([left], [right]) => (left < right ? -1 : 1))) {
    const comparison = comparisons(manager.apiVersion);
    if (comparison === undefined) continue;
    const taken = differenceOf(intersectionOf(manager.fields, touchedBy(comparison)), conceded);
    found.push(...pathsOf(taken).map((path) => ({ manager, path })));
  }
  return found;
}

/** Takes out what the applier listed last time, does not list now, and nobody else owns. */
function prune(
  merged: JsonObject,
  last: FieldManager,
  claimed: Managers,
  apiVersion: string,
  versions: Versions,
): JsonObject {
  const shape = versions.shape(last.apiVersion);
  if (shape === undefined || isEmptySet(last.fields)) return merged;
  const isConverted = last.apiVersion !== apiVersion;
  const base = isConverted ? versions.convert(merged, last.apiVersion) : merged;
  const lastFields = withNamedFields(shape, last.fields);
  let pruned = removeFields(shape, base, lastFields) as JsonObject;
  for (const [version, owned] of ownedByVersion(claimed, last.apiVersion)) {
    pruned = withOwned(base, pruned, last.apiVersion, version, owned, versions);
  }
  const lost = differenceOf(allFields(shape, base), allFields(shape, pruned));
  const result = removeFields(shape, base, intersectionOf(lost, lastFields)) as JsonObject;
  return isConverted ? versions.convert(result, apiVersion) : result;
}

/** The version of the pruned object comes first, so that what conversion needs is back before it is converted. */
function ownedByVersion(managers: Managers, first: string): ReadonlyMap<string, FieldSet> {
  const owned = new Map<string, FieldSet>([[first, noFields]]);
  for (const { apiVersion, fields } of managers.values()) {
    owned.set(apiVersion, unionOf(owned.get(apiVersion) ?? noFields, fields));
  }
  return owned;
}

/** Returns the pruned object with what managers at `version` own put back; both objects are in `prunedVersion`. */
function withOwned(
  base: JsonObject,
  pruned: JsonObject,
  prunedVersion: string,
  version: string,
  owned: FieldSet,
  versions: Versions,
): JsonObject {
  const shape = versions.shape(version);
  if (shape === undefined) return pruned;
  const isConverted = version !== prunedVersion;
  const whole = isConverted ? versions.convert(base, version) : base;
  const part = isConverted ? versions.convert(pruned, version) : pruned;
  const kept = unionOf(allFields(shape, part), withNamedFields(shape, owned));
  const result = removeFields(shape, whole, differenceOf(allFields(shape, whole), kept)) as JsonObject;
  return isConverted ? versions.convert(result, prunedVersion) : result;
}

function allFields(shape: TypeShape, object: Json): FieldSet {
  return withNamedFields(shape, appliedFields(shape, object));
}
