/** Requests that Node's HTTP client passes on to the port of a pod, over plain sockets: whatever the port answers, the client hears of it. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createHttp2Server, connect as openHttp2 } from 'node:http2';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { ForwardedExchange } from '../../../actors/io/forwarded-exchange.ts';
import { ForwardedUpgrade } from '../../../actors/io/forwarded-upgrade.ts';
import type { ListenerCommand, ListenerEvent } from '../../../src/actor/listener-port.ts';
import { utf8 } from '../../../src/base/bytes.ts';

type Forward = ForwardedExchange | ForwardedUpgrade;

interface Pod {
  /** Given all that came so far; returns what the port says to that. */
  readonly answer: (heard: string) => string;
  heard: string;
}

const command: Extract<ListenerCommand, { to: 'port' }> = {
  type: 'switch',
  exchange: 1,
  to: 'port',
  isSecure: false,
  target: '/x',
  prefix: '/proxy',
  headers: { host: 'api' },
};
const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n';
const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** What the gateway does between the listener and a pod. */
function serve(pod: Pod, forward: Forward, event: ListenerEvent): void {
  if (event.type === 'unreached') {
    const body = utf8(event.message);
    forward.respond(503, {}, body);
  } else if (event.type === 'received') {
    forward.port.allow(1);
    pod.heard += Buffer.from(event.bytes).toString();
    const said = pod.answer(pod.heard);
    if (said !== '') forward.port.arrived(utf8(said));
  }
}

function podThat(answer: Pod['answer']): Pod {
  return { answer, heard: '' };
}

/** Forwards everything that comes to a server of HTTP/1.1. Returns its port. */
async function listen(pod: Pod, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  const server: Server = createServer();
  const start = (make: (emit: (event: ListenerEvent) => void) => Forward): void => {
    const forward: Forward = make((event) => serve(pod, forward, event));
    forward.port.allow(1);
    forward.forward({ ...command, headers: { ...command.headers, ...headers } });
  };
  server.on('request', (request, response) =>
    start((emit) => new ForwardedExchange(1, request as never, response as never, emit)),
  );
  server.on('upgrade', (request, socket, head) =>
    start((emit) => new ForwardedUpgrade(1, request, socket as Socket, head, emit)),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** Returns the connection, on which `request` has been said. */
function say(port: number, request: string): Socket {
  const socket = connect(port, '127.0.0.1');
  closers.push(() => socket.destroy());
  socket.write(request);
  return socket;
}

const plain = 'GET /x HTTP/1.1\r\nHost: api\r\nConnection: close\r\n\r\n';
const upgrading = 'GET /x HTTP/1.1\r\nHost: api\r\nConnection: Upgrade\r\nUpgrade: echo\r\n';
const odd = 'constructor: a\r\n__proto__: b\r\nvalueOf: c\r\n';

test.each([
  ['a plain request', plain, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n', /^HTTP\/1\.1 200 /],
  ['an upgrade that is refused', `${upgrading}\r\n`, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n', /^HTTP\/1\.1 200 /],
  ['an upgrade', `${upgrading}\r\n`, switching, /^HTTP\/1\.1 101 /],
])('%s is answered with headers named as what every object has', async (_, request, head, status) => {
  const port = await listen(podThat(() => `${head}${odd}\r\nok`));
  const socket = say(port, request);
  let heard = '';
  for await (const part of socket) {
    heard += String(part);
    if (heard.endsWith('\r\n\r\nok')) break;
  }
  expect(heard).toMatch(status);
  for (const line of odd.trimEnd().split('\r\n'))
    expect(heard.toLowerCase()).toContain(`\r\n${line.toLowerCase()}\r\n`);
});

test('HTTP/2 carries such headers too', async () => {
  const pod = podThat(() => `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${odd}\r\nok`);
  const server = createHttp2Server((request, response) => {
    const forward: Forward = new ForwardedExchange(1, request, response, (event) => serve(pod, forward, event));
    forward.port.allow(1);
    forward.forward(command);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const session = openHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  closers.push(
    () => session.destroy(),
    () => server.close(),
  );
  const stream = session.request({ ':path': '/x' });
  const [head] = (await once(stream, 'response')) as [Record<string, unknown>];
  expect([head[':status'], head['constructor'], head['valueof'], await text(stream)]).toEqual([200, 'a', 'c', 'ok']);
});

test('an answer 101 to a plain request fails, and the client hears of it once', async () => {
  const port = await listen(podThat(() => `${switching}\r\n`));
  const heard = await text(say(port, plain));
  expect(heard).toMatch(/^HTTP\/1\.1 503 /);
  expect(heard).toContain('the connection was closed');
  expect(heard.match(/HTTP\/1\.1/g)).toHaveLength(1);
});

test.each([
  ['a length', 'Content-Length: 6', 'abcdef', { 'content-length': '6' }],
  ['chunks', 'Transfer-Encoding: chunked', '3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n', {}],
])('an upgrade with a body of %s reaches the port whole', async (_, header, body, headers) => {
  let isAnswered = false;
  const pod = podThat((heard) => {
    if (isAnswered || !heard.endsWith(body)) return heard.endsWith('after') ? 'bye' : '';
    isAnswered = true;
    return `${switching}\r\n`;
  });
  const socket = say(await listen(pod, headers), `${upgrading}${header}\r\n\r\n${body.slice(0, 4)}`);
  await expect.poll(() => pod.heard).toContain(body.slice(0, 4));
  socket.write(body.slice(4));
  let heard = '';
  for await (const part of socket) {
    heard += String(part);
    if (heard.endsWith('\r\n\r\n')) socket.write('after');
    if (heard.endsWith('bye')) break;
  }
  expect(heard).toMatch(/^HTTP\/1\.1 101 /);
  const [head = ''] = pod.heard.split('\r\n\r\n', 1);
  expect(head).toContain(header.toLowerCase());
  expect(pod.heard.slice(head.length + 4)).toBe(`${body}after`);
});
