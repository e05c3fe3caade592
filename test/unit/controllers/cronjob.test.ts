/** When a cron job makes jobs, and what it does about those that it made. */
import { afterEach, expect, test, vi } from 'vitest';
import { must } from '../../../src/base/assert.ts';
import type { WallMs } from '../../../src/base/brand.ts';
import { cronJobController } from '../../../src/controllers/cronjob/keys.ts';
import { calendarOf, zonedTimestamp } from '../../../src/controllers/cronjob/schedule.ts';
import type { Plan } from '../../../src/controllers/plan.ts';
import { parseSchedule } from '../../../src/kinds/cronjob/schedule-syntax.ts';
import type { CronJob, CronJobSpec, CronJobStatus } from '../../../src/kinds/cronjob/types.ts';
import type { Job } from '../../../src/kinds/job/types.ts';
import { caches, context, createdOf, events, statusOf, told } from './builders.ts';

afterEach(() => vi.unstubAllEnvs());

const ms = (text: string): WallMs => Date.parse(text) as WallMs;
const shown = (instantMs: number | undefined): string | undefined =>
  instantMs === undefined ? undefined : new Date(instantMs).toISOString().replace('.000', '');

function calendar(schedule: string, timeZone?: string) {
  const found = calendarOf(schedule, timeZone);
  if (typeof found === 'string') throw new Error(found);
  return found;
}

test.each<[string, string | undefined, string, string]>([
  ['*/5 * * * *', undefined, '2026-01-01T00:00:00Z', '2026-01-01T00:05:00Z'],
  ['0 3 * * *', undefined, '2026-01-01T03:00:00Z', '2026-01-02T03:00:00Z'],
  ['0 3 * * *', 'Europe/Berlin', '2026-01-01T00:00:00Z', '2026-01-01T02:00:00Z'],
  ['0 3 * * *', 'Europe/Berlin', '2026-07-01T00:00:00Z', '2026-07-01T01:00:00Z'],
  ['0 0 1 1 *', 'Asia/Tokyo', '2026-06-01T00:00:00Z', '2026-12-31T15:00:00Z'],
  ['30 9 * * mon-fri', undefined, '2026-01-02T10:00:00Z', '2026-01-05T09:30:00Z'],
  ['0 0 13 * 5', undefined, '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'],
  ['@hourly', undefined, '2026-01-01T00:00:00Z', '2026-01-01T01:00:00Z'],
  ['@every 90s', undefined, '2026-01-01T00:00:00Z', '2026-01-01T00:01:30Z'],
  ['? * * * ?', undefined, '2026-01-01T00:00:30Z', '2026-01-01T00:01:00Z'],
])('%s in %s is next due after %s at %s', (schedule, timeZone, after, want) => {
  expect(shown(calendar(schedule, timeZone).next(ms(after)))).toBe(want);
});

test('the last due time is found without going through all the others', () => {
  const minutely = calendar('* * * * *');
  expect(shown(minutely.latest(ms('2020-01-01T00:00:00Z'), ms('2026-01-01T00:00:30Z')))).toBe('2026-01-01T00:00:00Z');
  expect(shown(minutely.latest(ms('2025-12-31T23:59:00Z'), ms('2026-01-01T00:00:00Z')))).toBe('2026-01-01T00:00:00Z');
  expect(minutely.latest(ms('2026-01-01T00:00:00Z'), ms('2026-01-01T00:00:59Z'))).toBeUndefined();
  const every = calendar('@every 10m');
  expect(shown(every.latest(ms('2026-01-01T00:00:00Z'), ms('2026-01-01T00:35:00Z')))).toBe('2026-01-01T00:30:00Z');
});

test('a date that never comes is never due', () => {
  expect(calendar('0 0 31 2 *').next(ms('2026-01-01T00:00:00Z'))).toBeUndefined();
});

