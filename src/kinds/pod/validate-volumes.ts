/** Validation of volumes. Models kubernetes pkg/apis/core/validation ValidateVolumes and validateVolumeSource. */
import {
  at,
  child,
  duplicate,
  type FieldError,
  forbiddenField,
  invalid,
  notSupported,
  required,
} from '../../api/field-error.ts';
import { checkLabel } from '../../api/names.ts';
import { parseQuantity } from '../../api/quantity.ts';
import { requiredName, validateFileField, validateResourceReference } from './validate-environment.ts';
import type { DownwardVolumeFile, KeyToPath, Volume, VolumeProjection } from './volume-types.ts';

const hostPathTypes = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];
const tokenSecondsMin = 10 * 60;
const tokenSecondsMax = 2 ** 32;
const modeMax = 0o777;

export function validateVolumes(volumes: readonly Volume[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [index, volume] of volumes.entries()) {
    const place = at(path, index);
    const name = volume.name ?? '';
    errors.push(...validateSource(volume, place));
    errors.push(...requiredName(child(place, 'name'), name, checkLabel));
    if (name !== '' && names.has(name)) errors.push(duplicate(child(place, 'name'), name));
    names.add(name);
  }
  return errors;
}

function validateSource(volume: Volume, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const sources = Object.keys(volume).filter((key) => key !== 'name');
  if (sources.length === 0) errors.push(required(path, 'must specify a volume type'));
  for (const source of sources.slice(1)) {
    errors.push(forbiddenField(child(path, source), 'may not specify more than 1 volume type'));
  }
  const { emptyDir, hostPath, configMap, secret, downwardAPI, projected, persistentVolumeClaim, nfs, csi } = volume;
  if (emptyDir !== undefined) errors.push(...validateEmptyDir(emptyDir, child(path, 'emptyDir')));
  if (hostPath !== undefined) errors.push(...validateHostPath(hostPath, child(path, 'hostPath')));
  if (configMap !== undefined) {
    const place = child(path, 'configMap');
    errors.push(...requiredText(child(place, 'name'), configMap.name), ...validateFiles(configMap, place));
  }
  if (secret !== undefined) {
    const place = child(path, 'secret');
    errors.push(...requiredText(child(place, 'secretName'), secret.secretName), ...validateFiles(secret, place));
  }
  if (downwardAPI !== undefined) {
    const place = child(path, 'downwardAPI');
    errors.push(...checkedMode(child(place, 'defaultMode'), downwardAPI.defaultMode));
    errors.push(...validateDownwardFiles(downwardAPI.items ?? [], place));
  }
  if (projected !== undefined) {
    const place = child(path, 'projected');
    errors.push(...checkedMode(child(place, 'defaultMode'), projected.defaultMode));
    errors.push(...validateProjections(projected.sources ?? [], child(place, 'sources')));
  }
  if (persistentVolumeClaim !== undefined) {
    const place = child(child(path, 'persistentVolumeClaim'), 'claimName');
    errors.push(...requiredText(place, persistentVolumeClaim.claimName));
  }
  if (nfs !== undefined) {
    errors.push(...requiredText(child(child(path, 'nfs'), 'server'), nfs.server));
    errors.push(...requiredText(child(child(path, 'nfs'), 'path'), nfs.path));
  }
  if (csi !== undefined) errors.push(...requiredText(child(child(path, 'csi'), 'driver'), csi.driver));
  return errors;
}

function validateEmptyDir({ sizeLimit }: NonNullable<Volume['emptyDir']>, path: string): FieldError[] {
  const quantity = sizeLimit === undefined ? undefined : parseQuantity(sizeLimit);
  if (quantity === undefined || quantity.nanos >= 0n) return [];
  return [forbiddenField(child(path, 'sizeLimit'), 'SizeLimit field must be a valid resource quantity')];
}

function validateHostPath({ path: target = '', type }: NonNullable<Volume['hostPath']>, path: string): FieldError[] {
  const place = child(path, 'path');
  const errors = target === '' ? [required(place)] : checkedSteps(place, target);
  if (type === undefined || hostPathTypes.includes(type)) return errors;
  return [...errors, notSupported(child(path, 'type'), type, hostPathTypes)];
}

