/** Tools that tell of the system, wait, or run others. */
import { httpDate, timestampMicros } from '../../base/time.ts';
import { attempt } from '../files.ts';
import { baseName, folderName } from '../paths.ts';
import { readLine, readText } from '../streams.ts';
import { breath, ended, type Task } from '../tasks.ts';
import { parseFlags, type Tool, type ToolCall, UsageError } from '../tool.ts';

const timedOutCode = 124;
const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** `10`, `0.5`, `2m`, `infinity`; throws UsageError. */
export function durationMs(text: string): number {
  if (text === 'infinity' || text === 'inf') return Number.POSITIVE_INFINITY;
  const unit = units[text.at(-1) ?? ''];
  const amount = Number(unit === undefined ? text : text.slice(0, -1));
  if (text === '' || !Number.isFinite(amount) || amount < 0) throw new UsageError(`invalid number '${text}'`);
  return amount * (unit ?? 1) * 1_000;
}

function* sleep({ args, machine }: ToolCall): Task<number> {
  if (args.length === 0) throw new UsageError('missing operand');
  yield* machine.tasks.sleep(args.reduce((sum, arg) => sum + durationMs(arg), 0));
  return 0;
}

function* date({ args, stdout, machine }: ToolCall): Task<number> {
  const now = machine.wallMs();
  const format = args.find((arg) => arg.startsWith('+'))?.slice(1);
  const iso = timestampMicros(now);
  const parts: Readonly<Record<string, string>> = {
    Y: iso.slice(0, 4),
    m: iso.slice(5, 7),
    d: iso.slice(8, 10),
    H: iso.slice(11, 13),
    M: iso.slice(14, 16),
    S: iso.slice(17, 19),
    s: String(Math.floor(now / 1_000)),
    N: `${iso.slice(20, 26)}000`,
    F: iso.slice(0, 10),
    T: iso.slice(11, 19),
    '%': '%',
  };
  const text = format?.replaceAll(/%(.)/g, (found, letter: string) => parts[letter] ?? found);
  yield* stdout.write(`${text ?? httpDate(now).replace(',', '')}\n`);
  return 0;
}

function* env(call: ToolCall): Task<number> {
  const rest = [...call.args];
  const extra: Record<string, string> = {};
  for (let match = /^(\w+)=(.*)$/s.exec(rest[0] ?? ''); match !== null; match = /^(\w+)=(.*)$/s.exec(rest[0] ?? '')) {
    extra[match[1] ?? ''] = match[2] ?? '';
    rest.shift();
  }
  if (rest.length > 0) return yield* call.run(rest, call, extra);
  for (const [name, value] of Object.entries({ ...call.env, ...extra })) yield* call.stdout.write(`${name}=${value}\n`);
  return 0;
}

function* printenv({ args, env: variables, stdout }: ToolCall): Task<number> {
  const [name] = args;
  if (name === undefined) {
    for (const [key, value] of Object.entries(variables)) yield* stdout.write(`${key}=${value}\n`);
    return 0;
  }
  if (variables[name] === undefined) return 1;
  yield* stdout.write(`${variables[name]}\n`);
  return 0;
}

function* ps({ machine, stdout }: ToolCall): Task<number> {
  yield* stdout.write('PID   USER     COMMAND\n');
  yield* stdout.write(`    1 root     ${machine.command.join(' ')}\n`);
  return 0;
}

function* xargs(call: ToolCall): Task<number> {
  const { values, rest } = parseFlags(call.args, 'r0t', 'nI');
  const words = (yield* readText(call.stdin, call.memory)).split(/\s+/).filter((word) => word !== '');
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
    if ((yield* call.run(argv, call)) !== 0) code = 123;
  }
  return code;
}

function* timeout(call: ToolCall): Task<number> {
  const [limit = '', ...command] = call.args.filter((arg, index) => index > 0 || !arg.startsWith('-'));
  const { tasks } = call.machine;
  const endMs = tasks.nowMs + durationMs(limit);
  const job = tasks.start(call.run(command, call));
  try {
    while (!job.isOver && tasks.nowMs < endMs) yield { isOver: () => job.isOver, atMs: endMs };
    return job.result() ?? timedOutCode;
  } finally {
    job.cancel();
  }
}

