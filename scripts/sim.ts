/**
 * npm run sim: any number of seeds of a scenario, one universe per task on Piscina's threads.
 *
 *   npm run sim -- --seeds 1000 [--from 1] [--scenario store] [--threads 2]
 *   npm run sim -- --scenario store --seed 42 --trace        replays one seed and tells what happens
 *
 * Exits 1 when an invariant was violated, and prints the one command that replays it.
 */
import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import { describeViolation, type Scenario, type ScenarioResult } from '../test/sim/scenario.ts';
import { scenarios } from '../test/sim/scenarios/scenarios.ts';
import { runSeeds, type SeedSummary } from '../test/sim/seeds.ts';
import { tallyText } from '../test/sim/tally.ts';

interface Options {
  readonly scenario: Scenario;
  readonly seeds: number;
  readonly from: number;
  readonly seed?: number;
  readonly trace?: true;
  readonly threads: number;
}

const options = new Command('npm run sim --')
  .description('Runs seeds of a simulated scenario and says what was injected.')
  .option('--scenario <name>', [...scenarios.keys()].join(' or '), scenarioOf, scenarioOf('store'))
  .option('--seeds <count>', 'how many seeds', wholeNumber, 200)
  .option('--from <seed>', 'the first seed', wholeNumber, 1)
  .option('--seed <seed>', 'this one seed, on this thread', wholeNumber)
  .option('--trace', 'tell what happens, with --seed')
  .option('--threads <count>', 'threads that run seeds', wholeNumber, availableParallelism())
  .parse()
  .opts<Options>();

process.exitCode = (await (options.seed === undefined ? runMany(options) : runOne(options, options.seed))) ? 0 : 1;

async function runOne({ scenario, trace }: Options, seed: number): Promise<boolean> {
  const result = await scenario.run(seed, trace === true ? (line) => console.log(line) : undefined);
  if (result.violations.length > 0) console.error(describeViolation(result));
  console.log(
    `seed ${seed}: trace ${result.traceHash}, ${seconds(result.virtualMs)} simulated s, ${result.steps} steps`,
  );
  console.log(`injected: ${tallyText(result.injected)}\nreached: ${tallyText(result.marks)}`);
  return result.violations.length === 0;
}

async function runMany({ scenario, seeds, from, threads }: Options): Promise<boolean> {
  const startedMs = Date.now();
  let toldMs = startedMs;
  const onResult = (result: ScenarioResult, soFar: SeedSummary): void => {
    if (result.violations.length > 0) console.error(describeViolation(result));
    if (Date.now() - toldMs < 5_000) return;
    toldMs = Date.now();
    console.log(progressText(soFar, seeds, startedMs));
  };
  const failuresMax = Number.POSITIVE_INFINITY;
  const summary = await runSeeds(scenario, { from, count: seeds, threads, failuresMax, onResult });
  console.log(progressText(summary, seeds, startedMs));
  console.log(`injected: ${tallyText(summary.injected.toRecord())}`);
  console.log(`reached: ${tallyText(summary.marks.toRecord())}`);
  console.log(`done: ${tallyText(summary.operations.toRecord())}`);
  return summary.failures.length === 0;
}

function progressText({ seeds, virtualMs, failures }: SeedSummary, wanted: number, startedMs: number): string {
  const ratio = virtualMs / Math.max(1, Date.now() - startedMs);
  const rate = `${seconds(virtualMs)} simulated s, ${ratio.toFixed(0)} per second`;
  return `${seeds} of ${wanted} seeds, ${rate}, ${failures.length} with violations`;
}

function seconds(durationMs: number): string {
  return (durationMs / 1_000).toFixed(0);
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('expected a whole number');
  return Number(text);
}

function scenarioOf(name: string): Scenario {
  const known = scenarios.get(name);
  if (known === undefined) throw new InvalidArgumentError(`expected ${[...scenarios.keys()].join(' or ')}`);
  return known;
}
