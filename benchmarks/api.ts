/**
 * The Kubernetes API over HTTPS with a load generator that knows nothing of us: the program that gave the real API server's figures
 * (facts/anchors.md). It stands beside the project, not in it; KUBE_API_BENCH names it. `npm run bench -- api`.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { Cluster } from '../actors/cluster/index.ts';
import type { Figure } from './statistics.ts';

interface Line {
  readonly op?: string;
  readonly conc?: number;
  readonly rps?: number;
  readonly p50_ms?: number;
  readonly p99_ms?: number;
  readonly errors?: number;
  readonly watchers?: number;
}

/** Requests a second of kube-apiserver 1.36 with etcd 3.6 on a machine of this kind, at 1, 16 and 64 connections. */
const anchors: Readonly<Record<string, readonly [number, number, number]>> = {
  create: [429, 1154, 1704],
  get: [1375, 4085, 4787],
  patch: [560, 1616, 2169],
  update: [501, 1653, 2189],
  list: [68, 115, 114],
  delete: [619, 1526, 2184],
};
const connections = [1, 16, 64];
const seconds = 3;

/**
 * Runs the load generator against a fresh cluster of `masters`, through its balancer or at the address of one master's own API server, as
 * kube-apiserver was asked; empty, with a word, where the generator is absent.
 */
export async function benchApi(masters: number, through: 'balancer' | 'master-0/gateway'): Promise<Figure[]> {
  const program = process.env['KUBE_API_BENCH'] ?? resolve('../shared/bench/kube-api-bench.mjs');
  if (!existsSync(program)) {
    process.stdout.write(`skipped: no load generator at ${program}; set KUBE_API_BENCH\n`);
    return [];
  }
  await using cluster = await Cluster.start({ masters, nodes: 0 });
  const { url, token, ports } = cluster.access;
  const server = new URL(url);
  server.port = String(ports[through]);
  const options = ['api', 'watch', '--server', server.href, '--token', token, '--insecure', '--secs', String(seconds)];
  const generator = spawn(process.execPath, [program, ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  const figures: Figure[] = [];
  for await (const text of createInterface({ input: generator.stdout }))
    figures.push(...figuresOf(JSON.parse(text) as Line, masters));
  return figures;
}

function figuresOf(line: Line, masters: number): Figure[] {
  const { op, conc = 0, rps, p50_ms: p50 = 0, p99_ms: p99 = 0, errors = 0 } = line;
  if (op === undefined) return [];
  const size = `${masters} master${masters > 1 ? 's' : ''}`;
  const failures = errors > 0 ? `, ${errors} errors` : '';
  if (op.startsWith('watch')) {
    const note = `${size}, median; p99 ${p99} ms${failures}`;
    return [{ name: `${op}, ${line.watchers ?? 1} watchers, create to event`, value: p50, unit: 'ms', note }];
  }
  const anchor = anchors[op]?.[connections.indexOf(conc)];
  const ratio =
    anchor === undefined || rps === undefined ? '' : `, ${(rps / anchor).toFixed(2)} of kube-apiserver's ${anchor}`;
  return [
    {
      name: `${op}, ${conc} connections`,
      value: rps ?? 0,
      unit: '/s',
      note: `${size}, p50 ${p50} p99 ${p99} ms${ratio}${failures}`,
    },
  ];
}
