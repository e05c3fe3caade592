/** How config maps begin and change. Models kubernetes pkg/apis/core/validation ValidateConfigMap. */
import { at, type FieldError, forbiddenField, invalid, tooLong } from '../../api/field-error.ts';
import { equalSemantic } from '../../api/json.ts';
import { checkConfigKey } from '../../api/names.ts';
import type { StringMap } from '../../api/object-meta.ts';
import { base64ByteLength } from '../../base/base64.ts';
import { utf8 } from '../../base/bytes.ts';
import type { KindBehaviour } from '../behaviour.ts';
import { checkedName } from '../field-checks.ts';
import type { ConfigMap } from './types.ts';

export const payloadBytesMax = 1024 * 1024;

export const configMapBehaviour: KindBehaviour<ConfigMap> = {
  validate({ data = {}, binaryData = {} }) {
    const errors = [...validateKeys(data, 'data'), ...validateKeys(binaryData, 'binaryData')];
    for (const key of Object.keys(data)) {
      if (Object.hasOwn(binaryData, key))
        errors.push(invalid(at('data', key), key, 'duplicate of key present in binaryData'));
    }
    const bytes = sum(data, (text) => utf8(text).length) + sum(binaryData, base64ByteLength);
    if (bytes > payloadBytesMax) errors.push(tooLong('', payloadBytesMax));
    return errors;
  },
  validateUpdate: (next, old) => validateFrozen(next, old, ['data', 'binaryData']),
};

export function validateKeys(data: StringMap, path: string): FieldError[] {
  return Object.keys(data).flatMap((key) => checkedName(at(path, key), key, checkConfigKey));
}

/** What is marked immutable stays so, and so do its contents. */
export function validateFrozen<T extends { readonly immutable?: boolean }>(
  next: T,
  old: T,
  fields: readonly (keyof T & string)[],
): FieldError[] {
  if (old.immutable !== true) return [];
  const errors: FieldError[] = [];
  const detail = 'field is immutable when `immutable` is set';
  if (next.immutable !== true) errors.push(forbiddenField('immutable', detail));
  for (const field of fields) if (!equalSemantic(next[field], old[field])) errors.push(forbiddenField(field, detail));
  return errors;
}

export function sum(data: StringMap, bytesOf: (text: string) => number): number {
  return Object.values(data).reduce((bytes, text) => bytes + bytesOf(text), 0);
}
