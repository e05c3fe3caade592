/**
 * Validates CustomResourceDefinitions, in the words of Kubernetes. Models apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go
 * ValidateCustomResourceDefinition and ValidateCustomResourceDefinitionUpdate.
 */
import { at, child, type FieldError, invalid, notSupported, required } from '../../api/field-error.ts';
import { checkServiceLabel, checkSubdomain } from '../../api/names.ts';
import { annotationsOf, nameOf } from '../../api/object-meta.ts';
import { checkedImmutable, checkedName } from '../field-checks.ts';
import {
  type CustomResourceDefinition,
  type DefinitionConversion,
  type DefinitionNames,
  type DefinitionSpec,
  hasCondition,
} from './types.ts';
import { validateVersions } from './validate-version.ts';

const approvalAnnotation = 'api-approved.kubernetes.io';
const conversionStrategies: readonly string[] = ['None', 'Webhook'];

export function validateDefinition(definition: CustomResourceDefinition): FieldError[] {
  const { spec } = definition;
  const errors = validateSpec(spec);
  const wanted = `${spec.names.plural}.${spec.group}`;
  if (nameOf(definition) !== wanted) {
    errors.unshift(invalid('metadata.name', nameOf(definition), 'must be spec.names.plural+"."+spec.group'));
  }
  errors.push(...validateApproval(definition));
  return errors;
}

export function validateDefinitionUpdate(
  definition: CustomResourceDefinition,
  old: CustomResourceDefinition,
): FieldError[] {
  const errors = [
    ...checkedImmutable('spec.group', definition.spec.group, old.spec.group),
    ...checkedImmutable('spec.names.plural', definition.spec.names.plural, old.spec.names.plural),
  ];
  if (hasCondition(old, 'Established')) {
    errors.push(...checkedImmutable('spec.scope', definition.spec.scope, old.spec.scope));
    errors.push(...checkedImmutable('spec.names.kind', definition.spec.names.kind, old.spec.names.kind));
  }
  errors.push(...validateStoredVersions(definition));
  return errors;
}

/** Every version in which objects may still be stored has to stay. */
export function validateStoredVersions({ spec, status }: CustomResourceDefinition): FieldError[] {
  const path = 'status.storedVersions';
  const stored = status?.storedVersions ?? [];
  if (stored.length === 0) return [invalid(path, [], 'must have at least one stored version')];
  const names = new Set(spec.versions.map(({ name }) => name));
  const errors = stored.flatMap((name, index) =>
    names.has(name) ? [] : [invalid(at(path, index), name, 'must appear in spec.versions')],
  );
  const storage = spec.versions.find((version) => version.storage)?.name;
  if (storage !== undefined && !stored.includes(storage)) {
    errors.push(invalid(path, stored, `must have the storage version ${storage}`));
  }
  return errors;
}

function validateSpec(spec: DefinitionSpec): FieldError[] {
  const errors: FieldError[] = [];
  const { group, scope, names, versions } = spec;
  if (group === '') errors.push(required('spec.group'));
  else {
    errors.push(...checkedName('spec.group', group, checkSubdomain));
    if (!group.includes('.')) errors.push(invalid('spec.group', group, 'should be a domain with at least one dot'));
  }
  if ((scope as string) === '') errors.push(required('spec.scope'));
  else if (scope !== 'Cluster' && scope !== 'Namespaced') {
    errors.push(notSupported('spec.scope', scope, ['Cluster', 'Namespaced']));
  }
  errors.push(...validateVersions(spec));
  if (names.plural === '') errors.push(required('spec.names.plural'));
  if (names.kind === '') errors.push(required('spec.names.kind'));
  errors.push(...validateNames(names));
  errors.push(...validateConversion(spec.conversion, versions.length));
  if (spec.preserveUnknownFields === true) {
    const detail =
      'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead';
    errors.push(invalid('spec.preserveUnknownFields', true, detail));
  }
  return errors;
}

function validateNames(names: DefinitionNames): FieldError[] {
  const path = 'spec.names';
  const errors: FieldError[] = [];
  const { plural, singular = '', kind, listKind = '' } = names;
  for (const [field, text] of [
    ['plural', plural],
    ['singular', singular],
  ] as const) {
    if (text !== '') errors.push(...checkedName(child(path, field), text, checkServiceLabel));
  }
  for (const [field, text] of [
    ['kind', kind],
    ['listKind', listKind],
  ] as const) {
    const complaints = text === '' ? [] : checkServiceLabel(text.toLowerCase());
    for (const complaint of complaints) {
      errors.push(invalid(child(path, field), text, `may have mixed case, but should otherwise match: ${complaint}`));
    }
  }
  for (const field of ['shortNames', 'categories'] as const) {
    for (const [index, text] of (names[field] ?? []).entries()) {
      errors.push(...checkedName(at(child(path, field), index), text, checkServiceLabel));
    }
  }
  if (listKind !== '' && listKind === kind) {
    errors.push(invalid(child(path, 'listKind'), listKind, 'kind and listKind may not be the same'));
  }
  return errors;
}

function validateConversion(conversion: DefinitionConversion | undefined, versionCount: number): FieldError[] {
  const path = 'spec.conversion';
  if (conversion === undefined) return [];
  const { strategy, webhook } = conversion;
  if (strategy === '') return [required(child(path, 'strategy'))];
  if (!conversionStrategies.includes(strategy)) {
    return [notSupported(child(path, 'strategy'), strategy, conversionStrategies)];
  }
  if (strategy === 'None') {
    if (webhook === undefined) return [];
    const detail = 'should not be set when strategy is not set to Webhook';
    return [{ reason: 'FieldValueForbidden', field: child(path, 'webhook'), body: `Forbidden: ${detail}` }];
  }
  const errors: FieldError[] = [];
  if (webhook?.clientConfig === undefined) {
    errors.push(required(child(path, 'webhook.clientConfig'), 'required when strategy is set to Webhook'));
  }
  if (versionCount > 0 && (webhook?.conversionReviewVersions ?? []).length === 0) {
    errors.push(required(child(path, 'webhook.conversionReviewVersions')));
  }
  return errors;
}

/** Groups of the Kubernetes community need its approval, or the word that they have none. */
function validateApproval(definition: CustomResourceDefinition): FieldError[] {
  const { group } = definition.spec;
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(group)) return [];
  const path = `metadata.annotations[${approvalAnnotation}]`;
  const approval = annotationsOf(definition)[approvalAnnotation];
  if (approval === undefined) {
    return [
      required(
        path,
        'protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111',
      ),
    ];
  }
  if (approval.startsWith('unapproved') || /^https?:\/\/[^/]+/.test(approval)) return [];
  const detail =
    'protected groups must have approval annotation "api-approved.kubernetes.io" with either a URL or a reason starting with "unapproved", see https://github.com/kubernetes/enhancements/pull/1111';
  return [invalid(path, approval, detail)];
}
