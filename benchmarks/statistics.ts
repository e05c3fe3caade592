/** Figures from samples, and how they are printed: a table for people, JSON for comparing. */

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly note?: string;
}

/** Returns the value at quantile `q` (0 to 1) of unsorted samples. */
export function quantile(samples: readonly number[], q: number): number {
  const sorted = samples.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/** Runs `measure` several times and returns the median of what it gives. */
export async function medianOf(runs: number, measure: () => Promise<number>): Promise<number> {
  const samples: number[] = [];
  for (let run = 0; run < runs; run += 1) samples.push(await measure());
  return median(samples);
}

export function printFigures(title: string, figures: readonly Figure[]): void {
  const width = Math.max(...figures.map(({ name }) => name.length));
  process.stdout.write(`\n${title}\n`);
  for (const { name, value, unit, note } of figures) {
    process.stdout.write(
      `  ${name.padEnd(width)}  ${format(value).padStart(12)} ${unit}${note === undefined ? '' : `   (${note})`}\n`,
    );
  }
}

function format(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}
