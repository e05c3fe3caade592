/**
 * What a simulated container uses over its life: steps, each from a second of its life on. `200` is one step; `0:100,30:800,90:50` are
 * three: 100 at first, 800 from its thirtieth second, 50 from its ninetieth.
 */

export interface UsageStep {
  readonly fromMs: number;
  readonly amount: number;
}

/** Ascending; the first begins at 0. */
export type UsageCurve = readonly UsageStep[];

export function steady(amount: number): UsageCurve {
  return [{ fromMs: 0, amount }];
}

/** Reads a number or steps `SECONDS:AMOUNT`, ascending; undefined for anything else. */
export function parseUsageCurve(text: string): UsageCurve | undefined {
  if (text.trim() === '') return undefined;
  const steps: UsageStep[] = [];
  for (const part of text.split(',')) {
    const [first = '', second] = part.split(':').map((each) => each.trim());
    const [seconds, amount] = second === undefined ? [0, toNumber(first)] : [toNumber(first), toNumber(second)];
    if (seconds === undefined || amount === undefined) return undefined;
    if (seconds * 1000 <= (steps.at(-1)?.fromMs ?? -1)) return undefined;
    steps.push({ fromMs: seconds * 1000, amount });
  }
  return steps[0]?.fromMs === 0 ? steps : [{ fromMs: 0, amount: 0 }, ...steps];
}

/** Returns the amount at that age. */
export function amountAt(curve: UsageCurve, ageMs: number): number {
  return curve.findLast(({ fromMs }) => fromMs <= ageMs)?.amount ?? 0;
}

/** Returns the sum over a life of `ageMs`: amount times milliseconds. */
export function amountUntil(curve: UsageCurve, ageMs: number): number {
  let total = 0;
  for (const [index, { fromMs, amount }] of curve.entries()) {
    const endMs = Math.min(ageMs, curve[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY);
    if (endMs > fromMs) total += amount * (endMs - fromMs);
  }
  return total;
}

function toNumber(text: string): number | undefined {
  const value = Number(text);
  return text !== '' && Number.isFinite(value) && value >= 0 ? value : undefined;
}
