/** Ages as kubectl prints them: two units at most, fewer as they grow. Models apimachinery pkg/util/duration/duration.go. */

import type { WallMs } from '../base/brand.ts';
import { parseTimestamp } from '../base/time.ts';

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;
const year = 365 * day;

/** Formats a duration such as `5s`, `3m20s`, `47h`, `12d`, `3y50d`. A clock that is ahead by up to a second counts as none. */
export function humanDuration(durationMs: number): string {
  const seconds = Math.trunc(durationMs / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 2 * minute) return `${seconds}s`;
  if (seconds < 10 * minute) return pair(seconds, minute, 'm', 1, 's');
  if (seconds < 3 * hour) return `${Math.floor(seconds / minute)}m`;
  if (seconds < 8 * hour) return pair(seconds, hour, 'h', minute, 'm');
  if (seconds < 2 * day) return `${Math.floor(seconds / hour)}h`;
  if (seconds < 8 * day) return pair(seconds, day, 'd', hour, 'h');
  if (seconds < 2 * year) return `${Math.floor(seconds / day)}d`;
  if (seconds < 8 * year) return pair(seconds, year, 'y', day, 'd');
  return `${Math.floor(seconds / year)}y`;
}

/** Formats the time since `timestamp`; `<unknown>` when there is none. */
export function ageSince(timestamp: string | undefined, wallMs: WallMs): string {
  const then = timestamp === undefined ? undefined : parseTimestamp(timestamp);
  return then === undefined ? '<unknown>' : humanDuration(wallMs - then);
}

function pair(seconds: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((seconds % large) / small);
  return `${Math.floor(seconds / large)}${largeName}${rest === 0 ? '' : `${rest}${smallName}`}`;
}
