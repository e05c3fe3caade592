/** Paths with `/`, as text. */

/** Returns the path without empty parts, `.` and `..`; a path without a first `/` stays relative. */
export function normalPath(path: string): string {
  const isAbsolute = path.startsWith('/');
  const parts: string[] = [];
  for (const part of partsOf(path)) {
    if (part !== '..') parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (!isAbsolute) parts.push('..');
  }
  return isAbsolute ? `/${parts.join('/')}` : parts.join('/') || '.';
}

export function joinPath(...parts: readonly string[]): string {
  return normalPath(parts.filter((part) => part !== '').join('/'));
}

/** Returns what stands behind the last `/`, without `ending` if it ends so. */
export function baseName(path: string, ending = ''): string {
  const name = partsWithDots(path).at(-1) ?? '';
  return ending !== '' && name !== ending && name.endsWith(ending) ? name.slice(0, -ending.length) : name;
}

/** Returns the folder that a path is in. */
export function folderName(path: string): string {
  const bare = path.replace(/\/+$/, '');
  const end = bare.lastIndexOf('/');
  if (end < 0) return '.';
  return bare.slice(0, end).replace(/\/+$/, '') || '/';
}

/** Returns the parts of a path that lead somewhere: neither empty nor `.`. */
export function partsOf(path: string): readonly string[] {
  return partsWithDots(path).filter((part) => part !== '.');
}

function partsWithDots(path: string): readonly string[] {
  return path.split('/').filter((part) => part !== '');
}
