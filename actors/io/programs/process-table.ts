/**
 * Watches the process groups of programs as far as that goes without privileges: what their processes hold of memory and how many there are.
 * It reads /proc, so only Linux has these limits.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { processesMax, processLookMs } from './limits.ts';
import type { ProgramUsage } from './program.ts';

type Excess = 'memory' | 'processes';

interface Watched {
  /** Stands in the environment of its processes, and of nobody else's: `NAME=value`. */
  readonly mark: string;
  readonly memoryLimitBytes: number;
  readonly onExcess: (excess: Excess) => void;
}

const pageBytes = 4096;
/** Linux tells times in hundredths of a second, whatever its own clock. */
const nanosecondsPerTick = 10_000_000;

export class ProcessTable {
  readonly #watched = new Map<number, Watched>();
  #timer: NodeJS.Timeout | undefined;

  watch(group: number, watched: Watched): void {
    this.#watched.set(group, watched);
    if (process.platform === 'linux') this.#timer ??= setInterval(() => this.#look(), processLookMs).unref();
  }

  /** Changes the limit of a group that is watched. */
  limit(group: number, memoryLimitBytes: number): void {
    const watched = this.#watched.get(group);
    if (watched !== undefined) this.#watched.set(group, { ...watched, memoryLimitBytes });
  }

  forget(group: number): void {
    this.#watched.delete(group);
    if (this.#watched.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Kills processes of a program that have left its group. */
  killMarked(group: number): void {
    const mark = this.#watched.get(group)?.mark;
    if (mark === undefined || process.platform !== 'linux') return;
    for (const pid of pids()) {
      if (!text(`/proc/${pid}/environ`).split('\0').includes(mark)) continue;
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It is gone already.
      }
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#watched.clear();
  }

  /** Returns what the processes of a group have used, and their children that have ended; null where there is no telling. */
  usageOf(group: number): ProgramUsage | null {
    const sum = process.platform === 'linux' ? groupSums(new Set([group])).get(group) : undefined;
    if (sum === undefined) return null;
    return { cpuNanoseconds: sum.ticks * nanosecondsPerTick, memoryBytes: sum.pages * pageBytes };
  }

  #look(): void {
    for (const [group, { pages, count }] of groupSums(this.#watched)) {
      const watched = this.#watched.get(group);
      if (watched === undefined) continue;
      const { memoryLimitBytes, onExcess } = watched;
      if (memoryLimitBytes > 0 && pages * pageBytes > memoryLimitBytes) onExcess('memory');
      else if (count > processesMax) onExcess('processes');
    }
  }
}

interface GroupSum {
  pages: number;
  count: number;
  ticks: number;
}

/** Adds up the processes of groups, zombies left out. Pages that they share are counted for each. */
function groupSums(groups: { has(group: number): boolean }): ReadonlyMap<number, GroupSum> {
  const sums = new Map<number, GroupSum>();
  for (const pid of pids()) {
    // `pid (name) state parent group ...`; the 14th to 17th are times, the 24th is the resident set in pages; the name may hold anything.
    const stat = text(`/proc/${pid}/stat`);
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const group = Number(fields[2]);
    if (!groups.has(group) || fields[0] === 'Z') continue;
    const sum = sums.get(group) ?? { pages: 0, count: 0, ticks: 0 };
    sum.pages += Number(fields[21] ?? 0);
    sum.count += 1;
    sum.ticks += fields.slice(11, 15).reduce((total, field) => total + Number(field), 0);
    sums.set(group, sum);
  }
  return sums;
}

function pids(): number[] {
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
}

function text(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
