/** Runs what the command of a container or of an exec names: our own shell, or one of its tools. */
import { Interpreter } from '../../src/shell/interpreter.ts';
import { ShellState } from '../../src/shell/shell-state.ts';
import type { Streams } from '../../src/shell/streams.ts';
import { ended } from '../../src/shell/tasks.ts';
import { findTool } from '../../src/shell/tools/index.ts';
import type { Container } from './container.ts';
import { networkTools } from './network-tools.ts';
import { drive, ShellMachine } from './shell-driver.ts';

/** Returns why a command cannot be started; null when it can. */
export function missingTool([name = 'sh']: readonly string[]): string | null {
  const machine = { tool: (bare: string) => (Object.hasOwn(networkTools, bare) ? () => ended(0) : undefined) };
  return findTool(machine, name) === undefined ? `exec: "${name}": executable file not found in $PATH` : null;
}

/** Resolves with the exit code. */
export async function runTool(container: Container): Promise<number> {
  const { args: argv, env, shellFiles, stdin } = container;
  const [name = 'sh', ...args] = argv;
  const state = new ShellState(env, shellFiles, name, args);
  const machine = new ShellMachine(container, networkTools);
  const shell = new Interpreter(state, machine, machine.streams());
  return (await drive(machine, shell.runAlone([name, ...args]), stdin.hold)) ?? 0;
}

/** Runs a script in a container whose program goes on; resolves with its exit code. */
export async function runScript(container: Container, script: string, streams: Streams): Promise<number> {
  const state = new ShellState(container.env, container.shellFiles, 'sh', []);
  const machine = new ShellMachine(container, networkTools);
  const shell = new Interpreter(state, machine, streams);
  return (await drive(machine, shell.runText(script), () => {})) ?? 0;
}
