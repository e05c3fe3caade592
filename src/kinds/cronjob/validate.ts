/** Models kubernetes pkg/apis/batch/validation/validation.go ValidateCronJobCreate and validateCronJobSpec. */
import { type FieldError, invalid, required } from '../../api/field-error.ts';
import { nameOf } from '../../api/object-meta.ts';
import { checkedChoice, checkedNonNegative } from '../field-checks.ts';
import { validateJobSpec } from '../job/validate.ts';
import { isTimeZone, parseSchedule } from './schedule-syntax.ts';
import type { CronJob, CronJobSpec } from './types.ts';

/** The names of jobs have the scheduled minute behind that of the cron job. */
const nameBytesMax = 52;

export function validateCronJob(cronJob: CronJob): FieldError[] {
  const { spec } = cronJob;
  const errors = [
    ...validateSchedule(spec),
    ...validateTimeZone(spec.timeZone),
    ...checkedChoice('spec.concurrencyPolicy', spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace']),
    ...checkedNonNegative('spec.startingDeadlineSeconds', spec.startingDeadlineSeconds),
    ...checkedNonNegative('spec.successfulJobsHistoryLimit', spec.successfulJobsHistoryLimit),
    ...checkedNonNegative('spec.failedJobsHistoryLimit', spec.failedJobsHistoryLimit),
    ...(spec.jobTemplate?.spec?.template === undefined
      ? [required('spec.jobTemplate.spec.template')]
      : validateJobSpec(spec.jobTemplate.spec, 'spec.jobTemplate.spec')),
  ];
  if (nameOf(cronJob).length <= nameBytesMax) return errors;
  return [invalid('metadata.name', nameOf(cronJob), `must be no more than ${nameBytesMax} characters`), ...errors];
}

function validateSchedule({ schedule = '', timeZone }: CronJobSpec): FieldError[] {
  const path = 'spec.schedule';
  if (schedule === '') return [required(path)];
  if (schedule.includes('TZ')) {
    const detail =
      timeZone === undefined
        ? 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'
        : 'cannot use both timeZone field and TZ or CRON_TZ in schedule';
    return [invalid(path, schedule, detail)];
  }
  const outcome = parseSchedule(schedule);
  return outcome.type === 'parsed' ? [] : [invalid(path, schedule, outcome.message)];
}

function validateTimeZone(timeZone: string | undefined): FieldError[] {
  const path = 'spec.timeZone';
  if (timeZone === undefined) return [];
  if (timeZone === '') return [invalid(path, timeZone, 'timeZone must be nil or non-empty string')];
  if (timeZone.toLowerCase() === 'local') {
    const detail = 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones';
    return [invalid(path, timeZone, detail)];
  }
  return isTimeZone(timeZone) ? [] : [invalid(path, timeZone, `unknown time zone ${timeZone}`)];
}
