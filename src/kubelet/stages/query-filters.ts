/** What the expressions of stages are made of: functions from one value to any number of them, as in jq. */

import { equalJson, isJsonObject, type Json } from '../../api/json.ts';
import { queryResultsMax } from './limits.ts';

/** Takes one value, gives any number; throws QueryError where jq would fail. */
export type Filter = (input: Json) => readonly Json[];

/** An expression cannot be read, or does not fit the value that it is applied to. */
export class QueryError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'QueryError';
  }
}

export function field(name: string): Filter {
  return (input) => {
    if (input === null) return [null];
    if (!isJsonObject(input)) throw new QueryError(`cannot take ${name} of what is no object`);
    return [Object.hasOwn(input, name) ? (input[name] ?? null) : null];
  };
}

export function element(index: number): Filter {
  return (input) => {
    if (input === null) return [null];
    if (!Array.isArray(input)) throw new QueryError('cannot take an element of what is no list');
    return [(input as readonly Json[]).at(index) ?? null];
  };
}

/** Every element of a list, every value of an object. */
export function each(input: Json): readonly Json[] {
  if (Array.isArray(input)) return input as readonly Json[];
  if (isJsonObject(input)) return Object.values(input) as readonly Json[];
  throw new QueryError('cannot go through what is no list');
}

export function piped(first: Filter, second: Filter): Filter {
  return (input) => {
    const results: Json[] = [];
    for (const value of first(input)) for (const result of second(value)) push(results, result);
    return results;
  };
}

function push(results: Json[], value: Json): void {
  if (results.length >= queryResultsMax) throw new QueryError(`gives more than ${queryResultsMax} values`);
  results.push(value);
}

/** `f?`: nothing where `f` fails. */
export function lenient(filter: Filter): Filter {
  return (input) => {
    try {
      return filter(input);
    } catch (error: unknown) {
      if (!(error instanceof QueryError)) throw error;
      return [];
    }
  };
}

/** `f // g`: what `f` gives that is neither null nor false, else what `g` gives. */
export function alternative(first: Filter, second: Filter): Filter {
  const quiet = lenient(first);
  return (input) => {
    const found = quiet(input).filter(isTruthy);
    return found.length > 0 ? found : second(input);
  };
}

export function combined(left: Filter, right: Filter, combine: (left: Json, right: Json) => Json): Filter {
  return (input) => {
    const results: Json[] = [];
    const firsts = left(input);
    for (const second of right(input)) for (const first of firsts) push(results, combine(first, second));
    return results;
  };
}

export function isTruthy(value: Json): boolean {
  return value !== null && value !== false;
}

export const comparisons: Readonly<Record<string, (left: Json, right: Json) => boolean>> = {
  '==': (left, right) => equalJson(left, right),
  '!=': (left, right) => !equalJson(left, right),
  '<': (left, right) => order(left, right) < 0,
  '<=': (left, right) => order(left, right) <= 0,
  '>': (left, right) => order(left, right) > 0,
  '>=': (left, right) => order(left, right) >= 0,
};

/** jq orders null, false, true, numbers, texts, lists, objects; only numbers and texts are ordered among themselves here. */
function order(left: Json, right: Json): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left === 'string' && typeof right === 'string' && left !== right) return left < right ? -1 : 1;
  return rankOf(left) - rankOf(right);
}

function rankOf(value: Json): number {
  if (value === null) return 0;
  if (typeof value === 'boolean') return value ? 2 : 1;
  if (typeof value === 'number') return 3;
  if (typeof value === 'string') return 4;
  return Array.isArray(value) ? 5 : 6;
}

/** Functions without arguments. */
export const plainFunctions: Readonly<Record<string, Filter>> = {
  not: (input) => [!isTruthy(input)],
  any: (input) => [each(input).some(isTruthy)],
  all: (input) => [each(input).every(isTruthy)],
  length: (input) => [lengthOf(input)],
  first: element(0),
  last: element(-1),
  keys: (input) => [Object.keys(objectOf(input)).sort()],
  tostring: (input) => [typeof input === 'string' ? input : JSON.stringify(input)],
  tonumber: (input) => [numberOf(input)],
  empty: () => [],
};

/** Functions of one filter. */
export const filterFunctions: Readonly<Record<string, (filter: Filter) => Filter>> = {
  select: (filter) => (input) =>
    filter(input)
      .filter(isTruthy)
      .map(() => input),
  map: (filter) => (input) => [each(input).flatMap((value) => filter(value))],
  any: (filter) => (input) => [each(input).some((value) => filter(value).some(isTruthy))],
  all: (filter) => (input) => [each(input).every((value) => filter(value).every(isTruthy))],
  first: (filter) => (input) => filter(input).slice(0, 1),
  has: (filter) => (input) => filter(input).map((name) => Object.hasOwn(objectOf(input), String(name))),
  startswith: (filter) => (input) => filter(input).map((text) => String(input).startsWith(String(text))),
  endswith: (filter) => (input) => filter(input).map((text) => String(input).endsWith(String(text))),
  contains: (filter) => (input) => filter(input).map((text) => String(input).includes(String(text))),
};

function objectOf(input: Json): object {
  if (isJsonObject(input) || Array.isArray(input)) return input;
  throw new QueryError('is no object');
}

function lengthOf(input: Json): number {
  if (input === null) return 0;
  if (typeof input === 'string') return input.length;
  return typeof input === 'number' ? Math.abs(input) : Object.keys(objectOf(input)).length;
}

function numberOf(input: Json): number {
  const number = typeof input === 'string' && input.trim() !== '' ? Number(input) : input;
  if (typeof number === 'number' && !Number.isNaN(number)) return number;
  throw new QueryError('is no number');
}
