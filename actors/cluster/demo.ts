/**
 * The main job, shown: a cluster runs an application, its leading master is killed while the application is being scaled, and it is checked
 * that a new leader took over, how long that took, and that nothing acknowledged was lost. Every claim is a check with its evidence.
 */
import { readFile } from 'node:fs/promises';
import type { AnyObject } from '../../src/api/object-meta.ts';
import { Cluster } from './cluster.ts';
import { warningSink } from './log-lines.ts';

export interface DemoOptions {
  readonly masters: number;
  readonly nodes: number;
  /** The manifest of the application: Deployments in a namespace `shop`, one of them `frontend`. */
  readonly manifest: URL;
  readonly print: (line: string) => void;
  /** Takes a line for each warning and error of an actor. */
  readonly warn: (line: string) => void;
}

export interface DemoCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface DemoSummary {
  readonly ok: boolean;
  readonly masters: number;
  readonly nodes: number;
  readonly startMs: number;
  readonly applicationMs: number;
  readonly killed: string;
  readonly leader: string;
  readonly term: number;
  /** From the kill to the next write that was acknowledged. */
  readonly failoverMs: number;
  readonly scaledMs: number;
  readonly acknowledgedWrites: number;
  readonly lostWrites: number;
  readonly checks: readonly DemoCheck[];
}

const namespace = 'shop';
const replicasAfter = 12;
/** Writes that go on before the leader is killed, so that the kill falls among them. */
const writesBefore = 40;
const writesAfter = 40;

interface Writing {
  /** Names of the objects whose creation was acknowledged. */
  readonly acknowledged: string[];
  /** When each acknowledgement came. */
  readonly atMs: number[];
  killedAtMs: number;
}

