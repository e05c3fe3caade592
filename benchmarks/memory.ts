/** Memory of the whole process, in clusters of different sizes: what an idle master costs, and an idle node. Each in a process of its own. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Figure, median } from './statistics.ts';

const program = `
import { Cluster } from './index.js';
const [masters, nodes, objects] = process.argv.slice(2).map(Number);
const cluster = await Cluster.start({ masters, nodes });
const batch = 50;
for (let done = 0; done < objects; done += batch) {
  await Promise.all(Array.from({ length: batch }, (_, index) => cluster.api.create({
    apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'object-' + (done + index), namespace: 'default' }, data: { payload: 'x'.repeat(1024) },
  })));
}
await cluster.sleep(3000);
process.stdout.write(String(process.memoryUsage().rss));
process.exit(0);
`;

function rssMb(masters: number, nodes: number, objects = 0): number {
  const file = join('dist', 'measure-memory.mjs');
  writeFileSync(file, program);
  const args = [file, String(masters), String(nodes), String(objects)];
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' })) / 1024 / 1024;
}

export async function benchMemory(rounds = 3): Promise<Figure[]> {
  const measure = (masters: number, nodes: number, objects = 0): number =>
    median(Array.from({ length: rounds }, () => rssMb(masters, nodes, objects)));
  const [small, three, more] = [measure(1, 1), measure(3, 1), measure(3, 5)];
  const objects = 5_000;
  const full = measure(3, 1, objects);
  return [
    { name: 'process with 1 master and 1 node, idle', value: small, unit: 'MB' },
    { name: 'process with 3 masters and 5 nodes, idle', value: more, unit: 'MB' },
    { name: 'an idle master', value: (three - small) / 2, unit: 'MB', note: 'three threads: store, API, control' },
    { name: 'an idle node', value: (more - three) / 4, unit: 'MB', note: 'one thread' },
    {
      name: 'one ConfigMap of 1.2 KB in 3 masters',
      value: ((full - three) * 1024) / objects,
      unit: 'KB',
      note: 'log, keyspace and cache of each, with garbage',
    },
  ];
}
