/** Who a request comes from and as whom it acts, as the gateway reads it from headers and certificate. */
import { expect, test } from 'vitest';
import { translateRequest } from '../../../actors/gateway/translate.ts';
import type { HttpRequest } from '../../../src/actor/listener-port.ts';
import { utf8, utf8Text } from '../../../src/base/bytes.ts';
import { asYaml } from '../../../src/http/yaml-answer.ts';

const jane = { user: 'jane', groups: ['dev'] };

function translated(parts: Partial<HttpRequest>): ReturnType<typeof translateRequest> {
  const target = '/api/v1/namespaces/default/pods';
  return translateRequest({ method: 'GET', target, headers: {}, body: new Uint8Array(0), certificate: null, ...parts });
}

test('credentials are a token, else a certificate, else nothing', () => {
  const headers = { authorization: 'Bearer abc' };
  expect(translated({ headers, certificate: jane })).toMatchObject({
    request: { credentials: { type: 'bearer', token: 'abc' } },
  });
  expect(translated({ certificate: jane })).toMatchObject({
    request: { credentials: { type: 'certificate', ...jane } },
  });
  expect(translated({})).toMatchObject({ request: { credentials: { type: 'anonymous' } } });
});

test('a false certificate is refused, unless a token speaks for its bearer', () => {
  expect(translated({ isCertificateFalse: true })).toMatchObject({ type: 'refuse', error: { status: { code: 401 } } });
  const headers = { authorization: 'Bearer abc' };
  expect(translated({ headers, isCertificateFalse: true }).type).toBe('call');
});

test('acting as somebody else is read from its headers, each value by itself', () => {
  const lists = {
    'impersonate-user': ['jane'],
    'impersonate-group': ['dev', 'ops, night'],
    'impersonate-extra-example.com%2fproject': ['a', 'b'],
  };
  const impersonation = {
    user: 'jane',
    uid: '',
    groups: ['dev', 'ops, night'],
    extra: { 'example.com/project': ['a', 'b'] },
  };
  expect(translated({ lists })).toMatchObject({ request: { type: 'resource', impersonation } });
  expect(translated({ lists, target: '/version' })).toMatchObject({ request: { type: 'nonResource', impersonation } });
  expect(translated({ lists: { 'impersonate-other': ['x'] } })).not.toHaveProperty('request.impersonation');
});

test.each([
  ['POST', '/api/v1/namespaces/default/pods/web'],
  ['PUT', '/api/v1/namespaces/default/pods'],
  ['PATCH', '/api/v1/pods'],
  ['OPTIONS', '/api/v1/pods'],
  ['TRACE', '/version'],
])('%s of %s is not allowed', (method, target) => {
  const error = { status: { code: 405, reason: 'MethodNotAllowed' } };
  expect(translated({ method, target })).toMatchObject({ type: 'refuse', error });
});

test('an answer is in YAML for who takes nothing else', () => {
  expect(translated({ headers: { accept: 'application/yaml' } })).toMatchObject({ type: 'call', isYaml: true });
  expect(translated({ headers: { accept: 'application/json, application/yaml' } })).toMatchObject({ isYaml: false });
  const answer = { contentType: 'application/json', bytes: utf8('{"kind":"Pod","metadata":{"name":"a"}}') };
  const yaml = asYaml(answer);
  expect([yaml.contentType, utf8Text(yaml.bytes)]).toEqual(['application/yaml', 'kind: Pod\nmetadata:\n  name: a\n']);
  const text = { contentType: 'text/plain', bytes: utf8('ok') };
  expect(asYaml(text)).toBe(text);
});
