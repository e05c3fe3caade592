/** Dates as Kubernetes writes them. The one file of src/ that may build a Date, and only from a given instant. */
import type { WallMs } from './brand.ts';

/** Formats an instant as metav1.Time does: RFC 3339 in UTC, whole seconds. */
export function timestampSeconds(wallMs: WallMs): string {
  return `${new Date(wallMs).toISOString().slice(0, 19)}Z`;
}

/** Formats an instant as metav1.MicroTime does: RFC 3339 in UTC with six decimals. */
export function timestampMicros(wallMs: WallMs): string {
  const micros = Math.floor((wallMs - Math.floor(wallMs)) * 1000);
  return `${new Date(Math.floor(wallMs)).toISOString().slice(0, 23)}${String(micros).padStart(3, '0')}Z`;
}

/** Parses RFC 3339; returns undefined when `text` is not a date. */
export function parseTimestamp(text: string): WallMs | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  const ms = new Date(text).getTime();
  return Number.isNaN(ms) ? undefined : (ms as WallMs);
}

/** As `timestampSeconds` writes it, on a day that every month has. */
const plainTimestamp = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/;

/** Returns a date of any offset and precision as `timestampSeconds` writes it; undefined when `text` is not a date. */
export function inSeconds(text: string): string | undefined {
  // Objects are full of dates that are written so already, and a Date costs ten times the look at one.
  if (plainTimestamp.test(text)) return text;
  const wallMs = parseTimestamp(text);
  return wallMs === undefined ? undefined : timestampSeconds(wallMs);
}

/** Returns an instant as HTTP headers have it: `Sat, 21 Nov 2026 00:00:00 GMT`. */
export function httpDate(wallMs: WallMs): string {
  return new Date(wallMs).toUTCString();
}

/** Returns an instant as the platform's object, for libraries that take nothing else. */
export function dateOf(wallMs: WallMs): Date {
  return new Date(wallMs);
}
