/**
 * JSON Patch, RFC 6902, over JSON Pointer, RFC 6901. Atomic: operations run on a copy, so a failure leaves nothing behind.
 * Messages follow the library that kube-apiserver uses closely enough for people; clients go by the code.
 */
import { cloneJson, equalJson, fieldOf, isJsonObject, type Json, type JsonObject, setField } from './json.ts';

export type JsonPatchOperation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: Json }
  | { readonly op: 'remove'; readonly path: string }
  | { readonly op: 'move' | 'copy'; readonly path: string; readonly from: string };

/** `malformed`: the patch is no patch (400); `failed`: it does not fit the document (422). */
export type JsonPatchResult =
  | { readonly type: 'patched'; readonly value: Json }
  | { readonly type: 'malformed' | 'failed'; readonly message: string };

/** Applies a decoded patch document. Changes neither argument. */
export function applyJsonPatch(document: Json, patch: Json): JsonPatchResult {
  const operations = readPatch(patch);
  if (typeof operations === 'string') return { type: 'malformed', message: operations };
  const holder: JsonObject = { root: cloneJson(document) };
  for (const operation of operations) {
    const problem = applyOperation(holder, operation);
    if (problem !== undefined) return { type: 'failed', message: problem };
  }
  return { type: 'patched', value: holder['root'] as Json };
}

function readPatch(patch: Json): readonly JsonPatchOperation[] | string {
  if (!Array.isArray(patch)) return 'a JSON patch must be an array of operations';
  for (const [index, item] of patch.entries()) {
    if (!isJsonObject(item)) return `operation ${index} is not an object`;
    const { op, path, from } = item;
    if (typeof path !== 'string') return `operation ${index} lacks a path`;
    if (op === 'add' || op === 'replace' || op === 'test') {
      if (!Object.hasOwn(item, 'value')) return `operation ${index} (${op}) lacks a value`;
    } else if (op === 'move' || op === 'copy') {
      if (typeof from !== 'string') return `operation ${index} (${op}) lacks a from`;
    } else if (op !== 'remove') return `Unexpected kind: ${JSON.stringify(op ?? 'unknown')}`;
  }
  return patch as unknown as readonly JsonPatchOperation[];
}

function applyOperation(holder: JsonObject, operation: JsonPatchOperation): string | undefined {
  switch (operation.op) {
    case 'add':
      return add(holder, operation.path, cloneJson(operation.value));
    case 'replace': {
      const place = locate(holder, operation.path);
      if (read(place) === undefined) return missing('replace', operation.path);
      write(place as Place, cloneJson(operation.value));
      return undefined;
    }
    case 'test': {
      const value = read(locate(holder, operation.path)) ?? null;
      return equalJson(value, operation.value) ? undefined : `testing value ${operation.path} failed: test failed`;
    }
    case 'remove':
      return remove(holder, operation.path);
    case 'copy':
    case 'move':
      return transfer(holder, operation);
  }
}

function transfer(holder: JsonObject, { op, path, from }: JsonPatchOperation & { from: string }): string | undefined {
  const value = read(locate(holder, from));
  if (value === undefined) return missing(op, from);
  if (op === 'copy') return add(holder, path, cloneJson(value));
  if (path === from) return undefined;
  if (path.startsWith(`${from}/`)) return `Unable to move nodes from given path: "${from}" lies above "${path}"`;
  return remove(holder, from) ?? add(holder, path, value);
}

function add(holder: JsonObject, path: string, value: Json): string | undefined {
  const place = locate(holder, path);
  if (place === undefined) return missing('add', path);
  if (Array.isArray(place.parent)) {
    const index = place.token === '-' ? place.parent.length : arrayIndex(place.token);
    if (index === undefined || index > place.parent.length) return `Unable to access invalid index: ${place.token}`;
    place.parent.splice(index, 0, value);
  } else setField(place.parent, place.token, value);
  return undefined;
}

function remove(holder: JsonObject, path: string): string | undefined {
  const place = locate(holder, path);
  if (place === undefined || read(place) === undefined) return missing('remove', path);
  if (Array.isArray(place.parent)) place.parent.splice(Number(place.token), 1);
  else if (place.parent === holder) holder['root'] = null;
  else delete place.parent[place.token];
  return undefined;
}

/** Where a pointer leads: the last token and what it is looked up in. The root lives in a holder, so that it has a parent. */
interface Place {
  readonly parent: Json[] | JsonObject;
  readonly token: string;
}

function locate(holder: JsonObject, path: string): Place | undefined {
  if (path === '') return { parent: holder, token: 'root' };
  if (!path.startsWith('/')) return undefined;
  const tokens = path.slice(1).split('/');
  let place: Place = { parent: holder, token: 'root' };
  for (const token of tokens) {
    const value = read(place);
    if (typeof value !== 'object' || value === null) return undefined;
    place = { parent: value, token: token.replaceAll('~1', '/').replaceAll('~0', '~') };
  }
  return place;
}

function read(place: Place | undefined): Json | undefined {
  if (place === undefined) return undefined;
  if (!Array.isArray(place.parent)) return fieldOf(place.parent, place.token);
  const index = arrayIndex(place.token);
  return index === undefined ? undefined : place.parent[index];
}

function write(place: Place, value: Json): void {
  if (Array.isArray(place.parent)) place.parent[Number(place.token)] = value;
  else setField(place.parent, place.token, value);
}

function arrayIndex(token: string): number | undefined {
  return /^(0|[1-9]\d*)$/.test(token) ? Number(token) : undefined;
}

function missing(op: string, path: string): string {
  return `${op} operation does not apply: doc is missing path: "${path}"`;
}
