/** Tokens of service accounts: what they say, whom they let in, and when they end. The signatures are simulated. */
import { expect, test } from 'vitest';
import { decodeBase64Url, encodeBase64Url } from '../../../../src/base/base64-url.ts';
import { utf8 } from '../../../../src/base/bytes.ts';
import type { Credentials } from '../../../../src/protocol/apiserver.ts';
import { Harness, pod, resourceRequest, type Tree } from '../harness.ts';

const issuer = 'https://kubernetes.default.svc.cluster.local';
const accounts = 'core/v1/default/serviceaccounts';
const harness = new Harness({ apiServers: 2 });
const second = 'master-1/apiserver';

function request(spec: object = {}, account = 'default', metadata: object = {}): Tree {
  return harness.create(`${accounts}/${account}/token`, { kind: 'TokenRequest', metadata, spec });
}

function tokenFor(spec: object = {}, account = 'default'): string {
  return request(spec, account).body.status.token as string;
}

function claimsOf(token: string): Tree {
  return JSON.parse(decodeBase64Url(token.split('.')[1] as string) as string);
}

function bearer(token: string): { readonly credentials: Credentials } {
  return { credentials: { type: 'bearer', token } };
}

function whoami(token: string, to?: string): Tree {
  const ask = { body: {}, ...bearer(token) };
  return harness.call(resourceRequest('create', 'authentication.k8s.io/v1/-/selfsubjectreviews', ask), to);
}

test('a token says whose it is, for whom, and for how long', () => {
  const answer = request({ expirationSeconds: 1200 });
  expect([answer.status, answer.body.kind, answer.body.metadata.name]).toEqual([201, 'TokenRequest', 'default']);
  const claims = claimsOf(answer.body.status.token);
  const { uid } = harness.get(`${accounts}/default`).body.metadata;
  expect(claims).toMatchObject({
    aud: [issuer],
    iss: issuer,
    sub: 'system:serviceaccount:default:default',
    'kubernetes.io': { namespace: 'default', serviceaccount: { name: 'default', uid } },
  });
  expect(claims.exp - claims.iat).toBe(1200);
  expect(Date.parse(answer.body.status.expirationTimestamp) / 1000).toBe(claims.exp);
  expect(answer.body.spec).toEqual({ audiences: [issuer], expirationSeconds: 1200, boundObjectRef: null });
});

test('its bearer is the account, at every API server, with the rights of accounts', () => {
  const token = tokenFor();
  for (const to of [undefined, second]) {
    const { userInfo } = whoami(token, to).body.status;
    expect(userInfo).toMatchObject({
      username: 'system:serviceaccount:default:default',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
    });
    expect(userInfo.extra['authentication.kubernetes.io/credential-id'][0]).toMatch(/^JTI=/);
  }
  expect(harness.list('core/v1/default/pods', bearer(token)).body.message).toMatch(
    /User "system:serviceaccount:default:default" cannot list resource "pods"/,
  );
  harness.create('rbac.authorization.k8s.io/v1/default/rolebindings', {
    metadata: { name: 'robot' },
    subjects: [{ kind: 'ServiceAccount', name: 'default' }],
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
  });
  harness.settle();
  expect(harness.list('core/v1/default/pods', bearer(token)).status).toBe(200);
});

test('a token that was tampered with, is meant for others, or was never signed is refused', () => {
  const token = tokenFor();
  const [header, body, signature] = token.split('.') as [string, string, string];
  const forged = { ...claimsOf(token), sub: 'system:serviceaccount:kube-system:default' };
  const unsigned = encodeBase64Url(utf8(JSON.stringify({ alg: 'none' })));
  const bad = [
    `${header}.${encodeBase64Url(utf8(JSON.stringify(forged)))}.${signature}`,
    `${unsigned}.${body}.${signature}`,
    `${header}.${body}.`,
    `${header}.${body}`,
    `${header}.${body}.${signature}x`,
    tokenFor({ audiences: ['vault'] }),
    'a.b.c',
    '..',
  ];
  for (const each of bad) expect(whoami(each).status).toBe(401);
});

test('a token ends with its time', () => {
  const token = tokenFor({ expirationSeconds: 600 });
  expect(whoami(token).status).toBe(201);
  harness.settle(601_000);
  expect(whoami(token).status).toBe(401);
});

