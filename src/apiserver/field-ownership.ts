/**
 * Who owns the fields of an object after a write: puts `metadata.managedFields` into what is about to be stored.
 *
 * It is worked out when defaults are filled and before the kind's strategy and admission have their say, so that what the server adds by itself has
 * no owner. Models apimachinery pkg/util/managedfields/fieldmanager.go and apiserver pkg/endpoints/handlers/{create,update,patch}.go.
 */
import { apiVersionOf, parseApiVersion } from '../api/group-version.ts';
import { cloneJson, equalJson, fieldOf, isJsonObject, type Json, type JsonObject, type Mutable } from '../api/json.ts';
import { entriesOf, isReset, type Managers, managersOf, parseManagers } from '../api/managed-fields/managers.ts';
import {
  objectWithoutStatus,
  statusOnly,
  type TrackedFields,
  wholeObject,
} from '../api/managed-fields/tracked-fields.ts';
import { updateManagers, type Versions, type Writer } from '../api/managed-fields/update.ts';
import type { AnyObject, ManagedFieldsEntry, ObjectMeta } from '../api/object-meta.ts';
import { timestampSeconds } from '../base/time.ts';
import { fieldManagerBytesMax } from '../http/options.ts';
import { hasStatus } from '../kinds/registry.ts';
import type { Call } from './call.ts';
import type { ServedResource } from './catalog.ts';
import { toServed, toStored } from './conversion.ts';
import type { Environment } from './environment.ts';

/** What a write may change. */
export type Part = 'object' | 'status';

/** How the owners after a write are found. */
export type Ownership =
  /** By what the write changes. */
  | {
      readonly type: 'update';
      readonly manager: string;
      readonly subresource: string;
      /** The client asks to forget all owners. */
      readonly isReset: boolean;
    }
  /** They are known. */
  | { readonly type: 'applied'; readonly entries: readonly ManagedFieldsEntry[] };

type Entries = readonly ManagedFieldsEntry[];

const nobody: Managers = new Map();

/** Returns the ownership of a write that is no apply; `tree` is what the client sent, or its patch made, before it was decoded. */
export function updateBy(call: Call, fieldManager: string, tree: Json): Ownership {
  const metadata = isJsonObject(tree) ? fieldOf(tree, 'metadata') : undefined;
  const given = isJsonObject(metadata) ? fieldOf(metadata, 'managedFields') : undefined;
  return {
    type: 'update',
    manager: managerName(fieldManager, call.request.userAgent),
    subresource: call.request.subresource,
    isReset: given !== undefined && isReset(given),
  };
}

/** A client that does not name itself goes by the first word of its user agent. */
function managerName(fieldManager: string, userAgent: string): string {
  if (fieldManager !== '') return fieldManager;
  const slash = userAgent.indexOf('/');
  const product = slash === -1 ? userAgent : userAgent.slice(0, slash);
  return product.replace(/\p{C}/gu, '').slice(0, fieldManagerBytesMax) || 'unknown';
}

/** Returns who writes, and how far the write reaches. */
export function writerOf(
  environment: Environment,
  served: ServedResource,
  name: string,
  subresource: string,
  part: Part,
): Writer {
  const time = timestampSeconds(environment.stamp.wallMs);
  return { name, apiVersion: apiVersionOf(served.info), subresource, time, tracked: trackedOf(served, part) };
}

function trackedOf({ info }: ServedResource, part: Part): TrackedFields {
  if (part === 'status') return statusOnly;
  return hasStatus(info) ? objectWithoutStatus : wholeObject;
}

/** Returns the versions in which owners may know an object. */
export function versionsOf({ catalog, shapes }: Environment, served: ServedResource): Versions {
  const own = apiVersionOf(served.info);
  const find = (apiVersion: string): ServedResource | undefined => {
    if (apiVersion === own) return served;
    const version = parseApiVersion(apiVersion);
    const found = version === undefined ? undefined : catalog.served({ ...version, resource: served.info.resource });
    return found?.stored === served.stored ? found : undefined;
  };
  return {
    shape: (apiVersion) => {
      const found = find(apiVersion);
      return found === undefined ? undefined : shapes.kind(found.info);
    },
    empty: (apiVersion) => shapes.empty((find(apiVersion) ?? served).info),
    convert: (object, apiVersion) => {
      const from = find(String(object['apiVersion'])) ?? served;
      const stored = toStored(from, cloneJson(object) as unknown as AnyObject);
      return toServed(find(apiVersion) ?? served, stored) as unknown as JsonObject;
    },
  };
}

