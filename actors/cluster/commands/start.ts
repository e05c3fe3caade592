/**
 * `threemaster start`: a named cluster in this process, or with `--detach` in one of its own. The detached process is the same program; it
 * gets what it is to do as a message, not as arguments, which other users of the machine could read.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, open, readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { filter } from 'rxjs';
import type { OutputFormat, StartRequest } from '../../../src/cli/command-line.ts';
import { Cluster } from '../cluster.ts';
import { serveControl } from '../control-server.ts';
import { mastersIn } from '../data-folder.ts';
import type { ClusterRecord, Home, KeptOptions } from '../home.ts';
import { addToFile } from '../kubeconfig-file.ts';
import { logLine, warningSink } from '../log-lines.ts';
import { ownProcess } from '../process-identity.ts';
import { lockFolder } from '../process-lock.ts';
import { Complaint } from './complaint.ts';
import type { Surroundings } from './control.ts';
import { printResult, type Terminal } from './terminal.ts';

/** What came of a start; printed as it is with `--output json`. */
interface Started {
  readonly name: string;
  readonly ready: true;
  /** Milliseconds from the call to ready. */
  readonly startMs: number;
  readonly pid: number;
  readonly masters: number;
  readonly nodes: number;
  readonly url: string;
  /** Where images are pushed to; null: there is no registry. */
  readonly registry: string | null;
  readonly kubeconfig: string;
  readonly dataDirectory: string | null;
}

/** What a detached process tells its parent. */
type ServeReport =
  | { readonly type: 'progress'; readonly text: string }
  | { readonly type: 'started'; readonly started: Started }
  | { readonly type: 'failed'; readonly message: string };

/** What its parent tells it. */
interface ServeOrder {
  readonly name: string;
  readonly request: StartRequest;
}

const defaults = { masters: 3, nodes: 3, profile: 'fast' } as const;

/** Runs a cluster until it is told to stop, by a signal or through its control address. Returns the exit code. */
export async function startHere(surroundings: Surroundings, order: ServeOrder, output: OutputFormat): Promise<number> {
  const { terminal } = surroundings;
  // The token may stand among the arguments, where everybody on the machine can read it.
  process.title = `threemaster start --name ${order.name}`;
  const log = warningSink(terminal.warn);
  return serve(surroundings, order, { log, progress: terminal.warn }, (started) => {
    printResult(terminal, output, `${startedText(started)}\nit stays up until Ctrl-C`, started);
  });
}

/** Starts a cluster in a process of its own and returns when it is ready. Returns the exit code. */
export async function startDetached(
  { home, terminal }: Surroundings,
  order: ServeOrder,
  output: OutputFormat,
): Promise<number> {
  await home.makeFolder(order.name);
  const log = await open(home.logPath(order.name), 'a', 0o600);
  const program = process.argv[1];
  if (program === undefined) throw new Complaint('it cannot be told which program this is');
  const child = spawn(process.execPath, [program, 'serve'], {
    detached: true,
    stdio: ['ignore', log.fd, log.fd, 'ipc'],
  });
  await log.close();
  child.send(order);
  const started = await reportOf(child, terminal, home.logPath(order.name));
  child.disconnect();
  child.unref();
  printResult(terminal, output, startedText(started), started);
  return 0;
}

/** What a detached process does. Returns the exit code. */
export async function serveDetached(surroundings: Surroundings): Promise<number> {
  const { terminal } = surroundings;
  if (process.send === undefined) throw new Complaint('serve is for `start --detach` alone');
  const tell = (report: ServeReport): void => {
    // The parent may be gone: it is not waited for.
    if (process.connected) process.send?.(report, undefined, {}, () => {});
  };
  const [order] = (await once(process, 'message')) as [ServeOrder];
  process.title = `threemaster start --name ${order.name}`;
  const progress = (text: string): void => tell({ type: 'progress', text });
  try {
    return await serve(surroundings, order, { log: (entry) => terminal.warn(logLine(entry)), progress }, (started) => {
      tell({ type: 'started', started });
    });
  } catch (error) {
    tell({ type: 'failed', message: (error as Error).message });
    throw error;
  }
}

interface Outlets {
  readonly log: NonNullable<Parameters<typeof Cluster.start>[0]>['log'] & {};
  readonly progress: (text: string) => void;
}

async function serve(
  { home }: Surroundings,
  { name, request }: ServeOrder,
  { log, progress }: Outlets,
  onReady: (started: Started) => void,
): Promise<number> {
  const folder = await home.makeFolder(name);
  const locked = await lockFolder(folder);
  if (locked.type === 'taken') {
    throw new Complaint(
      `cluster ${name} runs already, in process ${locked.holder.pid}; choose another --name, or stop it first`,
    );
  }
  try {
    const earlier = await home.read(name);
    if (earlier !== null) await home.clearAfterCrash(earlier);
    const options = await withMastersHeld(chosenOptions(request, earlier?.options), request);
    const beganMs = performance.now();
    progress(`starting cluster ${name}: ${count(options.masters, 'master')}, ${count(options.nodes, 'node')}`);
    const stages = await stagesOf(options);
    const cluster = await Cluster.start({ ...clusterOptions(name, options, request), ...stages, log, progress });
    const startMs = Math.round(performance.now() - beganMs);
    await runUntilStopped(home, name, options, cluster, (pid) => {
      const { url, registry } = cluster.access;
      const { masters, nodes, dataDirectory } = asItIs(options, cluster);
      onReady({
        name,
        ready: true,
        startMs,
        pid,
        masters,
        nodes,
        url,
        registry,
        kubeconfig: home.kubeconfigPath(name),
        dataDirectory,
      });
    });
    return 0;
  } finally {
    await locked.lock.release();
    // A start that failed leaves nothing behind, not even its name.
    if ((await home.read(name)) === null) await home.remove(name);
  }
}

