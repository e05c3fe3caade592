/**
 * Where the paths of a container are on the machine. Mounts, `..` and symbolic links are followed as the container means them, so no path leads
 * out of its root and its mounts.
 */
import { lstatSync, readlinkSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { ContainerBirth } from '../../src/actor/container-thread.ts';

export interface Place {
  /** On the machine. */
  readonly host: string;
  /** In the container, without links. */
  readonly path: string;
  readonly isReadOnly: boolean;
}

const linksMax = 40;

export class ContainerPaths {
  readonly #root: string;
  readonly #mounts: ContainerBirth['mounts'];

  constructor({ root, mounts }: Pick<ContainerBirth, 'root' | 'mounts'>) {
    this.#root = root;
    this.#mounts = mounts.toSorted((left, right) => right.containerPath.length - left.containerPath.length);
  }

  /** Finds a path as seen from `folder`. `follow`: a link at its very end is followed too. Throws ELOOP. */
  find(folder: string, path: string, follow = true): Place {
    const waiting = `${path.startsWith('/') ? '' : folder}/${path}`.split('/').filter(isPart);
    let at = '/';
    let links = 0;
    for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
      if (part === '..') {
        at = posix.dirname(at);
        continue;
      }
      const next = posix.join(at, part);
      const target = waiting.length > 0 || follow ? this.#linkAt(next) : null;
      if (target === null) {
        at = next;
        continue;
      }
      links += 1;
      if (links > linksMax) throw Object.assign(new Error('too many levels of symbolic links'), { code: 'ELOOP' });
      if (target.startsWith('/')) at = '/';
      waiting.unshift(...target.split('/').filter(isPart));
    }
    return this.#placeOf(at);
  }

  #linkAt(path: string): string | null {
    const { host } = this.#placeOf(path);
    if (this.#mounts.some(({ containerPath }) => containerPath === path)) return null;
    return lstatSync(host, { throwIfNoEntry: false })?.isSymbolicLink() === true ? readlinkSync(host) : null;
  }

  #placeOf(path: string): Place {
    const mount = this.#mounts.find(
      ({ containerPath }) => path === containerPath || path.startsWith(`${containerPath}/`),
    );
    if (mount === undefined) return { host: join(this.#root, path), path, isReadOnly: false };
    const rest = path.slice(mount.containerPath.length);
    return { host: rest === '' ? mount.source : join(mount.source, rest), path, isReadOnly: mount.isReadOnly };
  }
}

function isPart(part: string): boolean {
  return part !== '' && part !== '.';
}