/** Returns the entries of a new object, which is in the stored version and has its defaults. */
export function entriesOfNew(
  environment: Environment,
  served: ServedResource,
  object: AnyObject,
  ownership: Ownership,
): Entries {
  if (ownership.type === 'applied') return ownership.entries;
  const managers = ownership.isReset ? nobody : (parseManagers(object.metadata.managedFields ?? []) ?? nobody);
  const writer = writerOf(environment, served, ownership.manager, ownership.subresource, 'object');
  const change = { before: environment.shapes.empty(served.info), after: asServed(served, object) };
  return entriesOf(updateManagers(managers, change, writer, versionsOf(environment, served)));
}

/**
 * Returns the entries of a changed object; `old` and `next` are in the stored version, `next` has its defaults and the entries that the client
 * sent. Nobody starts to own anything of an object that has no owners.
 */
export function entriesAfter(
  environment: Environment,
  served: ServedResource,
  old: AnyObject,
  next: AnyObject,
  ownership: Ownership,
  part: Part,
): Entries {
  if (ownership.type === 'applied') return ownership.entries;
  const former = old.metadata.managedFields ?? [];
  const given = givenEntries(former, next.metadata.managedFields, ownership);
  const managers = given ?? managersOf(former);
  if (managers.size === 0) return [];
  const writer = writerOf(environment, served, ownership.manager, ownership.subresource, part);
  const change = { before: asServed(served, old), after: asServed(served, next) };
  const updated = updateManagers(managers, change, writer, versionsOf(environment, served));
  return updated === managers && given === undefined ? former : entriesOf(updated);
}

/** Returns the managers that the client put in place of the former ones; undefined when it did not, or made no sense. */
function givenEntries(
  former: Entries,
  given: Entries | undefined,
  ownership: Ownership & { readonly type: 'update' },
): Managers | undefined {
  // Through a subresource, owners cannot be set.
  if (ownership.subresource !== '') return undefined;
  if (ownership.isReset) return nobody;
  if (given === undefined || equalJson(former, given)) return undefined;
  const managers = parseManagers(given);
  return managers === undefined || managers.size === 0 ? undefined : managers;
}

function asServed(served: ServedResource, object: AnyObject): JsonObject {
  const tree = served.isConverted ? toServed(served, cloneJson(object)) : object;
  return tree as unknown as JsonObject;
}

/** Puts entries into an object that the caller owns, always as the last of its metadata, so that the same object has the same bytes. */
export function setManagedFields(object: AnyObject, entries: Entries): void {
  const metadata = object.metadata as Mutable<ObjectMeta>;
  delete metadata.managedFields;
  if (entries.length > 0) metadata.managedFields = entries;
}

/**
 * Puts entries into a changed object. If nothing but the times of entries would differ from `old`, they keep their times: a write that changes nothing
 * makes no new version.
 */
export function settleManagedFields(next: AnyObject, old: AnyObject, entries: Entries): void {
  const former = old.metadata.managedFields ?? [];
  setManagedFields(next, entries);
  if (entries === former || !equalButForTimes(entries, former)) return;
  const { metadata: nextMetadata, ...nextRest } = next;
  const { metadata: oldMetadata, ...oldRest } = old;
  const isSame = equalJson(nextRest, oldRest) && equalJson(settledMetadata(nextMetadata), settledMetadata(oldMetadata));
  if (isSame) setManagedFields(next, former);
}

function equalButForTimes(left: Entries, right: Entries): boolean {
  if (left.length !== right.length) return false;
  return left.every((entry, index) => equalJson({ ...entry, time: undefined }, { ...right[index], time: undefined }));
}

function settledMetadata(metadata: ObjectMeta): object {
  return { ...metadata, managedFields: undefined, resourceVersion: undefined };
}
