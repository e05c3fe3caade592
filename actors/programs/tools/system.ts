/** Tools that tell of the system, wait, or run others. */
import { posix } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { linesOf, parseFlags, readAll, type Tool, UsageError } from '../tool.ts';
import { foreverMs } from './text.ts';

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** `10`, `0.5`, `2m`, `infinity`; throws UsageError. */
function durationMs(text: string): number {
  if (text === 'infinity' || text === 'inf') return foreverMs;
  const unit = units[text.at(-1) ?? ''];
  const amount = Number(unit === undefined ? text : text.slice(0, -1));
  if (text === '' || !Number.isFinite(amount) || amount < 0) throw new UsageError(`invalid number '${text}'`);
  return Math.min(foreverMs, amount * (unit ?? 1) * 1_000);
}

const sleep: Tool = async ({ args }) => {
  if (args.length === 0) throw new UsageError('missing operand');
  await delay(args.reduce((sum, arg) => sum + durationMs(arg), 0));
  return 0;
};

const date: Tool = async ({ args, stdout }) => {
  const now = new Date();
  const format = args.find((arg) => arg.startsWith('+'))?.slice(1);
  const iso = now.toISOString();
  const parts: Readonly<Record<string, string>> = {
    Y: iso.slice(0, 4),
    m: iso.slice(5, 7),
    d: iso.slice(8, 10),
    H: iso.slice(11, 13),
    M: iso.slice(14, 16),
    S: iso.slice(17, 19),
    s: String(Math.floor(now.getTime() / 1_000)),
    N: `${iso.slice(20, 23)}000000`,
    F: iso.slice(0, 10),
    T: iso.slice(11, 19),
    '%': '%',
  };
  const text = format?.replaceAll(/%(.)/g, (found, letter: string) => parts[letter] ?? found);
  await stdout.write(`${text ?? now.toUTCString().replace(',', '')}\n`);
  return 0;
};

const env: Tool = async (call) => {
  const rest = [...call.args];
  const extra: Record<string, string> = {};
  for (let match = /^(\w+)=(.*)$/s.exec(rest[0] ?? ''); match !== null; match = /^(\w+)=(.*)$/s.exec(rest[0] ?? '')) {
    extra[match[1] ?? ''] = match[2] ?? '';
    rest.shift();
  }
  if (rest.length > 0) return call.run(rest, call, extra);
  for (const [name, value] of Object.entries({ ...call.env, ...extra })) await call.stdout.write(`${name}=${value}\n`);
  return 0;
};

const printenv: Tool = async ({ args, env: variables, stdout }) => {
  const [name] = args;
  if (name === undefined) {
    for (const [key, value] of Object.entries(variables)) await stdout.write(`${key}=${value}\n`);
    return 0;
  }
  if (variables[name] === undefined) return 1;
  await stdout.write(`${variables[name]}\n`);
  return 0;
};

const ps: Tool = async ({ container, stdout }) => {
  await stdout.write('PID   USER     COMMAND\n');
  await stdout.write(`    1 root     ${container.args.join(' ')}\n`);
  return 0;
};

const xargs: Tool = async (call) => {
  const { values, rest } = parseFlags(call.args.slice(0), 'r0t', 'nI');
  const words = (await readAll(call.stdin))
    .toString('utf8')
    .split(/\s+/)
    .filter((word) => word !== '');
  const command = rest.length === 0 ? ['echo'] : rest;
  const placeholder = values.get('I');
  const size = placeholder === undefined ? Number(values.get('n') ?? words.length) || 1 : 1;
  let code = 0;
  for (let at = 0; at < words.length; at += size) {
    const some = words.slice(at, at + size);
    const argv =
      placeholder === undefined
        ? [...command, ...some]
        : command.map((part) => part.replaceAll(placeholder, some[0] ?? ''));
    if ((await call.run(argv, call)) !== 0) code = 123;
  }
  return code;
};

const timeout: Tool = async (call) => {
  const [limit = '', ...command] = call.args.filter((arg, index) => index > 0 || !arg.startsWith('-'));
  const timedOut = delay(durationMs(limit), 124, { ref: false });
  return Promise.race([call.run(command, call), timedOut]);
};

