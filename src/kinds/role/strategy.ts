/**
 * How roles and bindings begin, what is wrong with them, and that a binding's role never changes.
 * Models kubernetes pkg/apis/rbac/v1/defaults.go and pkg/apis/rbac/validation/validation.go.
 */
import { at, child, type FieldError, invalid, notSupported, required } from '../../api/field-error.ts';
import { equalSemantic, type Mutable, setDefault } from '../../api/json.ts';
import { validateLabelSelector } from '../../api/label-selector.ts';
import { checkPathSegment, checkSubdomain } from '../../api/names.ts';
import type { KindBehaviour } from '../behaviour.ts';
import { checkedName } from '../field-checks.ts';
import {
  type Binding,
  type ClusterRole,
  type PolicyRule,
  type Role,
  type RoleRef,
  rbacGroup,
  type Subject,
} from './types.ts';

const common = { checkName: checkPathSegment, allowsCreateOnUpdate: true };

export const roleBehaviour: KindBehaviour<Role> = {
  ...common,
  validate: ({ rules }) => validateRules(rules ?? [], true),
};

export const clusterRoleBehaviour: KindBehaviour<ClusterRole> = {
  ...common,
  validate: (role) => [...validateRules(role.rules ?? [], false), ...validateAggregation(role)],
};

export const roleBindingBehaviour: KindBehaviour<Binding> = bindingBehaviour(['Role', 'ClusterRole'], true);
export const clusterRoleBindingBehaviour: KindBehaviour<Binding> = bindingBehaviour(['ClusterRole'], false);

function bindingBehaviour(roleKinds: readonly string[], isNamespaced: boolean): KindBehaviour<Binding> {
  return {
    ...common,
    setDefaults: setBindingDefaults,
    validate: ({ roleRef, subjects = [] }) => [
      ...validateRoleRef(roleRef, roleKinds),
      ...subjects.flatMap((subject, index) => validateSubject(subject, at('subjects', index), isNamespaced)),
    ],
    validateUpdate: (next, old) =>
      equalSemantic(next.roleRef, old.roleRef) ? [] : [invalid('roleRef', next.roleRef, 'cannot change roleRef')],
  };
}

function setBindingDefaults({ roleRef, subjects = [] }: Binding): void {
  const reference = roleRef as Mutable<RoleRef> | undefined;
  if (reference !== undefined && reference.apiGroup === '') reference.apiGroup = rbacGroup;
  if (reference !== undefined) setDefault(reference, 'apiGroup', rbacGroup);
  for (const subject of subjects as readonly Mutable<Subject>[]) {
    if ((subject.kind === 'User' || subject.kind === 'Group') && (subject.apiGroup ?? '') === '') {
      subject.apiGroup = rbacGroup;
    }
  }
}

function validateRules(rules: readonly PolicyRule[], isNamespaced: boolean): FieldError[] {
  return rules.flatMap((rule, index) => validateRule(rule, at('rules', index), isNamespaced));
}

function validateRule(rule: PolicyRule, path: string, isNamespaced: boolean): FieldError[] {
  const { verbs = [], apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  const errors = verbs.length > 0 ? [] : [required(child(path, 'verbs'), 'verbs must contain at least one value')];
  if (nonResourceURLs.length > 0) {
    const field = child(path, 'nonResourceURLs');
    if (isNamespaced) {
      errors.push(invalid(field, nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs'));
    }
    if (apiGroups.length > 0 || resources.length > 0 || resourceNames.length > 0) {
      const detail = 'rules cannot apply to both regular resources and non-resource URLs';
      errors.push(invalid(field, nonResourceURLs, detail));
    }
    return errors;
  }
  if (apiGroups.length === 0) {
    errors.push(required(child(path, 'apiGroups'), 'resource rules must supply at least one api group'));
  }
  if (resources.length === 0) {
    errors.push(required(child(path, 'resources'), 'resource rules must supply at least one resource'));
  }
  return errors;
}

function validateAggregation({ aggregationRule }: ClusterRole): FieldError[] {
  if (aggregationRule === undefined) return [];
  const path = 'aggregationRule.clusterRoleSelectors';
  const { clusterRoleSelectors: selectors = [] } = aggregationRule;
  if (selectors.length === 0) {
    return [required(path, 'at least one clusterRoleSelector required if aggregationRule is non-nil')];
  }
  return selectors.flatMap((selector, index) => validateLabelSelector(selector, at(path, index)));
}

function validateRoleRef({ apiGroup, kind, name }: RoleRef, kinds: readonly string[]): FieldError[] {
  const errors = apiGroup === rbacGroup ? [] : [notSupported('roleRef.apiGroup', apiGroup, [rbacGroup])];
  if (!kinds.includes(kind)) errors.push(notSupported('roleRef.kind', kind, kinds));
  if (name === '') errors.push(required('roleRef.name'));
  else errors.push(...checkedName('roleRef.name', name, checkPathSegment));
  return errors;
}

function validateSubject(subject: Subject, path: string, isNamespaced: boolean): FieldError[] {
  const { kind, name, apiGroup = '', namespace = '' } = subject;
  const errors = name === '' ? [required(child(path, 'name'))] : [];
  switch (kind) {
    case 'ServiceAccount':
      if (name !== '') errors.push(...checkedName(child(path, 'name'), name, checkSubdomain));
      if (apiGroup !== '') errors.push(notSupported(child(path, 'apiGroup'), apiGroup, ['']));
      if (!isNamespaced && namespace === '') errors.push(required(child(path, 'namespace')));
      return errors;
    case 'User':
    case 'Group':
      if (apiGroup !== rbacGroup) errors.push(notSupported(child(path, 'apiGroup'), apiGroup, [rbacGroup]));
      return errors;
    default:
      return [...errors, notSupported(child(path, 'kind'), kind, ['ServiceAccount', 'User', 'Group'])];
  }
}
