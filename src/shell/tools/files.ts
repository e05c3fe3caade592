/** Tools for files and folders. */
import type { WallMs } from '../../base/brand.ts';
import { timestampSeconds } from '../../base/time.ts';
import { attempt, type FileStats } from '../files.ts';
import { baseName, joinPath } from '../paths.ts';
import { matchesPattern } from '../pattern.ts';
import { ended, type Task } from '../tasks.ts';
import { eachOperand, parseFlags, type Tool, type ToolCall, UsageError } from '../tool.ts';

const modeBits = [
  [0o400, 'r'],
  [0o200, 'w'],
  [0o100, 'x'],
  [0o040, 'r'],
  [0o020, 'w'],
  [0o010, 'x'],
  [0o004, 'r'],
  [0o002, 'w'],
  [0o001, 'x'],
] as const;

function* ls(call: ToolCall): Task<number> {
  const { flags, rest } = parseFlags(call.args, 'alA1RhdFrt');
  const folders: string[] = [];
  const code = yield* eachOperand(call, rest.length === 0 ? ['.'] : rest, function* (path) {
    const stats = attempt(() => call.files.stat(path)) ?? call.files.lstat(path);
    if (stats.type === 'folder' && !flags.has('d')) folders.push(path);
    else yield* listEntry(call, '', path, flags.has('l'));
  });
  for (const folder of folders) yield* listFolder(call, folder, flags, rest.length > 1);
  return code;
}

function* listFolder(call: ToolCall, folder: string, flags: ReadonlySet<string>, isTitled: boolean): Task<void> {
  if (isTitled || flags.has('R')) yield* call.stdout.write(`${folder}:\n`);
  const names = call.files.names(folder).toSorted();
  const shown = flags.has('a')
    ? ['.', '..', ...names]
    : names.filter((name) => flags.has('A') || !name.startsWith('.'));
  for (const name of shown) yield* listEntry(call, folder, name, flags.has('l'));
  if (!flags.has('R')) return;
  for (const name of shown) {
    const path = joinPath(folder, name);
    if (name === '.' || name === '..' || call.files.lstat(path).type !== 'folder') continue;
    yield* call.stdout.write('\n');
    yield* listFolder(call, path, flags, true);
  }
}

function* listEntry(call: ToolCall, folder: string, name: string, isLong: boolean): Task<void> {
  if (!isLong) return yield* call.stdout.write(`${name}\n`);
  const path = folder === '' ? name : joinPath(folder, name);
  const stats = call.files.lstat(path);
  const link = stats.type === 'link' ? ` -> ${call.files.readlink(path)}` : '';
  const date = timestampSeconds(stats.modifiedAtMs as WallMs)
    .slice(0, 16)
    .replace('T', ' ');
  const size = String(stats.size).padStart(9);
  const links = String(stats.links).padStart(4);
  return yield* call.stdout.write(`${modeText(stats)} ${links} root     root     ${size} ${date} ${name}${link}\n`);
}

function modeText({ type, mode }: FileStats): string {
  const first = type === 'folder' ? 'd' : type === 'link' ? 'l' : '-';
  return first + modeBits.map(([bit, letter]) => ((mode & bit) === 0 ? '-' : letter)).join('');
}

/** Does something to each operand, of which there must be one. */
function forEach(call: ToolCall, paths: readonly string[], use: (path: string) => void): Task<number> {
  if (paths.length === 0) throw new UsageError('missing operand');
  return eachOperand(call, paths, (path) => {
    use(path);
    return ended(undefined);
  });
}

/** The path that a file gets when it goes to `target`: within it, if that is a folder. */
function targetOf({ files }: ToolCall, source: string, target: string): string {
  const isFolder = attempt(() => files.stat(target))?.type === 'folder';
  return isFolder ? joinPath(target, baseName(source)) : target;
}

