/** Runs many seeds of a scenario and adds up what happened. */
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { describeViolation, replayCommand, type Scenario, type ScenarioResult } from './scenario.ts';
import { Tally } from './tally.ts';
import type { SeedTask } from './workers/run-seed.ts';

export class SeedSummary {
  readonly injected = new Tally();
  readonly marks = new Tally();
  readonly operations = new Tally();
  readonly failures: ScenarioResult[] = [];
  seeds = 0;
  virtualMs = 0;

  add(result: ScenarioResult): void {
    this.seeds += 1;
    this.virtualMs += result.virtualMs;
    this.injected.addAll(result.injected);
    this.marks.addAll(result.marks);
    this.operations.addAll(result.operations);
    if (result.violations.length > 0) this.failures.push(result);
  }

  /** Marks that these seeds should have reached and did not. */
  missing(expected: readonly string[]): string[] {
    return expected.filter((mark) => this.marks.of(mark) === 0);
  }

  /** One text per failed seed. */
  describeFailures(): string[] {
    return this.failures.map(describeViolation);
  }
}

/** Far longer than any seed takes on a machine that others use: one that takes as long does not end. */
const seedTimeoutMs = 600_000;

export interface SeedOptions {
  readonly from: number;
  readonly count: number;
  /** Default: one. */
  readonly threads?: number;
  /** No seed is begun any more once so many have failed. Default: 3, which say enough. */
  readonly failuresMax?: number;
  /** Takes each result as it comes, when the summary has it already. */
  readonly onResult?: (result: ScenarioResult, summary: SeedSummary) => void;
}

/** Runs seeds of a scenario, each a universe of its own on one of Piscina's threads. Rejects when a run throws. */
export async function runSeeds({ name: scenario }: Scenario, options: SeedOptions): Promise<SeedSummary> {
  const { from, count, threads = 1, failuresMax = 3, onResult } = options;
  const filename = fileURLToPath(import.meta.resolve('#workers/run-seed'));
  const pool = new Piscina({ filename, minThreads: 0, maxThreads: threads });
  const summary = new SeedSummary();
  let next = from;
  const runNext = async (): Promise<void> => {
    while (next < from + count && summary.failures.length < failuresMax) {
      const seed = next;
      next += 1;
      const result = await runSeed(pool, { scenario, seed });
      summary.add(result);
      onResult?.(result, summary);
    }
  };
  try {
    await Promise.all(Array.from({ length: threads }, runNext));
  } finally {
    await pool.destroy();
  }
  return summary;
}

/** Rejects with the seed, and how to run it alone, when the run throws or does not end. */
async function runSeed(pool: Piscina, task: SeedTask): Promise<ScenarioResult> {
  try {
    return (await pool.run(task, { signal: AbortSignal.timeout(seedTimeoutMs) })) as ScenarioResult;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${task.scenario}, seed ${task.seed}: ${reason}\n  replay: ${replayCommand(task)}`, { cause });
  }
}
