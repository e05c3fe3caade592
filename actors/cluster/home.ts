/**
 * What this machine's user has of named clusters: `$THREEMASTER_HOME`, else `~/.threemaster`, with a folder for each.
 *
 *   NAME/record.json   how it was started, and the process, control address and token of a cluster that runs
 *   NAME/kubeconfig    for kubectl, while it runs or if it has a data directory
 *   NAME/log           what a detached cluster logs
 *   NAME/lock          names the process that runs it
 *
 * All of it is readable by its owner alone: who can read a record can do everything to the cluster.
 */
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ClusterState, ClusterSummary } from '../../src/cli/reports.ts';
import type { RuntimeHandler } from '../kubelet/node-runtime.ts';
import type { NodeGroupOptions } from './node-group-options.ts';
import { isProcessRunning, type ProcessIdentity } from './process-identity.ts';
import type { ProfileName } from './timing.ts';

/** How a cluster was started, for the next time. */
export interface KeptOptions {
  readonly masters: number;
  readonly nodes: number;
  readonly profile: ProfileName;
  /** Absent in what earlier versions wrote. */
  readonly nodeGroups?: readonly NodeGroupOptions[];
  /** Absent: all. */
  readonly controllers?: readonly string[];
  /** Absent in what an earlier version kept: simulated. */
  readonly runtime?: RuntimeHandler;
  /** Absolute; the file of its stages, which is read anew at each start. */
  readonly stagesFile?: string;
  /** Absent: there is none. */
  readonly registry?: true | number;
  /** Absolute; null: nothing outlives the process. */
  readonly dataDirectory: string | null;
  /** Absolute; the file into which the user wanted the cluster written. */
  readonly kubeconfigFile: string | null;
}

export interface ClusterRecord {
  readonly options: KeptOptions;
  /** Null once it has been stopped. */
  readonly running: {
    readonly process: ProcessIdentity;
    /** Where it takes commands, and the token that they need. */
    readonly controlUrl: string;
    readonly controlToken: string;
    /** The Kubernetes API. */
    readonly url: string;
    /** Its registry of images; absent or null: it has none. */
    readonly registry?: string | null;
    /** Where its logs are if it has no data directory; a killed process leaves it behind. */
    readonly temporaryFolder: string | null;
  } | null;
}

export class Home {
  readonly path: string;

  constructor(environment: NodeJS.ProcessEnv = process.env) {
    const chosen = environment['THREEMASTER_HOME'];
    this.path = resolve(chosen === undefined || chosen === '' ? join(homedir(), '.threemaster') : chosen);
  }

  folder(name: string): string {
    return join(this.path, name);
  }

  kubeconfigPath(name: string): string {
    return join(this.folder(name), 'kubeconfig');
  }

  logPath(name: string): string {
    return join(this.folder(name), 'log');
  }

  /** Makes the folder of a cluster, for nobody else to read. */
  async makeFolder(name: string): Promise<string> {
    await mkdir(this.folder(name), { recursive: true, mode: 0o700 });
    await chmod(this.folder(name), 0o700);
    return this.folder(name);
  }

  /** Names of all clusters, ascending. */
  async names(): Promise<string[]> {
    const entries = await readdir(this.path, { withFileTypes: true }).catch(() => []);
    return entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort();
  }

  /** Null when there is no cluster of that name. */
  async read(name: string): Promise<ClusterRecord | null> {
    const text = await readFile(this.#recordPath(name), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    return text === null ? null : (JSON.parse(text) as ClusterRecord);
  }

  async write(name: string, record: ClusterRecord): Promise<void> {
    await this.makeFolder(name);
    const draft = `${this.#recordPath(name)}.draft`;
    await writeFile(draft, JSON.stringify(record, null, 2), { mode: 0o600 });
    await rename(draft, this.#recordPath(name));
  }

  /** Removes what a process left that was killed. */
  async clearAfterCrash({ running }: ClusterRecord): Promise<void> {
    const folder = running?.temporaryFolder ?? null;
    if (folder !== null) await rm(folder, { recursive: true, force: true });
  }

  async remove(name: string): Promise<void> {
    await rm(this.folder(name), { recursive: true, force: true });
  }

  summaryOf(name: string, { options, running }: ClusterRecord): ClusterSummary {
    const state = stateOf(running);
    const { masters, nodes, dataDirectory } = options;
    const isRunning = state === 'running' && running !== null;
    return {
      name,
      state,
      masters,
      nodes,
      pid: isRunning ? running.process.pid : null,
      url: isRunning ? running.url : null,
      kubeconfig: this.kubeconfigPath(name),
      dataDirectory,
    };
  }

  #recordPath(name: string): string {
    return join(this.folder(name), 'record.json');
  }
}

function stateOf(running: ClusterRecord['running']): ClusterState {
  if (running === null) return 'stopped';
  return isProcessRunning(running.process) ? 'running' : 'crashed';
}
