/** Turns options into a topology: the threads of each master and node, and what each actor is started with. */
import { join } from 'node:path';
import type { ApiServerSettings } from '../../src/apiserver/settings.ts';
import { fastKubeletLimits, kubeletLimits } from '../../src/kubelet/limits.ts';
import { defaultNodeCapacity } from '../../src/kubelet/node-object.ts';
import { membershipOf } from '../../src/raft/membership.ts';
import type { ReplicaId } from '../../src/raft/message.ts';
import { simulatedTokenKey } from '../../src/sim/simulated-crypto.ts';
import type { StartIntent } from '../../src/store/replica-start.ts';
import type { BalancerArgs } from '../balancer/behaviour.ts';
import { type ControllersArgs, controllersOffice } from '../controllers/controllers-args.ts';
import type { GatewayArgs } from '../gateway/behaviour.ts';
import type { KubeletArgs } from '../kubelet/behaviour.ts';
import type { NodeRuntimeArgs } from '../kubelet/node-runtime.ts';
import type { RegistryArgs } from '../registry/behaviour.ts';
import type { SchedulerArgs } from '../scheduler/behaviour.ts';
import type { StoreArgs } from '../store/store-args.ts';
import { nodesFolder, registryFolder, volumesFolder } from './data-folder.ts';
import type { ClusterIdentity } from './identity.ts';
import type { CheckedOptions } from './options.ts';
import type { Roster } from './roster.ts';
import { timingProfiles } from './timing.ts';
import { linksBetween, type ThreadDesign, type Topology, threadsOf } from './topology.ts';

export interface BlueprintOptions {
  readonly options: CheckedOptions;
  /** Read anew whenever an actor is started or reconfigured. */
  readonly roster: Roster;
  readonly clusterId: string;
  /** Holds a folder per replica. */
  readonly dataFolder: string;
  /** The replicas have logs from an earlier run. */
  readonly isExisting: boolean;
  readonly ownThread: string;
  /** Null in simulation, where nobody speaks HTTP. */
  readonly identity: ClusterIdentity | null;
}

/** How long the store keeps history; kube-apiserver compacts every 5 minutes. */
const historyMs = 5 * 60 * 1_000;
/** Everything listens on loopback. */
export const listenHost = '127.0.0.1';
/** The elected roles, and the store key of each: who holds it is who acts. */
export const offices = { controllers: controllersOffice, scheduler: '/threemaster/elections/scheduler' } as const;
export const balancerPath = 'balancer';
export const registryPath = 'registry';
const balancerProbeMs = 250;
/** Second parts of the loopback addresses of pods. A network goes on in the next three when it has more nodes than one holds. */
const loopbackNetworkMin = 64;
const loopbackNetworks = 128;

export function nodeName(index: number): string {
  return `node-${index}`;
}

export function storePath(master: string): string {
  return `${master}/store`;
}

export function apiServerPath(master: string): string {
  return `${master}/apiserver`;
}

export function gatewayPath(master: string): string {
  return `${master}/gateway`;
}

/** Replica ids are 1, 2, 3 for master-0, master-1, master-2; no name is given twice, and so no id is. */
export function replicaIdOf(master: string): ReplicaId {
  return (Number(master.slice('master-'.length)) + 1) as ReplicaId;
}

/** The parts of one master, in the order in which they can be started. Some may be on one thread. */
export interface MasterDesign {
  readonly store: ThreadDesign;
  readonly api: ThreadDesign;
  readonly control: ThreadDesign;
}

export function designMaster(blueprint: BlueprintOptions, master: string): MasterDesign {
  const store = storeThread(blueprint, master);
  const api = apiThread(blueprint, master);
  const control = controlThread(blueprint, master);
  if (blueprint.options.threadsPerMaster === 3) return { store, api, control };
  const mayHold = [...store.actors, ...api.actors].map(({ path }) => path);
  const shared = { name: `${master}/server`, entry: 'master', mayHold };
  return { store: { ...shared, actors: store.actors }, api: { ...shared, actors: api.actors }, control };
}

/** Replicas that may have a vote run from the beginning; the rest of a master runs once it is a member. */
export function designCluster(blueprint: BlueprintOptions): Topology {
  const { roster } = blueprint;
  const members = new Set(roster.members());
  const masters = roster.replicas().map((name) => ({ name, design: designMaster(blueprint, name) }));
  const serving = masters.filter(({ name }) => members.has(name));
  const threads = threadsOf([
    ...masters.map(({ design }) => design.store),
    ...serving.map(({ design }) => design.api),
    ...serving.map(({ design }) => design.control),
    ...nodeThreads(blueprint),
    ...balancerThread(blueprint),
    ...registryThread(blueprint),
  ]);
  return { threads, links: linksBetween([...threads.values()], blueprint.ownThread) };
}

