/** Commands that change the shell itself. */
import { attempt } from './files.ts';
import { type Interpreter, Leave } from './interpreter.ts';
import { readLine, readText } from './streams.ts';
import { ended, type Task } from './tasks.ts';
import { openReader } from './tool.ts';
import { findTool } from './tools/index.ts';

type BuiltIn = (shell: Interpreter, args: readonly string[]) => Task<number>;

/** As shells tell of a wait that SIGTERM ended. */
const terminatedCode = 143;
const namePattern = /^([A-Za-z_]\w*)(?:=(.*))?$/s;

export const builtInCommands: Readonly<Record<string, BuiltIn>> = {
  ':': () => ended(0),
  cd: changeFolder,
  *pwd({ state, streams }) {
    yield* streams.stdout.write(`${state.files.folder}\n`);
    return 0;
  },
  exit: ({ state }, [code]) => leave('exit', code === undefined ? state.lastStatus : Number(code) & 0xff),
  return: ({ state }, [code]) => leave('return', code === undefined ? state.lastStatus : Number(code) & 0xff),
  break: (_shell, [loops = '1']) => leave('break', Number(loops)),
  continue: (_shell, [loops = '1']) => leave('continue', Number(loops)),
  export: (shell, args) => ended(exportVariables(shell, args)),
  local: (shell, args) => ended(assign(shell, args)),
  readonly: (shell, args) => ended(assign(shell, args)),
  unset: ({ state }, args) => {
    for (const name of args) {
      state.variables.delete(name);
      state.functions.delete(name);
    }
    return ended(0);
  },
  set: setOptions,
  shift: ({ state }, [count = '1']) => {
    state.args = state.args.slice(Number(count));
    return ended(0);
  },
  eval: (shell, args) => shell.runText(args.join(' ')),
  *exec(shell, args) {
    throw new Leave('exit', yield* shell.runArgv(args));
  },
  command: describeOrRun,
  type: (shell, args) => describeOrRun(shell, ['-v', ...args]),
  read: readVariables,
  trap: (shell, args) => ended(setTrap(shell, args)),
  wait: waitForAll,
  '.': runFile,
  source: runFile,
};

function leave(what: Leave['what'], value: number): never {
  throw new Leave(what, value);
}

function* runFile(shell: Interpreter, [path = '']: readonly string[]): Task<number> {
  const { state, streams, machine } = shell;
  const file = openReader({ ...streams, files: state.files, machine }, path);
  try {
    return yield* shell.holding(function* (memory) {
      return yield* shell.runText(yield* readText(file, memory));
    });
  } finally {
    file.close();
  }
}

function* changeFolder({ state, streams }: Interpreter, [path]: readonly string[]): Task<number> {
  const former = state.files.folder;
  const target =
    path === undefined
      ? (state.variables.get('HOME') ?? '/')
      : path === '-'
        ? (state.variables.get('OLDPWD') ?? '/')
        : path;
  const type = attempt(() => state.files.stat(target))?.type;
  if (type !== 'folder') {
    const reason = type === undefined ? 'No such file or directory' : 'Not a directory';
    yield* streams.stderr.write(`cd: can't cd to ${target}: ${reason}\n`);
    return 1;
  }
  state.files = state.files.at(target);
  state.variables.set('OLDPWD', former);
  state.variables.set('PWD', state.files.folder);
  return 0;
}

function exportVariables(shell: Interpreter, args: readonly string[]): number {
  const code = assign(shell, args);
  for (const arg of args) shell.state.exported.add(arg.split('=')[0] ?? '');
  return code;
}

function assign({ state }: Interpreter, args: readonly string[]): number {
  for (const arg of args) {
    const [, name, value] = namePattern.exec(arg) ?? [];
    if (name === undefined) return 1;
    if (value !== undefined) state.variables.set(name, value);
  }
  return 0;
}

function* setOptions({ state, streams }: Interpreter, args: readonly string[]): Task<number> {
  if (args.length === 0) {
    for (const [name, value] of [...state.variables].toSorted()) yield* streams.stdout.write(`${name}='${value}'\n`);
    return 0;
  }
  for (const [index, arg] of args.entries()) {
    const isFlag = /^[-+][a-z]+$/.test(arg);
    if (!isFlag) {
      state.args = args.slice(arg === '--' ? index + 1 : index);
      return 0;
    }
    if (arg.includes('o')) return 0;
    for (const letter of arg.slice(1)) {
      if (arg.startsWith('-')) state.options.add(letter);
      else state.options.delete(letter);
    }
  }
  return 0;
}

function* describeOrRun(shell: Interpreter, args: readonly string[]): Task<number> {
  const [flag, name = ''] = args;
  if (flag !== '-v' && flag !== '-V') return yield* shell.runArgv(args);
  const isKnown = Object.hasOwn(builtInCommands, name) || shell.state.functions.has(name);
  if (!isKnown && findTool(shell.machine, name) === undefined) return 1;
  yield* shell.streams.stdout.write(isKnown ? `${name}\n` : `/bin/${name}\n`);
  return 0;
}

/** Reads one line into variables: what comes behind it stays for the next reader. */
function* readVariables(shell: Interpreter, args: readonly string[]): Task<number> {
  const { state, streams } = shell;
  const names = args.filter((arg) => !arg.startsWith('-'));
  const read = yield* shell.holding((memory) => readLine(streams.stdin, memory));
  const line = read ?? '';
  const words = line.trim().split(/\s+/);
  for (const [index, name] of names.entries()) {
    const isLast = index === names.length - 1;
    state.variables.set(name, isLast ? words.slice(index).join(' ') : (words[index] ?? ''));
  }
  if (names.length === 1) state.variables.set(names[0] ?? '', args.includes('-r') ? line : line.trim());
  return read === null ? 1 : 0;
}

function setTrap(shell: Interpreter, [action = '', ...signals]: readonly string[]): number {
  for (const signal of signals) {
    const script = action === '-' ? null : action;
    if (signal === 'EXIT' || signal === '0') shell.state.atExit = script;
    if (!/^(SIG)?TERM$|^15$/.test(signal)) continue;
    shell.state.trapped = script;
    shell.machine.onTerminate(script === null ? null : () => (shell.hasSignal = true));
  }
  return 0;
}

/** Waits for everything in the background, or for a signal that is trapped. */
function* waitForAll(shell: Interpreter): Task<number> {
  const jobs = shell.state.backgrounds.splice(0);
  const isDone = (): boolean => jobs.every(({ isOver }) => isOver);
  while (!isDone() && !shell.hasSignal) yield { isOver: () => isDone() || shell.hasSignal };
  return isDone() ? (jobs.at(-1)?.result() ?? 0) : terminatedCode;
}
