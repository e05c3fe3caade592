/** Query strings: `a=1&b=x%20y&a=2`. */
import { badRequest } from '../api/status-errors.ts';

/** Values by name, in the order in which they came. */
export type Query = ReadonlyMap<string, readonly string[]>;

/** Parses what follows the question mark. Throws StatusError BadRequest on a malformed escape. */
export function parseQuery(text: string): Query {
  const query = new Map<string, string[]>();
  for (const part of text.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = decode(equals === -1 ? part : part.slice(0, equals));
    const value = equals === -1 ? '' : decode(part.slice(equals + 1));
    const values = query.get(name);
    if (values === undefined) query.set(name, [value]);
    else values.push(value);
  }
  return query;
}

/** Returns the first value of `name`, empty when there is none. */
export function valueOf(query: Query, name: string): string {
  return query.get(name)?.[0] ?? '';
}

/** Reads a flag as Kubernetes does: absent, `false` and `0` are false, anything else is true. */
export function flagOf(query: Query, name: string): boolean {
  const value = query.get(name)?.[0];
  return value !== undefined && value.toLowerCase() !== 'false' && value !== '0';
}

/** Reads a whole number; undefined when absent or empty. Throws StatusError BadRequest for anything else. */
export function integerOf(query: Query, name: string): number | undefined {
  const text = valueOf(query, name);
  if (text === '') return undefined;
  if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  const value = Number(text);
  if (!Number.isSafeInteger(value)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
  }
  return value;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw badRequest(`invalid URL escape in ${JSON.stringify(text)}`);
  }
}
