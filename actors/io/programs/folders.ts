/**
 * The folders of one node's programs: a root per container, volumes per pod. Nothing is made before the first pod needs it.
 *
 *   FOLDER/containers/ID/          root of a container
 *   FOLDER/pods/UID/NAME/          a volume
 *   FOLDER/pods/UID/NAME/..data    of a volume of files: points to the folder with the present ones
 */
import { randomBytes } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, normalize, posix, relative, resolve } from 'node:path';
import type { Mount, VolumeContent } from '../../../src/actor/programs-port.ts';

/** A mount as a program's thread sees it: which folder or file of the machine stands at a path of the container. */
export interface PlacedMount {
  readonly containerPath: string;
  readonly source: string;
  readonly isReadOnly: boolean;
}

const rootFolders = ['bin', 'dev', 'etc', 'home', 'proc', 'root', 'run', 'tmp', 'usr', 'var'];

/** Links that a path may lead through, as Linux has it. */
const linksMax = 40;

export class ProgramFolders {
  readonly #parent: string;
  readonly #volumesFolder: string;
  #base = '';
  readonly #volumes = new Map<string, Map<string, { readonly path: string; readonly isReadOnly: boolean }>>();
  readonly #mounts = new Map<string, readonly PlacedMount[]>();

  /** `parent` gets one folder of our own; `volumesFolder` one per persistent volume. */
  constructor(parent: string, volumesFolder: string) {
    this.#parent = parent;
    this.#volumesFolder = volumesFolder;
  }

