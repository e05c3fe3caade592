/** The roles and bindings of a fresh cluster as objects, read from the tables in default-roles.ts. */
import { must } from '../../base/assert.ts';
import {
  type Binding,
  type ClusterRole,
  type PolicyRule,
  type Role,
  rbacGroup,
  type Subject,
} from '../../kinds/role/types.ts';
import {
  clusterRoleBindingTable,
  clusterRoleTable,
  controllerRoleTable,
  namespacedRoleTable,
  roleBindingTable,
} from './default-roles.ts';

export interface DefaultPolicy {
  readonly clusterroles: readonly ClusterRole[];
  readonly clusterrolebindings: readonly Binding[];
  readonly roles: readonly Role[];
  readonly rolebindings: readonly Binding[];
}

const apiVersion = `${rbacGroup}/v1`;
const controllerPrefix = 'system:controller:';
/** As metrics-server has it. */
const metricsReader = 'system:aggregated-metrics-reader';
const aggregateLabel = (name: string): string => `${rbacGroup}/aggregate-to-${name}`;
/** What aggregates to what. A role that aggregates is labelled by the one it aggregates to. */
const aggregates: Readonly<Record<string, readonly string[]>> = {
  'system:aggregate-to-admin': ['admin'],
  'system:aggregate-to-edit': ['edit'],
  'system:aggregate-to-view': ['view'],
  [metricsReader]: ['view', 'edit', 'admin'],
  edit: ['admin'],
  view: ['edit'],
};
const verbs: Readonly<Record<string, string>> = {
  c: 'create',
  d: 'delete',
  x: 'deletecollection',
  g: 'get',
  l: 'list',
  p: 'patch',
  u: 'update',
  w: 'watch',
};

/** Returns fresh objects, in the form in which they are stored but for what the server fills in. */
export function defaultPolicy(): DefaultPolicy {
  const plain = linesOf(clusterRoleTable).map(([name, rules]) => clusterRole(name, parseRules(rules)));
  const controllers = linesOf(controllerRoleTable);
  return {
    clusterroles: [
      ...plain,
      ...aggregated(plain),
      ...controllers.map(([name, rules]) => clusterRole(controllerPrefix + name, parseRules(rules))),
    ],
    clusterrolebindings: [
      ...linesOf(clusterRoleBindingTable).map(([name, subjects]) => clusterRoleBinding(name, subjects)),
      ...controllers.map(([name]) => clusterRoleBinding(controllerPrefix + name, `s/${name}`)),
    ],
    roles: linesOf(namespacedRoleTable).map(([path, rules]) => role(path, parseRules(rules))),
    rolebindings: linesOf(roleBindingTable).map(([path, subjects]) => roleBinding(path, subjects)),
  };
}

/** The rules of an aggregating role are those of all it selects, by name, each once. */
function aggregated(plain: readonly ClusterRole[]): readonly ClusterRole[] {
  const rulesOf = (name: string): readonly PolicyRule[] =>
    must(plain.find(({ metadata }) => metadata.name === name)?.rules ?? undefined, name);
  const metrics = rulesOf(metricsReader);
  const view = [...rulesOf('system:aggregate-to-view'), ...metrics];
  const edit = [...rulesOf('system:aggregate-to-edit'), ...metrics, ...rulesOf('system:aggregate-to-view')];
  const admin = [...edit, ...rulesOf('system:aggregate-to-admin')];
  return [
    { ...clusterRole('admin', admin), aggregationRule: selecting('admin') },
    { ...clusterRole('edit', edit), aggregationRule: selecting('edit') },
    { ...clusterRole('view', view), aggregationRule: selecting('view') },
  ];
}

function selecting(name: string): NonNullable<ClusterRole['aggregationRule']> {
  return { clusterRoleSelectors: [{ matchLabels: { [aggregateLabel(name)]: 'true' } }] };
}

function clusterRole(name: string, rules: readonly PolicyRule[]): ClusterRole {
  const labels = Object.fromEntries((aggregates[name] ?? []).map((target) => [aggregateLabel(target), 'true']));
  return { kind: 'ClusterRole', apiVersion, metadata: metadata(name, labels), rules };
}

function role(path: string, rules: readonly PolicyRule[]): Role {
  const [namespace, name] = halves(path, '/');
  return { kind: 'Role', apiVersion, metadata: { ...metadata(name), namespace }, rules };
}

function clusterRoleBinding(name: string, subjects: string): Binding {
  return binding('ClusterRoleBinding', metadata(name), 'ClusterRole', name, subjects);
}

function roleBinding(path: string, subjects: string): Binding {
  const [place, target] = halves(path, ' ');
  const [namespace, name] = halves(place, '/');
  return binding('RoleBinding', { ...metadata(name), namespace }, 'Role', target, subjects);
}

function binding(
  kind: string,
  meta: Binding['metadata'],
  roleKind: string,
  roleName: string,
  subjects: string,
): Binding {
  const named = subjects === '' ? {} : { subjects: subjects.split(',').map(parseSubject) };
  return {
    kind,
    apiVersion,
    metadata: meta,
    ...named,
    roleRef: { apiGroup: rbacGroup, kind: roleKind, name: roleName },
  };
}

function metadata(name: string, labels: Readonly<Record<string, string>> = {}): Binding['metadata'] {
  return {
    name,
    labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
    annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
  };
}

function parseSubject(text: string): Subject {
  const [kind, name] = halves(text, '/');
  if (kind === 's') return { kind: 'ServiceAccount', name, namespace: 'kube-system' };
  return { kind: kind === 'u' ? 'User' : 'Group', apiGroup: rbacGroup, name };
}

function parseRules(text: string): readonly PolicyRule[] {
  return text.split('; ').map(parseRule);
}

function parseRule(text: string): PolicyRule {
  const [groups = '', targets = '', letters = ''] = text.split(' ');
  if (groups === '-') return { verbs: parseVerbs(letters), nonResourceURLs: targets.split(',') };
  const [resources = '', names] = targets.split('=');
  return {
    verbs: parseVerbs(letters),
    apiGroups: groups.split(',').map((group) => (group === 'core' ? '' : group)),
    resources: resources.split(','),
    ...(names === undefined ? {} : { resourceNames: names.split('|') }),
  };
}

function parseVerbs(text: string): readonly string[] {
  if (text === '*') return ['*'];
  const [letters = '', ...words] = text.split('+');
  return [...[...letters].map((letter) => must(verbs[letter], `verb ${letter}`)), ...words].sort();
}

/** Splits each line at the colon before a space: names have colons themselves. */
function linesOf(table: string): readonly (readonly [string, string])[] {
  return table
    .trim()
    .split('\n')
    .map((line) => {
      const end = line.search(/:( |$)/);
      return [line.slice(0, end), line.slice(end + 2)] as const;
    });
}

function halves(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return [text.slice(0, at), text.slice(at + separator.length)];
}