test('the calendar depends on its arguments alone: neither on the clock nor on the zone of the host', () => {
  const ask = (): readonly unknown[] =>
    (['0 3 * * *', '*/7 * * * *', '15 2 29 2 *'] as const).flatMap((schedule) =>
      [undefined, 'America/New_York'].map((zone) => {
        const found = calendar(schedule, zone);
        return [
          found.next(ms('2026-03-07T12:00:00Z')),
          found.latest(ms('2025-01-01T00:00:00Z'), ms('2026-03-09T12:00:00Z')),
        ];
      }),
    );
  const want = ask();
  vi.useFakeTimers({ now: ms('1999-12-31T23:59:59Z') });
  vi.stubEnv('TZ', 'Pacific/Kiritimati');
  expect(ask()).toEqual(want);
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

test.each([
  ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
  ['70 * * * *', 'end of range (70) above maximum (59): 70'],
  ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
  ['5-2 * * * *', 'beginning of range (5) beyond end of range (2): 5-2'],
  ['*/0 * * * *', 'step of range should be a positive number: */0'],
  ['x * * * *', 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'],
  ['* * * * 7', 'end of range (7) above maximum (6): 7'],
  ['1/2/3 * * * *', 'too many slashes: 1/2/3'],
  ['@never', 'unrecognized descriptor: @never'],
])('the schedule %j is refused: %s', (schedule, message) => {
  expect(parseSchedule(schedule)).toEqual({ type: 'malformed', message });
});

const now = ms('2026-01-01T12:03:20Z');
const jobTemplate = {
  metadata: { labels: { app: 'report' } },
  spec: { template: { spec: { containers: [{ name: 'a', image: 'a' }], restartPolicy: 'Never' as const } } },
};

function cronJob(
  spec: Partial<CronJobSpec> = {},
  status: CronJobStatus = { lastScheduleTime: '2026-01-01T12:00:00Z' },
): CronJob {
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: {
      name: 'report',
      namespace: 'default',
      uid: 'cron',
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: { schedule: '*/2 * * * *', concurrencyPolicy: 'Allow', jobTemplate, ...spec },
    status,
  };
}

function job(minute: string, end: 'Complete' | 'Failed' | null): Job {
  const scheduled = `2026-01-01T${minute}:00Z`;
  const conditions = end === null ? [] : [{ type: end, status: 'True' as const }];
  const completion = end === 'Complete' ? { completionTime: `2026-01-01T${minute}:30Z` } : {};
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: `report-${ms(scheduled) / 60_000}`,
      namespace: 'default',
      uid: `uid-${minute}`,
      annotations: { 'batch.kubernetes.io/cronjob-scheduled-timestamp': scheduled },
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'CronJob', name: 'report', uid: 'cron', controller: true }],
    },
    spec: jobTemplate.spec,
    status: { startTime: scheduled, conditions, ...completion },
  };
}

function reconcile(subject: CronJob, jobs: readonly Job[] = [], extra = {}): Plan {
  const known = caches(cronJobController, { cronJobs: [subject], jobs });
  const observed = must(cronJobController.observe('default/report', known) ?? undefined, 'observed');
  return cronJobController.reconcile(observed, context({ wallMs: now, ...extra }));
}

const status = (plan: Plan): CronJobStatus | undefined => statusOf<CronJobStatus>(plan);
const dueName = `report-${ms('2026-01-01T12:02:00Z') / 60_000}`;

test('a due cron job makes a job named by the minute, and tells the time afterwards', () => {
  const plan = reconcile(cronJob({ timeZone: 'Europe/Berlin' }));
  expect(told(plan)).toEqual([[`create jobs ${dueName}`], ['update cronjobs/status report']]);
  expect(createdOf<Job>(plan, 'jobs')[0]).toMatchObject({
    metadata: {
      labels: { app: 'report' },
      annotations: { 'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-01-01T13:02:00+01:00' },
      ownerReferences: [{ kind: 'CronJob', uid: 'cron', controller: true }],
    },
    spec: jobTemplate.spec,
  });
  expect(status(plan)).toEqual({ lastScheduleTime: '2026-01-01T12:02:00Z' });
  expect(events(plan)).toEqual([`Normal SuccessfulCreate: Created job ${dueName}`]);
  expect(plan.requeueAfterMs).toBe(40_100);
});

