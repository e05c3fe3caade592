/** What a cluster may be started with, checked before anything starts. */

import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chooseControllers, defaultControllers } from '../../src/controllers/choose-controllers.ts';
import type { NodeGroup } from '../../src/controllers/nodeautoscaler/plan-nodes.ts';
import type { SchedulerConfiguration } from '../../src/scheduler/configuration.ts';
import type { ReplicaSettings } from '../../src/store/replica-options.ts';
import { type RuntimeHandler, runtimeHandlers } from '../kubelet/node-runtime.ts';
import type { LogEntry } from './events.ts';
import { type MachineProfile, machinesComplaint } from './machines.ts';
import { checkNodeGroups, type NodeGroupOptions } from './node-group-options.ts';
import { type CheckedStages, checkStages } from './stage-options.ts';
import { type ProfileName, timingProfiles } from './timing.ts';

export interface ClusterOptions {
  /** Masters, each with a store replica, an API server, controllers and a scheduler. 1 to 7; default 1, or what the data directory holds. */
  readonly masters?: number;
  /** Worker nodes. 0 to 5,000; default 1. */
  readonly nodes?: number;
  /**
   * Worker threads of a master. 3: one for the store, one for the API, one for controllers and scheduler. 2: store and API share one, which costs
   * a request less and lets a long one hold up the store. Default: 3, or 2 on a machine with no more than two processors; 3 if simulated.
   */
  readonly threadsPerMaster?: 2 | 3;
  /**
   * Nodes that share a worker thread. Default: each has its own; if there are more than 32 they share one for each processor but one, four at most,
   * and no thread has more than 1,000. A kill or a pause is still one node's; a thread that is blocked or runs out of memory takes all
   * its nodes along.
   */
  readonly nodesPerThread?: number;
  /** What the nodes are: `node-N` is the machine of number N, and they go round. Default: 4 processors, 16 GiB, room for 110 pods. */
  readonly machines?: readonly MachineProfile[];
  /** Lower-case name; default `default`. */
  readonly name?: string;
  readonly profile?: ProfileName;
  /** Where the log lives. With it every acknowledged write is synced first and survives the process; without it nothing outlives the cluster. */
  readonly dataDirectory?: string;
  /** Port of the address that survives any master, on loopback. Default: the one that the data directory remembers, else any free one. */
  readonly port?: number;
  /** Bearer token of the administrator, 8 to 256 visible ASCII characters. Default: the one that the data directory remembers, else a random one. */
  readonly adminToken?: string;
  /** Pins every random choice except keys and tokens. */
  readonly seed?: number;
  /** Sizes of the store: quota, snapshots, segments. */
  readonly store?: Partial<ReplicaSettings>;
  /**
   * Which controllers run, as kube-controller-manager's --controllers: `['*', '-job-controller']` is all but one, `[]` none. Default: all. Without
   * `serviceaccount-controller` a namespace has no service account, and a pod that names none is refused.
   */
  readonly controllers?: readonly string[];
  /** How pods are given nodes: profiles as in KubeSchedulerConfiguration v1, and modules with plugins of your own. */
  readonly scheduler?: SchedulerOptions;
  /** Nodes beside `nodes` that are added when pods find no room, and taken away when they are idle. */
  readonly nodeGroups?: readonly NodeGroupOptions[];
  /**
   * How pods run that name no RuntimeClass: `simulated` (default), as `worker` threads, or as a `process` of this machine each. See
   * docs/runtimes.md.
   */
  readonly runtime?: RuntimeHandler;
  /** Images for the runtime `worker`: names, with or without a tag, and the URL or path of an ES module each. */
  readonly images?: Readonly<Record<string, string | URL>>;
  /**
   * What simulated pods do, as Stage objects of KWOK (kwok.x-k8s.io/v1alpha1): YAML or objects. Without them pods run simulated containers. See
   * docs/simulated-containers.md.
   */
  readonly stages?: string | readonly object[];
  /**
   * A registry of images on loopback, which `pushImage` and every other client of registries can push to, and pods of the runtime `worker` can be
   * run from. Its images stay with a data directory.
   */
  readonly registry?: boolean | RegistryOptions;
  /** The same cluster on a virtual clock and a simulated network, on this thread. */
  readonly simulated?: { readonly seed: number };
  /** Takes what the actors log, in the order in which it arrives, those entries too that come before the start resolves. It must not throw. */
  readonly log?: (entry: LogEntry) => void;
  /** Takes a line whenever the start waits for something else. It must not throw. */
  readonly progress?: (text: string) => void;
}

