/**
 * One step of a path to a field, as FieldsV1 spells it: `f:NAME` for a field or a map's key, `k:{"KEY":VALUE}` for an item of a list by its keys,
 * `v:VALUE` for an item that is its own name, `i:NUMBER` for one by its position. The spelling is canonical, so steps are equal when their
 * texts are. Models structured-merge-diff fieldpath/serialize-pe.go and element.go.
 */
import { isJsonObject, type Json, type JsonObject, sortedJson } from '../json.ts';
import type { ListShape } from './type-shape.ts';

/** In a field set: the path that leads here is itself in the set. */
export const selfMark = '.';

export function fieldElement(name: string): string {
  return `f:${name}`;
}

/** Returns the name of a field element, and undefined for others. */
export function fieldNameOf(element: string): string | undefined {
  return element.startsWith('f:') ? element.slice(2) : undefined;
}

/**
 * Returns the element of an item in a list that is a set or a map. A key that the item leaves out has its default, and is left out where
 * there is none. What is no object has no keys, and is named by its value.
 */
export function itemElement(shape: ListShape, item: Json): string {
  if (shape.merge !== 'map' || !isJsonObject(item)) return `v:${sortedJson(item)}`;
  let text = '';
  for (const key of shape.keys) {
    const value = item[key.name] ?? key.default;
    if (value === undefined) continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(key.name)}:${sortedJson(value)}`;
  }
  return `k:{${text}}`;
}

/** Returns the canonical spelling of an element that came from a client, or undefined when it is none. */
export function parseElement(text: string): string | undefined {
  const rest = text.slice(2);
  switch (text.slice(0, 2)) {
    case 'f:':
      return text;
    case 'v:': {
      const value = parsed(rest);
      return value === undefined ? undefined : `v:${sortedJson(value)}`;
    }
    case 'k:': {
      const keys = parsed(rest);
      return isJsonObject(keys) ? `k:${sortedJson(keys)}` : undefined;
    }
    case 'i:':
      return /^-?\d{1,15}$/.test(rest) ? `i:${Number(rest)}` : undefined;
    default:
      return undefined;
  }
}

const ranks: Readonly<Record<string, number>> = { '.': 0, f: 1, k: 2, v: 3, i: 4 };
const letterF = 'f'.charCodeAt(0);

/** Orders elements as FieldsV1 has them: fields, then keyed items, values, positions, each by what it names. */
export function compareElements(left: string, right: string): number {
  // Nearly all elements are fields.
  if (left.charCodeAt(0) === letterF && right.charCodeAt(0) === letterF) return compareTexts(left, right);
  if (left === right) return 0;
  const kind = left.charAt(0);
  const difference = (ranks[kind] as number) - (ranks[right.charAt(0)] as number);
  if (difference !== 0) return difference;
  return compareValues(parsed(left.slice(2)) ?? null, parsed(right.slice(2)) ?? null);
}

/** Returns a path for people: `.spec.containers[name="main"].image`. */
export function formatPath(path: readonly string[]): string {
  return path.map(formatElement).join('');
}

function formatElement(element: string): string {
  const rest = element.slice(2);
  switch (element.charAt(0)) {
    case 'f':
      return `.${rest}`;
    case 'k': {
      const keys = Object.entries((parsed(rest) ?? {}) as JsonObject);
      return `[${keys.map(([name, value]) => `${name}=${sortedJson(value)}`).join(',')}]`;
    }
    case 'v':
      return `[=${rest}]`;
    default:
      return `[${rest}]`;
  }
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function compareTexts(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}

/** Numbers, texts, truth values, lists, maps, null. */
function valueRank(value: Json): number {
  if (typeof value === 'number') return 0;
  if (typeof value === 'string') return 1;
  if (typeof value === 'boolean') return 2;
  if (Array.isArray(value)) return 3;
  return value === null ? 5 : 4;
}

function compareValues(left: Json, right: Json): number {
  const difference = valueRank(left) - valueRank(right);
  if (difference !== 0) return difference;
  if (typeof left === 'number' || typeof left === 'boolean') return Number(left) - Number(right);
  if (typeof left === 'string') return compareTexts(left, right as string);
  if (left === null) return 0;
  return compareLists(Object.entries(left), Object.entries(right as JsonObject));
}

function compareLists(left: readonly [string, Json][], right: readonly [string, Json][]): number {
  for (const [index, [name, value]] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    const difference = compareTexts(name, other[0]) || compareValues(value, other[1]);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
