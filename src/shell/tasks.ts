/**
 * Commands that run side by side on one thread: each is a generator that yields what it waits for. Nothing here knows a clock or a Promise; who
 * owns the tasks lets them run when time has passed or something has come.
 */
import { breathBytesMax, moveBytes, tasksMax } from './limits.ts';
import { cannotFork, ShellMemory } from './memory.ts';

/** A task goes on when `isOver` says so, or at `atMs`, whichever is first. */
export interface Wait {
  readonly isOver: () => boolean;
  /** On the clock of `Tasks.run`; absent: no time ends it. */
  readonly atMs?: number;
}

export type Task<Result> = Generator<Wait, Result, void>;

/** Lets others run, and goes on. */
export const breath: Wait = { isOver: () => true };

const nothing: readonly Wait[] = [];

/** A task that is over at once. */
export function* ended<Result>(result: Result): Task<Result> {
  yield* nothing;
  return result;
}

/** Makes work that never waits let others run now and then. */
export class Pace {
  #bytes = 0;

  *after(bytes: number): Task<void> {
    this.#bytes += bytes + moveBytes;
    if (this.#bytes < breathBytesMax) return;
    this.#bytes = 0;
    yield breath;
  }
}

type Outcome<Result> =
  | { readonly type: 'returned'; readonly result: Result }
  | { readonly type: 'failed'; readonly error: unknown };

/** A task that was started. */
export class Job<Result> {
  readonly #task: Task<Result>;
  #wait: Wait = breath;
  #outcome: Outcome<Result> | null = null;
  #isCancelled = false;

  constructor(task: Task<Result>) {
    this.#task = task;
  }

  get isOver(): boolean {
    return this.#outcome !== null || this.#isCancelled;
  }

  /** What ends its wait by time; infinite when nothing does. */
  get dueAtMs(): number {
    return this.#wait.atMs ?? Number.POSITIVE_INFINITY;
  }

  /** Returns the result; throws what the task threw. Undefined while it runs, and for one that was cancelled. */
  result(): Result | undefined {
    if (this.#outcome?.type === 'failed') throw this.#outcome.error;
    return this.#outcome?.result;
  }

  isReady(nowMs: number): boolean {
    return !this.isOver && (this.dueAtMs <= nowMs || this.#wait.isOver());
  }

  step(): void {
    this.#resume(() => this.#task.next());
  }

  /** Throws an error where the task waits. */
  interrupt(error: Error): void {
    if (!this.isOver) this.#resume(() => this.#task.throw(error));
  }

  /** Ends the task where it waits: what it opened is closed. */
  cancel(): void {
    if (this.isOver) return;
    this.#isCancelled = true;
    this.#task.return(undefined as Result);
  }

  #resume(go: () => IteratorResult<Wait, Result>): void {
    try {
      const { done, value } = go();
      if (done === true) this.#outcome = { type: 'returned', result: value };
      else this.#wait = value;
    } catch (error) {
      this.#outcome = { type: 'failed', error };
    }
  }
}

export class Tasks {
  /** What they hold together. */
  readonly memory = new ShellMemory();
  readonly #jobs = new Set<Job<unknown>>();
  #nowMs: number;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  /** The time at which tasks run now. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** When a wait ends by time; infinite when none does. */
  get dueAtMs(): number {
    let dueAtMs = Number.POSITIVE_INFINITY;
    for (const job of this.#jobs) dueAtMs = Math.min(dueAtMs, job.dueAtMs);
    return dueAtMs;
  }

  /** Throws when there are too many. */
  start<Result>(task: Task<Result>): Job<Result> {
    if (this.#jobs.size >= tasksMax) throw new Error(cannotFork);
    const job = new Job(task);
    this.#jobs.add(job as Job<unknown>);
    return job;
  }

  /** Lets tasks run until all of them wait, or have done `stepsMax` steps; returns whether any could go on. */
  run(nowMs: number, stepsMax: number): boolean {
    this.#nowMs = nowMs;
    let stepsLeft = stepsMax;
    for (let moves = true; moves; ) {
      moves = false;
      for (const job of this.#jobs) {
        if (job.isReady(nowMs)) {
          if (stepsLeft <= 0) return true;
          stepsLeft -= 1;
          moves = true;
          job.step();
        }
        if (job.isOver) this.#jobs.delete(job);
      }
    }
    return false;
  }

  /** Ends all tasks. */
  cancel(): void {
    for (const job of this.#jobs) job.cancel();
    this.#jobs.clear();
  }

  /** Waits for a job, and throws what it threw. */
  *join<Result>(job: Job<Result>): Task<Result | undefined> {
    while (!job.isOver) yield { isOver: () => job.isOver };
    return job.result();
  }

  *sleep(ms: number): Task<void> {
    const atMs = this.#nowMs + ms;
    while (this.#nowMs < atMs) yield { isOver: () => false, atMs };
  }
}
