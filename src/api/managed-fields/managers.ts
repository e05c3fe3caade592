/**
 * Who owns which fields of an object: its `metadata.managedFields`, read and written. Each entry is one manager, told apart from others by name, by
 * whether it applies or updates, by subresource, and, if it updates, by API version.
 * Models apimachinery pkg/util/managedfields/internal/{managedfields,capmanagers}.go.
 */
import type { Json, Mutable } from '../json.ts';
import type { ManagedFieldsEntry } from '../object-meta.ts';
import { type FieldSet, isEmptySet, noFields, parseFieldSet, unionOf } from './field-set.ts';

export type ManagerOperation = 'Apply' | 'Update';

export interface FieldManager {
  readonly name: string;
  readonly operation: ManagerOperation;
  /** Of the object in which `fields` are paths. */
  readonly apiVersion: string;
  /** Empty for the object itself. */
  readonly subresource: string;
  /** RFC 3339, whole seconds; undefined when it is not known. */
  readonly time: string | undefined;
  readonly fields: FieldSet;
}

/** By `managerId`. */
export type Managers = ReadonlyMap<string, FieldManager>;

/** More managers that update than this, and the oldest become one. */
export const updateManagersMax = 10;
const ancientManager = 'ancient-changes';

/** An applier is the same at every version, an updater is another one. */
export function managerId(manager: Omit<FieldManager, 'time' | 'fields'>): string {
  const { name, operation, apiVersion, subresource } = manager;
  return `${name}\u0000${operation}\u0000${operation === 'Apply' ? '' : apiVersion}\u0000${subresource}`;
}

/** Reads the entries of a stored object, which this module wrote. */
export function managersOf(entries: readonly ManagedFieldsEntry[]): Managers {
  return byId(entries.map((entry) => managerOf(entry, (entry.fieldsV1 ?? noFields) as FieldSet)));
}

/** Reads entries that came from a client; undefined when one of them is malformed. */
export function parseManagers(entries: readonly ManagedFieldsEntry[]): Managers | undefined {
  const managers: FieldManager[] = [];
  for (const entry of entries) {
    const { operation, apiVersion = '', fieldsType } = entry;
    const fields = parseFieldSet(entry.fieldsV1);
    const isKnown = operation === 'Apply' || operation === 'Update';
    if (!isKnown || apiVersion === '' || fieldsType !== 'FieldsV1' || fields === undefined) return undefined;
    managers.push(managerOf(entry, fields));
  }
  return byId(managers);
}

/** Returns what is stored, in Kubernetes' order: appliers first, then the oldest. */
export function entriesOf(managers: Managers): readonly ManagedFieldsEntry[] {
  return [...managers.values()].sort(compareManagers).map(entryOf);
}

/** Tells whether a client asks to forget all owners: it sends an empty list, or a list of one empty entry. */
export function isReset(managedFields: Json | undefined): boolean {
  if (!Array.isArray(managedFields) || managedFields.length > 1) return false;
  const [entry] = managedFields;
  return entry === undefined || (typeof entry === 'object' && entry !== null && Object.keys(entry).length === 0);
}

/** Joins the oldest managers that update, one for each version, until there are few enough. */
export function capManagers(managers: Managers): Managers {
  const updaters = [...managers].filter(([, { operation }]) => operation === 'Update');
  let count = updaters.length;
  if (count <= updateManagersMax) return managers;
  const result = new Map(managers);
  const firstOf = new Map<string, string>();
  updaters.sort(
    ([leftId, left], [rightId, right]) =>
      compareTexts(left.time ?? '', right.time ?? '') || compareTexts(leftId, rightId),
  );
  for (const [id, manager] of updaters) {
    if (count <= updateManagersMax) break;
    const { apiVersion } = manager;
    const first = firstOf.get(apiVersion);
    if (first === undefined) {
      firstOf.set(apiVersion, id);
      continue;
    }
    const bucket = { name: ancientManager, operation: 'Update' as const, apiVersion, subresource: '' };
    const bucketId = managerId(bucket);
    const older = result.get(bucketId) ?? (result.get(first) as FieldManager);
    if (first !== bucketId) result.delete(first);
    result.delete(id);
    result.set(bucketId, {
      ...bucket,
      time: manager.time,
      fields: unionOf(older.fields, manager.fields),
    });
    firstOf.set(apiVersion, bucketId);
    count -= 1;
  }
  return result;
}

function byId(managers: readonly FieldManager[]): Managers {
  return new Map(managers.map((manager) => [managerId(manager), manager]));
}

function managerOf(entry: ManagedFieldsEntry, fields: FieldSet): FieldManager {
  const { manager = '', operation = 'Update', apiVersion = '', subresource = '', time } = entry;
  return { name: manager, operation, apiVersion, subresource, time, fields };
}

/** Fields in the order of Kubernetes; those without a value are left out. */
function entryOf(manager: FieldManager): ManagedFieldsEntry {
  const { name, operation, apiVersion, subresource, time, fields } = manager;
  const entry: Mutable<ManagedFieldsEntry> = {};
  if (name !== '') entry.manager = name;
  entry.operation = operation;
  entry.apiVersion = apiVersion;
  if (time !== undefined) entry.time = time;
  entry.fieldsType = 'FieldsV1';
  entry.fieldsV1 = fields as unknown as Json;
  if (subresource !== '') entry.subresource = subresource;
  return entry;
}

function compareManagers(left: FieldManager, right: FieldManager): number {
  return (
    compareTexts(left.operation, right.operation) ||
    compareTexts(left.time ?? '', right.time ?? '') ||
    compareTexts(left.name, right.name) ||
    compareTexts(left.apiVersion, right.apiVersion) ||
    compareTexts(left.subresource, right.subresource)
  );
}

function compareTexts(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}

/** Returns the managers that own something. */
export function withoutIdle(managers: Managers): Managers {
  for (const { fields } of managers.values()) {
    if (!isEmptySet(fields)) continue;
    return new Map([...managers].filter(([, each]) => !isEmptySet(each.fields)));
  }
  return managers;
}
