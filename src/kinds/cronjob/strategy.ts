/** How cron jobs begin and change. Models pkg/apis/batch/v1/defaults.go SetDefaults_CronJob. */
import { setDefault } from '../../api/json.ts';
import type { KindBehaviour } from '../behaviour.ts';
import { setJobTemplateDefaults } from '../job/defaults.ts';
import type { CronJob } from './types.ts';
import { validateCronJob } from './validate.ts';

export const cronJobBehaviour: KindBehaviour<CronJob> = {
  hasGeneration: true,
  setDefaults({ spec }) {
    if (spec === undefined) return;
    setDefault(spec, 'concurrencyPolicy', 'Allow');
    setDefault(spec, 'suspend', false);
    setDefault(spec, 'successfulJobsHistoryLimit', 3);
    setDefault(spec, 'failedJobsHistoryLimit', 1);
    if (spec.jobTemplate?.spec !== undefined) setJobTemplateDefaults(spec.jobTemplate.spec);
  },
  validate: validateCronJob,
};