function validateFiles(
  { defaultMode, items }: { readonly defaultMode?: number; readonly items?: readonly KeyToPath[] },
  path: string,
): FieldError[] {
  return [...checkedMode(child(path, 'defaultMode'), defaultMode), ...validateItems(items ?? [], child(path, 'items'))];
}

function validateItems(items: readonly KeyToPath[], path: string): FieldError[] {
  return items.flatMap(({ key, path: target, mode }, index) => {
    const place = at(path, index);
    return [
      ...requiredText(child(place, 'key'), key),
      ...checkedFile(child(place, 'path'), target),
      ...checkedMode(child(place, 'mode'), mode),
    ];
  });
}

/** Reports at `path` itself, without the items' numbers, as Kubernetes does. */
function validateDownwardFiles(files: readonly DownwardVolumeFile[], path: string): FieldError[] {
  return files.flatMap((file) => {
    const { fieldRef, resourceFieldRef } = file;
    const errors = checkedFile(child(path, 'path'), file.path);
    if (fieldRef !== undefined) {
      errors.push(...validateFileField(fieldRef, child(path, 'fieldRef')));
      if (resourceFieldRef !== undefined) {
        const detail = 'fieldRef and resourceFieldRef can not be specified simultaneously';
        errors.push(invalid(path, 'resource', detail));
      }
    } else if (resourceFieldRef !== undefined) {
      errors.push(...validateResourceReference(resourceFieldRef, child(path, 'resourceFieldRef'), true));
    } else errors.push(required(path, 'one of fieldRef and resourceFieldRef is required'));
    return errors.concat(checkedMode(child(path, 'mode'), file.mode));
  });
}

function validateProjections(sources: readonly VolumeProjection[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, source] of sources.entries()) {
    const place = at(path, index);
    if (Object.keys(source).length > 1) {
      errors.push(forbiddenField(place, 'may not specify more than 1 volume type'));
    }
    for (const name of ['secret', 'configMap'] as const) {
      const object = source[name];
      if (object === undefined) continue;
      errors.push(...requiredText(child(child(place, name), 'name'), object.name));
      errors.push(...validateItems(object.items ?? [], child(child(place, name), 'items')));
    }
    if (source.downwardAPI !== undefined) {
      errors.push(...validateDownwardFiles(source.downwardAPI.items ?? [], child(place, 'downwardAPI')));
    }
    if (source.serviceAccountToken !== undefined) {
      errors.push(...validateToken(source.serviceAccountToken, child(place, 'serviceAccountToken')));
    }
  }
  return errors;
}

function validateToken(token: NonNullable<VolumeProjection['serviceAccountToken']>, path: string): FieldError[] {
  const { expirationSeconds: seconds = tokenSecondsMin } = token;
  const errors: FieldError[] = [];
  const place = child(path, 'expirationSeconds');
  if (seconds < tokenSecondsMin) {
    errors.push(invalid(place, seconds, 'may not specify a duration less than 10 minutes'));
  } else if (seconds > tokenSecondsMax) {
    errors.push(invalid(place, seconds, 'may not specify a duration larger than 2^32 seconds'));
  }
  return errors.concat(checkedFile(child(path, 'path'), token.path));
}

/** A path below the volume, whose first part is not one that the kubelet uses itself. */
function checkedFile(path: string, target: string | undefined): FieldError[] {
  const text = target ?? '';
  if (text === '') return [required(path)];
  const errors = checkedDescent(path, text);
  const isReserved = text.startsWith('..') && !text.startsWith('../');
  return isReserved && text !== '..' ? [...errors, invalid(path, text, "must not start with '..'")] : errors;
}

/** A relative path that never climbs. */
export function checkedDescent(path: string, target: string): FieldError[] {
  const errors = target.startsWith('/') ? [invalid(path, target, 'must be a relative path')] : [];
  return errors.concat(checkedSteps(path, target));
}

function checkedSteps(path: string, target: string): FieldError[] {
  return target.split('/').includes('..') ? [invalid(path, target, "must not contain '..'")] : [];
}

function checkedMode(path: string, mode: number | undefined): FieldError[] {
  if (mode === undefined || (mode >= 0 && mode <= modeMax)) return [];
  return [invalid(path, mode, 'must be a number between 0 and 0777 (octal), both inclusive')];
}

function requiredText(path: string, text: string | undefined): FieldError[] {
  return (text ?? '') === '' ? [required(path)] : [];
}
