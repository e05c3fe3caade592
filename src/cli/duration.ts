/** Durations as people type them. */

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Returns the milliseconds of `500ms`, `5s`, `1.5m`, `1h`; null for anything else, and for what is no time at all. */
export function parseDurationMs(text: string): number | null {
  const [, amount = '', unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  const durationMs = Number(amount) * (unitMs[unit] ?? Number.NaN);
  return durationMs > 0 && Number.isFinite(durationMs) ? durationMs : null;
}
