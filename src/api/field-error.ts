/**
 * What validation found, one entry a field, in Kubernetes' vocabulary. Validators collect all findings at once; the caller
 * turns a non-empty list into one `invalid` Status. Models apimachinery pkg/util/validation/field/errors.go and path.go.
 */
import { quoted } from './json.ts';

export type FieldErrorReason =
  | 'FieldValueNotFound'
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'InternalError'
  | 'FieldValueTypeInvalid';

export interface FieldError {
  readonly reason: FieldErrorReason;
  /** A path such as `spec.containers[0].name`. */
  readonly field: string;
  /** What people read about it, without the path. */
  readonly body: string;
}

const titles: Readonly<Record<FieldErrorReason, string>> = {
  FieldValueNotFound: 'Not found',
  FieldValueRequired: 'Required value',
  FieldValueDuplicate: 'Duplicate value',
  FieldValueInvalid: 'Invalid value',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueForbidden: 'Forbidden',
  FieldValueTooLong: 'Too long',
  FieldValueTooMany: 'Too many',
  InternalError: 'Internal error',
  FieldValueTypeInvalid: 'Invalid value',
};

/** Returns the path of the field `name` inside `path`; `path` is empty at the top. */
export function child(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

/** Returns the path of a list item or of a map entry. */
export function at(path: string, indexOrKey: number | string): string {
  return `${path}[${indexOrKey}]`;
}

export function required(field: string, detail = ''): FieldError {
  return make('FieldValueRequired', field, detail);
}

export function invalid(field: string, value: unknown, detail: string): FieldError {
  return make('FieldValueInvalid', field, detail, shown(value));
}

export function typeInvalid(field: string, value: unknown, detail: string): FieldError {
  return make('FieldValueTypeInvalid', field, detail, shown(value));
}

export function duplicate(field: string, value: unknown, detail = ''): FieldError {
  return make('FieldValueDuplicate', field, detail, shown(value));
}

export function notFoundValue(field: string, value: unknown): FieldError {
  return make('FieldValueNotFound', field, '', shown(value));
}

export function forbiddenField(field: string, detail: string): FieldError {
  return make('FieldValueForbidden', field, detail);
}

/** `supported` is listed in the given order. */
export function notSupported(field: string, value: unknown, supported: readonly string[]): FieldError {
  const detail = supported.length === 0 ? '' : `supported values: ${supported.map(quoted).join(', ')}`;
  return make('FieldValueNotSupported', field, detail, shown(value));
}

export function tooLong(field: string, bytesMax: number): FieldError {
  return make('FieldValueTooLong', field, `may not be more than ${bytesMax} bytes`);
}

export function tooMany(field: string, count: number, countMax: number): FieldError {
  return make('FieldValueTooMany', field, `must have at most ${countMax} items`, String(count));
}

/** Returns `path: body`. */
export function formatFieldError(error: FieldError): string {
  return `${error.field}: ${error.body}`;
}

/** Joins findings as one message: bare when there is one, bracketed when there are more, each text once. */
export function formatFieldErrors(errors: readonly FieldError[]): string {
  const texts = [...new Set(errors.map(formatFieldError))];
  return texts.length === 1 ? (texts[0] as string) : `[${texts.join(', ')}]`;
}

function make(reason: FieldErrorReason, field: string, detail: string, value?: string): FieldError {
  const parts = [titles[reason]];
  if (value !== undefined) parts.push(value);
  if (detail !== '') parts.push(detail);
  return { reason, field, body: parts.join(': ') };
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  return JSON.stringify(value);
}
