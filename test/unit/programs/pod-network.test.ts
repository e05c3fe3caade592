/** Where the listeners and connections of a container's thread go: tables of Node's own argument forms, and Node itself. */
import { createSocket, Socket as Datagrams } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createConnection, Server, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { confineToPod, PodNetwork } from '../../../actors/programs/pod-network.ts';

const own = '127.77.0.2';
const network = new PodNetwork(own, 'web-0');
const done = (): void => {};

describe('listen', () => {
  test.each<[string, readonly unknown[], readonly unknown[]]>([
    ['nothing', [], [{ port: 0, host: own }]],
    ['a callback', [done], [{ port: 0, host: own }, done]],
    ['a port', [80], [{ port: 80, host: own }]],
    ['a port as text', ['80', done], [{ port: '80', host: own }, done]],
    ['everywhere', [80, '0.0.0.0', done], [{ port: 80, host: own }, done]],
    ['everywhere, IPv6', [80, '::'], [{ port: 80, host: own }]],
    ['localhost with a backlog', [80, 'localhost', 5, done], [{ port: 80, host: own, backlog: 5 }, done]],
    ['a backlog without a host', [80, 5], [{ port: 80, host: own, backlog: 5 }]],
    ['loopback', [80, '127.0.0.1'], [{ port: 80, host: own }]],
    ['its own name', [80, 'web-0'], [{ port: 80, host: own }]],
    ['another address means it', [80, '10.1.2.3'], [{ port: 80, host: '10.1.2.3' }]],
    [
      'options, of which others stay',
      [{ port: 80, exclusive: true, ipv6Only: true }, done],
      [{ port: 80, host: own, exclusive: true, ipv6Only: false }, done],
    ],
    [
      'options of another address',
      [{ port: 80, host: '::2', ipv6Only: true }],
      [{ port: 80, host: '::2', ipv6Only: true }],
    ],
    [
      'a port goes before a path',
      [{ port: 80, path: '/run/s' }],
      [{ port: 80, path: '/run/s', host: own, ipv6Only: false }],
    ],
    ['a path', ['/run/s', done], ['/run/s', done]],
    ['a path in options', [{ path: '/run/s' }], [{ path: '/run/s' }]],
    ['a file that is open', [{ fd: 3 }], [{ fd: 3 }]],
  ])('%s', (_name, args, want) => expect(network.listenArguments(args)).toEqual(want));
});

describe('connect', () => {
  test.each<[string, readonly unknown[], readonly unknown[]]>([
    ['a port', [80, done], [{ port: 80, host: own }, done]],
    ['localhost', [80, 'localhost'], [{ port: 80, host: own }]],
    ['::1', [{ port: 80, host: '::1', timeout: 5 }, done], [{ port: 80, host: own, timeout: 5 }, done]],
    ['no host', [{ port: 80 }], [{ port: 80, host: own }]],
    ['the machine', [6443, '127.0.0.1'], [{ port: 6443, host: '127.0.0.1' }]],
    ['a name', [80, 'example.org', done], [{ port: 80, host: 'example.org' }, done]],
    ['a path', ['/run/s'], ['/run/s']],
    ['a path in options', [{ path: '/run/s' }], [{ path: '/run/s' }]],
  ])('%s', (_name, args, want) => expect(network.connectArguments(args)).toEqual(want));

  test('the list that Node has marked stays the same list', () => {
    const list = [{ port: 80, host: 'localhost' }, done];
    const args = [list];
    expect(network.connectArguments(args)).toBe(args);
    expect(list).toEqual([{ port: 80, host: own }, done]);
  });

  test('127.0.0.1 is the pod at ports at which the program itself listens, as long as it does', () => {
    const program = new PodNetwork(own, 'web-0');
    const closed = [program.opened(80), program.opened(80)];
    for (const close of closed) {
      expect(program.connectHost('127.0.0.1', '80')).toBe(own);
      close();
    }
    expect(program.connectHost('127.0.0.1', 80)).toBe('127.0.0.1');
  });
});

