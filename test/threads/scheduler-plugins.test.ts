/** The user's own scheduler plugins, those of examples/, on real threads and in simulation. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cluster, type ClusterOptions } from '../../actors/cluster/index.ts';

let folder: string;
let modules: readonly URL[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'threemaster-plugins-'));
  const outfile = join(folder, 'plugins.mjs');
  await build({ entryPoints: ['examples/scheduler-plugins.ts'], outfile, format: 'esm' });
  modules = [pathToFileURL(outfile)];
});

afterAll(() => rmSync(folder, { recursive: true }));

const profiles = [
  {},
  {
    schedulerName: 'thrifty',
    plugins: { multiPoint: { enabled: [{ name: 'TeamNodes' }, { name: 'Cheapest', weight: 100 }] } },
    pluginConfig: [{ name: 'TeamNodes', args: { label: 'team' } }],
  },
];
const pod = (name: string, labels: object): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels },
    spec: { schedulerName: 'thrifty', containers: [{ name: 'main', image: 'web:1' }] },
  });
const node = (name: string, labels: object): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'Node', metadata: { name, labels } });

test.each<[string, Partial<ClusterOptions>]>([
  ['on threads', {}],
  ['in simulation', { simulated: { seed: 1 } }],
])('a profile with plugins of a module places its pods, %s', async (_where, options) => {
  await using cluster = await Cluster.start({ nodes: 3, ...options, scheduler: { modules, profiles } });
  await cluster.apply(node('node-0', { team: 'blue', 'example.com/price': '5' }));
  await cluster.apply(node('node-1', { team: 'blue', 'example.com/price': '1' }));
  await cluster.apply(node('node-2', { team: 'red' }));
  for (const name of ['one', 'two', 'three']) {
    await cluster.apply(pod(name, { team: 'blue' }));
    await cluster.waitFor(`pod/${name}`, 'Ready');
    expect(await cluster.api.get(`pod/${name}`)).toMatchObject({ spec: { nodeName: 'node-1' } });
  }
  await cluster.apply(pod('green', { team: 'green' }));
  const message =
    '0/3 nodes are available: 3 node(s) belonged to another team. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.';
  await cluster.waitFor('pod/green', (object) => JSON.stringify(object ?? null).includes(message));
});

test('what is wrong is said in one line before anything starts', async () => {
  const start = (scheduler: ClusterOptions['scheduler']) => Cluster.start({ scheduler: scheduler ?? {} });
  await expect(start({ modules: ['file:///nowhere.mjs'] })).rejects.toThrow(
    /^scheduler.modules: file:\/\/\/nowhere.mjs cannot be imported: /,
  );
  await expect(start({ profiles })).rejects.toThrow(
    /multiPoint: unknown plugin TeamNodes; there are SchedulingGates, /,
  );
  const pluginConfig = [{ name: 'TeamNodes', args: { label: 7 } }];
  await expect(start({ modules, profiles: [{ ...profiles[1], pluginConfig }] })).rejects.toThrow(
    'scheduler.profiles[0].pluginConfig TeamNodes: label must be a string',
  );
});
