/**
 * Names of actors. A path is a place, an incarnation a life at that place (docs/actor-semantics.md).
 * Paths look like `master-0/store`; the first segment is the member, which is what people kill, pause and partition.
 */
import { assert } from '../base/assert.ts';

export interface Address {
  readonly path: string;
  /** 1, 2, 3 for the lives of the actor at this path. */
  readonly incarnation: number;
}

const pathPattern = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(\/[a-z0-9]([a-z0-9.-]*[a-z0-9])?)*$/;

/** Throws InvariantError unless `path` is well formed: lower-case segments separated by slashes. */
export function assertPath(path: string): void {
  assert(pathPattern.test(path), 'malformed actor path', { path });
}

/** Returns the member that a path (of an actor or a thread) belongs to: its first segment. */
export function memberOf(path: string): string {
  const slash = path.indexOf('/');
  return slash === -1 ? path : path.slice(0, slash);
}

/** Tells whether `path` is `scope` itself or lies below it: `master-0` covers `master-0/store`. */
export function isWithin(path: string, scope: string): boolean {
  return path === scope || (path.length > scope.length && path.startsWith(scope) && path[scope.length] === '/');
}
