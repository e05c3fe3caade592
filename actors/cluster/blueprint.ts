/** Turns options into a topology: the threads of each master and node, and what each actor is started with. */
import { join } from 'node:path';
import { membershipOf } from '../../src/raft/membership.ts';
import type { ReplicaId } from '../../src/raft/message.ts';
import type { StoreArgs } from '../store/store-args.ts';
import type { CheckedOptions } from './options.ts';
import { timingProfiles } from './timing.ts';
import { linksBetween, type ThreadDesign, type Topology } from './topology.ts';

export interface BlueprintOptions {
  readonly options: CheckedOptions;
  readonly clusterId: string;
  /** Holds a folder per replica. */
  readonly dataFolder: string;
  /** The replicas have logs from an earlier run. */
  readonly isExisting: boolean;
  readonly ownThread: string;
}

/** How long the store keeps history; kube-apiserver compacts every 5 minutes. */
const historyMs = 5 * 60 * 1_000;

export function masterName(index: number): string {
  return `master-${index}`;
}

export function nodeName(index: number): string {
  return `node-${index}`;
}

export function storePath(master: string): string {
  return `${master}/store`;
}

/** Replica ids are 1, 2, 3 for master-0, master-1, master-2. */
export function replicaIdOf(master: string): ReplicaId {
  return (Number(master.slice('master-'.length)) + 1) as ReplicaId;
}

export function designCluster(blueprint: BlueprintOptions): Topology {
  const masters = Array.from({ length: blueprint.options.masters }, (_, index) => masterName(index));
  const designs = masters.map((master) => storeThread(blueprint, master, masters));
  return {
    threads: new Map(designs.map((design) => [design.name, design])),
    links: linksBetween(designs, blueprint.ownThread),
  };
}

function storeThread(blueprint: BlueprintOptions, master: string, masters: readonly string[]): ThreadDesign {
  const { options, clusterId, dataFolder, isExisting } = blueprint;
  const { tickMs, raft } = timingProfiles[options.profile];
  const peers = masters.map((name) => ({ id: replicaIdOf(name), path: storePath(name) }));
  const found = { type: 'found', membership: membershipOf(peers.map(({ id }) => id)) } as const;
  const args = (start: 'first' | 'again'): StoreArgs => ({
    clusterId,
    id: replicaIdOf(master),
    peers,
    intent: isExisting || start === 'again' ? { type: 'resume' } : found,
    timing: raft,
    tickMs,
    folder: join(dataFolder, master),
    isDurable: options.dataDirectory !== null,
    retentionMs: historyMs,
    settings: options.store,
  });
  return { name: storePath(master), entry: 'store', actors: [{ path: storePath(master), role: 'store', args }] };
}
