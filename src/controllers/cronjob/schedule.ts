/**
 * When a schedule is due. The calendar is croner's, used for its arithmetic alone: its result depends on pattern, time zone and the given
 * instant, never on the clock or the zone of the host, and it starts no timer. Without a time zone UTC counts.
 */
import { Cron } from 'croner';
import type { WallMs } from '../../base/brand.ts';
import { dateOf, timestampSeconds } from '../../base/time.ts';
import { parseSchedule } from '../../kinds/cronjob/schedule-syntax.ts';

export interface Calendar {
  /** The first due instant after `afterMs`; undefined when there is none any more. */
  next(afterMs: WallMs): WallMs | undefined;
  /** The last due instant after `afterMs` and not after `untilMs`; undefined when there is none. */
  latest(afterMs: WallMs, untilMs: WallMs): WallMs | undefined;
}

/** Returns the calendar of a schedule, or what is wrong with it. */
export function calendarOf(text: string, timeZone: string | undefined): Calendar | string {
  const outcome = parseSchedule(text);
  if (outcome.type === 'malformed') return outcome.message;
  const { schedule } = outcome;
  if (schedule.type === 'every') return everyCalendar(schedule.seconds * 1000);
  const cron = new Cron(schedule.pattern, { paused: true, timezone: timeZone ?? 'UTC' });
  return {
    next: (afterMs) => instantOf(cron.nextRun(dateOf(afterMs))),
    latest(afterMs, untilMs) {
      // What is asked for lies before the reference: one more second lets an instant that is due right now count.
      const [latest] = cron.previousRuns(1, dateOf((Math.floor(untilMs / 1000) * 1000 + 1000) as WallMs));
      const latestMs = instantOf(latest ?? null);
      return latestMs !== undefined && latestMs > afterMs && latestMs <= untilMs ? latestMs : undefined;
    },
  };
}

/** Whole seconds from the last time, as robfig/cron's ConstantDelaySchedule. */
function everyCalendar(periodMs: number): Calendar {
  const next = (afterMs: WallMs): WallMs => (Math.floor(afterMs / 1000) * 1000 + periodMs) as WallMs;
  return {
    next,
    latest(afterMs, untilMs) {
      const firstMs = next(afterMs);
      if (firstMs > untilMs) return undefined;
      return (firstMs + Math.floor((untilMs - firstMs) / periodMs) * periodMs) as WallMs;
    },
  };
}

function instantOf(date: Date | null): WallMs | undefined {
  return date === null ? undefined : (date.getTime() as WallMs);
}

/** Formats an instant as RFC 3339 with the offset of a time zone. */
export function zonedTimestamp(wallMs: WallMs, timeZone: string | undefined): string {
  if (timeZone === undefined) return timestampSeconds(wallMs);
  const parts = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' }).formatToParts(wallMs);
  const offset = (parts.find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT').slice('GMT'.length);
  const match = /^([+-])(\d\d):(\d\d)$/.exec(offset);
  if (match === null) return timestampSeconds(wallMs);
  const minutes = (Number(match[2]) * 60 + Number(match[3])) * (match[1] === '-' ? -1 : 1);
  if (minutes === 0) return timestampSeconds(wallMs);
  return timestampSeconds((wallMs + minutes * 60_000) as WallMs).replace('Z', offset);
}