export interface SchedulerOptions extends SchedulerConfiguration {
  /**
   * URLs of ES modules (`file:`, `data:` or a package name) that export `plugins`, a record of functions by plugin name, each of which takes the
   * arguments of pluginConfig and returns a plugin. They are imported on each scheduler's thread, and once on this one to check them.
   */
  readonly modules?: readonly (string | URL)[];
}

export interface RegistryOptions {
  /** Default: the one that the data directory remembers, else any free one. */
  readonly port?: number;
  /** Passwords by name. Without any everybody on this machine may pull and push. */
  readonly users?: Readonly<Record<string, string>>;
}

export interface CheckedOptions {
  readonly masters: number;
  readonly nodes: number;
  readonly threadsPerMaster: number;
  readonly nodesPerThread: number;
  readonly machines: readonly MachineProfile[];
  readonly name: string;
  readonly profile: ProfileName;
  readonly dataDirectory: string | null;
  readonly port: number | null;
  readonly adminToken: string | null;
  readonly seed: number | null;
  readonly store: Partial<ReplicaSettings>;
  /** Names of those that run. */
  readonly controllers: readonly string[];
  readonly scheduler: { readonly configuration: SchedulerConfiguration; readonly modules: readonly string[] };
  readonly nodeGroups: readonly NodeGroup[];
  readonly runtime: RuntimeHandler;
  /** `file:` URLs by image name. */
  readonly images: Readonly<Record<string, string>>;
  readonly stages: CheckedStages;
  /** Null: there is no registry. `port` 0: any. */
  readonly registry: { readonly port: number; readonly users: Readonly<Record<string, string>> } | null;
  readonly simulatedSeed: number | null;
  readonly log: ((entry: LogEntry) => void) | null;
  readonly progress: (text: string) => void;
}

/** An option is wrong; the message says in one line what is allowed. */
export class ClusterOptionsError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ClusterOptionsError';
  }
}

/** More masters make every write slower and the cluster no safer. */
export const mastersMax = 7;
const nodesMax = 5_000;
/** With more nodes than this, they share threads. */
const ownThreadsMax = 32;
const sharedThreadsMax = 4;
/** As many as a heap has room for, with pods. */
const sharingNodesMax = 1_000;

const known = new Set([
  'masters',
  'nodes',
  'threadsPerMaster',
  'nodesPerThread',
  'machines',
  'name',
  'profile',
  'dataDirectory',
  'port',
  'adminToken',
  'seed',
  'store',
  'controllers',
  'scheduler',
  'nodeGroups',
  'runtime',
  'images',
  'stages',
  'registry',
  'simulated',
  'log',
  'progress',
]);

/** Fills in defaults; throws ClusterOptionsError for anything that is not allowed. */
export function checkOptions(options: ClusterOptions): CheckedOptions {
  for (const key of Object.keys(options)) {
    if (!known.has(key)) throw new ClusterOptionsError(`unknown option ${key}; there are ${[...known].join(', ')}`);
  }
  const profile = options.profile ?? 'fast';
  if (!(profile in timingProfiles)) {
    throw new ClusterOptionsError(
      `profile must be one of ${Object.keys(timingProfiles).join(', ')}, not ${String(profile)}`,
    );
  }
  const name = options.name ?? 'default';
  if (!/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(name)) {
    throw new ClusterOptionsError(
      `name must be 1 to 40 lower-case letters, digits or dashes, not ${JSON.stringify(name)}`,
    );
  }
  if (options.adminToken !== undefined && !/^[!-~]{8,256}$/.test(options.adminToken)) {
    throw new ClusterOptionsError('adminToken must be 8 to 256 visible ASCII characters');
  }
  if (options.simulated !== undefined && options.dataDirectory !== undefined) {
    throw new ClusterOptionsError('a simulated cluster has no dataDirectory: its disks are simulated too');
  }
  const nodes = integer('nodes', options.nodes ?? 1, 0, nodesMax);
  const shared = nodes > ownThreadsMax ? Math.ceil(nodes / threadsFor(nodes, options)) : 1;
  return {
    masters: integer('masters', options.masters ?? 1, 1, mastersMax),
    nodes,
    threadsPerMaster: integer('threadsPerMaster', options.threadsPerMaster ?? usualThreads(options), 2, 3),
    machines: machinesOf(options.machines ?? []),
    nodesPerThread: integer('nodesPerThread', options.nodesPerThread ?? shared, 1, nodesMax),
    name,
    profile,
    dataDirectory: options.dataDirectory ?? null,
    port: options.port === undefined ? null : integer('port', options.port, 1, 65_535),
    adminToken: options.adminToken ?? null,
    seed: options.seed === undefined ? null : integer('seed', options.seed, 0, Number.MAX_SAFE_INTEGER),
    store: options.store ?? {},
    controllers: controllersOf(options.controllers ?? defaultControllers),
    scheduler: schedulerOf(options.scheduler ?? {}),
    nodeGroups: groupsOf(options.nodeGroups ?? []),
    runtime: runtimeOf(options),
    images: imagesOf(options.images ?? {}),
    stages: stagesOf(options.stages ?? []),
    registry: registryOf(options),
    log: options.log ?? null,
    progress: options.progress ?? (() => {}),
    simulatedSeed:
      options.simulated === undefined
        ? null
        : integer('simulated.seed', options.simulated.seed, 0, Number.MAX_SAFE_INTEGER),
  };
}