const seq: Tool = async ({ args, stdout }) => {
  const numbers = args.map(Number);
  const [first, step, last] =
    numbers.length === 1 ? [1, 1, numbers[0]] : numbers.length === 2 ? [numbers[0], 1, numbers[1]] : numbers;
  if (first === undefined || step === undefined || last === undefined || step === 0)
    throw new UsageError('wrong operands');
  for (let value = first; step > 0 ? value <= last : value >= last; value += step) await stdout.write(`${value}\n`);
  return 0;
};

const yes: Tool = async ({ args, stdout }) => {
  const line = `${args.length === 0 ? 'y' : args.join(' ')}\n`;
  const block = line.repeat(Math.max(1, Math.floor(4_096 / line.length)));
  for (;;) {
    await stdout.write(block);
    await new Promise((resolve) => setImmediate(resolve));
  }
};

const line =
  (text: (call: Parameters<Tool>[0]) => string): Tool =>
  async (call) => {
    await call.stdout.write(`${text(call)}\n`);
    return 0;
  };

const test: Tool = async (call) => {
  const args = call.name === '[' ? call.args.slice(0, -1) : call.args;
  if (call.name === '[' && call.args.at(-1) !== ']') throw new UsageError('missing ]');
  return (await judge(call, args)) ? 0 : 1;
};

async function judge(call: Parameters<Tool>[0], args: readonly string[]): Promise<boolean> {
  const or = args.indexOf('-o');
  if (or > 0) return (await judge(call, args.slice(0, or))) || judge(call, args.slice(or + 1));
  const and = args.indexOf('-a');
  if (and > 0) return (await judge(call, args.slice(0, and))) && judge(call, args.slice(and + 1));
  if (args[0] === '!' && args.length > 1) return !(await judge(call, args.slice(1)));
  const [first = '', second = '', third = ''] = args;
  if (args.length === 0) return false;
  if (args.length === 1) return first !== '';
  if (args.length === 2) return judgeFile(call, first, second);
  switch (second) {
    case '=':
    case '==':
      return first === third;
    case '!=':
      return first !== third;
    case '-eq':
      return Number(first) === Number(third);
    case '-ne':
      return Number(first) !== Number(third);
    case '-lt':
      return Number(first) < Number(third);
    case '-le':
      return Number(first) <= Number(third);
    case '-gt':
      return Number(first) > Number(third);
    case '-ge':
      return Number(first) >= Number(third);
    default:
      throw new UsageError(`unknown operator ${second}`);
  }
}

async function judgeFile({ files }: Parameters<Tool>[0], flag: string, path: string): Promise<boolean> {
  if (flag === '-n') return path !== '';
  if (flag === '-z') return path === '';
  if (flag === '-t') return false;
  const isLink = flag === '-L' || flag === '-h';
  const stats = await (isLink ? files.lstat(path) : files.stat(path)).catch(() => null);
  if (stats === null) return false;
  if (isLink) return stats.isSymbolicLink();
  if (flag === '-f') return stats.isFile();
  if (flag === '-d') return stats.isDirectory();
  if (flag === '-s') return stats.size > 0;
  if (flag === '-x') return (stats.mode & 0o111) !== 0;
  if ('-e -r -w'.includes(flag)) return true;
  throw new UsageError(`unknown operator ${flag}`);
}

const nl: Tool = async (call) => {
  let number = 0;
  for await (const text of linesOf(call.stdin)) {
    number += 1;
    await call.stdout.write(`${String(number).padStart(6)}\t${text}\n`);
  }
  return 0;
};

export const systemTools: Readonly<Record<string, Tool>> = {
  sleep,
  date,
  env,
  printenv,
  ps,
  xargs,
  timeout,
  seq,
  yes,
  nl,
  test,
  '[': test,
  true: () => 0,
  false: () => 1,
  hostname: line(({ container, args }) => (args[0] === '-i' ? container.address : container.hostname)),
  pwd: line(({ files }) => files.folder),
  id: line(({ args }) => (args[0] === '-u' || args[0] === '-g' ? '0' : 'uid=0(root) gid=0(root) groups=0(root)')),
  whoami: line(() => 'root'),
  uname: line(({ args, container }) =>
    args[0] === '-a'
      ? `Linux ${container.hostname} threemaster worker`
      : args[0] === '-n'
        ? container.hostname
        : args[0] === '-m'
          ? 'x86_64'
          : 'Linux',
  ),
  basename: line(({ args }) => posix.basename(args[0] ?? '', args[1])),
  dirname: line(({ args }) => posix.dirname(args[0] ?? '')),
  nproc: line(() => '1'),
};
