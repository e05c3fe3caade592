/** The commands that speak to a cluster that runs in another process, and those that speak of one that no longer does. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterStatus } from '../../../src/cli/cluster-status.ts';
import type { OutputFormat } from '../../../src/cli/command-line.ts';
import type { ControlCommand } from '../../../src/cli/control.ts';
import { absenceReport, type ClusterSummary, listReport, statusReport } from '../../../src/cli/reports.ts';
import { entryNames } from '../access.ts';
import { removeDataFolder } from '../data-folder.ts';
import type { ClusterRecord, Home } from '../home.ts';
import { removeFromFile } from '../kubeconfig-file.ts';
import { isProcessRunning } from '../process-identity.ts';
import { Complaint } from './complaint.ts';
import { printResult, type Terminal } from './terminal.ts';

/** What every command works with. */
export interface Surroundings {
  readonly home: Home;
  readonly terminal: Terminal;
}

type Running = NonNullable<ClusterRecord['running']>;

/** A cluster that does not answer within so long is not well. */
const answerTimeoutMs = 30_000;
/** A master that joins has 30 s for it, after those that were asked for before. */
const changeTimeoutMs = 90_000;
const stopTimeoutMs = 15_000;
const pollMs = 20;

/** Lists all clusters of this user. Returns the exit code. */
export async function listClusters({ home, terminal }: Surroundings, output: OutputFormat): Promise<number> {
  const summaries: ClusterSummary[] = [];
  for (const name of await home.names()) {
    const record = await home.read(name);
    if (record !== null) summaries.push(home.summaryOf(name, record));
  }
  printResult(terminal, output, listReport(summaries), { clusters: summaries });
  return 0;
}

/** Says how a cluster is. Returns 0 only if it is ready. */
export async function showStatus(
  { home, terminal }: Surroundings,
  name: string,
  output: OutputFormat,
): Promise<number> {
  const record = await mustRead(home, name);
  const summary = home.summaryOf(name, record);
  if (summary.state !== 'running' || record.running === null) {
    printResult(terminal, output, absenceReport(summary), { ...summary, ready: false, leader: null });
    return 1;
  }
  const status = (await send(name, record.running, { type: 'status' })) as ClusterStatus;
  printResult(terminal, output, statusReport({ ...summary, status }), {
    ...summary,
    ...status,
    masters: status.masters,
  });
  return status.ready ? 0 : 1;
}

/** Has a command carried out by the cluster. Returns the exit code; throws Complaint when it does not run or refuses. */
export async function control(
  { home, terminal }: Surroundings,
  name: string,
  command: Exclude<ControlCommand, { type: 'status' }>,
  output: OutputFormat,
): Promise<number> {
  const record = await mustRead(home, name);
  const summary = home.summaryOf(name, record);
  if (summary.state !== 'running' || record.running === null) throw new Complaint(absenceReport(summary));
  const answer = (await send(name, record.running, command)) as { readonly member?: string };
  if (command.type === 'stop') await awaitEnd(name, record.running);
  printResult(terminal, output, doneText(name, command, answer.member ?? ''), { name, ok: true, command, ...answer });
  return 0;
}

/** Ends a cluster, however it is, and removes what is left of it. Returns the exit code. */
export async function deleteCluster(
  { home, terminal }: Surroundings,
  name: string,
  output: OutputFormat,
): Promise<number> {
  const record = await mustRead(home, name);
  const { running, options } = record;
  if (running !== null && isProcessRunning(running.process)) await end(name, running, terminal);
  await home.clearAfterCrash(record);
  if (options.kubeconfigFile !== null) await removeFromFile(options.kubeconfigFile, entryNames(name));
  if (options.dataDirectory !== null) await removeDataFolder(options.dataDirectory);
  await home.remove(name);
  printResult(terminal, output, `cluster ${name} is deleted`, { name, ok: true, command: { type: 'delete' } });
  return 0;
}

/** In order if it can be, else as kill -9. */
async function end(name: string, running: Running, terminal: Terminal): Promise<void> {
  try {
    await send(name, running, { type: 'stop' });
    await awaitEnd(name, running);
  } catch (error) {
    terminal.warn(`${(error as Error).message}; killing process ${running.process.pid}`);
    process.kill(running.process.pid, 'SIGKILL');
    await awaitEnd(name, running);
  }
}

async function mustRead(home: Home, name: string): Promise<ClusterRecord> {
  const record = await home.read(name);
  if (record !== null) return record;
  const names = await home.names();
  const known = names.length === 0 ? 'there are none' : `there ${names.length > 1 ? 'are' : 'is'} ${names.join(', ')}`;
  throw new Complaint(`no cluster ${name}; ${known}`);
}

async function send(name: string, { controlUrl, controlToken }: Running, command: ControlCommand): Promise<unknown> {
  const response = await fetch(controlUrl, {
    method: 'POST',
    headers: { Authorization: `Bearer ${controlToken}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(command),
    signal: AbortSignal.timeout(command.type.endsWith('Master') ? changeTimeoutMs : answerTimeoutMs),
  }).catch((error: Error) => {
    const cause = error.cause instanceof Error ? error.cause.message : error.message;
    throw new Complaint(`cluster ${name} does not answer: ${cause}`);
  });
  const body = (await response.json()) as { readonly error?: string };
  if (!response.ok) throw new Complaint(body.error ?? `cluster ${name} answered ${response.status}`);
  return body;
}

async function awaitEnd(name: string, { process: identity }: Running): Promise<void> {
  const endMs = performance.now() + stopTimeoutMs;
  while (isProcessRunning(identity)) {
    if (performance.now() >= endMs) throw new Complaint(`cluster ${name} did not end within ${stopTimeoutMs / 1000} s`);
    await sleep(pollMs);
  }
}

/** `added`: the master that came. */
function doneText(name: string, command: Exclude<ControlCommand, { type: 'status' }>, added: string): string {
  switch (command.type) {
    case 'kill':
      return `killed ${command.member}`;
    case 'pause':
      return command.forMs === null ? `paused ${command.member}` : `paused ${command.member} for ${command.forMs} ms`;
    case 'resume':
      return `resumed ${command.member}`;
    case 'restart':
      return `restarted ${command.member}`;
    case 'partition':
      return `cut off from each other: ${command.groups.map((group) => group.join(',')).join(' | ')}`;
    case 'heal':
      return 'healed';
    case 'addMaster':
      return `${added} has joined`;
    case 'removeMaster':
      return `${command.member} has left`;
    case 'stop':
      return `cluster ${name} is stopped`;
  }
}