describe('datagrams', () => {
  test.each<[string, readonly unknown[], string, readonly unknown[]]>([
    ['a port', [53, done], 'udp4', [{ port: 53, address: own }, done]],
    [
      'everywhere',
      [{ port: 53, address: '0.0.0.0', exclusive: true }],
      'udp4',
      [{ port: 53, address: own, exclusive: true }],
    ],
    ['IPv6', [53, '::'], 'udp6', [{ port: 53, address: `::ffff:${own}` }]],
    ['a port that nobody named', [{ port: 0, exclusive: true }, null], 'udp4', [{ port: 0, exclusive: true }, null]],
    ['nothing', [done], 'udp4', [done]],
  ])('bind: %s', (_name, args, type, want) => expect(network.bindArguments(args, type)).toEqual(want));

  test.each<[string, readonly unknown[], string, readonly unknown[]]>([
    ['to no host', ['m', 53], 'udp4', ['m', 53, '127.0.0.1']],
    ['to no host, IPv6', ['m', 53, done], 'udp6', ['m', 53, `::ffff:${own}`, done]],
    ['a part to no host, IPv6', ['m', 0, 1, 53], 'udp6', ['m', 0, 1, 53, `::ffff:${own}`]],
    ['to ::1', ['m', 53, '::1'], 'udp6', ['m', 53, `::ffff:${own}`]],
    ['to localhost', ['m', 53, 'localhost', done], 'udp4', ['m', 53, own, done]],
    ['a part', ['m', 0, 1, 53, 'localhost'], 'udp4', ['m', 0, 1, 53, own]],
    ['on a connected socket', ['m', done], 'udp4', ['m', done]],
    ['a part on a connected socket', ['m', 0, 1, done], 'udp4', ['m', 0, 1, done]],
    ['to another', ['m', 53, '10.1.2.3'], 'udp4', ['m', 53, '10.1.2.3']],
    ['to another, IPv6', ['m', 53, 'fd00::2'], 'udp6', ['m', 53, 'fd00::2']],
  ])('send: %s', (_name, args, type, want) => expect(network.sendArguments(args, type)).toEqual(want));

  test.each<[string, readonly unknown[], string, readonly unknown[]]>([
    ['to localhost, IPv6', [53, 'localhost', done], 'udp6', [53, `::ffff:${own}`, done]],
    ['to no host', [53], 'udp4', [53, '127.0.0.1']],
    ['to no host, IPv6', [53, done], 'udp6', [53, `::ffff:${own}`, done]],
  ])('connect: %s', (_name, args, type, want) => expect(network.datagramConnectArguments(args, type)).toEqual(want));
});

// Elsewhere a machine has one address of loopback.
describe.runIf(process.platform === 'linux')('a thread that is confined', () => {
  const streams = { listen: Server.prototype.listen, connect: Socket.prototype.connect };
  const { bind, connect, send } = Datagrams.prototype;
  beforeEach(() => confineToPod(own, 'web-0'));
  afterEach(() => {
    Server.prototype.listen = streams.listen;
    Socket.prototype.connect = streams.connect;
    Object.assign(Datagrams.prototype, { bind, connect, send });
  });

  test('a port that is taken is asked for again and again, and found when it is free', async () => {
    const holder = new Server().listen(0);
    await once(holder, 'listening');
    const { port } = holder.address() as AddressInfo;
    const server = new Server();
    for (let attempt = 0; attempt < 12; attempt += 1) {
      server.listen(port);
      expect((await once(server, 'error'))[0]).toMatchObject({ code: 'EADDRINUSE', address: own });
    }
    expect(server.listenerCount('listening')).toBe(1);
    await once(holder.close(), 'close');
    for (let life = 0; life < 2; life += 1) {
      await once(server.listen(port), 'listening');
      expect([server.listenerCount('listening'), server.listenerCount('close')]).toEqual([0, 1]);
      // Only by what was noted is this the pod.
      const client = createConnection(port, '127.0.0.1');
      await once(client, 'connect');
      client.destroy();
      await once(server.close(), 'close');
    }
    await expect(once(createConnection(port, '127.0.0.1'), 'connect')).rejects.toThrow('ECONNREFUSED 127.0.0.1');
  });

  test('so is one for datagrams, and those from a socket of IPv6 that name no host come there', async () => {
    const holder = createSocket('udp4').bind(0, own);
    await once(holder, 'listening');
    const { port } = holder.address();
    const socket = createSocket('udp6');
    for (let attempt = 0; attempt < 12; attempt += 1) {
      socket.bind(port);
      expect((await once(socket, 'error'))[0]).toMatchObject({ code: 'EADDRINUSE' });
    }
    expect(socket.listenerCount('listening')).toBe(1);
    await once(holder.close(), 'close');
    await once(socket.bind(port), 'listening');
    expect([socket.listenerCount('listening'), socket.listenerCount('close')]).toEqual([0, 1]);
    const [sender, connected] = [createSocket('udp6'), createSocket('udp6')];
    sender.send('sent', port);
    expect(String((await once(socket, 'message'))[0])).toBe('sent');
    connected.connect(port);
    await once(connected, 'connect');
    connected.send('also sent');
    expect(String((await once(socket, 'message'))[0])).toBe('also sent');
    for (const each of [sender, connected, socket]) each.close();
  });
});
