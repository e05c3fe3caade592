/**
 * Sets of completion indexes as a Job's status and success policy write them: ascending ranges, `1,3-5,7`.
 * Models kubernetes pkg/controller/job/indexed_job_utils.go.
 */

/** A range of indexes, both ends included. */
export interface IndexRange {
  readonly first: number;
  readonly last: number;
}

/** Ascending, with a gap between any two. */
export type IndexSet = readonly IndexRange[];

/** Reads what `formatIndexes` wrote; indexes from `end` on are left out, and so is what is no range. */
export function parseIndexes(text: string, end: number): IndexSet {
  const indexes: IndexRange[] = [];
  for (const part of text.split(',')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (match === null) continue;
    const first = Number(match[1]);
    const last = Math.min(Number(match[2] ?? match[1]), end - 1);
    if (first <= last) indexes.push({ first, last });
  }
  return normal(indexes);
}

export function formatIndexes(indexes: IndexSet): string {
  return indexes
    .map(({ first, last }) => {
      if (first === last) return String(first);
      return last === first + 1 ? `${first},${last}` : `${first}-${last}`;
    })
    .join(',');
}

export function hasIndex(indexes: IndexSet, index: number): boolean {
  return indexes.some(({ first, last }) => first <= index && index <= last);
}

export function countIndexes(indexes: IndexSet): number {
  return indexes.reduce((sum, { first, last }) => sum + last - first + 1, 0);
}

/** Returns the set with more indexes in it. */
export function withIndexes(indexes: IndexSet, added: Iterable<number>): IndexSet {
  return normal([...indexes, ...[...added].map((index) => ({ first: index, last: index }))]);
}

/** How many indexes are in both. */
export function countCommon(left: IndexSet, right: IndexSet): number {
  let count = 0;
  for (const one of left) {
    for (const other of right) {
      count += Math.max(0, Math.min(one.last, other.last) - Math.max(one.first, other.first) + 1);
    }
  }
  return count;
}

function normal(ranges: readonly IndexRange[]): IndexSet {
  const result: { first: number; last: number }[] = [];
  for (const { first, last } of [...ranges].sort((left, right) => left.first - right.first)) {
    const end = result.at(-1);
    if (end !== undefined && first <= end.last + 1) end.last = Math.max(end.last, last);
    else result.push({ first, last });
  }
  return result;
}
