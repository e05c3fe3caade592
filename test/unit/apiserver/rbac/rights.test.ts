/** Who may do what, asked of an API server: roles and bindings, what may be granted, acting as others. */
import { describe, expect, test } from 'vitest';
import type { Credentials } from '../../../../src/protocol/apiserver.ts';
import { configMap, Harness, resourceRequest, type Tree } from '../harness.ts';

const harness = new Harness();
const rbac = 'rbac.authorization.k8s.io/v1';
const maps = 'core/v1/default/configmaps';

function user(name: string, ...groups: string[]): { readonly credentials: Credentials } {
  return { credentials: { type: 'certificate', user: name, groups } };
}

function roleRef(kind: string, name: string): object {
  return { apiGroup: 'rbac.authorization.k8s.io', kind, name };
}

function bind(name: string, role: string, who: string, namespace = 'default'): void {
  const subjects = [{ kind: 'User', name: who }];
  const resource = namespace === '-' ? 'clusterrolebindings' : 'rolebindings';
  const answer = harness.create(`${rbac}/${namespace}/${resource}`, {
    metadata: { name },
    subjects,
    roleRef: roleRef('ClusterRole', role),
  });
  expect(answer.status).toBe(201);
  harness.settle();
}

harness.create(maps, configMap('settings'));

