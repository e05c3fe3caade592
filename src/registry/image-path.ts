/** Paths within an image: parts without `.` and empty ones. One with `..` is refused, wherever it would lead. */
import { pathCharactersMax } from './limits.ts';

/** Returns the parts of a path from the root; null when it tries to go up, or is no path. */
export function partsOf(path: string): readonly string[] | null {
  if (path.length > pathCharactersMax || path.includes('\0')) return null;
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  return parts.includes('..') ? null : parts;
}

/**
 * Returns the target of a symbolic link that stands in the folder `folder`, as parts from the root; null when it climbs above the root. An
 * absolute target begins at the image's root.
 */
export function targetOf(folder: readonly string[], target: string): readonly string[] | null {
  if (target.length > pathCharactersMax || target.includes('\0')) return null;
  const found = target.startsWith('/') ? [] : [...folder];
  for (const part of target.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') found.push(part);
    else if (found.pop() === undefined) return null;
  }
  return found;
}

/** Writes the way from a folder to a path as a relative link, which stays below the root wherever that is. */
export function relativeLink(folder: readonly string[], target: readonly string[]): string {
  let shared = 0;
  while (shared < folder.length && shared < target.length && folder[shared] === target[shared]) shared += 1;
  const way = [...folder.slice(shared).map(() => '..'), ...target.slice(shared)].join('/');
  return way === '' ? '.' : way;
}
