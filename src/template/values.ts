/**
 * Values of templates: JSON, and undefined for what an object does not have. Numbers are numbers: Go's distinction between integers and floats
 * is kept only where it shows. Models Go text/template/exec.go truth and printValue, funcs.go eq and lt.
 */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
/** undefined: the object has no such entry. */
export type Value = Json | undefined;
export type JsonObject = { readonly [name: string]: Json };

export function isObject(value: Value): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isList(value: Value): value is readonly Json[] {
  return Array.isArray(value);
}

/** Returns what `if` makes of a value: nothing, zero and whatever is empty are false. */
export function isTrue(value: Value): boolean {
  if (isList(value)) return value.length > 0;
  if (isObject(value)) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** Returns how a value is printed: as Go's fmt.Sprint does. */
export function textOf(value: Value): string {
  return value === undefined || value === null ? '<no value>' : innerText(value);
}

function innerText(value: Json): string {
  if (value === null) return '<nil>';
  if (isList(value)) return `[${value.map(innerText).join(' ')}]`;
  if (isObject(value)) {
    const entries = sortedKeys(value).map((name) => `${name}:${innerText(value[name] ?? null)}`);
    return `map[${entries.join(' ')}]`;
  }
  return String(value);
}

/** Returns a value as text behind `%v`, where nothing is `<nil>`. */
export function formattedText(value: Value): string {
  return innerText(value ?? null);
}

export function sortedKeys(value: JsonObject): string[] {
  return Object.keys(value).sort();
}

/** Names what a value is, for messages. */
export function typeNameOf(value: Value): string {
  if (value === undefined || value === null) return 'nil';
  if (isList(value)) return 'list';
  return isObject(value) ? 'map' : typeof value;
}

/** Compares deeply; nothing equals nothing alone. */
export function areEqual(left: Value, right: Value): boolean {
  if (isNothing(left) || isNothing(right)) return isNothing(left) && isNothing(right);
  if (typeof left !== 'object' || typeof right !== 'object') return left === right;
  return stableText(left ?? null) === stableText(right ?? null);
}

/** Returns what is the same for equal values, so that one can be looked for among many without being walked through for each. */
export function keyOf(value: Value): string | number {
  return typeof value === 'number' ? value : stableText(value ?? null);
}

/** Returns a text that is the same for equal values. */
export function stableText(value: Json): string {
  return JSON.stringify(sorted(value));
}

function isNothing(value: Value): boolean {
  return value === undefined || value === null;
}

function sorted(value: Json): Json {
  if (isList(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(sortedKeys(value).map((name) => [name, sorted(value[name] ?? null)]));
}
