/** Validation of a container's environment, and of fields that are told to it. Models kubernetes pkg/apis/core/validation ValidateEnv. */
import { at, child, type FieldError, invalid, notSupported, required } from '../../api/field-error.ts';
import {
  checkConfigKey,
  checkEnvironmentName,
  checkQualifiedName,
  checkSubdomain,
  type NameCheck,
} from '../../api/names.ts';
import { checkedName } from '../field-checks.ts';
import type { EnvFromSource, EnvVar, EnvVarSource, FieldReference, KeySelector, ResourceReference } from './types.ts';

/** Fields of a pod that variables can tell, and those that files of a volume can. */
const variableFields = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
const fileFields = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid'];
/** Fields that exist, though neither of both tells them. */
const knownFields = new Set([
  ...variableFields,
  ...fileFields,
  'spec.host',
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.phase',
]);
const resources = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];

export function validateEnvironment(variables: readonly EnvVar[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, variable] of variables.entries()) {
    const place = at(path, index);
    errors.push(...requiredName(child(place, 'name'), variable.name, checkEnvironmentName));
    if (variable.valueFrom !== undefined) {
      errors.push(...validateSource(variable.valueFrom, variable.value ?? '', child(place, 'valueFrom')));
    }
  }
  return errors;
}

function validateSource(source: EnvVarSource, value: string, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const count = Object.keys(source).length;
  if (source.fieldRef !== undefined) {
    errors.push(...validateFieldReference(source.fieldRef, child(path, 'fieldRef'), variableFields));
  }
  if (source.resourceFieldRef !== undefined) {
    errors.push(...validateResourceReference(source.resourceFieldRef, child(path, 'resourceFieldRef'), false));
  }
  for (const name of ['configMapKeyRef', 'secretKeyRef'] as const) {
    const selector = source[name];
    if (selector !== undefined) errors.push(...validateKey(selector, child(path, name)));
  }
  if (count === 0) {
    const detail =
      'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef`, or `fileKeyRef`';
    errors.push(invalid(path, '', detail));
  } else if (value !== '') errors.push(invalid(path, '', 'may not be specified when `value` is not empty'));
  else if (count > 1) errors.push(invalid(path, '', 'may not have more than one field specified at a time'));
  return errors;
}

function validateKey({ key }: KeySelector, path: string): FieldError[] {
  return requiredName(child(path, 'key'), key, checkConfigKey);
}

export function validateEnvironmentSources(sources: readonly EnvFromSource[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, source] of sources.entries()) {
    const place = at(path, index);
    const { prefix = '' } = source;
    if (prefix !== '') errors.push(...checkedName(child(place, 'prefix'), prefix, checkEnvironmentName));
    const names = (['configMapRef', 'secretRef'] as const).filter((name) => source[name] !== undefined);
    for (const name of names) {
      errors.push(...requiredName(child(child(place, name), 'name'), source[name]?.name, checkSubdomain));
    }
    if (names.length === 0) errors.push(invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`'));
    if (names.length > 1) errors.push(invalid(path, '', 'may not have more than one field specified at a time'));
  }
  return errors;
}

/** A field that a file of a volume tells. */
export function validateFileField(reference: FieldReference, path: string): FieldError[] {
  return validateFieldReference(reference, path, fileFields);
}

function validateFieldReference(
  { apiVersion = '', fieldPath = '' }: FieldReference,
  path: string,
  supported: readonly string[],
): FieldError[] {
  const place = child(path, 'fieldPath');
  if (apiVersion === '') return [required(child(path, 'apiVersion'))];
  if (fieldPath === '') return [required(place)];
  const subscript = /^([^[]*)\['(.*)'\]$/.exec(fieldPath);
  const field = subscript === null ? fieldPath : (subscript[1] as string);
  const unknown = apiVersion !== 'v1' ? `unsupported pod version: ${apiVersion}` : unknownField(field);
  if (unknown !== null) return [invalid(place, fieldPath, `error converting fieldPath: ${unknown}`)];
  if (subscript === null) return supported.includes(field) ? [] : [notSupported(place, field, supported)];
  const key = subscript[2] as string;
  if (field === 'metadata.annotations') return checkedName(path, key.toLowerCase(), checkQualifiedName);
  if (field === 'metadata.labels') return checkedName(path, key, checkQualifiedName);
  return [invalid(path, field, 'does not support subscript')];
}

function unknownField(field: string): string | null {
  return knownFields.has(field) ? null : `field label not supported: ${field}`;
}

/** `isFile`: a volume belongs to no container, so its files have to name one. */
export function validateResourceReference(
  { containerName = '', resource = '' }: ResourceReference,
  path: string,
  isFile: boolean,
): FieldError[] {
  if (isFile && containerName === '') return [required(child(path, 'containerName'))];
  if (resource === '') return [required(child(path, 'resource'))];
  const isKnown = resources.includes(resource) || /^(limits|requests)\.hugepages-./.test(resource);
  return isKnown ? [] : [notSupported(child(path, 'resource'), resource, resources)];
}

export function requiredName(path: string, name: string | undefined, check: NameCheck): FieldError[] {
  return (name ?? '') === '' ? [required(path)] : checkedName(path, name as string, check);
}