/** More threads than processors only wait for each other; what a seed replays must not depend on the machine. */
function usualThreads({ simulated }: ClusterOptions): number {
  return simulated === undefined && availableParallelism() <= 2 ? 2 : 3;
}

/** Each thread compiles and collects for itself, so more of them than processors cost time; one is left to the masters. */
function threadsFor(nodes: number, { simulated }: ClusterOptions): number {
  const free = simulated === undefined ? Math.max(1, availableParallelism() - 1) : sharedThreadsMax;
  return Math.max(Math.min(sharedThreadsMax, free), Math.ceil(nodes / sharingNodesMax));
}

function groupsOf(asked: readonly NodeGroupOptions[]): CheckedOptions['nodeGroups'] {
  const groups = checkNodeGroups(asked);
  if (typeof groups === 'string') throw new ClusterOptionsError(groups);
  return groups;
}

function machinesOf(machines: readonly MachineProfile[]): readonly MachineProfile[] {
  const complaint = machinesComplaint(machines);
  if (complaint !== null) throw new ClusterOptionsError(complaint);
  return machines;
}

function controllersOf(asked: readonly string[]): readonly string[] {
  const isList = Array.isArray(asked) && asked.every((each) => typeof each === 'string');
  const chosen = isList ? chooseControllers(asked) : 'controllers must be a list of texts';
  if (typeof chosen === 'string') throw new ClusterOptionsError(chosen);
  return chosen;
}

/** The configuration itself is checked when its modules are there. */
function schedulerOf({ modules = [], ...configuration }: SchedulerOptions): CheckedOptions['scheduler'] {
  const areUrls = Array.isArray(modules) && modules.every((each) => typeof each === 'string' || each instanceof URL);
  if (!areUrls) throw new ClusterOptionsError('scheduler.modules must be a list of URLs of ES modules');
  return { configuration, modules: modules.map(String) };
}

function runtimeOf({ runtime = 'simulated', simulated }: ClusterOptions): RuntimeHandler {
  if (!runtimeHandlers.includes(runtime)) {
    throw new ClusterOptionsError(`runtime must be one of ${runtimeHandlers.join(', ')}, not ${String(runtime)}`);
  }
  if (simulated !== undefined && runtime !== 'simulated') {
    throw new ClusterOptionsError('a simulated cluster runs simulated containers only');
  }
  return runtime;
}

function stagesOf(given: NonNullable<ClusterOptions['stages']>): CheckedStages {
  const stages = checkStages(given);
  if (typeof stages === 'string') throw new ClusterOptionsError(stages);
  return stages;
}

function imagesOf(images: Readonly<Record<string, string | URL>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(images).map(([name, place]) => {
      const text = String(place);
      return [name, text.startsWith('file:') ? text : pathToFileURL(resolve(text)).href];
    }),
  );
}

function registryOf({ registry = false, simulated }: ClusterOptions): CheckedOptions['registry'] {
  if (registry === false) return null;
  if (simulated !== undefined) throw new ClusterOptionsError('a simulated cluster speaks no HTTP: it has no registry');
  const { port = 0, users = {} } = registry === true ? {} : registry;
  for (const [name, password] of Object.entries(users)) {
    if (name === '' || name.includes(':') || typeof password !== 'string' || password === '') {
      throw new ClusterOptionsError('registry.users must be passwords by name, and a name has no colon');
    }
  }
  return { port: integer('registry.port', port, 0, 65_535), users };
}

function integer(name: string, value: number, min: number, max: number): number {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw new ClusterOptionsError(`${name} must be a whole number from ${min} to ${max}, not ${String(value)}`);
}
