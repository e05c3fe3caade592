#!/usr/bin/env node
/** The process entry of the command `threemaster`: carries out what the command line asks for, and exits with what came of it. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type Invocation, parseCommandLine } from '../../src/cli/command-line.ts';
import { Complaint } from './commands/complaint.ts';
import { control, deleteCluster, listClusters, type Surroundings, showStatus } from './commands/control.ts';
import { pushFolder } from './commands/push.ts';
import { serveDetached, startDetached, startHere } from './commands/start.ts';
import { processTerminal as terminal } from './commands/terminal.ts';
import { runDemo } from './demo.ts';
import { Home } from './home.ts';
import { ClusterOptionsError } from './options.ts';

const packageFile = new URL('../package.json', import.meta.url);
const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };

async function demo(masters: number, nodes: number, isOnce: boolean): Promise<number> {
  const manifest = new URL('../examples/shop.yaml', import.meta.url);
  const { print, warn } = terminal;
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

async function carryOut(invocation: Invocation): Promise<number> {
  const surroundings: Surroundings = { home: new Home(), terminal };
  switch (invocation.type) {
    case 'print':
      (invocation.exitCode === 0 ? process.stdout : process.stderr).write(invocation.text);
      return invocation.exitCode;
    case 'demo':
      return demo(invocation.masters, invocation.nodes, invocation.once);
    case 'start': {
      const start = invocation.isDetached ? startDetached : startHere;
      return start(surroundings, invocation, invocation.output);
    }
    case 'serve':
      return serveDetached(surroundings);
    case 'push':
      return pushFolder(surroundings, invocation.name, invocation.request, invocation.output);
    case 'list':
      return listClusters(surroundings, invocation.output);
    case 'delete':
      return deleteCluster(surroundings, invocation.name, invocation.output);
    case 'control': {
      const { name, command, output } = invocation;
      return command.type === 'status'
        ? showStatus(surroundings, name, output)
        : control(surroundings, name, command, output);
    }
  }
}

async function main(): Promise<number> {
  try {
    return await carryOut(parseCommandLine(process.argv.slice(2), version));
  } catch (error) {
    const isPlain = error instanceof ClusterOptionsError || error instanceof Complaint;
    terminal.warn(`threemaster: ${isPlain ? error.message : ((error as Error).stack ?? String(error))}`);
    return 1;
  }
}

process.exitCode = await main();
