/** Decoding of the leaves of a schema: checks the JSON type and range, and brings times and quantities to one spelling. */
import type { Json } from '../api/json.ts';
import { canonicalQuantity, quantityComplaint } from '../api/quantity.ts';
import { inSeconds, parseTimestamp, timestampMicros } from '../base/time.ts';
import type { ScalarType } from './schema.ts';

export type ScalarProblem =
  | { readonly type: 'wrongType'; readonly goType: string }
  | { readonly type: 'malformed'; readonly message: string };

export type DecodedScalar = { readonly type: 'value'; readonly value: Json } | ScalarProblem;

/** Decodes one value; `raw` is not null. */
export function decodeScalar(raw: Json, type: ScalarType): DecodedScalar {
  switch (type) {
    case 'json':
      return value(raw);
    case 'string':
      return typeof raw === 'string' ? value(raw) : wrongType('string');
    case 'bool':
      return typeof raw === 'boolean' ? value(raw) : wrongType('bool');
    case 'number':
      return typeof raw === 'number' ? value(raw) : wrongType('float64');
    case 'int32':
      return isInteger(raw, 2 ** 31) ? value(raw) : wrongType('int32');
    case 'int64':
      return isInteger(raw, 2 ** 63) ? value(raw) : wrongType('int64');
    case 'intOrString':
      return typeof raw === 'string' || isInteger(raw, 2 ** 31) ? value(raw) : wrongType('intstr.IntOrString');
    case 'bytes':
      return decodeBytes(raw);
    case 'quantity':
      return decodeQuantity(raw);
    case 'time':
    case 'microTime':
      return decodeTime(raw, type);
    case 'duration':
      return typeof raw === 'string' ? value(raw) : wrongType('string');
  }
}

function decodeBytes(raw: Json): DecodedScalar {
  if (typeof raw !== 'string') return wrongType('[]uint8');
  const text = raw.replace(/[\r\n]/g, '');
  if (/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) return value(text);
  const wrong = text.search(/[^A-Za-z0-9+/]/);
  return { type: 'malformed', message: `illegal base64 data at input byte ${wrong === -1 ? text.length : wrong}` };
}

function decodeQuantity(raw: Json): DecodedScalar {
  if (typeof raw !== 'string' && typeof raw !== 'number') return { type: 'malformed', message: quantityComplaint };
  const canonical = canonicalQuantity(String(raw).trim());
  return canonical === undefined ? { type: 'malformed', message: quantityComplaint } : value(canonical);
}

function decodeTime(raw: Json, type: 'time' | 'microTime'): DecodedScalar {
  if (typeof raw !== 'string') return wrongType('string');
  const inWholeSeconds = type === 'time' ? inSeconds(raw) : undefined;
  if (inWholeSeconds !== undefined) return value(inWholeSeconds);
  const wallMs = parseTimestamp(raw);
  if (wallMs === undefined) {
    const layout = type === 'time' ? '2006-01-02T15:04:05Z07:00' : '2006-01-02T15:04:05.000000Z07:00';
    return { type: 'malformed', message: `parsing time ${JSON.stringify(raw)} as "${layout}": cannot parse` };
  }
  // Date keeps milliseconds; what the client said below that stays.
  const micros = /\.\d{3}(\d{1,3})/.exec(raw)?.[1];
  return value(micros === undefined ? timestampMicros(wallMs) : withMicros(timestampMicros(wallMs), micros));
}

function withMicros(timestamp: string, micros: string): string {
  return timestamp.replace(/\d{3}Z$/, `${micros.padEnd(3, '0')}Z`);
}

function isInteger(raw: Json, bound: number): boolean {
  return typeof raw === 'number' && Number.isInteger(raw) && raw >= -bound && raw < bound;
}

function value(decoded: Json): DecodedScalar {
  return { type: 'value', value: decoded };
}

function wrongType(goType: string): DecodedScalar {
  return { type: 'wrongType', goType };
}
