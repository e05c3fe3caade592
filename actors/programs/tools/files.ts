/** Tools for files and folders. */
import type { Stats } from 'node:fs';
import { posix } from 'node:path';
import { BrokenPipe, parseFlags, type Tool, type ToolCall } from '../tool.ts';

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

const ls: Tool = async (call) => {
  const { flags, rest } = parseFlags(call.args, 'alA1RhdFrt');
  let code = 0;
  const folders: string[] = [];
  for (const path of rest.length === 0 ? ['.'] : rest) {
    try {
      const stats = await call.files.stat(path).catch(() => call.files.lstat(path));
      if (stats.isDirectory() && !flags.has('d')) folders.push(path);
      else await listEntry(call, '', path, flags.has('l'));
    } catch (error) {
      await call.stderr.write(`ls: ${(error as Error).message}\n`);
      code = 1;
    }
  }
  for (const folder of folders) await listFolder(call, folder, flags, rest.length > 1);
  return code;
};

async function listFolder(
  call: ToolCall,
  folder: string,
  flags: ReadonlySet<string>,
  isTitled: boolean,
): Promise<void> {
  if (isTitled || flags.has('R')) await call.stdout.write(`${folder}:\n`);
  const names = (await call.files.readdir(folder)).toSorted();
  const shown = flags.has('a')
    ? ['.', '..', ...names]
    : names.filter((name) => flags.has('A') || !name.startsWith('.'));
  for (const name of shown) await listEntry(call, folder, name, flags.has('l'));
  if (!flags.has('R')) return;
  for (const name of shown) {
    const path = posix.join(folder, name);
    if (name === '.' || name === '..' || !(await call.files.lstat(path)).isDirectory()) continue;
    await call.stdout.write('\n');
    await listFolder(call, path, flags, true);
  }
}

async function listEntry(call: ToolCall, folder: string, name: string, isLong: boolean): Promise<void> {
  if (!isLong) return call.stdout.write(`${name}\n`) as Promise<void>;
  const path = folder === '' ? name : posix.join(folder, name);
  const stats = await call.files.lstat(path);
  const link = stats.isSymbolicLink() ? ` -> ${await call.files.readlink(path)}` : '';
  const date = stats.mtime.toISOString().slice(0, 16).replace('T', ' ');
  const size = String(stats.size).padStart(9);
  return call.stdout.write(
    `${modeText(stats)} ${String(stats.nlink).padStart(4)} root     root     ${size} ${date} ${name}${link}\n`,
  ) as Promise<void>;
}

function modeText(stats: Stats): string {
  const type = stats.isDirectory() ? 'd' : stats.isSymbolicLink() ? 'l' : '-';
  return type + modeBits.map(([bit, letter]) => ((stats.mode & bit) === 0 ? '-' : letter)).join('');
}

/** Runs something for each operand and tells what went wrong. */
async function forEach(
  call: ToolCall,
  paths: readonly string[],
  use: (path: string) => Promise<void>,
): Promise<number> {
  if (paths.length === 0) {
    await call.stderr.write(`${call.name}: missing operand\n`);
    return 1;
  }
  let code = 0;
  for (const path of paths) {
    try {
      await use(path);
    } catch (error) {
      if (error instanceof BrokenPipe) throw error;
      await call.stderr.write(`${call.name}: ${(error as Error).message}\n`);
      code = 1;
    }
  }
  return code;
}

/** The path that a file gets when it goes to `target`: within it, if that is a folder. */
async function targetOf(call: ToolCall, source: string, target: string): Promise<string> {
  const isFolder = await call.files.stat(target).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  return isFolder ? posix.join(target, posix.basename(source)) : target;
}

const cp: Tool = async (call) => {
  const { flags, rest } = parseFlags(call.args, 'rRafpvu');
  const target = rest.at(-1) ?? '';
  const isDeep = flags.has('r') || flags.has('R') || flags.has('a');
  return forEach(call, rest.slice(0, -1), async (source) => {
    const stats = await call.files.stat(source);
    if (stats.isDirectory() && !isDeep) throw new Error(`omitting directory '${source}'`);
    await call.files.copy(source, await targetOf(call, source, target));
  });
};

const mv: Tool = async (call) => {
  const { rest } = parseFlags(call.args, 'fnv');
  const target = rest.at(-1) ?? '';
  return forEach(call, rest.slice(0, -1), async (source) =>
    call.files.rename(source, await targetOf(call, source, target)),
  );
};

const rm: Tool = async (call) => {
  const { flags, rest } = parseFlags(call.args, 'rRfv');
  const force = flags.has('f');
  if (rest.length === 0 && force) return 0;
  const recursive = flags.has('r') || flags.has('R');
  return forEach(call, rest, (path) => call.files.remove(path, { recursive, force }));
};

const mkdir: Tool = async (call) => {
  const { flags, rest } = parseFlags(call.args, 'pv', 'm');
  return forEach(call, rest, (path) => call.files.mkdir(path, { recursive: flags.has('p') }));
};

const rmdir: Tool = async (call) =>
  forEach(call, parseFlags(call.args, 'p').rest, (path) => call.files.removeFolder(path));

const touch: Tool = async (call) => forEach(call, parseFlags(call.args, 'cam').rest, (path) => call.files.touch(path));

const ln: Tool = async (call) => {
  const { flags, rest } = parseFlags(call.args, 'sfn');
  const [target = '', path = posix.basename(target)] = rest;
  if (flags.has('f')) await call.files.remove(path, { force: true });
  if (flags.has('s')) await call.files.symlink(target, path);
  else await call.files.copy(target, path);
  return 0;
};

const chmod: Tool = async (call) => {
  const [mode = '', ...paths] = call.args.filter((arg) => !/^-[Rvf]+$/.test(arg));
  return forEach(call, paths, async (path) => {
    const { mode: present } = await call.files.stat(path);
    const next = /^[0-7]+$/.test(mode) ? Number.parseInt(mode, 8) : mode.endsWith('+x') ? present | 0o111 : present;
    await call.files.chmod(path, next);
  });
};

const readlink: Tool = async (call) => {
  const { flags, rest } = parseFlags(call.args, 'fn');
  const [path = ''] = rest;
  await call.stdout.write(`${flags.has('f') ? call.files.absolute(path) : await call.files.readlink(path)}\n`);
  return 0;
};

const find: Tool = async (call) => {
  const paths = call.args.slice(0, call.args.findIndex((arg) => arg.startsWith('-')) >>> 0);
  const option = (name: string): string | undefined => {
    const index = call.args.indexOf(name);
    return index < 0 ? undefined : call.args[index + 1];
  };
  const [name, type, depth] = [option('-name'), option('-type'), option('-maxdepth')];
  const { matchesPattern } = await import('../../../src/shell/pattern.ts');
  const visit = async (path: string, level: number): Promise<void> => {
    const stats = await call.files.lstat(path);
    const isType =
      type === undefined ||
      (type === 'd' ? stats.isDirectory() : type === 'f' ? stats.isFile() : stats.isSymbolicLink());
    if (isType && (name === undefined || matchesPattern(posix.basename(path), name)))
      await call.stdout.write(`${path}\n`);
    if (!stats.isDirectory() || level >= Number(depth ?? Number.POSITIVE_INFINITY)) return;
    for (const entry of (await call.files.readdir(path)).toSorted()) {
      await visit(path.endsWith('/') ? `${path}${entry}` : `${path}/${entry}`, level + 1);
    }
  };
  return forEach(call, paths.length === 0 ? ['.'] : paths, (path) => visit(path, 0));
};

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