/** Runs the demo on a fresh cluster. The cluster is left running for its caller to use and stop. */
export async function runDemo(
  options: DemoOptions,
): Promise<{ readonly cluster: Cluster; readonly summary: DemoSummary }> {
  const { masters, nodes, print, warn } = options;
  print(`starting ${masters} masters and ${nodes} nodes`);
  const started = performance.now();
  const cluster = await Cluster.start({ masters, nodes, log: warningSink(warn) });
  const startMs = performance.now() - started;
  print(`ready after ${startMs.toFixed(0)} ms at ${cluster.access.url}`);
  try {
    const summary = await show(cluster, options, startMs);
    return { cluster, summary };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

async function show(
  cluster: Cluster,
  { manifest, print, masters, nodes }: DemoOptions,
  startMs: number,
): Promise<DemoSummary> {
  const checks: DemoCheck[] = [];
  const check = (name: string, ok: boolean, detail: string): void => {
    checks.push({ name, ok, detail });
    print(`${ok ? 'ok  ' : 'FAIL'} ${name}: ${detail}`);
  };
  const applicationMs = await startApplication(cluster, await readFile(manifest, 'utf8'), print);
  const before = await podsOf(cluster);
  const leaderBefore = await cluster.leader();
  print(
    `the leader of the store is ${leaderBefore.name}; scaling frontend to ${replicasAfter} and killing it meanwhile`,
  );

  const scaledAt = cluster.nowMs();
  await cluster.api.scale('deployment/frontend', replicasAfter, { namespace });
  const writing = await writeThroughKill(cluster, () => leaderBefore.kill());
  const leader = await cluster.leader();
  const { term = 0 } = (await cluster.storeStatuses()).find(({ name }) => name === leader.name) ?? {};
  const failoverMs = (writing.atMs.find((atMs) => atMs > writing.killedAtMs) ?? Number.NaN) - writing.killedAtMs;
  check('a new leader took over', leader.name !== leaderBefore.name, `${leader.name} leads in term ${term}`);
  check(
    'writes went on',
    Number.isFinite(failoverMs),
    `next write acknowledged ${failoverMs.toFixed(1)} ms after the kill`,
  );

  await cluster.waitFor('deployment/frontend', isScaled, { namespace });
  const scaledMs = cluster.nowMs() - scaledAt;
  check(
    'scaling went on',
    true,
    `${replicasAfter} frontend pods ready ${scaledMs.toFixed(0)} ms after it was asked for`,
  );

  const lost = await lostWrites(cluster, writing);
  check(
    'nothing acknowledged was lost',
    lost.length === 0,
    `${writing.acknowledged.length} writes acknowledged, ${lost.length} lost`,
  );
  const disturbed = disturbedPods(before, await podsOf(cluster));
  check(
    'running pods were left alone',
    disturbed.length === 0,
    `${before.length} pods as before${disturbed.map((name) => `, not ${name}`).join('')}`,
  );

  await leaderBefore.restart();
  await cluster.ready();
  check('the killed master is back', true, `${leaderBefore.name} runs again and has caught up`);
  return {
    ok: checks.every(({ ok }) => ok),
    masters,
    nodes,
    startMs: Math.round(startMs),
    applicationMs: Math.round(applicationMs),
    killed: leaderBefore.name,
    leader: leader.name,
    term,
    failoverMs: Math.round(failoverMs * 10) / 10,
    scaledMs: Math.round(scaledMs),
    acknowledgedWrites: writing.acknowledged.length,
    lostWrites: lost.length,
    checks,
  };
}

async function startApplication(cluster: Cluster, manifest: string, print: (line: string) => void): Promise<number> {
  const startedMs = cluster.nowMs();
  const applied = await cluster.apply(manifest);
  const deployments = applied
    .filter(({ object }) => object.kind === 'Deployment')
    .map(({ object }) => object.metadata.name ?? '');
  await Promise.all(deployments.map((name) => cluster.waitFor(`deployment/${name}`, 'Available', { namespace })));
  const applicationMs = cluster.nowMs() - startedMs;
  print(`applied ${applied.length} objects; ${deployments.join(', ')} available after ${applicationMs.toFixed(0)} ms`);
  return applicationMs;
}

/** Creates objects one after another, kills in the middle, and goes on; every acknowledgement is noted. */
async function writeThroughKill(cluster: Cluster, kill: () => Promise<void>): Promise<Writing> {
  const writing: Writing = { acknowledged: [], atMs: [], killedAtMs: Number.NaN };
  let killing: Promise<void> | null = null;
  for (let n = 0; n < writesBefore + writesAfter; n += 1) {
    if (n === writesBefore) {
      writing.killedAtMs = cluster.nowMs();
      killing = kill();
    }
    const name = `write-${n}`;
    const object: AnyObject & { readonly data: object } = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace },
      data: { n: String(n) },
    };
    try {
      await cluster.api.create(object);
      writing.acknowledged.push(name);
      writing.atMs.push(cluster.nowMs());
    } catch {
      // Not acknowledged: it may or may not be there, and nobody promised anything.
    }
  }
  await killing;
  return writing;
}

async function lostWrites(cluster: Cluster, { acknowledged }: Writing): Promise<string[]> {
  const stored = new Set((await cluster.api.list('configmaps', { namespace })).map(({ metadata }) => metadata.name));
  return acknowledged.filter((name) => !stored.has(name));
}

interface PodFacts {
  readonly name: string;
  readonly uid: string;
  readonly restarts: number;
}

async function podsOf(cluster: Cluster): Promise<PodFacts[]> {
  const pods = await cluster.api.list('pods', { namespace });
  return pods.map(({ metadata, ...pod }) => {
    const { containerStatuses = [] } =
      (pod as { status?: { containerStatuses?: { restartCount: number }[] } }).status ?? {};
    const restarts = containerStatuses.reduce((sum, { restartCount }) => sum + restartCount, 0);
    return { name: metadata.name ?? '', uid: metadata.uid ?? '', restarts };
  });
}

/** Pods that are gone, replaced or restarted. */
function disturbedPods(before: readonly PodFacts[], after: readonly PodFacts[]): string[] {
  return before
    .filter((pod) => !after.some(({ uid, restarts }) => uid === pod.uid && restarts === pod.restarts))
    .map(({ name }) => name);
}

function isScaled(object: AnyObject): boolean {
  const { status } = object as { status?: { readyReplicas?: number; observedGeneration?: number } };
  return (
    status?.readyReplicas === replicasAfter && (status.observedGeneration ?? 0) >= (object.metadata.generation ?? 0)
  );
}
