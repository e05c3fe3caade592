/**
 * What a schedule may look like: five fields, or a descriptor such as `@daily`. What is wrong is told in the words of the parser that Kubernetes
 * uses. Models robfig/cron v3 parser.go ParseStandard.
 */

/** A schedule that is well formed. */
export type Schedule =
  /** Five fields: minute, hour, day of month, month, day of week. */
  { readonly type: 'fields'; readonly pattern: string } | { readonly type: 'every'; readonly seconds: number };

export type ScheduleOutcome =
  | { readonly type: 'parsed'; readonly schedule: Schedule }
  | { readonly type: 'malformed'; readonly message: string };

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly names: readonly string[];
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const bounds: readonly Bounds[] = [
  { min: 0, max: 59, names: [] },
  { min: 0, max: 23, names: [] },
  { min: 1, max: 31, names: [] },
  { min: 1, max: 12, names: months },
  { min: 0, max: 6, names: days },
];

const descriptors: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

const secondsIn: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 0.001, us: 0.000001, ns: 0.000000001 };

export function parseSchedule(text: string): ScheduleOutcome {
  if (text === '') return malformed('empty spec string');
  if (text.startsWith('@')) return parseDescriptor(text);
  const fields = text.trim().split(/\s+/);
  if (fields.length !== 5) return malformed(`expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`);
  for (const [index, field] of fields.entries()) {
    const complaint = fieldComplaint(field, bounds[index] as Bounds);
    if (complaint !== null) return malformed(complaint);
  }
  return { type: 'parsed', schedule: { type: 'fields', pattern: fields.join(' ').replaceAll('?', '*') } };
}

function parseDescriptor(text: string): ScheduleOutcome {
  const pattern = descriptors[text];
  if (pattern !== undefined) return { type: 'parsed', schedule: { type: 'fields', pattern } };
  const every = /^@every (.+)$/.exec(text)?.[1];
  if (every === undefined) return malformed(`unrecognized descriptor: ${text}`);
  if (!/^(\d+(\.\d+)?(h|m|s|ms|us|ns))+$/.test(every)) {
    return malformed(`failed to parse duration ${text}: time: invalid duration "${every}"`);
  }
  let seconds = 0;
  for (const [, amount, unit = 's'] of every.matchAll(/(\d+(?:\.\d+)?)(ms|us|ns|h|m|s)/g)) {
    seconds += Number(amount) * (secondsIn[unit] ?? 0);
  }
  return { type: 'parsed', schedule: { type: 'every', seconds: Math.max(1, Math.floor(seconds)) } };
}

function malformed(message: string): ScheduleOutcome {
  return { type: 'malformed', message };
}

function fieldComplaint(field: string, limits: Bounds): string | null {
  for (const part of field.split(',')) {
    const complaint = rangeComplaint(part, limits);
    if (complaint !== null) return complaint;
  }
  return null;
}

function rangeComplaint(part: string, { min, max, names }: Bounds): string | null {
  const [range = '', step, ...more] = part.split('/');
  if (more.length > 0) return `too many slashes: ${part}`;
  const [low = '', high, ...rest] = range.split('-');
  if (rest.length > 0) return `too many hyphens: ${part}`;
  const isStar = low === '*' || low === '?';
  const start = isStar ? min : numberOf(low, names);
  if (start === undefined) return notANumber(low);
  const end = endOf(isStar, start, high, step, max, names);
  if (end === undefined) return notANumber(high ?? '');
  const every = step === undefined ? 1 : numberOf(step, []);
  if (every === undefined) return notANumber(step ?? '');
  if (start < min) return `beginning of range (${start}) below minimum (${min}): ${part}`;
  if (end > max) return `end of range (${end}) above maximum (${max}): ${part}`;
  if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${part}`;
  return every === 0 ? `step of range should be a positive number: ${part}` : null;
}

/** `3/5` means from 3 to the end. */
function endOf(
  isStar: boolean,
  start: number,
  high: string | undefined,
  step: string | undefined,
  max: number,
  names: readonly string[],
): number | undefined {
  if (isStar) return max;
  if (high !== undefined) return numberOf(high, names);
  return step === undefined ? start : max;
}

function numberOf(text: string, names: readonly string[]): number | undefined {
  const named = names.indexOf(text.toLowerCase());
  if (named !== -1) return named + (names === months ? 1 : 0);
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function notANumber(text: string): string {
  return `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`;
}

/** Tells whether the time zone is known by name. */
export function isTimeZone(name: string): boolean {
  if (/^[+-]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
