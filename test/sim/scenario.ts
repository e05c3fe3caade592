/**
 * What a simulated scenario is: a seed goes in, a verdict with everything that was injected and reached comes out. The test suite and
 * `npm run sim` run the same scenarios.
 */
import { tallyText } from './tally.ts';

export interface ScenarioResult {
  readonly scenario: string;
  readonly seed: number;
  /** What the seed drew: sizes, rates, which faults. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly injected: Readonly<Record<string, number>>;
  /** Interesting things that happened; a run over many seeds must reach each. */
  readonly marks: Readonly<Record<string, number>>;
  readonly operations: Readonly<Record<string, number>>;
  readonly virtualMs: number;
  readonly steps: number;
  /** Equal for equal runs. */
  readonly traceHash: string;
  /** Empty when everything held. */
  readonly violations: readonly string[];
}

/** Receives one line of what happens, for people. */
export type Trace = (line: string) => void;

export interface Scenario {
  readonly name: string;
  /** Marks that a run over many seeds must reach. */
  readonly expectedMarks: readonly string[];
  run(seed: number, trace?: Trace): ScenarioResult | Promise<ScenarioResult>;
}

/** The one command that replays a seed. */
export function replayCommand({ scenario, seed }: Pick<ScenarioResult, 'scenario' | 'seed'>): string {
  return `npm run sim -- --scenario ${scenario} --seed ${seed} --trace`;
}

/** Says what was found and how to see it again. */
export function describeViolation(result: ScenarioResult): string {
  const { scenario, seed, options, injected, violations } = result;
  return [
    `${scenario}, seed ${seed}: ${violations.length} violation(s)`,
    ...violations.slice(0, 10).map((violation) => `  ${violation.slice(0, 600)}`),
    `  options: ${JSON.stringify(options)}`,
    `  injected: ${tallyText(injected)}`,
    `  replay: ${replayCommand(result)}`,
  ].join('\n');
}
