/**
 * Strategic merge patch: a merge patch that knows from the schema which lists are keyed, and obeys directives.
 *
 * Directives: `$patch: replace | delete` inside a map or an item, `$retainKeys` for unions, `$deleteFromPrimitiveList/x` for
 * lists of scalars, `$setElementOrder/x` for the wanted order. Lists without the merge strategy are replaced.
 * The schema comes as a parameter, so that custom kinds can bring theirs. Order of lists is in merge-order.ts.
 * Models apimachinery pkg/util/strategicpatch/patch.go mergeMap and mergeSlice.
 */
import { cloneJson, fieldOf, isJsonObject, type Json, type JsonObject, setField } from './json.ts';
import { type Identity, identityOf, orderMerged } from './merge-order.ts';
import { badRequest } from './status-errors.ts';

/** What the schema says of one field. */
export interface PatchField {
  readonly strategies: readonly PatchStrategy[];
  /** The field by which items of a merged list are told apart; absent for lists of scalars. */
  readonly mergeKey?: string;
  /** The shape of the value, of its items or of its map values; absent for scalars and for free-form JSON. */
  readonly shape?: PatchShape;
}

export type PatchStrategy = 'merge' | 'replace' | 'retainKeys';

export interface PatchShape {
  /** Returns what is known of a field, or undefined for an unknown one. */
  field(name: string): PatchField | undefined;
}

const deletePrefix = '$deleteFromPrimitiveList/';
const orderPrefix = '$setElementOrder/';
const plainField: PatchField = { strategies: [] };

/** Returns the patched object; changes neither argument. Throws StatusError BadRequest when a directive makes no sense. */
export function applyStrategicMergePatch(target: JsonObject, patch: JsonObject, shape: PatchShape): JsonObject {
  return mergeObjects(target, patch, shape);
}

function mergeObjects(target: JsonObject, patch: JsonObject, shape: PatchShape | undefined): JsonObject {
  const directive = fieldOf(patch, '$patch');
  if (directive === 'delete') return {};
  if (directive === 'replace') return withoutDirectives(patch, shape);
  if (directive !== undefined && directive !== 'merge') throw unknownDirective(directive);
  const result = retained(target, patch);
  for (const name of Object.keys(patch)) {
    if (name === '$patch' || name === '$retainKeys') continue;
    if (name.startsWith(orderPrefix) || name.startsWith(deletePrefix)) continue;
    const field = shape?.field(name) ?? plainField;
    const change = patch[name] as Json;
    if (change === null) delete result[name];
    else setField(result, name, mergeValue(fieldOf(result, name), change, field, name, patch));
  }
  applyListDirectives(result, patch, shape);
  return result;
}

function mergeValue(before: Json | undefined, change: Json, field: PatchField, name: string, patch: JsonObject): Json {
  if (isJsonObject(change)) {
    const base = isJsonObject(before) && !field.strategies.includes('replace') ? before : {};
    return mergeObjects(base, change, field.shape);
  }
  if (!Array.isArray(change)) return change;
  if (!field.strategies.includes('merge')) return change.map((item) => cleanItem(item, field.shape));
  const list = Array.isArray(before) ? before : [];
  return mergeLists(list, change, field, name, orderOf(patch, name));
}

/** The directives about lists that the patch does not otherwise touch: deletions of scalars, and a bare order. */
function applyListDirectives(result: JsonObject, patch: JsonObject, shape: PatchShape | undefined): void {
  for (const directive of Object.keys(patch)) {
    if (directive.startsWith(deletePrefix)) {
      const name = directive.slice(deletePrefix.length);
      const list = fieldOf(result, name);
      const unwanted = listOf(patch[directive] as Json, directive);
      if (Array.isArray(list)) {
        const identities = new Set(unwanted.map((item) => identityOf(item, undefined)));
        setField(
          result,
          name,
          list.filter((item) => !identities.has(identityOf(item, undefined))),
        );
      }
    }
  }
  for (const directive of Object.keys(patch)) {
    if (!directive.startsWith(orderPrefix)) continue;
    const name = directive.slice(orderPrefix.length);
    const list = fieldOf(result, name);
    if (!Array.isArray(list) || fieldOf(patch, name) !== undefined) continue;
    const field = shape?.field(name) ?? plainField;
    if (!field.strategies.includes('merge')) continue;
    setField(result, name, orderMerged(list, listOf(patch[directive] as Json, directive), list, field.mergeKey));
  }
}

