/** A request for the port of a pod, from the gateway's side: a session first, then the listener speaks to the port. */
import { expect, test } from 'vitest';
import { Connections } from '../../../actors/gateway/connections.ts';
import type { Effect } from '../../../src/actor/effect.ts';
import type { HttpRequest } from '../../../src/actor/listener-port.ts';
import { translateForward } from '../../../src/apiserver/gateway/translate-forward.ts';
import { utf8, utf8Text } from '../../../src/base/bytes.ts';

const exchange = 7;
const prefix = '/api/v1/namespaces/default/pods/https:web:8443/proxy';

function requestOf(method: string, target: string): HttpRequest {
  return { method, target, headers: { host: 'api' }, body: new Uint8Array(0), certificate: null };
}

function commandsOf(effects: readonly Effect[]): readonly unknown[] {
  return effects.flatMap((effect) => (effect.type === 'io' ? [effect.command] : []));
}

function connected(): { readonly connections: Connections; readonly id: number; readonly effects: readonly Effect[] } {
  const connections = new Connections('master-0/apiserver', 'gateway/1/');
  const [asked] = connections.forward(exchange, requestOf('POST', `${prefix}/a?b`));
  const id = asked?.type === 'subscribe' ? asked.id : 0;
  return { connections, id, effects: connections.item(id, { type: 'accepted' }) ?? [] };
}

test.each([
  ['GET', 'get'],
  ['HEAD', 'get'],
  ['POST', 'create'],
  ['PUT', 'update'],
  ['PATCH', 'patch'],
  ['DELETE', 'delete'],
])('%s asks for the right to %s', (method, verb) => {
  const translation = translateForward(requestOf(method, `${prefix}/x`));
  expect(translation).toMatchObject({ request: { verb, subresource: 'proxy', name: 'https:web:8443', body: null } });
});

test('a root without a slash is redirected, and a method that nobody knows is refused', () => {
  expect(translateForward(requestOf('GET', `${prefix}?x`))).toMatchObject({
    response: { status: 301, headers: { location: `${prefix}/?x` } },
  });
  expect(translateForward(requestOf('POST', prefix))).toMatchObject({ handshake: { target: '/' } });
  expect(translateForward(requestOf('BREW', `${prefix}/`))).toMatchObject({ response: { status: 405 } });
  const stranger = { ...requestOf('GET', prefix), isCertificateFalse: true };
  expect(translateForward(stranger)).toMatchObject({ response: { status: 401 } });
});

test('once the port is connected to, the listener is told what to say, and credit is given both ways', () => {
  const { id, effects } = connected();
  expect(commandsOf(effects)).toMatchObject([
    { type: 'switch', to: 'port', isSecure: true, target: '/a?b', prefix, headers: { host: 'api' } },
    { type: 'receive' },
  ]);
  expect(effects).toContainEqual({ type: 'credit', id, messages: 8 });
});

test('bytes go both ways; what the port has said returns its credit when it has left', () => {
  const { connections, id } = connected();
  expect(connections.received(exchange, utf8('GET'))).toMatchObject([
    { type: 'ask', body: { type: 'sendInput', request: { isEnd: false } } },
    {},
  ]);
  const said = connections.item(id, { type: 'stdout', bytes: utf8('HTTP/1.1') }) ?? [];
  expect(commandsOf(said)).toMatchObject([{ type: 'write', exchange }]);
  expect(said.some(({ type }) => type === 'credit')).toBe(false);
  expect(connections.written(exchange)).toEqual([{ type: 'credit', id, messages: 1 }]);
});

test.each([
  [{ type: 'exited', exitCode: 0 }, undefined],
  [{ type: 'exited', exitCode: 137 }, 'the connection was reset'],
  [{ type: 'failed', code: 'startFailed', message: 'refused' }, 'refused'],
] as const)('the end %j of a connection', (item, failure) => {
  const { connections, id } = connected();
  const ended = connections.item(id, item) ?? [];
  expect(commandsOf(ended)).toContainEqual(
    failure === undefined ? { type: 'end', exchange } : { type: 'end', exchange, failure },
  );
  expect(connections.closed(exchange)).toEqual([]);
});

test('a way that breaks off says so, and a refusal is the answer', () => {
  const { connections, id } = connected();
  expect(commandsOf(connections.ended(id) ?? [])).toMatchObject([{ type: 'end', failure: expect.any(String) }]);
  const others = new Connections('master-0/apiserver', 'gateway/1/');
  const [asked] = others.forward(exchange, requestOf('GET', `${prefix}/`));
  const response = { status: 403, contentType: 'application/json', bytes: utf8('{}'), warnings: [], headers: {} };
  const refused = others.item(asked?.type === 'subscribe' ? asked.id : 0, { type: 'refused', response }) ?? [];
  expect(commandsOf(refused)).toMatchObject([{ type: 'respond', status: 403 }]);
  expect(utf8Text(response.bytes)).toBe('{}');
});
