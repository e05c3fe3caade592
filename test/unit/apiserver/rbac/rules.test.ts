/** What one rule allows, and what a set of rules lacks: tables. */
import { expect, test } from 'vitest';
import { defaultPolicy } from '../../../../src/apiserver/rbac/default-policy.ts';
import { formatRule, rulesNotHeld } from '../../../../src/apiserver/rbac/escalation.ts';
import { type Attributes, ruleAllows } from '../../../../src/apiserver/rbac/rule.ts';
import type { PolicyRule } from '../../../../src/kinds/role/types.ts';

const readPods: PolicyRule = { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] };

function asking(verb: string, group: string, path: string, name = ''): Attributes {
  const [resource = '', subresource = ''] = path.split('/');
  return { type: 'resource', verb, group, resource, subresource, namespace: 'default', name };
}

function path(verb: string, url: string): Attributes {
  return { type: 'path', verb, path: url };
}

const rows: readonly (readonly [string, PolicyRule, Attributes, boolean])[] = [
  ['a verb and a resource that it names', readPods, asking('list', '', 'pods'), true],
  ['another verb', readPods, asking('delete', '', 'pods'), false],
  ['another group', readPods, asking('get', 'apps', 'pods'), false],
  ['another resource', readPods, asking('get', '', 'secrets'), false],
  ['a subresource of what it names', readPods, asking('get', '', 'pods/log'), false],
  ['every verb by a star', { ...readPods, verbs: ['*'] }, asking('escalate', '', 'pods'), true],
  ['every group by a star', { ...readPods, apiGroups: ['*'] }, asking('get', 'apps', 'pods'), true],
  ['every resource by a star', { ...readPods, resources: ['*'] }, asking('get', '', 'secrets'), true],
  ['every subresource too by a star', { ...readPods, resources: ['*'] }, asking('get', '', 'pods/log'), true],
  ['a subresource that it names', { ...readPods, resources: ['pods/log'] }, asking('get', '', 'pods/log'), true],
  ['the resource of a subresource', { ...readPods, resources: ['pods/log'] }, asking('get', '', 'pods'), false],
  ['a subresource of anything', { ...readPods, resources: ['*/scale'] }, asking('get', '', 'pods/scale'), true],
  ['another subresource of anything', { ...readPods, resources: ['*/scale'] }, asking('get', '', 'pods/log'), false],
  ['a name that it names', { ...readPods, resourceNames: ['web'] }, asking('get', '', 'pods', 'web'), true],
  ['another name', { ...readPods, resourceNames: ['web'] }, asking('get', '', 'pods', 'db'), false],
  ['no name, where it names some', { ...readPods, resourceNames: ['web'] }, asking('list', '', 'pods'), false],
  ['a path', { verbs: ['get'], nonResourceURLs: ['/version'] }, path('get', '/version'), true],
  ['a path below', { verbs: ['get'], nonResourceURLs: ['/apis/*'] }, path('get', '/apis/apps/v1'), true],
  [
    'the path itself, where what is below is named',
    { verbs: ['get'], nonResourceURLs: ['/apis/*'] },
    path('get', '/apis'),
    false,
  ],
  ['every path by a star', { verbs: ['get'], nonResourceURLs: ['*'] }, path('get', '/metrics'), true],
  ['a path for a rule of resources', { ...readPods, resources: ['*'] }, path('get', '/metrics'), false],
  ['a resource for a rule of paths', { verbs: ['*'], nonResourceURLs: ['*'] }, asking('get', '', 'pods'), false],
];

test.each(rows)('a rule judges %s', (_name, rule, attributes, allowed) => {
  expect(ruleAllows(rule, attributes)).toBe(allowed);
});

const gaps: readonly (readonly [string, readonly PolicyRule[], PolicyRule, readonly string[]])[] = [
  ['what one has is not missing', [readPods], { ...readPods, verbs: ['get'] }, []],
  [
    'verbs that one lacks are named together',
    [readPods],
    { ...readPods, verbs: ['get', 'create', 'delete'] },
    ['{APIGroups:[""], Resources:["pods"], Verbs:["create" "delete"]}'],
  ],
  [
    'rules are joined to cover what is wanted',
    [readPods, { ...readPods, resources: ['pods/log'] }],
    { ...readPods, resources: ['pods', 'pods/log'] },
    [],
  ],
  [
    'a right to one name is no right to all',
    [{ ...readPods, resourceNames: ['web'] }],
    readPods,
    ['{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}'],
  ],
  ['a right to all names covers one', [readPods], { ...readPods, verbs: ['get'], resourceNames: ['web'] }, []],
  [
    'a star is covered by a star alone',
    [readPods],
    { ...readPods, resources: ['*'], verbs: ['get'] },
    ['{APIGroups:[""], Resources:["*"], Verbs:["get"]}'],
  ],
  [
    'paths are covered by what stands above them',
    [{ verbs: ['get'], nonResourceURLs: ['/apis/*'] }],
    { verbs: ['get'], nonResourceURLs: ['/apis/apps', '/metrics'] },
    ['{NonResourceURLs:["/metrics"], Verbs:["get"]}'],
  ],
];

test.each(gaps)('%s', (_name, held, wanted, missing) => {
  expect(rulesNotHeld(held, [wanted]).map(formatRule)).toEqual(missing);
});

test('the default roles are whole: what aggregates is there, and every binding has its role', () => {
  const policy = defaultPolicy();
  const rulesOf = (name: string) => policy.clusterroles.find(({ metadata }) => metadata.name === name)?.rules ?? [];
  expect(rulesNotHeld(rulesOf('edit'), rulesOf('view'))).toEqual([]);
  expect(rulesNotHeld(rulesOf('admin'), rulesOf('edit'))).toEqual([]);
  expect(rulesNotHeld(rulesOf('view'), rulesOf('edit')).length).toBeGreaterThan(0);
  expect(rulesOf('system:node')).toContainEqual({
    verbs: ['patch', 'update'],
    apiGroups: [''],
    resources: ['nodes/status'],
  });
  const names = new Set(policy.clusterroles.map(({ metadata }) => metadata.name));
  expect(names.size).toBe(policy.clusterroles.length);
  expect(policy.clusterrolebindings.filter(({ roleRef }) => !names.has(roleRef.name))).toEqual([]);
  const verbs = policy.clusterroles.flatMap(({ rules }) => (rules ?? []).flatMap((rule) => rule.verbs));
  expect(new Set(verbs)).toEqual(
    new Set([
      '*',
      'create',
      'delete',
      'deletecollection',
      'get',
      'list',
      'patch',
      'update',
      'watch',
      'impersonate',
      'approve',
      'sign',
      'proxy',
      'escalate',
    ]),
  );
});
