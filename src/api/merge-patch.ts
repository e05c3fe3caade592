/** JSON Merge Patch, RFC 7386: an object is merged field by field, null removes, anything else replaces. */
import { cloneJson, equalJson, fieldOf, isJsonObject, type Json, type JsonObject, setField } from './json.ts';

/** Returns the patched value. Shares unchanged parts with `target`, changes neither argument. */
export function applyMergePatch(target: Json | undefined, patch: Json): Json {
  if (!isJsonObject(patch)) return cloneJson(patch);
  const result: JsonObject = {};
  if (isJsonObject(target)) {
    for (const name of Object.keys(target)) {
      if (fieldOf(patch, name) !== null) setField(result, name, target[name] as Json);
    }
  }
  for (const name of Object.keys(patch)) {
    const change = patch[name] as Json;
    if (change !== null) setField(result, name, applyMergePatch(fieldOf(result, name), change));
  }
  return result;
}

/** Returns a patch that turns `source` into `target`, provided that no field of `target` is null. */
export function makeMergePatch(source: Json, target: Json): Json {
  if (!isJsonObject(source) || !isJsonObject(target)) return cloneJson(target);
  const patch: JsonObject = {};
  for (const name of Object.keys(source)) {
    if (!Object.hasOwn(target, name)) setField(patch, name, null);
  }
  for (const name of Object.keys(target)) {
    const before = fieldOf(source, name);
    const after = target[name] as Json;
    if (before === undefined) setField(patch, name, cloneJson(after));
    else if (isJsonObject(before) && isJsonObject(after)) {
      const change = makeMergePatch(before, after) as JsonObject;
      if (Object.keys(change).length > 0) setField(patch, name, change);
    } else if (!equalJson(before, after)) setField(patch, name, cloneJson(after));
  }
  return patch;
}