function mergeLists(
  before: readonly Json[],
  change: readonly Json[],
  field: PatchField,
  name: string,
  order: readonly Json[] | undefined,
): Json[] {
  const { mergeKey, shape } = field;
  if (mergeKey === undefined || !change.every(isJsonObject)) {
    const merged = [...new Map([...before, ...change].map((item) => [identityOf(item, undefined), item])).values()];
    return orderMerged(merged, order ?? change, before, undefined);
  }
  const removed = new Set<Identity>();
  const plain: JsonObject[] = [];
  let isReplacement = false;
  for (const item of change) {
    const directive = fieldOf(item, '$patch');
    if (directive === 'replace') isReplacement = true;
    else if (directive === 'delete') removed.add(keyed(item, mergeKey, name));
    else if (directive === undefined) plain.push(item);
    else if (directive === 'merge') throw badRequest('merging lists cannot yet be specified in the patch');
    else throw unknownDirective(directive);
  }
  if (isReplacement) return plain.map((item) => cleanItem(item, shape));
  const items = before.filter((item) => !removed.has(identityOf(item, mergeKey)));
  mergeItems(items, plain, mergeKey, name, shape);
  return orderMerged(items, order ?? plain, before, mergeKey);
}

/**
 * Merges each change into the first item of its key, or appends it. Keys may repeat in a stored list (two ports of one number
 * and different protocols), so the other items of the key stay as they are.
 */
function mergeItems(
  items: Json[],
  changes: readonly JsonObject[],
  mergeKey: string,
  name: string,
  shape: PatchShape | undefined,
): void {
  const places = new Map<Identity, number>();
  for (const [index, item] of items.entries()) {
    const identity = identityOf(item, mergeKey);
    if (!places.has(identity)) places.set(identity, index);
  }
  for (const change of changes) {
    const identity = keyed(change, mergeKey, name);
    const index = places.get(identity) ?? items.length;
    const existing = items[index];
    items[index] = mergeObjects(isJsonObject(existing) ? existing : {}, change, shape);
    places.set(identity, index);
  }
}

function keyed(item: JsonObject, mergeKey: string, name: string): Identity {
  if (fieldOf(item, mergeKey) === undefined) {
    throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${mergeKey} (in ${name})`);
  }
  return identityOf(item, mergeKey);
}

function orderOf(patch: JsonObject, name: string): readonly Json[] | undefined {
  const order = fieldOf(patch, orderPrefix + name);
  return order === undefined ? undefined : listOf(order, orderPrefix + name);
}

/** `$retainKeys` drops from the target what it does not name. Returns a shallow copy that the caller may fill. */
function retained(target: JsonObject, patch: JsonObject): JsonObject {
  const directive = fieldOf(patch, '$retainKeys');
  const kept = directive === undefined ? undefined : new Set(listOf(directive, '$retainKeys'));
  const result: JsonObject = {};
  for (const name of Object.keys(target)) {
    if (kept === undefined || kept.has(name)) setField(result, name, target[name] as Json);
  }
  return result;
}

/** Directives and nulls are instructions; they must not reach the stored object. */
function withoutDirectives(patch: JsonObject, shape: PatchShape | undefined): JsonObject {
  const rest: JsonObject = {};
  for (const name of Object.keys(patch)) if (name !== '$patch') setField(rest, name, patch[name] as Json);
  return mergeObjects({}, rest, shape);
}

function cleanItem(item: Json, shape: PatchShape | undefined): Json {
  return isJsonObject(item) ? mergeObjects({}, item, shape) : cloneJson(item);
}

function listOf(value: Json, directive: string): readonly Json[] {
  if (!Array.isArray(value)) throw badRequest(`the value of ${directive} must be a list`);
  return value;
}

function unknownDirective(directive: Json): Error {
  return badRequest(`unknown patch type found: ${String(directive)}`);
}
