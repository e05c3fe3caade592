/** How fast simulated time passes, for a cluster of three masters and three nodes: idle, and while Deployments are made and scaled. */
import { performance } from 'node:perf_hooks';
import { Cluster } from '../actors/cluster/index.ts';
import type { Figure } from './statistics.ts';

const idleMs = 60_000;
const busyRounds = 10;

export async function benchSimulation(): Promise<Figure[]> {
  const startedMs = performance.now();
  await using cluster = await Cluster.start({ masters: 3, nodes: 3, simulated: { seed: 1 } });
  const startMs = performance.now() - startedMs;
  const idle = await ratio(cluster, () => cluster.sleep(idleMs));
  const busy = await ratio(cluster, () => work(cluster));
  return [
    { name: 'start of a simulated cluster, 3 masters and 3 nodes', value: startMs, unit: 'ms' },
    { name: 'simulated seconds a second, idle', value: idle, unit: 'x' },
    { name: 'simulated seconds a second, Deployments made and scaled', value: busy, unit: 'x' },
  ];
}

/** Simulated time over real time. */
async function ratio(cluster: Cluster, run: () => Promise<unknown>): Promise<number> {
  const [simulatedMs, realMs] = [cluster.nowMs(), performance.now()];
  await run();
  return (cluster.nowMs() - simulatedMs) / (performance.now() - realMs);
}

async function work(cluster: Cluster): Promise<void> {
  for (let round = 0; round < busyRounds; round += 1) {
    const name = `web-${round}`;
    const labels = { app: name };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'web:1' }] } };
    const spec = { replicas: 5, selector: { matchLabels: labels }, template };
    await cluster.apply(JSON.stringify({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec }));
    await cluster.waitFor(`deployment/${name}`, 'Available');
    await cluster.api.scale(`deployment/${name}`, 8);
    await cluster.sleep(1_000);
  }
}
