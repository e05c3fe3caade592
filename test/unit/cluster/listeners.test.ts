import { expect, test } from 'vitest';
import type { Bridge } from '../../../actors/cluster/bridge.ts';
import type { ClusterIdentity } from '../../../actors/cluster/identity.ts';
import { Listeners } from '../../../actors/cluster/listeners.ts';

function bridgeWith(replies: Readonly<Record<string, object>>): Bridge {
  return {
    ask: (path: string) => Promise.resolve({ type: 'reply', reply: replies[path] ?? { failure: 'in use' } }),
  } as unknown as Bridge;
}

test('whoever listens is told its port for good, so that a restart finds it again', async () => {
  const identity = { ports: {} } as ClusterIdentity;
  const told: string[][] = [];
  const bridge = bridgeWith({
    'master-0/gateway': { host: '127.0.0.1', port: 4001 },
    registry: { host: '127.0.0.1', port: 4002 },
    balancer: { host: '127.0.0.1', port: 4003 },
  });
  const listeners = new Listeners(bridge, identity, null, async (paths) => void told.push([...paths]));
  await listeners.openAll(['master-0'], ['registry']);
  expect(identity.ports).toEqual({ 'master-0/gateway': 4001, registry: 4002, balancer: 4003 });
  expect(told).toEqual([['master-0/gateway', 'registry', 'balancer']]);
});

test('one that cannot listen is an error that names it', async () => {
  const listeners = new Listeners(bridgeWith({}), { ports: {} } as ClusterIdentity, null, () => Promise.resolve());
  await expect(listeners.openAll(['master-0'], [])).rejects.toThrow('master-0/gateway cannot listen: in use');
});
