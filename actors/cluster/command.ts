#!/usr/bin/env node
/** The process entry of the command `threemaster`: carries out what the command line asks for, and exits with what came of it. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { parseCommandLine } from '../../src/cli/command-line.ts';
import { runDemo } from './demo.ts';
import { ClusterOptionsError } from './options.ts';

const packageFile = new URL('../package.json', import.meta.url);
const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function warn(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function demo(masters: number, nodes: number, isOnce: boolean): Promise<number> {
  const manifest = new URL('../examples/shop.yaml', import.meta.url);
  const { cluster, summary } = await runDemo({ masters, nodes, manifest, print, warn });
  if (!isOnce) {
    print('');
    print(`the cluster stays up until Ctrl-C. Try:`);
    print(`  export KUBECONFIG=${cluster.kubeconfigPath}`);
    print(`  kubectl get nodes`);
    print(`  kubectl -n shop get pods -o wide`);
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
    print('stopping');
  }
  await cluster.stop();
  if (isOnce) print(JSON.stringify(summary));
  return summary.ok ? 0 : 1;
}

async function main(): Promise<number> {
  const invocation = parseCommandLine(process.argv.slice(2), version);
  if (invocation.type === 'print') {
    (invocation.exitCode === 0 ? process.stdout : process.stderr).write(invocation.text);
    return invocation.exitCode;
  }
  try {
    return await demo(invocation.masters, invocation.nodes, invocation.once);
  } catch (error) {
    const text = error instanceof ClusterOptionsError ? error.message : ((error as Error).stack ?? String(error));
    warn(`threemaster: ${text}`);
    return 1;
  }
}

process.exitCode = await main();
