/** Reviews: what somebody may do, asked as an object. */
import { expect, test } from 'vitest';
import type { Credentials } from '../../../../src/protocol/apiserver.ts';
import { Harness, type Tree } from '../harness.ts';

const harness = new Harness();
const jane: Credentials = { type: 'certificate', user: 'jane', groups: ['dev'] };
const authorization = 'authorization.k8s.io/v1';

harness.create('rbac.authorization.k8s.io/v1/default/rolebindings', {
  metadata: { name: 'devs' },
  subjects: [{ kind: 'Group', name: 'dev' }],
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
});
harness.settle();

function self(spec: object, credentials = jane): Tree {
  return harness.create(`${authorization}/-/selfsubjectaccessreviews`, { spec }, { credentials }).body;
}

test('one may ask what one may do oneself, and hears why', () => {
  const asked = { verb: 'list', resource: 'pods', namespace: 'default' };
  expect(self({ resourceAttributes: asked }).status).toEqual({
    allowed: true,
    reason: 'RBAC: allowed by RoleBinding "devs/default" of ClusterRole "view" to Group "dev"',
  });
  expect(self({ resourceAttributes: { ...asked, verb: 'create' } }).status).toEqual({ allowed: false });
  expect(self({ nonResourceAttributes: { verb: 'get', path: '/apis/apps' } }).status.allowed).toBe(true);
  expect(self({ nonResourceAttributes: { verb: 'get', path: '/metrics' } }).status.allowed).toBe(false);
  expect(self({}).message).toContain('spec.resourceAttributes: Invalid value');
});

test('asking about others is a right of its own', () => {
  const spec = {
    user: 'joe',
    groups: ['dev'],
    resourceAttributes: { verb: 'get', resource: 'pods', namespace: 'default' },
  };
  const reviews = `${authorization}/-/subjectaccessreviews`;
  expect(harness.create(reviews, { spec }).body.status.allowed).toBe(true);
  expect(harness.create(reviews, { spec: { ...spec, groups: [] } }).body.status.allowed).toBe(false);
  expect(harness.create(reviews, { spec }, { credentials: jane }).status).toBe(403);
  const local = `${authorization}/default/localsubjectaccessreviews`;
  expect(harness.create(local, { spec }).body.status.allowed).toBe(true);
  const elsewhere = { ...spec, resourceAttributes: { ...spec.resourceAttributes, namespace: 'kube-system' } };
  expect(harness.create(local, { spec: elsewhere }).body.message).toContain('must match metadata.namespace');
  const nobody = { resourceAttributes: spec.resourceAttributes };
  expect(harness.create(reviews, { spec: nobody }).body.message).toContain(
    'at least one of user or group must be specified',
  );
});

test('one may list all that one may do', () => {
  const rules = (credentials?: Credentials): Tree =>
    harness.create(
      `${authorization}/-/selfsubjectrulesreviews`,
      { spec: { namespace: 'default' } },
      credentials ? { credentials } : {},
    ).body.status;
  const mine = rules(jane);
  expect(mine.incomplete).toBe(false);
  expect(mine.resourceRules).toContainEqual({
    verbs: ['create'],
    apiGroups: ['authentication.k8s.io'],
    resources: ['selfsubjectreviews'],
  });
  expect(mine.nonResourceRules).toContainEqual({
    verbs: ['get'],
    nonResourceURLs: ['/healthz', '/livez', '/readyz', '/version', '/version/'],
  });
  expect(rules().resourceRules[0]).toEqual({ verbs: ['*'], apiGroups: ['*'], resources: ['*'] });
});
