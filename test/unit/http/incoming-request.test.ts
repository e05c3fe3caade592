/** What the servers of HTTP share: bodies within a limit, headers, and an end that waits for nobody. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { collectBody, headersOf } from '../../../actors/io/incoming-request.ts';
import { listenAt, OpenSockets } from '../../../actors/io/listening.ts';
import { utf8Text } from '../../../src/base/bytes.ts';

/** A request whose body is collected, up to 3 bytes, and what is told of it. */
function collected(): { readonly request: PassThrough; readonly told: readonly string[] } {
  const request = new PassThrough();
  const told: string[] = [];
  collectBody(
    request,
    3,
    (body) => told.push(utf8Text(body)),
    () => told.push('too large'),
  );
  return { request, told };
}

test.each([
  [['abc'], ['abc']],
  [['a', 'b', 'c'], ['abc']],
  [[], ['']],
  [['abc', 'd'], ['too large']],
  [['abcd', 'e', 'f'], ['too large']],
])('a body of %j within 3 bytes comes as %j', async (parts, expected) => {
  const { request, told } = collected();
  for (const part of parts) request.write(part);
  request.end();
  await once(request, 'close');
  expect(told).toEqual(expected);
});

test('a body that breaks off is no body', async () => {
  const { request, told } = collected();
  request.write('ab');
  await setImmediate();
  request.destroy();
  await once(request, 'close');
  expect(told).toEqual([]);
});

test('headers that came again are joined, and those of HTTP/2 itself are none', () => {
  const headers = { ':path': '/x', 'set-cookie': ['a', 'b'], accept: '*/*', via: undefined };
  expect(headersOf({ headers } as never)).toEqual({ 'set-cookie': 'a,b', accept: '*/*' });
});

test('a server says where it listens, that a port is taken, and ends connections that stay', async () => {
  const told: string[] = [];
  const server = createServer();
  const sockets = new OpenSockets(server);
  const port = await new Promise<number>((resolve, reject) => {
    listenAt(server, { host: '127.0.0.1', port: 0 }, (event) => resolve(event.port), reject);
  });
  const second = createServer();
  listenAt(
    second,
    { host: '127.0.0.1', port },
    () => told.push('listening'),
    (message) => told.push(message),
  );
  await expect.poll(() => told).toEqual([expect.stringContaining('EADDRINUSE')]);
  const client = connect(port, '127.0.0.1').on('error', () => {});
  await once(server, 'connection');
  server.close();
  sockets.destroy();
  await once(server, 'close');
  client.destroy();
});
