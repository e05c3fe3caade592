/** Which port and which endpoints a proxied request means. */
import { expect, test } from 'vitest';
import { choosePort, endpointsAt, firstPort } from '../../../src/apiserver/proxy-endpoint.ts';
import type { EndpointSlice } from '../../../src/kinds/endpointslice/types.ts';
import type { Pod } from '../../../src/kinds/pod/types.ts';
import type { Service } from '../../../src/kinds/service/types.ts';

const service = {
  metadata: { name: 'web' },
  spec: { ports: [{ name: 'http', port: 80 }, { port: 81 }] },
} as unknown as Service;

test.each([
  ['http', 'http'],
  ['80', 'http'],
  ['81', ''],
  ['', ''],
  ['other', 'other'],
])('the port %j of a service has the name %j', (asked, name) => {
  expect(choosePort(service, asked)).toBe(name);
});

test('a number that is no port of a service is told', () => {
  expect(() => choosePort(service, '8080')).toThrow('no service port 8080 found for service "web"');
});

test('a pod without a number means the first port that it declares, else 80', () => {
  const podWith = (...ports: readonly number[][]): Pod =>
    ({
      spec: { containers: ports.map((own) => ({ ports: own.map((containerPort) => ({ containerPort })) })) },
    }) as never;
  expect([firstPort(podWith([], [8080, 9])), firstPort(podWith([]))]).toEqual([8080, 80]);
});

test('endpoints are ready pods behind the port of that name', () => {
  const endpoint = (name: string, conditions: object, kind = 'Pod'): object => ({
    addresses: ['10.0.0.1'],
    conditions,
    targetRef: { kind, name, uid: `uid-${name}` },
  });
  const slices = [
    {
      endpoints: [
        endpoint('a', { ready: true }),
        endpoint('b', { ready: false }),
        endpoint('c', {}, 'Node'),
        { addresses: ['10.0.0.2'] },
        endpoint('d', {}),
      ],
      ports: [{ name: 'http', port: 8080 }],
    },
    {
      endpoints: [endpoint('e', {})],
      ports: [
        { name: 'http', port: 8081 },
        { name: '', port: 9 },
      ],
    },
    { endpoints: [endpoint('f', {})] },
  ] as unknown as readonly EndpointSlice[];
  expect(endpointsAt(slices, 'http').map(({ name, port }) => `${name}:${port}`)).toEqual([
    'a:8080',
    'd:8080',
    'e:8081',
  ]);
  expect(endpointsAt(slices, '')).toEqual([{ name: 'e', uid: 'uid-e', port: 9 }]);
  expect(endpointsAt(slices, 'other')).toEqual([]);
});
