/** Time from `Cluster.start` to ready, and to stopped again. `npm run bench -- startup`. */
import { performance } from 'node:perf_hooks';
import { Cluster } from '../actors/cluster/index.ts';
import { type Figure, median } from './statistics.ts';

async function startupMs(masters: number, nodes: number): Promise<{ start: number; stop: number }> {
  const startedMs = performance.now();
  const cluster = await Cluster.start({ masters, nodes });
  const readyMs = performance.now();
  await cluster.stop();
  return { start: readyMs - startedMs, stop: performance.now() - readyMs };
}

export async function benchStartup(rounds = 10): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [masters, nodes] of [
    [1, 1],
    [3, 3],
  ] as const) {
    const samples: { start: number; stop: number }[] = [];
    for (let round = 0; round < rounds; round += 1) samples.push(await startupMs(masters, nodes));
    const size = `${masters} master${masters > 1 ? 's' : ''}, ${nodes} node${nodes > 1 ? 's' : ''}`;
    figures.push({
      name: `start to ready, ${size}`,
      value: median(samples.map(({ start }) => start)),
      unit: 'ms',
      note: `${rounds} rounds`,
    });
    figures.push({ name: `stop, ${size}`, value: median(samples.map(({ stop }) => stop)), unit: 'ms' });
  }
  return figures;
}
