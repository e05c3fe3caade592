/** Who a request comes from and as whom it acts, as the gateway reads it from headers and certificate. */
import { expect, test } from 'vitest';
import type { HttpRequest } from '../../../src/actor/listener-port.ts';
import { translateRequest } from '../../../src/apiserver/gateway/translate.ts';
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
  expect(translated({ isCertificateFalse: true })).toMatchObject({ type: 'refuse', response: { status: 401 } });
  const headers = { authorization: 'Bearer abc' };
  expect(translated({ headers, isCertificateFalse: true }).type).toBe('call');
});

test('a method that nobody knows is refused first, then who shows a false certificate, then what is not served', () => {
  const target = '/api/v1/namespaces/default/pods/web';
  const statusOf = (method: string, isCertificateFalse: boolean): unknown => {
    const translation = translated({ method, target, isCertificateFalse });
    return translation.type === 'refuse' ? translation.response.status : translation.type;
  };
  expect([statusOf('BREW', true), statusOf('POST', true), statusOf('POST', false)]).toEqual([405, 401, 405]);
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
  const translation = translated({ method, target });
  expect(translation).toMatchObject({ type: 'refuse', response: { status: 405 } });
  if (translation.type === 'refuse') expect(utf8Text(translation.response.bytes)).toContain('"MethodNotAllowed"');
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
