/**
 * The folder in which a cluster keeps its logs, and what it already knows there.
 *
 *   cluster.json    which cluster it is, of which masters (roster.ts), and whether its founding was finished
 *   identity.json   authority, token, ports (identity.ts)
 *   kubeconfig      for kubectl
 *   lock            names the process that uses the folder
 *   master-N/       the log of a replica; removed when that master leaves
 *   nodes/          what real programs of pods see as their files; of one life of a node each
 *   volumes/        persistent volumes of real programs
 *   registry/       images that were pushed to the cluster's own registry
 *
 * A founding that was cut short has acknowledged nothing, so it begins again from nothing. A finished one is never begun again: replicas that
 * lost their logs could vote twice.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClusterOptionsError } from './options.ts';
import { lockFolder } from './process-lock.ts';
import { foundingRoster, type RosterRecord } from './roster.ts';

/** Where the logs live. */
export interface DataFolder {
  readonly path: string;
  readonly clusterId: string;
  /** The masters of the cluster that is there already; null when none is. */
  readonly roster: RosterRecord | null;
  /** The replicas have logs from an earlier run. */
  readonly isExisting: boolean;
  /** The cluster is there for good, with these masters. */
  keepRoster(record: RosterRecord): Promise<void>;
  /** Removes the log of a replica that will never run again. */
  eraseReplica(master: string): Promise<void>;
  /** Lets the folder go, or removes it if it was for this run alone. */
  readonly cleanUp: () => Promise<void>;
}

interface ClusterFile {
  readonly clusterId: string;
  /** A number in what versions wrote whose masters neither joined nor left. */
  readonly masters: number | RosterRecord;
  readonly isFounded: boolean;
}

const clusterFileName = 'cluster.json';
const replicaFolder = /^master-\d+$/;
/** Files of ours, and the drafts that a killed process may have left of them. */
const ownFile = /^(cluster\.json|identity\.json|kubeconfig|lock)(\..*)?$/;

/** Folders of real programs: those of one life of a node, and those that stay. */
export const nodesFolder = 'nodes';
export const volumesFolder = 'volumes';
export const registryFolder = 'registry';

/** A folder that ends with the cluster. */
export async function temporaryFolder(name: string): Promise<DataFolder> {
  const path = await mkdtemp(join(tmpdir(), `threemaster-${name}-`));
  return {
    path,
    clusterId: randomUUID(),
    roster: null,
    isExisting: false,
    keepRoster: async () => {},
    eraseReplica: (master) => eraseFolder(join(path, master)),
    // What a killed node leaves is removed by another process, perhaps at this very moment.
    cleanUp: () => eraseFolder(path),
  };
}

/** No folder: simulated disks have names only. */
export function simulatedFolder(seed: number): DataFolder {
  return {
    path: 'simulated',
    clusterId: `simulated-${seed}`,
    roster: null,
    isExisting: false,
    keepRoster: async () => {},
    eraseReplica: async () => {},
    cleanUp: async () => {},
  };
}

/** A folder that outlives the cluster. Throws ClusterOptionsError when another process uses it, or when what it holds cannot be told. */
export async function keptFolder(path: string): Promise<DataFolder> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const outcome = await lockFolder(path);
  if (outcome.type === 'taken') {
    const { pid } = outcome.holder;
    throw new ClusterOptionsError(`the data directory ${path} is in use by process ${pid}; stop that one first`);
  }
  const { lock } = outcome;
  try {
    const known = await readCluster(path);
    const replicas = (await readdir(path)).filter((name) => replicaFolder.test(name));
    if (known === null && replicas.length > 0) {
      const found = replicas.join(', ');
      throw new ClusterOptionsError(
        `${path} holds ${found} but no ${clusterFileName}: it cannot be told which cluster's`,
      );
    }
    const isExisting = known?.isFounded === true;
    await rm(join(path, nodesFolder), { recursive: true, force: true });
    if (!isExisting) for (const name of replicas) await rm(join(path, name), { recursive: true });
    const clusterId = known?.clusterId ?? randomUUID();
    if (known === null) await writeCluster(path, { clusterId, masters: 0, isFounded: false });
    return {
      path,
      clusterId,
      roster: isExisting ? rosterOf(known) : null,
      isExisting,
      keepRoster: (masters) => writeCluster(path, { clusterId, masters, isFounded: true }),
      eraseReplica: (master) => eraseFolder(join(path, master)),
      cleanUp: () => lock.release(),
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Removes what a cluster keeps in its data directory, and the directory if nothing else is in it. Nobody may use it. */
export async function removeDataFolder(path: string): Promise<void> {
  const names = await readdir(path).catch(() => []);
  for (const name of names) {
    const isOwnFolder = replicaFolder.test(name) || [nodesFolder, volumesFolder, registryFolder].includes(name);
    if (ownFile.test(name) || isOwnFolder) await rm(join(path, name), { recursive: true, force: true });
  }
  if ((await readdir(path).catch(() => ['?'])).length === 0) await rm(path, { recursive: true });
}

/** Returns how many masters the cluster in this folder has; null when none is there. */
export async function mastersIn(path: string): Promise<number | null> {
  const known = await readCluster(path);
  if (known?.isFounded !== true) return null;
  return rosterOf(known).masters.filter(({ phase }) => phase === 'member').length;
}

function rosterOf({ masters }: ClusterFile): RosterRecord {
  return typeof masters === 'number' ? foundingRoster(masters) : masters;
}

/** A thread that was killed may still be writing. */
function eraseFolder(path: string): Promise<void> {
  return rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
}

async function readCluster(path: string): Promise<ClusterFile | null> {
  const text = await readFile(join(path, clusterFileName), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  return text === null ? null : (JSON.parse(text) as ClusterFile);
}

async function writeCluster(path: string, content: ClusterFile): Promise<void> {
  const draft = join(path, `${clusterFileName}.draft`);
  await writeFile(draft, JSON.stringify(content), { flush: true, mode: 0o600 } as never);
  await rename(draft, join(path, clusterFileName));
  // The name is durable only when the folder is.
  const folder = await open(path, 'r');
  await folder.sync();
  await folder.close();
}
