/** Checks of single fields that the validation of many kinds shares. Models apimachinery pkg/api/validation/generic.go. */
import { type FieldError, invalid, notSupported } from '../api/field-error.ts';
import type { IntOrString } from '../api/int-or-string.ts';
import { isPercentage } from '../api/int-or-string.ts';
import { equalSemantic } from '../api/json.ts';
import { checkPortName, checkPortNumber, type NameCheck } from '../api/names.ts';

export const negativeComplaint = 'must be greater than or equal to 0';
export const immutableComplaint = 'field is immutable';

/** Runs a name check and reports each complaint at `path`. */
export function checkedName(path: string, name: string, check: NameCheck): FieldError[] {
  return check(name).map((complaint) => invalid(path, name, complaint));
}

/** An absent number is fine. */
export function checkedNonNegative(path: string, value: number | undefined): FieldError[] {
  return value === undefined || value >= 0 ? [] : [invalid(path, value, negativeComplaint)];
}

/** An absent or empty value is fine. */
export function checkedChoice(path: string, value: string | undefined, supported: readonly string[]): FieldError[] {
  return value === undefined || value === '' || supported.includes(value) ? [] : [notSupported(path, value, supported)];
}

export function checkedImmutable(path: string, value: unknown, former: unknown): FieldError[] {
  return equalSemantic(value, former) ? [] : [invalid(path, value, immutableComplaint)];
}

/** A port by number or by name. */
export function checkedPort(path: string, port: IntOrString): FieldError[] {
  if (typeof port === 'number') return checkPortNumber(port).map((complaint) => invalid(path, port, complaint));
  return checkedName(path, port, checkPortName);
}

/** A number that is not negative, or a percentage. */
export function checkedAmount(path: string, value: IntOrString | undefined): FieldError[] {
  if (value === undefined) return [];
  if (typeof value === 'number') return checkedNonNegative(path, value);
  if (isPercentage(value)) return [];
  const detail =
    "a valid percent string must be a numeric string followed by an ending '%' " +
    "(e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";
  return [invalid(path, value, detail)];
}

/** Checks the counts of a status, which must not be negative. */
export function checkedCounts(path: string, status: object | undefined, names: readonly string[]): FieldError[] {
  const counts = (status ?? {}) as Readonly<Record<string, number | undefined>>;
  return names.flatMap((name) => checkedNonNegative(`${path}.${name}`, counts[name]));
}

/** A percentage that says more than all of it is refused; numbers are fine. */
export function checkedShare(path: string, value: IntOrString | undefined): FieldError[] {
  const isTooMuch = typeof value === 'string' && isPercentage(value) && Number.parseInt(value, 10) > 100;
  return isTooMuch ? [invalid(path, value, 'must not be greater than 100%')] : [];
}

/** Tells whether an amount says none: an absent one does. */
export function isNone(value: IntOrString | undefined): boolean {
  return value === undefined || value === 0 || (typeof value === 'string' && Number.parseInt(value, 10) === 0);
}
