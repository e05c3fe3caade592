/** Requests that are passed on to a port: what of a URL, of names and of headers goes there, and what comes back. */
import { expect, test } from 'vitest';
import {
  type ForwardTarget,
  forwardedHeaders,
  forwardHandshake,
  forwardTargetOf,
  parseForwardName,
  returnedHeaders,
  switchedHeaders,
} from '../../../src/http/forwarding.ts';

const prefix = '/api/v1/namespaces/d/pods/web:80/proxy';

test.each([
  ['web', '', { isSecure: false, target: '/' }],
  ['web:80', '?x', { isSecure: false, target: '/?x' }],
  ['http:web:80', '/a%2Fb/?x', { isSecure: false, target: '/a%2Fb/?x' }],
  ['https:web:443', '/', { isSecure: true, target: '/' }],
])('the port of %s is told of %j', (name, rest, want) => {
  const target = forwardTargetOf(prefix + rest) as ForwardTarget;
  const headers = { host: 'api', accept: '*/*', connection: 'close' };
  const passed = forwardedHeaders(headers, target, 'api');
  expect(forwardHandshake(name, target, headers)).toEqual({ to: 'port', prefix, headers: passed, ...want });
});

test.each([
  [`${prefix}/a//b/?c=%2F&d`, { prefix, path: '/a//b/', query: '?c=%2F&d' }],
  [prefix, { prefix, path: '', query: '' }],
  [`${prefix}?x`, { prefix, path: '', query: '?x' }],
  [`${prefix}/`, { prefix, path: '/', query: '' }],
  ['/api/v1/namespaces/d/services/https:x:443/proxy/y', { path: '/y' }],
  [`${prefix}y/z`, null],
  ['/api/v1/namespaces/d/pods/web', null],
  ['/api/v1/namespaces/d/pods?x=/proxy/', null],
  ['/api/v1/namespaces/d/configmaps/web/proxy/', null],
  ['/api/v1/nodes/node-0/proxy/healthz', null],
  ['/apis/apps/v1/namespaces/d/pods/web/proxy/', null],
])('the target %s', (target, want) => {
  if (want === null) expect(forwardTargetOf(target)).toBeNull();
  else expect(forwardTargetOf(target)).toMatchObject(want);
});

test.each([
  ['web', { scheme: 'http', name: 'web', port: '' }],
  ['web:80', { scheme: 'http', name: 'web', port: '80' }],
  ['web:http', { scheme: 'http', name: 'web', port: 'http' }],
  ['https:web:', { scheme: 'https', name: 'web', port: '' }],
  [':web:80', { scheme: 'http', name: 'web', port: '80' }],
  ['ftp:web:80', null],
  ['', null],
  [':80', null],
  ['http::80', null],
  ['a:b:c:d', null],
])('the name %j', (text, want) => {
  expect(parseForwardName(text)).toEqual(want);
});

test('a pod gets every header but those of the connection and those that prove who asks', () => {
  const headers = {
    host: 'api:6443',
    authorization: 'Bearer secret',
    'impersonate-user': 'jane',
    connection: 'close, X-Hop',
    'x-hop': '1',
    'transfer-encoding': 'chunked',
    te: 'trailers',
    expect: '100-continue',
    cookie: 'a=1',
    accept: 'text/html',
  };
  expect(forwardedHeaders(headers, { prefix, path: '/a', query: '?b' }, 'api:6443')).toEqual({
    host: 'api:6443',
    cookie: 'a=1',
    accept: 'text/html',
    'x-forwarded-host': 'api:6443',
    'x-forwarded-proto': 'https',
    'x-forwarded-uri': `${prefix}/a`,
  });
});

test('a client gets the headers of the answer, each value by itself', () => {
  const raw = ['Set-Cookie', 'a', 'Connection', 'X-Hop', 'set-cookie', 'b', 'X-Hop', '1', 'Content-Length', '3'];
  expect(returnedHeaders(raw, prefix, 'api')).toEqual({ 'set-cookie': ['a', 'b'], 'content-length': ['3'] });
});

test('a client gets headers that are named as what every object has', () => {
  const raw = ['constructor', 'a', 'valueOf', 'b', '__proto__', 'c', 'constructor', 'd'];
  expect(Object.entries(returnedHeaders(raw, prefix, 'api'))).toEqual([
    ['constructor', ['a', 'd']],
    ['valueof', ['b']],
    ['__proto__', ['c']],
  ]);
  expect(Object.entries(switchedHeaders(raw))).toEqual([
    ['constructor', ['a', 'd']],
    ['valueOf', ['b']],
    ['__proto__', ['c']],
  ]);
});

test('an answer 101 keeps the headers of its connection', () => {
  const raw = ['Connection', 'Upgrade', 'Upgrade', 'echo', 'Set-Cookie', 'a', 'Set-Cookie', 'b'];
  expect(switchedHeaders(raw)).toEqual({ Connection: ['Upgrade'], Upgrade: ['echo'], 'Set-Cookie': ['a', 'b'] });
});

test.each([
  ['/x?y', `${prefix}/x?y`],
  ['//api:6443/x', `${prefix}/x`],
  ['http://api:6443/x', `${prefix}/x`],
  [`http://api:6443${prefix}/x`, `${prefix}/x`],
  ['x/y', 'x/y'],
  ['https://elsewhere/x', 'https://elsewhere/x'],
])('a redirect to %s stays within the proxy, unless it leads elsewhere', (location, want) => {
  expect(returnedHeaders(['Location', location], prefix, 'api:6443')).toEqual({ location: [want] });
});