function storeThread(blueprint: BlueprintOptions, master: string): ThreadDesign {
  const { options, roster, clusterId, dataFolder } = blueprint;
  const { tickMs, raft } = timingProfiles[options.profile];
  const args = (start: 'first' | 'again'): StoreArgs => ({
    clusterId,
    id: replicaIdOf(master),
    peers: roster.replicas().map((name) => ({ id: replicaIdOf(name), path: storePath(name) })),
    intent: start === 'again' ? { type: 'resume' } : intentOf(blueprint, master),
    timing: raft,
    tickMs,
    folder: join(dataFolder, master),
    isDurable: options.dataDirectory !== null,
    retentionMs: historyMs,
    settings: options.store,
  });
  return {
    name: storePath(master),
    entry: 'store',
    actors: [{ path: storePath(master), role: 'store', args, knows: 'replicas' }],
  };
}

/** A replica that never had a vote may begin without a log: it has promised nothing yet. */
function intentOf({ roster, isExisting }: BlueprintOptions, master: string): StartIntent {
  if (roster.phaseOf(master) === 'joining') return { type: 'join' };
  if (isExisting) return { type: 'resume' };
  return { type: 'found', membership: membershipOf(roster.members().map(replicaIdOf)) };
}

function apiThread(blueprint: BlueprintOptions, master: string): ThreadDesign {
  const { options, roster, identity } = blueprint;
  const { evictionSeconds } = timingProfiles[options.profile];
  const apiServerArgs = (): ApiServerSettings => ({
    replicas: preferring(master, roster.members()).map(storePath),
    tokens:
      identity === null ? [] : [{ token: identity.adminToken, user: 'kubernetes-admin', groups: ['system:masters'] }],
    address: `${listenHost}:${identity?.ports[balancerPath] ?? 443}`,
    tolerationSeconds: evictionSeconds,
    tokenKey: identity?.tokenKey ?? simulatedTokenKey,
    rootCertificate: identity?.certificates.authority ?? '',
  });
  const apiServer = { path: apiServerPath(master), role: 'apiserver', args: apiServerArgs, knows: 'masters' } as const;
  if (identity === null) return { name: `${master}/api`, entry: 'api', actors: [apiServer] };
  const { certificates, ports } = identity;
  const gatewayArgs = (): GatewayArgs => ({
    apiServer: apiServerPath(master),
    host: listenHost,
    port: ports[gatewayPath(master)] ?? 0,
    certificate: certificates.server,
    key: certificates.serverKey,
    authority: certificates.authority,
  });
  const gateway = { path: gatewayPath(master), role: 'gateway', args: gatewayArgs };
  return { name: `${master}/api`, entry: 'api', actors: [apiServer, gateway] };
}

function controlThread({ options, roster, identity, clusterId }: BlueprintOptions, master: string): ThreadDesign {
  const timing = timingProfiles[options.profile];
  const ordered = (path: (name: string) => string): string[] => preferring(master, roster.members()).map(path);
  const controllersArgs = (): ControllersArgs => ({
    servers: ordered(apiServerPath),
    replicas: ordered(storePath),
    candidate: master,
    roleLeaseSeconds: timing.roleLeaseSeconds,
    controllers: options.controllers,
    settings: {
      node: {
        graceMs: timing.nodeGraceMs,
        startupGraceMs: timing.nodeStartupGraceMs,
        monitorMs: timing.nodeMonitorMs,
        ...podNetworkOf(options, clusterId),
      },
      orphanQuarantineMs: timing.nodeGraceMs,
      jobBackoffMs: timing.jobBackoffMs,
      storage: {
        diskAttachMs: timing.diskAttachMs,
        diskDetachMs: timing.diskDetachMs,
        maxWaitForUnmountMs: timing.maxWaitForUnmountMs,
      },
      autoscaler: timing.autoscaler,
      rootCertificate: identity?.certificates.authority ?? '',
    },
  });
  const schedulerArgs = (): SchedulerArgs => ({
    apiServers: ordered(apiServerPath),
    replicas: ordered(storePath),
    electionKey: offices.scheduler,
    candidate: master,
    leaseSeconds: timing.roleLeaseSeconds,
    ...options.scheduler,
  });
  return {
    name: `${master}/control`,
    entry: 'control',
    actors: [
      { path: `${master}/controllers`, role: 'controllers', args: controllersArgs, knows: 'masters' },
      { path: `${master}/scheduler`, role: 'scheduler', args: schedulerArgs, knows: 'masters' },
    ],
  };
}

