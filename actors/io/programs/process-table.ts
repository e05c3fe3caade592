/**
 * Watches the process groups of programs as far as that goes without privileges: what their processes hold of memory and how many there are.
 * It reads /proc, so only Linux has these limits.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { processesMax, processLookMs } from './limits.ts';

type Excess = 'memory' | 'processes';

interface Watched {
  /** Stands in the environment of its processes, and of nobody else's: `NAME=value`. */
  readonly mark: string;
  readonly memoryLimitBytes: number;
  readonly onExcess: (excess: Excess) => void;
}

const pageBytes = 4096;

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

  #look(): void {
    const sums = new Map<number, { pages: number; count: number }>();
    for (const pid of pids()) {
      // `pid (name) state parent group ...`, the 24th is the resident set in pages; the name may hold anything.
      const stat = text(`/proc/${pid}/stat`);
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const group = Number(fields[2]);
      if (!this.#watched.has(group) || fields[0] === 'Z') continue;
      const sum = sums.get(group) ?? { pages: 0, count: 0 };
      sum.pages += Number(fields[21] ?? 0);
      sum.count += 1;
      sums.set(group, sum);
    }
    for (const [group, { pages, count }] of sums) {
      const watched = this.#watched.get(group);
      if (watched === undefined) continue;
      const { memoryLimitBytes, onExcess } = watched;
      if (memoryLimitBytes > 0 && pages * pageBytes > memoryLimitBytes) onExcess('memory');
      else if (count > processesMax) onExcess('processes');
    }
  }
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
