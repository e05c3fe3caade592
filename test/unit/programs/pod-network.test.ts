/** Where the listeners and connections of a container's thread go: tables of Node's own argument forms. */
import { describe, expect, test } from 'vitest';
import { PodNetwork } from '../../../actors/programs/pod-network.ts';

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

  test.each<[string, readonly unknown[], readonly unknown[]]>([
    ['to no host', ['m', 53], ['m', 53, '127.0.0.1']],
    ['to localhost', ['m', 53, 'localhost', done], ['m', 53, own, done]],
    ['a part', ['m', 0, 1, 53, 'localhost'], ['m', 0, 1, 53, own]],
    ['on a connected socket', ['m', done], ['m', done]],
    ['a part on a connected socket', ['m', 0, 1, done], ['m', 0, 1, done]],
    ['to another', ['m', 53, '10.1.2.3'], ['m', 53, '10.1.2.3']],
  ])('send: %s', (_name, args, want) => expect(network.sendArguments(args, 'udp4')).toEqual(want));

  test('connect', () => {
    expect(network.datagramConnectArguments([53, 'localhost', done], 'udp6')).toEqual([53, `::ffff:${own}`, done]);
    expect(network.datagramConnectArguments([53], 'udp4')).toEqual([53, '127.0.0.1']);
  });
});