const cp: Tool = (call) => {
  const { flags, rest } = parseFlags(call.args, 'rRafpvu');
  const target = rest.at(-1) ?? '';
  const isDeep = flags.has('r') || flags.has('R') || flags.has('a');
  return forEach(call, rest.slice(0, -1), (source) => {
    const { type } = call.files.stat(source);
    if (type === 'folder' && !isDeep) throw new Error(`omitting directory '${source}'`);
    call.files.copy(source, targetOf(call, source, target));
  });
};

const mv: Tool = (call) => {
  const { rest } = parseFlags(call.args, 'fnv');
  const target = rest.at(-1) ?? '';
  return forEach(call, rest.slice(0, -1), (source) => call.files.rename(source, targetOf(call, source, target)));
};

const rm: Tool = (call) => {
  const { flags, rest } = parseFlags(call.args, 'rRfv');
  const force = flags.has('f');
  if (rest.length === 0 && force) return ended(0);
  const recursive = flags.has('r') || flags.has('R');
  return forEach(call, rest, (path) => call.files.remove(path, { recursive, force }));
};

const mkdir: Tool = (call) => {
  const { flags, rest } = parseFlags(call.args, 'pv', 'm');
  return forEach(call, rest, (path) => call.files.mkdir(path, { recursive: flags.has('p') }));
};

const rmdir: Tool = (call) => forEach(call, parseFlags(call.args, 'p').rest, (path) => call.files.removeFolder(path));

const touch: Tool = (call) => forEach(call, parseFlags(call.args, 'cam').rest, (path) => call.files.touch(path));

const ln: Tool = ({ args, files }) => {
  const { flags, rest } = parseFlags(args, 'sfn');
  const [target = '', path = baseName(target)] = rest;
  if (flags.has('f')) files.remove(path, { recursive: false, force: true });
  if (flags.has('s')) files.symlink(target, path);
  else files.copy(target, path);
  return ended(0);
};

const chmod: Tool = (call) => {
  const [mode = '', ...paths] = call.args.filter((arg) => !/^-[Rvf]+$/.test(arg));
  return forEach(call, paths, (path) => {
    const { mode: present } = call.files.stat(path);
    const next = /^[0-7]+$/.test(mode) ? Number.parseInt(mode, 8) : mode.endsWith('+x') ? present | 0o111 : present;
    call.files.chmod(path, next);
  });
};

function* readlink({ args, files, stdout }: ToolCall): Task<number> {
  const { flags, rest } = parseFlags(args, 'fn');
  const [path = ''] = rest;
  yield* stdout.write(`${flags.has('f') ? files.absolute(path) : files.readlink(path)}\n`);
  return 0;
}

function* find(call: ToolCall): Task<number> {
  const paths = call.args.slice(0, call.args.findIndex((arg) => arg.startsWith('-')) >>> 0);
  const option = (name: string): string | undefined => {
    const index = call.args.indexOf(name);
    return index < 0 ? undefined : call.args[index + 1];
  };
  const [name, type, depth] = [option('-name'), option('-type'), option('-maxdepth')];
  const letters = { folder: 'd', file: 'f', link: 'l' } as const;
  function* visit(path: string, level: number): Task<void> {
    const stats = call.files.lstat(path);
    const isType = type === undefined || type === letters[stats.type];
    if (isType && (name === undefined || matchesPattern(baseName(path), name))) yield* call.stdout.write(`${path}\n`);
    if (stats.type !== 'folder' || level >= Number(depth ?? Number.POSITIVE_INFINITY)) return;
    for (const entry of call.files.names(path).toSorted()) {
      yield* visit(path.endsWith('/') ? `${path}${entry}` : `${path}/${entry}`, level + 1);
    }
  }
  return yield* eachOperand(call, paths.length === 0 ? ['.'] : paths, (path) => visit(path, 0));
}

export const fileTools: Readonly<Record<string, Tool>> = {
  ls,
  cp,
  mv,
  rm,
  mkdir,
  rmdir,
  touch,
  ln,
  chmod,
  readlink,
  find,
};
