/** Checks that claims and volumes share. Models kubernetes pkg/apis/core/validation of both. */
import { type FieldError, forbiddenField, invalid, notSupported, required } from '../api/field-error.ts';
import { checkSubdomain } from '../api/names.ts';
import { parseQuantity } from '../api/quantity.ts';
import { checkedChoice, checkedName } from './field-checks.ts';

const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
const volumeModes = ['Block', 'Filesystem'];

export function checkedAccessModes(path: string, modes: readonly string[]): FieldError[] {
  const errors: FieldError[] = [];
  if (modes.length === 0) errors.push(required(path, 'at least 1 access mode is required'));
  for (const mode of modes) if (!accessModes.includes(mode)) errors.push(notSupported(path, mode, accessModes));
  if (modes.includes('ReadWriteOncePod') && modes.some((mode) => mode !== 'ReadWriteOncePod')) {
    errors.push(forbiddenField(path, 'may not use ReadWriteOncePod with other access modes'));
  }
  return errors;
}

/** An absent size is fine. */
export function checkedSize(path: string, size: string | undefined): FieldError[] {
  const quantity = size === undefined ? undefined : parseQuantity(size);
  return quantity !== undefined && quantity.nanos <= 0n ? [invalid(path, size, 'must be greater than zero')] : [];
}

export function checkedVolumeMode(path: string, mode: string | undefined): FieldError[] {
  return checkedChoice(path, mode, volumeModes);
}

export function checkedClassName(path: string, name: string | undefined): FieldError[] {
  return name === undefined || name === '' ? [] : checkedName(path, name, checkSubdomain);
}
