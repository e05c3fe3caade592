/** Durations as Go prints them, because messages of the kubelet hold them: `10s`, `1m20s`, `5m0s`, `1.5s`, `150ms`. */

/** Formats whole milliseconds as Go's time.Duration.String does. */
export function goDuration(durationMs: number): string {
  const totalMs = Math.round(durationMs);
  if (totalMs === 0) return '0s';
  if (totalMs < 1000) return `${totalMs}ms`;
  const hours = Math.floor(totalMs / 3_600_000);
  const minutes = Math.floor((totalMs % 3_600_000) / 60_000);
  const seconds = `${(totalMs % 60_000) / 1000}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/** Reads what Go's time.ParseDuration reads, such as `1h2m3.5s` or `-300ms`, as milliseconds; undefined when it is none. */
export function parseGoDuration(text: string): number | undefined {
  const [, sign, parts] = /^([+-]?)((?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+|0)$/.exec(text) ?? [];
  if (parts === undefined) return undefined;
  let totalMs = 0;
  for (const [, amount, unit] of parts.matchAll(/([\d.]+)([a-zµμ]+)/g))
    totalMs += Number(amount) * (unitMs[unit ?? ''] ?? 0);
  return sign === '-' ? -totalMs : totalMs;
}
