/** The command `sh`: a script from `-c`, a file or standard input; with a terminal it asks for lines. */
import { Interpreter, Leave } from './interpreter.ts';
import { parseScript } from './parser.ts';
import { ShellState } from './shell-state.ts';
import { readLine, readText } from './streams.ts';
import { ShellSyntaxError } from './syntax.ts';
import type { Task } from './tasks.ts';
import { Interrupted, openReader, type ToolCall } from './tool.ts';

const interruptedCode = 130;

/** Runs the shell; ends with its exit code. */
export function* sh(call: ToolCall): Task<number> {
  const { options, script, name, args, isFile } = argumentsOf(call);
  const state = new ShellState(call.env, call.files, name, args);
  for (const option of options) state.options.add(option);
  const { stdin, stdout, stderr, machine } = call;
  const shell = new Interpreter(state, machine, { stdin, stdout, stderr });
  const code = yield* runIn(shell, call, script, isFile);
  if (state.atExit === null) return code;
  const last = state.atExit;
  state.atExit = null;
  yield* shell.runText(last);
  return code;
}

function* runIn(shell: Interpreter, call: ToolCall, script: string | null, isFile: boolean): Task<number> {
  if (script !== null) return yield* shell.runText(isFile ? yield* textOf(call, script) : script);
  if (!call.machine.tty) return yield* shell.runText(yield* readText(call.stdin, call.memory));
  return yield* converse(shell, call);
}

function* textOf(call: ToolCall, path: string): Task<string> {
  const file = openReader(call, path);
  try {
    return yield* readText(file, call.memory);
  } finally {
    file.close();
  }
}

/** Reads line by line, with a prompt. Editing lines is the terminal's affair. */
function* converse(shell: Interpreter, { stdout, stdin, memory }: ToolCall): Task<number> {
  let waiting = '';
  let prompt = promptOf(shell);
  for (;;) {
    try {
      yield* stdout.write(prompt);
      const line = yield* readLine(stdin, memory);
      if (line === null) return shell.state.lastStatus;
      waiting += `${line.replace(/\r$/, '')}\n`;
      prompt = '> ';
      yield* shell.run(parseScript(waiting));
    } catch (error) {
      if (error instanceof Leave && error.what === 'exit') return error.value;
      // What has no end yet goes on with the next line, unless that is empty.
      if (isOpen(error) && !waiting.endsWith('\n\n')) continue;
      shell.state.lastStatus = error instanceof Interrupted ? interruptedCode : yield* shell.left(error);
    }
    waiting = '';
    prompt = promptOf(shell);
  }
}

function isOpen(error: unknown): boolean {
  return error instanceof ShellSyntaxError && /end of file|unterminated|expected/.test(error.message);
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