async function runUntilStopped(
  home: Home,
  name: string,
  options: KeptOptions,
  cluster: Cluster,
  onReady: (pid: number) => void,
): Promise<void> {
  let askForEnd = (): void => {};
  const asked = new Promise<void>((done) => {
    askForEnd = done;
  });
  // Before anybody is told that the cluster is there: a signal that comes then must not end the process as it stands.
  const signalled = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  const control = await serveControl(cluster, askForEnd);
  let written = Promise.resolve();
  try {
    await copyFile(cluster.kubeconfigPath, home.kubeconfigPath(name));
    if (options.kubeconfigFile !== null) await addToFile(options.kubeconfigFile, cluster.access.config);
    const running = {
      process: ownProcess(),
      controlUrl: control.url,
      controlToken: control.token,
      url: cluster.access.url,
      registry: cluster.access.registry,
      temporaryFolder: options.dataDirectory === null ? dirname(cluster.kubeconfigPath) : null,
    };
    await home.write(name, { options: asItIs(options, cluster), running });
    const changed = cluster.events$.pipe(filter(({ type }) => type === 'masterAdded' || type === 'masterRemoved'));
    changed.subscribe(() => {
      const record = { options: asItIs(options, cluster), running };
      written = written.then(() => home.write(name, record)).catch(() => {});
    });
    onReady(running.process.pid);
    await Promise.race([signalled, asked]);
  } finally {
    await cluster.stop();
    control.close();
    await written;
    await home.write(name, { options: asItIs(options, cluster), running: null });
  }
}

/** Masters may have come and gone since the start. */
function asItIs(options: KeptOptions, cluster: Cluster): KeptOptions {
  return { ...options, masters: cluster.masters().length };
}

/** What is asked for now, else what was asked for the last time, else the default. */
function chosenOptions(request: StartRequest, earlier: ClusterRecord['options'] | undefined): KeptOptions {
  const { dataDirectory, kubeconfigFile, stagesFile = earlier?.stagesFile ?? '' } = request;
  const registry = request.registry ?? earlier?.registry;
  const controllers = request.controllers ?? earlier?.controllers;
  return {
    ...(controllers === undefined ? {} : { controllers }),
    ...(registry === undefined || registry === false ? {} : { registry }),
    masters: request.masters ?? earlier?.masters ?? defaults.masters,
    nodes: request.nodes ?? earlier?.nodes ?? defaults.nodes,
    nodeGroups: request.nodeGroups ?? earlier?.nodeGroups ?? [],
    profile: request.profile ?? earlier?.profile ?? defaults.profile,
    runtime: request.runtime ?? earlier?.runtime ?? 'simulated',
    ...(stagesFile === '' ? {} : { stagesFile: resolve(stagesFile) }),
    dataDirectory: dataDirectory === undefined ? (earlier?.dataDirectory ?? null) : resolve(dataDirectory),
    kubeconfigFile: kubeconfigFile === undefined ? (earlier?.kubeconfigFile ?? null) : resolve(kubeconfigFile),
  };
}

/** A data directory knows how many masters its cluster has by now; who asks for another number is told so by the cluster. */
async function withMastersHeld(options: KeptOptions, { masters }: StartRequest): Promise<KeptOptions> {
  const held = options.dataDirectory === null ? null : await mastersIn(options.dataDirectory);
  return { ...options, masters: masters ?? held ?? options.masters };
}

function clusterOptions(
  name: string,
  { masters, nodes, profile, controllers, runtime, registry, dataDirectory, nodeGroups = [] }: KeptOptions,
  { port, adminToken }: StartRequest,
): NonNullable<Parameters<typeof Cluster.start>[0]> {
  return {
    name,
    masters,
    nodes,
    profile,
    nodeGroups,
    ...(controllers === undefined ? {} : { controllers }),
    ...(runtime === undefined ? {} : { runtime }),
    ...(registry === undefined ? {} : { registry: registry === true ? true : { port: registry } }),
    ...(dataDirectory === null ? {} : { dataDirectory }),
    ...(port === undefined ? {} : { port }),
    ...(adminToken === undefined ? {} : { adminToken }),
  };
}

async function stagesOf({ stagesFile }: KeptOptions): Promise<{ readonly stages?: string }> {
  if (stagesFile === undefined) return {};
  try {
    return { stages: await readFile(stagesFile, 'utf8') };
  } catch (error) {
    throw new Complaint(`the file of stages cannot be read: ${(error as Error).message}`);
  }
}

/** Passes progress on until the detached process is ready. Throws Complaint when it fails or ends. */
function reportOf(child: ChildProcess, terminal: Terminal, logPath: string): Promise<Started> {
  return new Promise((done, fail) => {
    child.on('message', (report: ServeReport) => {
      if (report.type === 'progress') terminal.warn(report.text);
      else if (report.type === 'started') done(report.started);
      else fail(new Complaint(report.message));
    });
    child.on('error', (error) => fail(new Complaint(`the process of the cluster cannot be started: ${error.message}`)));
    child.on('exit', (code, signal) =>
      fail(
        new Complaint(`the process of the cluster ended with ${signal ?? `exit code ${code}`}; its log is ${logPath}`),
      ),
    );
  });
}

function startedText({ name, startMs, masters, nodes, kubeconfig, url, registry }: Started): string {
  return [
    `cluster ${name} is ready after ${startMs} ms: ${count(masters, 'master')}, ${count(nodes, 'node')}, ${url}`,
    `  export KUBECONFIG=${kubeconfig}`,
    '  kubectl get nodes',
    ...(registry === null ? [] : [`images are pushed to, and pulled from, ${registry}`]),
  ].join('\n');
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