/**
 * On Linux every address of 127.0.0.0/8 is the machine's, so pods get addresses there that real programs can have. Clusters of one machine take
 * different parts of it, as far as chance goes.
 */
function podNetworkOf({ simulatedSeed }: CheckedOptions, clusterId: string): { readonly podNetwork?: string } {
  if (simulatedSeed !== null || process.platform !== 'linux') return {};
  const share = Number.parseInt(clusterId.slice(0, 8), 16) % loopbackNetworks;
  return { podNetwork: `127.${loopbackNetworkMin + share}` };
}

/** One thread a node, or threads that several nodes share. */
function nodeThreads(blueprint: BlueprintOptions): ThreadDesign[] {
  const { nodes, nodesPerThread } = blueprint.options;
  const designs = Array.from({ length: nodes }, (_, index) => designNode(blueprint, index));
  if (nodesPerThread === 1) return designs;
  return Array.from({ length: Math.ceil(nodes / nodesPerThread) }, (_, index) => {
    const shared = designs.slice(index * nodesPerThread, (index + 1) * nodesPerThread);
    return { name: `nodes-${index}`, entry: 'node', actors: shared.flatMap(({ actors }) => actors) };
  });
}

/** The thread of the node of that number, of a group if one is named. */
export function designNode({ options, roster, dataFolder }: BlueprintOptions, index: number, group = ''): ThreadDesign {
  const name = nodeName(index);
  const machine = options.machines[index % options.machines.length] ?? {};
  const found = options.nodeGroups.find((each) => each.name === group);
  const description = found === undefined ? machine : { capacity: found.capacity, labels: found.labels };
  const capacity = { ...defaultNodeCapacity, ...description.capacity };
  const kubeletArgs = (): KubeletArgs => ({
    node: { ...description, capacity, name, address: nodeAddress(index) },
    apiServers: roster.members().map(apiServerPath),
    runtime: `${name}/runtime`,
    limits: options.profile === 'fast' ? fastKubeletLimits : kubeletLimits,
    ...(options.stages.manifests.length === 0
      ? {}
      : { stages: { manifests: options.stages.manifests, isDefault: options.runtime === 'simulated' } }),
  });
  const programs = {
    images: options.images,
    folder: join(dataFolder, nodesFolder, name),
    volumesFolder: join(dataFolder, volumesFolder),
  };
  const runtimeArgs = (): NodeRuntimeArgs => ({
    handler: options.runtime,
    ...(options.simulatedSeed === null ? { programs } : {}),
  });
  return {
    name,
    entry: 'node',
    // The runtime first: a kubelet asks it at once what still runs.
    actors: [
      { path: `${name}/runtime`, role: 'runtime', args: runtimeArgs },
      { path: `${name}/kubelet`, role: 'kubelet', args: kubeletArgs, knows: 'masters' },
    ],
  };
}

/** Addresses of nodes in a private range of their own; simulated nodes are reached by nobody. */
function nodeAddress(index: number): string {
  return `10.0.${Math.floor(index / 250)}.${(index % 250) + 1}`;
}

function balancerThread({ identity, roster }: BlueprintOptions): ThreadDesign[] {
  if (identity === null) return [];
  const args = (): BalancerArgs => ({
    host: listenHost,
    port: identity.ports[balancerPath] ?? 0,
    masters: roster.members().map((name) => ({ name, gateway: gatewayPath(name), apiServer: apiServerPath(name) })),
    probeMs: balancerProbeMs,
  });
  return [
    {
      name: balancerPath,
      entry: 'balancer',
      actors: [{ path: balancerPath, role: 'balancer', args, knows: 'masters' }],
    },
  ];
}

function registryThread({ options: { registry }, identity, dataFolder }: BlueprintOptions): ThreadDesign[] {
  if (registry === null || identity === null) return [];
  const { users, port } = registry;
  const args = (): RegistryArgs => ({
    host: listenHost,
    port: port === 0 ? (identity.ports[registryPath] ?? 0) : port,
    users,
    folder: join(dataFolder, registryFolder),
  });
  return [{ name: registryPath, entry: 'registry', actors: [{ path: registryPath, role: 'registry', args }] }];
}

/** The masters with one's own first: the others are for when it is down. */
export function preferring(master: string, masters: readonly string[]): string[] {
  return [master, ...masters.filter((other) => other !== master)];
}