test('a fresh cluster has its roles, with the labels of defaults', () => {
  const { items } = harness.list(`${rbac}/-/clusterroles`).body;
  const names = items.map((item: Tree) => item.metadata.name);
  for (const name of ['admin', 'cluster-admin', 'edit', 'system:discovery', 'system:node', 'view']) {
    expect(names).toContain(name);
  }
  const view = items.find((item: Tree) => item.metadata.name === 'view');
  expect(view.metadata.labels).toEqual({
    'kubernetes.io/bootstrapping': 'rbac-defaults',
    'rbac.authorization.k8s.io/aggregate-to-edit': 'true',
  });
  expect(view.metadata.annotations).toEqual({ 'rbac.authorization.kubernetes.io/autoupdate': 'true' });
  expect(view.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
  expect(harness.list(`${rbac}/kube-system/roles`).body.items.length).toBe(6);
});

test('a user may do what a role in the namespace says, there and nowhere else', () => {
  bind('reader', 'view', 'jane');
  expect(harness.list(maps, user('jane')).status).toBe(200);
  expect(harness.list('core/v1/kube-system/configmaps', user('jane')).body.message).toBe(
    'configmaps is forbidden: User "jane" cannot list resource "configmaps" in API group "" in the namespace "kube-system"',
  );
  expect(harness.list('core/v1/-/configmaps', user('jane')).body.message).toBe(
    'configmaps is forbidden: User "jane" cannot list resource "configmaps" in API group "" at the cluster scope',
  );
  expect(harness.delete(`${maps}/settings`, user('jane')).status).toBe(403);
  expect(harness.watch(maps, {}, user('jane')).items[0]).toMatchObject({ type: 'head', status: 200 });
});

test('an API server that has just started refuses nothing that it has not read yet', () => {
  harness.startApiServer('master-1');
  const id = harness.begin(resourceRequest('list', maps, user('jane')), 'master-1/apiserver');
  expect(harness.finish(id).status).toBe(200);
});

test('a right is gone with its binding', () => {
  bind('passing', 'view', 'joe');
  expect(harness.list(maps, user('joe')).status).toBe(200);
  harness.delete(`${rbac}/default/rolebindings/passing`);
  harness.settle();
  expect(harness.list(maps, user('joe')).status).toBe(403);
});

test('a binding to a role that is missing says so in the refusal', () => {
  bind('dangling', 'gone', 'dora');
  expect(harness.list(maps, user('dora')).body.message).toBe(
    'configmaps is forbidden: User "dora" cannot list resource "configmaps" in API group "" in the namespace "default": ' +
      'RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found',
  );
});

test('a list of one name is allowed by a right to that name', () => {
  const rules = [
    { apiGroups: [''], resources: ['configmaps'], resourceNames: ['settings'], verbs: ['get', 'list', 'watch'] },
  ];
  harness.create(`${rbac}/-/clusterroles`, { metadata: { name: 'one-map' }, rules });
  bind('one-map', 'one-map', 'olga', '-');
  expect(harness.list(maps, user('olga')).status).toBe(403);
  const parameters = { fieldSelector: 'metadata.name=settings' };
  expect(harness.list(maps, { ...user('olga'), parameters }).body.items).toHaveLength(1);
});

describe('nobody grants what he does not have', () => {
  const secretReader = { rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list'] }] };
  const roles = `${rbac}/default/roles`;

  test('who may write roles may write those that he holds', () => {
    bind('adam-admin', 'admin', 'adam');
    const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }];
    expect(harness.create(roles, { metadata: { name: 'mine' }, rules }, user('adam')).status).toBe(201);
    expect(harness.create(roles, { metadata: { name: 'also' }, ...secretReader }, user('adam')).status).toBe(201);
  });

  test('who does not hold them is told which', () => {
    const rules = [{ apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles', 'rolebindings'], verbs: ['*'] }];
    harness.create(roles, {
      metadata: { name: 'keeper' },
      rules: [{ ...rules[0], verbs: ['create', 'update', 'patch', 'get'] }],
    });
    harness.create(`${rbac}/default/rolebindings`, {
      metadata: { name: 'keeper' },
      subjects: [{ kind: 'User', name: 'kim' }],
      roleRef: roleRef('Role', 'keeper'),
    });
    harness.settle();
    const refused = harness.create(roles, { metadata: { name: 'more' }, ...secretReader }, user('kim'));
    expect(refused.status).toBe(403);
    expect(refused.body.message).toBe(
      'roles.rbac.authorization.k8s.io "more" is forbidden: user "kim" (groups=["system:authenticated"]) ' +
        'is attempting to grant RBAC permissions not currently held:\n' +
        '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}',
    );
    const patched = harness.patch(`${roles}/keeper`, 'merge', secretReader, user('kim'));
    expect(patched.status).toBe(403);
    const labelled = harness.patch(`${roles}/keeper`, 'merge', { metadata: { finalizers: ['a.io/b'] } }, user('kim'));
    expect(labelled.status).toBe(200);
    harness.patch(`${roles}/keeper`, 'merge', { metadata: { finalizers: null } });
  });

  test('nor does he bind a role whose rules he lacks, unless he may bind it', () => {
    const binding = {
      metadata: { name: 'grab' },
      subjects: [{ kind: 'User', name: 'kim' }],
      roleRef: roleRef('ClusterRole', 'view'),
    };
    const refused = harness.create(`${rbac}/default/rolebindings`, binding, user('kim'));
    expect([refused.status, refused.body.reason]).toEqual([403, 'Forbidden']);
    expect(refused.body.message).toContain(
      'is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""]',
    );
    const missing = { ...binding, roleRef: roleRef('Role', 'nowhere') };
    expect(harness.create(`${rbac}/default/rolebindings`, missing, user('kim')).body.message).toBe(
      'roles.rbac.authorization.k8s.io "nowhere" not found',
    );
    const rules = [
      {
        apiGroups: ['rbac.authorization.k8s.io'],
        resources: ['clusterroles'],
        resourceNames: ['view'],
        verbs: ['bind'],
      },
    ];
    harness.create(`${rbac}/-/clusterroles`, { metadata: { name: 'binder' }, rules });
    bind('binder', 'binder', 'kim');
    expect(harness.create(`${rbac}/default/rolebindings`, binding, user('kim')).status).toBe(201);
  });
});

const invalid: readonly (readonly [string, string, string, object, string])[] = [
  [
    'a rule without verbs',
    'default',
    'roles',
    { rules: [{ verbs: [], apiGroups: [''], resources: ['pods'] }] },
    'rules[0].verbs: Required value: verbs must contain at least one value',
  ],
  [
    'a path in a namespace',
    'default',
    'roles',
    { rules: [{ verbs: ['get'], nonResourceURLs: ['/x'] }] },
    'rules[0].nonResourceURLs: Invalid value: ["/x"]: namespaced rules cannot apply to non-resource URLs',
  ],
  [
    'paths and resources at once',
    '-',
    'clusterroles',
    { rules: [{ verbs: ['get'], nonResourceURLs: ['/x'], resources: ['pods'] }] },
    'rules[0].nonResourceURLs: Invalid value: ["/x"]: rules cannot apply to both regular resources and non-resource URLs',
  ],
  [
    'a rule without groups',
    '-',
    'clusterroles',
    { rules: [{ verbs: ['get'], resources: ['pods'] }] },
    'rules[0].apiGroups: Required value: resource rules must supply at least one api group',
  ],
  [
    'a cluster-wide binding of a role',
    '-',
    'clusterrolebindings',
    { roleRef: roleRef('Role', 'x') },
    'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"',
  ],
  [
    'an account without a namespace',
    '-',
    'clusterrolebindings',
    { roleRef: roleRef('ClusterRole', 'x'), subjects: [{ kind: 'ServiceAccount', name: 'a' }] },
    'subjects[0].namespace: Required value',
  ],
  [
    'a subject of another kind',
    'default',
    'rolebindings',
    { roleRef: roleRef('ClusterRole', 'x'), subjects: [{ kind: 'Robot', name: 'a' }] },
    'subjects[0].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"',
  ],
];

test.each(invalid)('%s is invalid', (_name, namespace, resource, object, message) => {
  const answer = harness.create(`${rbac}/${namespace}/${resource}`, { metadata: { name: 'bad' }, ...object });
  expect(answer.status).toBe(422);
  expect(answer.body.message).toContain(message);
});

test('a binding keeps its role, and users and groups get their group', () => {
  const path = `${rbac}/default/rolebindings`;
  const made = harness.create(path, {
    metadata: { name: 'kept' },
    subjects: [
      { kind: 'User', name: 'u' },
      { kind: 'ServiceAccount', name: 's' },
    ],
    roleRef: { kind: 'ClusterRole', name: 'view' },
  });
  expect(made.body.subjects.map((subject: Tree) => subject.apiGroup)).toEqual(['rbac.authorization.k8s.io', undefined]);
  const changed = harness.patch(`${path}/kept`, 'merge', { roleRef: { name: 'edit' } });
  expect(changed.body.message).toBe(
    'RoleBinding.rbac.authorization.k8s.io "kept" is invalid: roleRef: Invalid value: ' +
      '{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"edit"}: cannot change roleRef',
  );
});

describe('acting as somebody else', () => {
  const as = (name: string, ...groups: string[]) => ({ user: name, uid: '', groups, extra: {} });
  const whoami = (impersonation: object, credentials?: Credentials) =>
    harness.call({
      ...resourceRequest('create', 'authentication.k8s.io/v1/-/selfsubjectreviews', {
        body: {},
        ...(credentials === undefined ? {} : { credentials }),
      }),
      impersonation: impersonation as never,
    });

  test('a master may be anybody, with the groups that go with it', () => {
    expect(whoami(as('jane', 'dev')).body.status.userInfo).toEqual({
      username: 'jane',
      groups: ['dev', 'system:authenticated'],
    });
    expect(whoami(as('system:serviceaccount:default:robot')).body.status.userInfo.groups).toEqual([
      'system:serviceaccounts',
      'system:serviceaccounts:default',
      'system:authenticated',
    ]);
    const request = { ...resourceRequest('list', maps), impersonation: as('nobody') };
    expect(harness.call(request).body.message).toMatch(/User "nobody" cannot list resource "configmaps"/);
  });

  test('groups alone are nobody', () => {
    expect(whoami(as('', 'dev')).status).toBe(400);
  });

  test('others need the right to each part', () => {
    expect(whoami(as('jane'), user('eve').credentials).body.message).toBe(
      'users "jane" is forbidden: User "eve" cannot impersonate resource "users" in API group "" at the cluster scope',
    );
    const rules = [{ apiGroups: [''], resources: ['users'], resourceNames: ['jane'], verbs: ['impersonate'] }];
    harness.create(`${rbac}/-/clusterroles`, { metadata: { name: 'as-jane' }, rules });
    bind('as-jane', 'as-jane', 'eve', '-');
    expect(whoami(as('jane'), user('eve').credentials).status).toBe(201);
    expect(whoami(as('jane', 'system:masters'), user('eve').credentials).body.message).toContain(
      'groups "system:masters" is forbidden',
    );
  });
});
