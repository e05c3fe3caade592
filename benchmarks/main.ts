/** `npm run bench [-- NAME...]`: runs the named benchmarks, or all, and prints a table and one line of JSON. */
import { cpus } from 'node:os';
import { benchApi } from './api.ts';
import { benchFailover } from './failover.ts';
import { benchHolders } from './holders.ts';
import { benchMemory } from './memory.ts';
import { benchMessages } from './messages.ts';
import { benchPods } from './pods.ts';
import { benchPrograms } from './programs.ts';
import { benchScheduler } from './scheduler.ts';
import { benchSchedulerCluster } from './scheduler-cluster.ts';
import { benchSimulation } from './simulation.ts';
import { benchStartup } from './startup.ts';
import { type Figure, printFigures } from './statistics.ts';

const benchmarks: Readonly<Record<string, () => Promise<Figure[]>>> = {
  messages: benchMessages,
  startup: () => benchStartup(),
  failover: () => benchFailover(),
  api: () => benchApi(3, 'balancer'),
  'api-one-master': () => benchApi(1, 'balancer'),
  'api-direct': () => benchApi(1, 'master-0/gateway'),
  simulation: benchSimulation,
  memory: () => benchMemory(),
  holders: async () => benchHolders(),
  pods: () => benchPods(100, 1_000),
  'pods-many': () => benchPods(1_000, 10_000),
  programs: benchPrograms,
  scheduler: async () => benchScheduler(),
  'scheduler-cluster': benchSchedulerCluster,
};

const names = process.argv.slice(2);
const unknown = names.filter((name) => !(name in benchmarks));
if (unknown.length > 0) {
  process.stderr.write(`no benchmark ${unknown.join(', ')}; there are ${Object.keys(benchmarks).join(', ')}\n`);
  process.exit(2);
}
const results: Record<string, Figure[]> = {};
for (const [name, run] of Object.entries(benchmarks)) {
  if (names.length > 0 && !names.includes(name)) continue;
  results[name] = await run();
  printFigures(name, results[name] as Figure[]);
}
const machine = { node: process.version, cores: cpus().length, model: cpus()[0]?.model ?? '' };
process.stdout.write(`\n${JSON.stringify({ machine, results })}\n`);
process.exit(0);
