/** How cron jobs begin and change. The schedule itself is checked where it is read. Models pkg/apis/batch/v1/defaults.go. */
import { required } from '../../api/field-error.ts';
import { setDefault } from '../../api/json.ts';
import type { KindBehaviour } from '../behaviour.ts';
import { checkedChoice, checkedNonNegative } from '../field-checks.ts';
import { setPodTemplateDefaults } from '../pod/defaults.ts';
import type { CronJob } from './types.ts';

export const cronJobBehaviour: KindBehaviour<CronJob> = {
  hasGeneration: true,
  setDefaults({ spec }) {
    if (spec === undefined) return;
    setDefault(spec, 'concurrencyPolicy', 'Allow');
    setDefault(spec, 'suspend', false);
    setDefault(spec, 'successfulJobsHistoryLimit', 3);
    setDefault(spec, 'failedJobsHistoryLimit', 1);
    setPodTemplateDefaults(spec.jobTemplate?.spec?.template);
  },
  validate: ({ spec }) => [
    ...((spec.schedule ?? '') === '' ? [required('spec.schedule')] : []),
    ...checkedChoice('spec.concurrencyPolicy', spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace']),
    ...checkedNonNegative('spec.startingDeadlineSeconds', spec.startingDeadlineSeconds),
    ...checkedNonNegative('spec.successfulJobsHistoryLimit', spec.successfulJobsHistoryLimit),
    ...checkedNonNegative('spec.failedJobsHistoryLimit', spec.failedJobsHistoryLimit),
  ],
};