  /** The folder of this life of the node; made when it is first asked for. */
  base(): string {
    if (this.#base !== '') return this.#base;
    mkdirSync(dirname(this.#parent), { recursive: true, mode: 0o700 });
    this.#base = mkdtempSync(`${this.#parent}-`);
    return this.#base;
  }

  root(container: string): string {
    return join(this.base(), 'containers', container);
  }

  mounts(container: string): readonly PlacedMount[] {
    return this.#mounts.get(container) ?? [];
  }

  /** Makes a volume or changes what it holds; rejects with what people should read. */
  async setVolume(podUid: string, name: string, content: VolumeContent): Promise<void> {
    const volumes = this.#volumes.get(podUid) ?? new Map<string, { path: string; isReadOnly: boolean }>();
    this.#volumes.set(podUid, volumes);
    const own = join(this.base(), 'pods', safeName(podUid), safeName(name));
    switch (content.type) {
      case 'empty':
        await mkdir(own, { recursive: true, mode: 0o777 });
        volumes.set(name, { path: own, isReadOnly: false });
        return;
      case 'files':
        await replaceFiles(own, content.files);
        volumes.set(name, { path: own, isReadOnly: true });
        return;
      case 'persistent': {
        const path = join(this.#volumesFolder, safeName(content.handle));
        await mkdir(path, { recursive: true, mode: 0o777 });
        volumes.set(name, { path, isReadOnly: content.isReadOnly });
        return;
      }
      case 'host':
        await checkHostPath(content.path, content.hostPathType);
        volumes.set(name, { path: content.path, isReadOnly: false });
        return;
    }
  }

  async removeVolumes(podUid: string): Promise<void> {
    this.#volumes.delete(podUid);
    if (this.#base !== '') await rm(join(this.#base, 'pods', safeName(podUid)), { recursive: true, force: true });
  }

  /**
   * Makes the root of a container, beside what its image has put there. Mounts stand in it as symbolic links, which is how a process finds them.
   * `folders` are made as well.
   */
  async makeRoot(
    container: string,
    podUid: string,
    mounts: readonly Mount[],
    folders: readonly string[] = [],
  ): Promise<void> {
    const root = this.root(container);
    for (const folder of [...rootFolders, ...folders]) {
      const path = join(root, normalize(`/${folder}`));
      // A link of the image is there, wherever it leads.
      if (lstatSync(path, { throwIfNoEntry: false }) === undefined) await mkdir(path, { recursive: true });
    }
    const placed: PlacedMount[] = [];
    for (const mount of mounts) {
      const volume = this.#volumes.get(podUid)?.get(mount.volume);
      if (volume === undefined) throw new Error(`volume "${mount.volume}" is not there`);
      const source = subPathOf(volume.path, mount.subPath);
      if (!existsSync(source)) await mkdir(source, { recursive: true });
      const containerPath = throughLinks(root, normalize(`/${mount.containerPath}`), placed);
      placed.push({ containerPath, source, isReadOnly: mount.isReadOnly || volume.isReadOnly });
      await linkMount(root, containerPath, source);
    }
    this.#mounts.set(container, placed);
  }

  async removeRoot(container: string): Promise<void> {
    this.#mounts.delete(container);
    if (this.#base !== '') await rm(this.root(container), { recursive: true, force: true });
  }

  /** Returns what a file of a container holds, at most `bytesMax` of it from its end; empty when it cannot be read. */
  async read(container: string, path: string, bytesMax: number): Promise<string> {
    const mounts = this.mounts(container).filter(({ containerPath }) => isWithin(path, containerPath));
    const mount = mounts.toSorted((left, right) => right.containerPath.length - left.containerPath.length)[0];
    const base = mount?.source ?? this.root(container);
    const rest = mount === undefined ? path : path.slice(mount.containerPath.length);
    const bytes = await readFile(join(base, normalize(`/${rest}`))).catch(() => Buffer.alloc(0));
    return bytes.subarray(-bytesMax).toString('utf8');
  }

  /** Removes everything but persistent volumes, at once. */
  close(): void {
    if (this.#base === '') return;
    rmSync(this.#base, { recursive: true, force: true, maxRetries: 3 });
    const parent = dirname(this.#base);
    if (readdirSync(parent).length === 0) rmSync(parent, { recursive: true, force: true });
  }
}

/** Tells whether `path` is `folder` or lies below it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

/** A name that cannot lead anywhere else. */
function safeName(name: string): string {
  const safe = name.replaceAll(/[^A-Za-z0-9._-]/g, (character) => `%${character.charCodeAt(0).toString(16)}`);
  return safe === '.' || safe === '..' || safe === '' ? `%${safe}` : safe;
}

function subPathOf(volume: string, subPath: string): string {
  const path = resolve(volume, subPath);
  const way = relative(volume, path);
  if (way.startsWith('..') || isAbsolute(way)) throw new Error(`subPath "${subPath}" leads out of its volume`);
  return path;
}

/** Returns where a path of a container is behind the links that its image has on the way, such as `/var/run`. Mounts are not looked into. */
function throughLinks(root: string, containerPath: string, placed: readonly PlacedMount[]): string {
  const waiting = containerPath.split('/').filter((part) => part !== '');
  let at = '/';
  for (let part = waiting.shift(), links = 0; part !== undefined; part = waiting.shift()) {
    at = posix.join(at, part);
    if (placed.some((mount) => mount.containerPath === at)) return posix.join(at, ...waiting);
    const host = join(root, at);
    if (lstatSync(host, { throwIfNoEntry: false })?.isSymbolicLink() !== true) continue;
    links += 1;
    if (links > linksMax) throw new Error(`${containerPath} leads through too many links`);
    const target = readlinkSync(host);
    at = target.startsWith('/') ? '/' : posix.dirname(at);
    waiting.unshift(...target.split('/').filter((each) => each !== '' && each !== '.'));
  }
  return at;
}

async function linkMount(root: string, containerPath: string, source: string): Promise<void> {
  const link = join(root, containerPath);
  if (link === join(root, '/')) throw new Error('a volume cannot be mounted at /');
  // A mount within another mount is found by programs that know of mounts; a process sees the outer one alone.
  if (hasLinkBelow(root, dirname(containerPath))) return;
  await mkdir(dirname(link), { recursive: true });
  await rm(link, { recursive: true, force: true });
  await symlink(source, link);
}

function hasLinkBelow(root: string, containerPath: string): boolean {
  let path = root;
  for (const part of containerPath.split('/').filter((each) => each !== '')) {
    path = join(path, part);
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true) return true;
  }
  return false;
}

/**
 * Puts exactly these files into a folder, all at once as readers see it: they are written to a folder of their own, then `..data` is moved to
 * point there. Models kubernetes pkg/volume/util/atomic_writer.go.
 */
async function replaceFiles(
  folder: string,
  files: readonly { readonly path: string; readonly bytes: Uint8Array; readonly mode: number }[],
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const fresh = `..${randomBytes(8).toString('hex')}`;
  for (const { path, bytes, mode } of files) {
    const target = join(folder, fresh, normalize(`/${path}`));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, bytes, { mode });
  }
  await mkdir(join(folder, fresh), { recursive: true });
  const data = join(folder, '..data');
  const former = lstatSync(data, { throwIfNoEntry: false }) === undefined ? null : readlinkSync(data);
  await symlink(fresh, join(folder, '..data_tmp'));
  await rename(join(folder, '..data_tmp'), data);
  const names = new Set(files.map(({ path }) => normalize(path).split('/')[0] ?? ''));
  for (const name of names) {
    const link = join(folder, name);
    if (lstatSync(link, { throwIfNoEntry: false }) === undefined) await symlink(join('..data', name), link);
  }
  for (const name of readdirSync(folder)) {
    if (!name.startsWith('..') && !names.has(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
  if (former !== null) await rm(join(folder, former), { recursive: true, force: true });
}

/** Models kubernetes pkg/volume/hostpath. */
async function checkHostPath(path: string, type: string): Promise<void> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (type === 'DirectoryOrCreate' && found === undefined) await mkdir(path, { recursive: true });
  else if (type === 'FileOrCreate' && found === undefined) await writeFile(path, '');
  const now = statSync(path, { throwIfNoEntry: false });
  const isRight =
    type === '' ||
    (type.startsWith('Directory') && now?.isDirectory() === true) ||
    (type.startsWith('File') && now?.isFile() === true) ||
    (type === 'Socket' && now?.isSocket() === true) ||
    (type === 'CharDevice' && now?.isCharacterDevice() === true) ||
    (type === 'BlockDevice' && now?.isBlockDevice() === true);
  if (!isRight) throw new Error(`hostPath type check failed: ${path} is not a ${type.replace('OrCreate', '')}`);
  if (now === undefined) await mkdir(path, { recursive: true });
}
