/** Commands that change the shell itself. */
import { setTimeout as delay } from 'node:timers/promises';
import { findTool } from '../tools/index.ts';
import { type Interpreter, Leave } from './interpreter.ts';

type BuiltIn = (shell: Interpreter, args: readonly string[]) => Promise<number>;

const namePattern = /^([A-Za-z_]\w*)(?:=(.*))?$/s;

export const builtInCommands: Readonly<Record<string, BuiltIn>> = {
  ':': async () => 0,
  cd: changeFolder,
  pwd: async ({ state, streams }) => {
    await streams.stdout.write(`${state.files.folder}\n`);
    return 0;
  },
  exit: async ({ state }, [code]) => {
    throw new Leave('exit', code === undefined ? state.lastStatus : Number(code) & 0xff);
  },
  return: async ({ state }, [code]) => {
    throw new Leave('return', code === undefined ? state.lastStatus : Number(code) & 0xff);
  },
  break: async (_shell, [loops = '1']) => {
    throw new Leave('break', Number(loops));
  },
  continue: async (_shell, [loops = '1']) => {
    throw new Leave('continue', Number(loops));
  },
  export: exportVariables,
  local: async (shell, args) => assign(shell, args),
  readonly: async (shell, args) => assign(shell, args),
  unset: async ({ state }, args) => {
    for (const name of args) {
      state.variables.delete(name);
      state.functions.delete(name);
    }
    return 0;
  },
  set: setOptions,
  shift: async ({ state }, [count = '1']) => {
    state.args = state.args.slice(Number(count));
    return 0;
  },
  eval: async (shell, args) => shell.runText(args.join(' ')),
  exec: async (shell, args) => {
    throw new Leave('exit', await shell.runArgv(args));
  },
  command: describeOrRun,
  type: async (shell, args) => describeOrRun(shell, ['-v', ...args]),
  read: readLine,
  trap: setTrap,
  wait: waitForAll,
  '.': async (shell, [path = '']) => shell.runText(await shell.state.files.readText(path)),
  source: async (shell, [path = '']) => shell.runText(await shell.state.files.readText(path)),
};

async function changeFolder({ state, streams }: Interpreter, [path]: readonly string[]): Promise<number> {
  const former = state.files.folder;
  const target =
    path === undefined
      ? (state.variables.get('HOME') ?? '/')
      : path === '-'
        ? (state.variables.get('OLDPWD') ?? '/')
        : path;
  const isFolder = await state.files.stat(target).then(
    (stats) => stats.isDirectory(),
    () => null,
  );
  if (isFolder !== true) {
    await streams.stderr.write(
      `cd: can't cd to ${target}: ${isFolder === null ? 'No such file or directory' : 'Not a directory'}\n`,
    );
    return 1;
  }
  state.files = state.files.at(target);
  state.variables.set('OLDPWD', former);
  state.variables.set('PWD', state.files.folder);
  return 0;
}

async function exportVariables(shell: Interpreter, args: readonly string[]): Promise<number> {
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

async function setOptions({ state, streams }: Interpreter, args: readonly string[]): Promise<number> {
  if (args.length === 0) {
    for (const [name, value] of [...state.variables].toSorted()) await streams.stdout.write(`${name}='${value}'\n`);
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

async function describeOrRun(shell: Interpreter, args: readonly string[]): Promise<number> {
  const [flag, name = ''] = args;
  if (flag !== '-v' && flag !== '-V') return shell.runArgv(args);
  const isKnown = Object.hasOwn(builtInCommands, name) || shell.state.functions.has(name);
  if (!isKnown && findTool(name) === undefined) return 1;
  await shell.streams.stdout.write(isKnown ? `${name}\n` : `/bin/${name}\n`);
  return 0;
}

/** Reads one line, byte by byte of what is there: what comes behind it stays for the next reader. */
async function readLine({ state, streams }: Interpreter, args: readonly string[]): Promise<number> {
  const names = args.filter((arg) => !arg.startsWith('-'));
  const { stdin } = streams as { stdin: { read(): Promise<Uint8Array | null>; rest?: Uint8Array } };
  let line = '';
  let isEnd = false;
  for (;;) {
    const bytes = stdin.rest ?? (await stdin.read());
    delete stdin.rest;
    if (bytes === null) {
      isEnd = true;
      break;
    }
    const end = bytes.indexOf(0x0a);
    line += Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('utf8');
    if (end < 0) continue;
    if (end + 1 < bytes.length) stdin.rest = bytes.subarray(end + 1);
    break;
  }
  const words = line.trim().split(/\s+/);
  for (const [index, name] of names.entries()) {
    const isLast = index === names.length - 1;
    state.variables.set(name, isLast ? words.slice(index).join(' ') : (words[index] ?? ''));
  }
  if (names.length === 1) state.variables.set(names[0] ?? '', args.includes('-r') ? line : line.trim());
  return isEnd && line === '' ? 1 : 0;
}

async function setTrap(shell: Interpreter, [action = '', ...signals]: readonly string[]): Promise<number> {
  for (const signal of signals) {
    const script = action === '-' ? null : action;
    if (signal === 'EXIT' || signal === '0') shell.state.atExit = script;
    if (!/^(SIG)?TERM$|^15$/.test(signal)) continue;
    shell.state.trapped = script;
    shell.container.onSignal(script === null ? null : () => (shell.hasSignal = true));
  }
  return 0;
}

/** Waits for everything in the background, or for a signal that is trapped. */
async function waitForAll(shell: Interpreter): Promise<number> {
  const all = Promise.all(shell.state.backgrounds.splice(0)).then((codes) => codes.at(-1) ?? 0);
  const lookMs = 20;
  for (;;) {
    const outcome = await Promise.race([all, delay(lookMs, null)]);
    if (outcome !== null) return outcome;
    if (shell.hasSignal) return 143;
  }
}