function* seq({ args, stdout }: ToolCall): Task<number> {
  const numbers = args.map(Number);
  const [first, step, last] =
    numbers.length === 1 ? [1, 1, numbers[0]] : numbers.length === 2 ? [numbers[0], 1, numbers[1]] : numbers;
  if (first === undefined || step === undefined || last === undefined || step === 0)
    throw new UsageError('wrong operands');
  for (let value = first; step > 0 ? value <= last : value >= last; value += step) yield* stdout.write(`${value}\n`);
  return 0;
}

function* yes({ args, stdout }: ToolCall): Task<number> {
  const line = `${args.length === 0 ? 'y' : args.join(' ')}\n`;
  const block = line.repeat(Math.max(1, Math.floor(4_096 / line.length)));
  for (;;) {
    yield* stdout.write(block);
    yield breath;
  }
}

function* test(call: ToolCall): Task<number> {
  const args = call.name === '[' ? call.args.slice(0, -1) : call.args;
  if (call.name === '[' && call.args.at(-1) !== ']') throw new UsageError('missing ]');
  return yield* ended(judge(call, args) ? 0 : 1);
}

function judge(call: ToolCall, args: readonly string[]): boolean {
  const or = args.indexOf('-o');
  if (or > 0) return judge(call, args.slice(0, or)) || judge(call, args.slice(or + 1));
  const and = args.indexOf('-a');
  if (and > 0) return judge(call, args.slice(0, and)) && judge(call, args.slice(and + 1));
  if (args[0] === '!' && args.length > 1) return !judge(call, args.slice(1));
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

function judgeFile({ files }: ToolCall, flag: string, path: string): boolean {
  if (flag === '-n') return path !== '';
  if (flag === '-z') return path === '';
  if (flag === '-t') return false;
  const isLink = flag === '-L' || flag === '-h';
  const stats = attempt(() => (isLink ? files.lstat(path) : files.stat(path)));
  if (stats === undefined) return false;
  if (isLink) return stats.type === 'link';
  if (flag === '-f') return stats.type === 'file';
  if (flag === '-d') return stats.type === 'folder';
  if (flag === '-s') return stats.size > 0;
  if (flag === '-x') return (stats.mode & 0o111) !== 0;
  if ('-e -r -w'.includes(flag)) return true;
  throw new UsageError(`unknown operator ${flag}`);
}

const line =
  (text: (call: ToolCall) => string): Tool =>
  (call) =>
    said(call, text(call));

function* said({ stdout }: ToolCall, text: string): Task<number> {
  yield* stdout.write(`${text}\n`);
  return 0;
}

function* nl(call: ToolCall): Task<number> {
  let number = 0;
  for (
    let text = yield* readLine(call.stdin, call.memory);
    text !== null;
    text = yield* readLine(call.stdin, call.memory)
  ) {
    number += 1;
    yield* call.stdout.write(`${String(number).padStart(6)}\t${text}\n`);
  }
  return 0;
}

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
  true: () => ended(0),
  false: () => ended(1),
  hostname: line(({ machine, args }) => (args[0] === '-i' ? machine.address : machine.hostname)),
  pwd: line(({ files }) => files.folder),
  id: line(({ args }) => (args[0] === '-u' || args[0] === '-g' ? '0' : 'uid=0(root) gid=0(root) groups=0(root)')),
  whoami: line(() => 'root'),
  uname: line(({ machine, args }) =>
    args[0] === '-a'
      ? `Linux ${machine.hostname} ${machine.release}`
      : args[0] === '-n'
        ? machine.hostname
        : args[0] === '-m'
          ? 'x86_64'
          : 'Linux',
  ),
  basename: line(({ args }) => baseName(args[0] ?? '', args[1])),
  dirname: line(({ args }) => folderName(args[0] ?? '')),
  nproc: line(() => '1'),
};