test('a job that the status does not tell yet is neither made twice nor forgotten', () => {
  const plan = reconcile(cronJob(), [job('12:02', null)]);
  expect(told(plan)).toEqual([['update cronjobs/status report']]);
  expect(status(plan)).toMatchObject({
    lastScheduleTime: '2026-01-01T12:02:00Z',
    active: [{ name: dueName, uid: 'uid-12:02' }],
  });
});

const active = (...minutes: readonly string[]): CronJobStatus => ({
  lastScheduleTime: '2026-01-01T12:00:00Z',
  active: minutes.map((minute) => ({ name: job(minute, null).metadata.name ?? '', uid: `uid-${minute}` })),
});

test('with Forbid a job that runs is waited for, with Replace it is deleted first, with Allow it stays', () => {
  const running = [job('12:00', null)];
  const forbidden = reconcile(cronJob({ concurrencyPolicy: 'Forbid' }, active('12:00')), running);
  expect(told(forbidden).flat()).toEqual(['update cronjobs/status report']);
  expect(events(forbidden)[0]).toMatch(/^Normal JobAlreadyActive/);
  const replaced = reconcile(cronJob({ concurrencyPolicy: 'Replace' }, active('12:00')), running);
  expect(told(replaced).slice(0, 2)).toEqual([
    [`delete jobs ${running[0]?.metadata.name}`],
    [`create jobs ${dueName}`],
  ]);
  expect(told(reconcile(cronJob({}, active('12:00')), running))[0]).toEqual([`create jobs ${dueName}`]);
});

test.each<[string, Partial<CronJobSpec>, CronJobStatus, number]>([
  ['suspended', { suspend: true }, {}, 0],
  ['not due', {}, { lastScheduleTime: '2026-01-01T12:02:00Z' }, 0],
  ['past its starting deadline', { startingDeadlineSeconds: 10 }, {}, 0],
  ['within its starting deadline', { startingDeadlineSeconds: 100 }, {}, 1],
  ['long overdue: only the latest counts', {}, { lastScheduleTime: '2025-01-01T00:00:00Z' }, 1],
])('a cron job that is %s', (_what, spec, before, want) => {
  expect(createdOf(reconcile(cronJob(spec, before)), 'jobs')).toHaveLength(want);
});

test('many missed times are told', () => {
  expect(events(reconcile(cronJob({}, { lastScheduleTime: '2025-01-01T00:00:00Z' })))[0]).toMatch(/TooManyMissedTimes/);
});

test('finished jobs leave the list, tell the last success, and go beyond the limits, the oldest first', () => {
  const jobs = [
    job('11:50', 'Complete'),
    job('11:52', 'Failed'),
    job('11:54', 'Complete'),
    job('11:56', 'Failed'),
    job('12:00', 'Complete'),
  ];
  const plan = reconcile(
    cronJob({ suspend: true, successfulJobsHistoryLimit: 2, failedJobsHistoryLimit: 1 }, active('12:00', '11:00')),
    jobs,
  );
  expect(told(plan)[0]).toEqual([jobs[0], jobs[1]].map((each) => `delete jobs ${each?.metadata.name}`));
  expect(status(plan)).toEqual({
    lastScheduleTime: '2026-01-01T12:00:00Z',
    lastSuccessfulTime: '2026-01-01T12:00:30Z',
  });
  expect(events(plan)[0]).toBe(
    `Normal SawCompletedJob: Saw completed job: ${jobs[4]?.metadata.name}, condition: Complete`,
  );
  expect(events(plan)[1]).toMatch(/^Normal MissingJob: Active job went missing/);
});

test('a job that somebody else makes of the template is left alone', () => {
  const manual = {
    ...job('12:00', null),
    metadata: { ...job('12:00', null).metadata, name: 'manual', annotations: {} },
  };
  expect(told(reconcile(cronJob({ concurrencyPolicy: 'Forbid' }), [manual]))[0]).toEqual([`create jobs ${dueName}`]);
});

test('times are told with the offset of their zone', () => {
  expect(zonedTimestamp(now, undefined)).toBe('2026-01-01T12:03:20Z');
  expect(zonedTimestamp(now, 'Asia/Kolkata')).toBe('2026-01-01T17:33:20+05:30');
  expect(zonedTimestamp(now, 'Europe/London')).toBe('2026-01-01T12:03:20Z');
});
