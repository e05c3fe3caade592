/** The command `sh`: a script from `-c`, a file or standard input; with a terminal it asks for lines. */
import { parseScript } from '../../../src/shell/parser.ts';
import { ShellSyntaxError } from '../../../src/shell/syntax.ts';
import { linesOf, readAll, type ToolCall } from '../tool.ts';
import { Interpreter, Leave } from './interpreter.ts';
import { ShellState } from './shell-state.ts';

/** Runs the shell; resolves with its exit code. */
export async function sh(call: ToolCall): Promise<number> {
  const { options, script, name, args, isFile } = argumentsOf(call);
  const state = new ShellState(call.env, call.files, name, args);
  for (const option of options) state.options.add(option);
  const { stdin, stdout, stderr, container } = call;
  const shell = new Interpreter(state, container, { stdin, stdout, stderr });
  const code = await runIn(shell, call, script, isFile);
  if (state.atExit === null) return code;
  const last = state.atExit;
  state.atExit = null;
  await shell.runText(last);
  return code;
}

async function runIn(shell: Interpreter, call: ToolCall, script: string | null, isFile: boolean): Promise<number> {
  if (script !== null) {
    const text = isFile ? await call.files.readText(script) : script;
    return shell.runText(text);
  }
  if (!call.container.tty) return shell.runText((await readAll(call.stdin)).toString('utf8'));
  return converse(shell, call);
}

/** Reads line by line, with a prompt. Without a terminal of the system there is no editing of lines. */
async function converse(shell: Interpreter, call: ToolCall): Promise<number> {
  const { stdout, stdin } = call;
  let waiting = '';
  await stdout.write(promptOf(shell));
  for await (const line of linesOf(stdin)) {
    waiting += `${line.replace(/\r$/, '')}\n`;
    try {
      await shell.run(parseScript(waiting));
      waiting = '';
    } catch (error) {
      if (error instanceof Leave && error.what === 'exit') return error.value;
      const isOpen = error instanceof ShellSyntaxError && /end of file|unterminated|expected/.test(error.message);
      if (isOpen && line !== '') {
        await stdout.write('> ');
        continue;
      }
      shell.state.lastStatus = await shell.left(error);
      waiting = '';
    }
    await stdout.write(promptOf(shell));
  }
  return shell.state.lastStatus;
}

function promptOf({ state }: Interpreter): string {
  return `${state.files.folder} # `;
}

interface ShellArguments {
  readonly options: readonly string[];
  readonly script: string | null;
  readonly isFile: boolean;
  readonly name: string;
  readonly args: readonly string[];
}

function argumentsOf({ args, name }: ToolCall): ShellArguments {
  const options: string[] = [];
  let index = 0;
  for (; index < args.length && /^[-+][a-z]+$/.test(args[index] ?? ''); index += 1) {
    const letters = (args[index] ?? '').slice(1);
    if (letters.includes('o')) index += 1;
    for (const letter of letters) if ('eux'.includes(letter)) options.push(letter);
    if (!letters.includes('c')) continue;
    const [script = '', own = name, ...rest] = args.slice(index + 1);
    return { options, script, isFile: false, name: own, args: rest };
  }
  const [file, ...rest] = args.slice(index);
  if (file === undefined || file === '-') return { options, script: null, isFile: false, name, args: rest };
  return { options, script: file, isFile: true, name: file, args: rest };
}
