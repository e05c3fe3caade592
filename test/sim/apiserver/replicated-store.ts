/** Three replicas of the real store, each on a thread of its own, for API servers in simulation. */
import { timingProfiles } from '../../../actors/cluster/timing.ts';
import { storeBehaviour } from '../../../actors/store/behaviour.ts';
import type { StoreArgs } from '../../../actors/store/store-args.ts';
import type { Role } from '../../../src/actor/behaviour.ts';
import type { OpenPort } from '../../../src/actor/ports.ts';
import { membershipOf } from '../../../src/raft/membership.ts';
import type { ReplicaId } from '../../../src/raft/message.ts';
import type { Universe } from '../../../src/sim/universe.ts';

const masters = ['master-0', 'master-1', 'master-2'];
const peers = masters.map((master, index) => ({ id: (index + 1) as ReplicaId, path: `${master}/store` }));

export function startReplicatedStore(universe: Universe): ReadonlyMap<string, readonly string[]> {
  for (const { path } of peers) universe.startThread(path, [storeRole(universe)]);
  for (const [index, { path }] of peers.entries()) {
    for (const other of peers.slice(index + 1)) universe.connect(path, [path], other.path, [other.path]);
  }
  for (const { path } of peers) startReplica(universe, path, 'found', 1);
  return new Map(peers.map(({ path }) => [path, [path]]));
}

/** Starts a replica again whose thread was killed; its disk is what it was. `linked`: threads that shall know it. */
export function restartReplica(universe: Universe, path: string, linked: readonly [string, string][]): void {
  universe.startThread(path, [storeRole(universe)]);
  for (const other of peers) if (other.path !== path) universe.connect(path, [path], other.path, [other.path]);
  for (const [thread, actor] of linked) universe.connect(path, [path], thread, [actor]);
  startReplica(universe, path, 'resume', 2);
}

function startReplica(universe: Universe, path: string, type: 'found' | 'resume', incarnation: number): void {
  const { tickMs, raft } = timingProfiles.fast;
  const found = { type: 'found', membership: membershipOf(peers.map(({ id }) => id)) } as const;
  const args: StoreArgs = {
    clusterId: 'test',
    id: (peers.findIndex((peer) => peer.path === path) + 1) as ReplicaId,
    peers,
    intent: type === 'found' ? found : { type: 'resume' },
    timing: raft,
    tickMs,
    folder: path,
    isDurable: true,
    retentionMs: 5 * 60 * 1000,
  };
  universe.thread(path)?.host.start({ path, role: 'store', args, incarnation });
}

function storeRole(universe: Universe): Role {
  const disk: OpenPort = (emit, self) => universe.disk(self.path).open(emit);
  return { name: 'store', behaviour: storeBehaviour, ports: { disk } } as unknown as Role;
}
