/** Log entries as lines for people and machines: one JSON object each, so that a message with a line break stays one line. */
import type { WallMs } from '../../src/base/brand.ts';
import { timestampMicros } from '../../src/base/time.ts';
import type { LogEntry } from './events.ts';

/** Returns one line without its end: `{"time":"…","level":"warn","actor":"master-0/store","message":"…","fields":{…}}`. */
export function logLine({ wallMs, level, actor, message, fields }: LogEntry): string {
  return JSON.stringify({ time: timestampMicros(wallMs as WallMs), level, actor, message, fields });
}

/** Returns a sink that writes the line of each warning and error, and leaves the rest to whoever looks for it. */
export function warningSink(write: (line: string) => void): (entry: LogEntry) => void {
  return (entry) => {
    if (entry.level === 'warn' || entry.level === 'error') write(logLine(entry));
  };
}
