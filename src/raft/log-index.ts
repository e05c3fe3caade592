/** Arithmetic on log positions that keeps their brand. */
import type { LogIndex } from './message.ts';

export const noIndex = 0 as LogIndex;

/** Returns the position `distance` entries behind `index` (before it when negative). */
export function offsetIndex(index: LogIndex, distance: number): LogIndex {
  return (index + distance) as LogIndex;
}

export function nextIndex(index: LogIndex): LogIndex {
  return (index + 1) as LogIndex;
}

export function previousIndex(index: LogIndex): LogIndex {
  return (index - 1) as LogIndex;
}

export function minIndex(left: LogIndex, right: LogIndex): LogIndex {
  return left < right ? left : right;
}

export function maxIndex(left: LogIndex, right: LogIndex): LogIndex {
  return left > right ? left : right;
}
