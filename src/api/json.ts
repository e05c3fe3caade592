/**
 * Operations on JSON trees, the currency of the API machinery.
 *
 * JSON.parse makes a field named `__proto__` an own property, but plain assignment would set the prototype instead. Whoever
 * writes a field whose name comes from a client uses `setField`, and whoever reads one uses `fieldOf`.
 */

export type Json = null | boolean | number | string | Json[] | JsonObject;

export interface JsonObject {
  [field: string]: Json;
}

export type JsonType = 'null' | 'bool' | 'number' | 'string' | 'array' | 'object';

/** Tells whether `value` is a JSON object: neither null, nor an array, nor a scalar. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns the own field of `object`, or undefined. Never reaches the prototype. */
export function fieldOf(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Sets an own field, whatever its name. */
export function setField(object: JsonObject, name: string, value: Json): void {
  if (name === '__proto__') {
    Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
  } else {
    object[name] = value;
  }
}

/** Returns the fields of an object; none of what is no object. */
export function entriesOf(value: Json | undefined): readonly (readonly [string, Json])[] {
  return isJsonObject(value) ? Object.entries(value) : [];
}

/** Returns the items of an array; none of what is no array. */
export function itemsOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

/** Sets a field where the schema of the object is known to hold it and it is absent. The caller owns `object`. */
export function setDefault<T extends object, K extends keyof T>(object: T, name: K, value: NonNullable<T[K]>): void {
  if (object[name] === undefined) (object as { -readonly [key in K]: T[key] })[name] = value;
}

/** `T` with its own fields writable, for code that owns a freshly decoded tree. */
export type Mutable<T> = { -readonly [key in keyof T]: T[key] };

/** Names the JSON type of `value` as Go's decoder names it in its errors. */
export function jsonTypeOf(value: Json): JsonType {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'number':
      return 'number';
    case 'string':
      return 'string';
    default:
      return 'object';
  }
}

/** Returns a copy that shares nothing with `value`. */
export function cloneJson<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => cloneJson(item)) as T;
  const copy: JsonObject = {};
  for (const name of Object.keys(value)) setField(copy, name, cloneJson((value as JsonObject)[name] as Json));
  return copy as T;
}

/** Writes JSON with the names of fields ascending, as Go writes maps: equal values have equal texts. */
export function sortedJson(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(',')}]`;
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${sortedJson(value[name] as Json)}`).join(',')}}`;
}

/** Freezes `value` in depth and returns it. Tests freeze what a function must not mutate. */
export function freezeJson<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    for (const item of Object.values(value)) freezeJson(item);
    Object.freeze(value);
  }
  return value;
}

/** Tells whether two trees hold the same value. The order of fields does not matter, that of items does. */
export function equalJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left) || Array.isArray(right)) {
    if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
    // Loops: this runs at each step of each pod, where a closure for every array and object would cost more than the comparison.
    for (let index = 0; index < left.length; index += 1) if (!equalJson(left[index], right[index])) return false;
    return true;
  }
  const names = Object.keys(left);
  if (names.length !== Object.keys(right).length) return false;
  for (const name of names) {
    if (!Object.hasOwn(right, name) || !equalJson((left as JsonObject)[name], (right as JsonObject)[name]))
      return false;
  }
  return true;
}

/**
 * Tells whether two trees mean the same to Kubernetes: absent, null and an empty list are one value. An empty object is a
 * value of its own (`emptyDir: {}`); decoding has already dropped the empty maps.
 * Models apimachinery pkg/api/equality Semantic.DeepEqual.
 */
export function equalSemantic(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (isNothing(left) || isNothing(right)) return isNothing(left) && isNothing(right);
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left) || Array.isArray(right)) {
    if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
    return left.every((item, index) => equalSemantic(item, right[index]));
  }
  for (const name of Object.keys(left)) {
    if (!equalSemantic((left as JsonObject)[name], fieldOf(right as JsonObject, name))) return false;
  }
  return Object.keys(right).every((name) => Object.hasOwn(left, name) || isNothing((right as JsonObject)[name]));
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

/** Quotes `text` the way Kubernetes' messages do. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}
