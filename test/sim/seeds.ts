/** Runs many seeds of a scenario on this thread and adds up what happened. */
import { describeViolation, type Scenario, type ScenarioResult } from './scenario.ts';
import { Tally } from './tally.ts';

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

/** Runs `count` seeds from `from` on, one after another; stops after a few failures, which say enough. */
export async function runSeeds(scenario: Scenario, from: number, count: number): Promise<SeedSummary> {
  const summary = new SeedSummary();
  for (let seed = from; seed < from + count && summary.failures.length < 3; seed += 1) {
    summary.add(await scenario.run(seed));
  }
  return summary;
}
