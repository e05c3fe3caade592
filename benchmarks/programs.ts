/** Real programs as containers: time from `startContainer` to running, and memory of each. `npm run bench -- programs`. */
import { performance } from 'node:perf_hooks';
import { RuntimeHarness } from '../test/threads/runtime-harness.ts';
import { type Figure, median } from './statistics.ts';

const containers = 20;
const bytesPerMb = 1024 * 1024;

export async function benchPrograms(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const handler of ['worker', 'process'] as const) {
    await using node = await new RuntimeHarness(handler).start();
    await node.run({ command: ['sleep', '1000'] });
    const before = process.memoryUsage().rss;
    const samples: number[] = [];
    for (let index = 0; index < containers; index += 1) {
      const startedMs = performance.now();
      await node.run({ command: ['sleep', '1000'] });
      samples.push(performance.now() - startedMs);
    }
    const note = `median of ${containers}, one after another`;
    figures.push({ name: `${handler}: sandbox, container, running`, value: median(samples), unit: 'ms', note });
    const rss = (process.memoryUsage().rss - before) / containers / bytesPerMb;
    figures.push({ name: `${handler}: memory of this process for each`, value: rss, unit: 'MB' });
  }
  return figures;
}
