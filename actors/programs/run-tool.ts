/** Runs what the command of a container or of an exec names: our own shell, or one of its tools. */
import type { Container } from './container.ts';
import { Interpreter } from './shell/interpreter.ts';
import { ShellState } from './shell/shell-state.ts';
import { findTool } from './tools/index.ts';

/** Returns why a command cannot be started; null when it can. */
export function missingTool([name = 'sh']: readonly string[]): string | null {
  return findTool(name) === undefined ? `exec: "${name}": executable file not found in $PATH` : null;
}

/** Resolves with the exit code. */
export async function runTool(container: Container): Promise<number> {
  const { args: argv, env, fs, stdin, stdout, stderr } = container;
  const [name = 'sh', ...args] = argv;
  const state = new ShellState(env, fs, name, args);
  const shell = new Interpreter(state, container, { stdin, stdout, stderr });
  try {
    return await shell.runArgv([name, ...args]);
  } catch (error) {
    return shell.left(error);
  }
}
