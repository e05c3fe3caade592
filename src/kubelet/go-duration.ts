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
