/** Upgraded connections of the gateway: who may send how much, and who hears what when something ends. */
import { expect, test } from 'vitest';
import { Connections } from '../../../actors/gateway/connections.ts';
import type { Effect } from '../../../src/actor/effect.ts';
import type { HttpRequest } from '../../../src/actor/listener-port.ts';
import { concatBytes, utf8, utf8Text } from '../../../src/base/bytes.ts';

const exchange = 7;
const path = '/api/v1/namespaces/default/pods/web';

function requestOf(target: string, headers: Readonly<Record<string, string>>): HttpRequest {
  return { method: 'GET', target, headers, body: new Uint8Array(0), certificate: null };
}

const webSocket = { upgrade: 'websocket', 'sec-websocket-protocol': 'v5.channel.k8s.io, v4.channel.k8s.io' };

function commandsOf(effects: readonly Effect[]): readonly unknown[] {
  return effects.flatMap((effect) => (effect.type === 'io' ? [effect.command] : []));
}

function idOf(effects: readonly Effect[]): number {
  const found = effects.find(({ type }) => type === 'subscribe');
  return found?.type === 'subscribe' ? found.id : 0;
}

function opened(): { readonly connections: Connections; readonly id: number } {
  const connections = new Connections('master-0/apiserver', 'gateway/1/');
  const id = idOf(connections.open(exchange, requestOf(`${path}/exec?command=cat&stdin=true&stdout=true`, webSocket)));
  connections.item(id, { type: 'accepted' });
  connections.written(exchange);
  return { connections, id };
}

test('a connection is upgraded when its session is accepted, and output may come then', () => {
  const connections = new Connections('master-0/apiserver', 'gateway/1/');
  const request = requestOf(`${path}/exec?command=echo&command=hi&stdout=true`, webSocket);
  const asked = connections.open(exchange, request);
  expect(asked).toMatchObject([
    { type: 'subscribe', credit: 1, body: { request: { request: { repeated: { command: ['echo', 'hi'] } } } } },
  ]);
  const accepted = connections.item(idOf(asked), { type: 'accepted' }) ?? [];
  expect(commandsOf(accepted)).toMatchObject([
    { type: 'switch', to: 'websocket', subprotocol: 'v5.channel.k8s.io' },
    { type: 'receive' },
    { type: 'write' },
  ]);
  expect(accepted).toContainEqual({ type: 'credit', id: idOf(asked), messages: 8 });
});

test('a session that is refused is an answer, and what cannot be upgraded is one at once', () => {
  const connections = new Connections('master-0/apiserver', 'gateway/1/');
  const id = idOf(connections.open(exchange, requestOf(`${path}/exec?command=true&stdout=true`, webSocket)));
  const response = { status: 404, contentType: 'application/json', bytes: utf8('{}'), warnings: [], headers: {} };
  expect(commandsOf(connections.item(id, { type: 'refused', response }) ?? [])).toMatchObject([
    { type: 'respond', status: 404 },
  ]);
  expect(connections.has(exchange)).toBe(false);
  for (const [target, headers] of [
    [path, webSocket],
    [`${path}/exec`, { upgrade: 'h2c' }],
    [`${path}/exec`, { upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'v9.channel.k8s.io' }],
    [`${path}/portforward?ports=0`, webSocket],
  ] as const) {
    expect(commandsOf(connections.open(9, requestOf(target, headers)))).toMatchObject([
      { type: 'respond', status: 400 },
    ]);
  }
});

test('the credit of output returns when its bytes have left, not before', () => {
  const { connections, id } = opened();
  const said = connections.item(id, { type: 'stdout', bytes: utf8('hello') }) ?? [];
  expect(said.some(({ type }) => type === 'credit')).toBe(false);
  expect(connections.written(exchange)).toEqual([{ type: 'credit', id, messages: 1 }]);
});

test('a client whose program does not read is not read from, and goes on when it does', () => {
  const { connections } = opened();
  const message = concatBytes([Uint8Array.of(0), new Uint8Array(100_000)]);
  const allowed: boolean[] = [];
  let asked = 0;
  for (let count = 0; count < 4; count += 1) {
    const effects = connections.received(exchange, message);
    allowed.push(commandsOf(effects).length > 0);
    for (const effect of effects) if (effect.type === 'ask') asked = effect.id;
  }
  expect(allowed).toEqual([true, true, false, false]);
  let returned: readonly unknown[] = [];
  for (let taken = 0; taken < 16 && returned.length === 0; taken += 1) {
    const effects = connections.answered(asked, { type: 'done' }) ?? [];
    for (const effect of effects) if (effect.type === 'ask') asked = effect.id;
    returned = commandsOf(effects);
  }
  expect(returned).toEqual([{ type: 'receive', exchange, messages: 2 }]);
});

test('a session that is lost on the way says so on the error channel, and the connection ends', () => {
  const { connections, id } = opened();
  const effects = commandsOf(connections.ended(id) ?? []) as readonly { type: string; bytes?: Uint8Array }[];
  expect(effects.map(({ type }) => type)).toEqual(['write', 'end']);
  expect(utf8Text(effects[0]?.bytes ?? new Uint8Array(0))).toContain('the connection to the container was lost');
});

test('a client that goes takes its sessions and its asks along', () => {
  const { connections, id } = opened();
  const asks = connections.received(exchange, Uint8Array.of(0, 1, 2));
  const ask = asks.find(({ type }) => type === 'ask');
  expect(connections.closed(exchange)).toEqual([
    { type: 'cancelAsk', id: ask?.type === 'ask' ? ask.id : 0 },
    { type: 'unsubscribe', id },
  ]);
  expect(connections.has(exchange)).toBe(false);
});
