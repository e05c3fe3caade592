/** What the machines of a cluster may be, and how a Node tells of one. */
import { expect, test } from 'vitest';
import { checkOptions } from '../../../actors/cluster/options.ts';
import type { WallMs } from '../../../src/base/brand.ts';
import { nodeObjectOf } from '../../../src/kubelet/node-object.ts';

const wrong: readonly (readonly [unknown, string])[] = [
  [{}, 'machines must be a list of profiles'],
  [[1], 'machines[0] must be an object'],
  [[{ cpu: 4 }], 'unknown field machines[0].cpu'],
  [[{ capacity: { cpu: 'many' } }], 'machines[0].capacity is not what it should be'],
  [[{}, { isVirtual: 'yes' }], 'machines[1].isVirtual is not what it should be'],
];
test.each(wrong)('%j are no machines', (machines, complaint) => {
  expect(() => checkOptions({ machines: machines as [] })).toThrow(complaint);
});

test('a Node tells what its machine is: capacity, kernel, zone, and whether it is virtual', () => {
  const description = {
    name: 'node-0',
    address: '10.0.0.1',
    capacity: { cpu: '64', memory: '512Gi', pods: '250' },
    kernelVersion: '6.12.1',
    zone: 'west',
    isVirtual: true,
  };
  const runtime = { name: 'test', version: '1.0.0', isReachable: true };
  expect(checkOptions({ machines: [{ zone: 'west', isVirtual: false }] }).machines).toHaveLength(1);
  expect(nodeObjectOf(description, runtime, 0 as WallMs)).toMatchObject({
    metadata: { labels: { 'topology.kubernetes.io/zone': 'west', 'threemaster.dev/virtual': 'true' } },
    status: { capacity: { cpu: '64', memory: '512Gi' }, nodeInfo: { kernelVersion: '6.12.1' } },
  });
});