test('a token ends with its account, also when another of the name follows', () => {
  harness.create(accounts, { metadata: { name: 'robot' } });
  const token = tokenFor({}, 'robot');
  expect(whoami(token).status).toBe(201);
  harness.delete(`${accounts}/robot`);
  expect(whoami(token).status).toBe(401);
  harness.create(accounts, { metadata: { name: 'robot' } });
  expect(whoami(token).status).toBe(401);
  expect(whoami(tokenFor({}, 'robot')).status).toBe(201);
});

test('a token ends with the pod that it is bound to, and names it', () => {
  harness.create('core/v1/default/pods', pod('bound'));
  const { uid } = harness.get('core/v1/default/pods/bound').body.metadata;
  const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: 'bound', uid };
  const token = tokenFor({ boundObjectRef });
  expect(claimsOf(token)['kubernetes.io'].pod).toEqual({ name: 'bound', uid });
  expect(whoami(token).body.status.userInfo.extra).toMatchObject({
    'authentication.kubernetes.io/pod-name': ['bound'],
    'authentication.kubernetes.io/pod-uid': [uid],
  });
  harness.delete('core/v1/default/pods/bound', { body: { gracePeriodSeconds: 0 } });
  expect(whoami(token).status).toBe(401);
});

const refusals: readonly (readonly [string, () => Tree, number, string])[] = [
  [
    'too short a time',
    () => request({ expirationSeconds: 599 }),
    422,
    'TokenRequest.authentication.k8s.io "default" is invalid: spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes',
  ],
  ['an account that does not exist', () => request({}, 'nobody'), 404, 'serviceaccounts "nobody" not found'],
  [
    'a pod that does not exist',
    () => request({ boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'none' } }),
    404,
    'pods "none" not found',
  ],
  [
    'an object of another kind',
    () => request({ boundObjectRef: { apiVersion: 'v1', kind: 'Service', name: 'kubernetes' } }),
    400,
    'cannot bind token to object of type v1, Kind=Service',
  ],
];

test.each(refusals)('no token for %s', (_name, ask, code, message) => {
  const answer = ask();
  expect([answer.status, answer.body.message]).toEqual([code, message]);
});

test('a token review tells whose token it is, for the audiences that were asked for', () => {
  const review = (spec: object) => harness.create('authentication.k8s.io/v1/-/tokenreviews', { spec }).body.status;
  expect(review({ token: tokenFor() })).toMatchObject({
    authenticated: true,
    audiences: [issuer],
    user: { username: 'system:serviceaccount:default:default' },
  });
  const vault = tokenFor({ audiences: ['vault', 'mail'] });
  expect(review({ token: vault, audiences: ['vault', 'shop'] }).audiences).toEqual(['vault']);
  expect(review({ token: vault })).toEqual({ user: {}, error: 'invalid bearer token' });
  expect(review({ token: 'secret' }).user.username).toBe('admin');
});

test('a secret for a token holds one that lasts until the secret goes', () => {
  const metadata = { name: 'robot-token', annotations: { 'kubernetes.io/service-account.name': 'default' } };
  const made = harness.create('core/v1/default/secrets', {
    metadata,
    type: 'kubernetes.io/service-account-token',
  }).body;
  const text = (key: string): string => Buffer.from(made.data[key], 'base64').toString();
  expect([text('namespace'), text('ca.crt')]).toEqual(['default', 'certificate']);
  expect(whoami(text('token')).status).toBe(201);
  harness.delete('core/v1/default/secrets/robot-token');
  expect(whoami(text('token')).status).toBe(401);
});

test('the issuer says how tokens are verified, to service accounts', () => {
  const credentials = bearer(tokenFor()).credentials;
  const configuration = harness.path('/.well-known/openid-configuration', '', credentials).body;
  expect(configuration).toMatchObject({ issuer, jwks_uri: 'https://127.0.0.1:6443/openid/v1/jwks' });
  const keys = harness.path('/openid/v1/jwks', '', credentials).response;
  expect(keys.contentType).toBe('application/jwk-set+json');
  expect(harness.path('/openid/v1/jwks', '', { type: 'anonymous' }).status).toBe(403);
});
