/** How jobs begin and change. Models kubernetes pkg/registry/batch/job/strategy.go. */
import type { KindBehaviour } from '../behaviour.ts';
import { checkedCounts } from '../field-checks.ts';
import { generateSelector, setJobDefaults } from './defaults.ts';
import type { Job } from './types.ts';
import { validateJob, validateJobUpdate } from './validate.ts';

export const jobBehaviour: KindBehaviour<Job> = {
  hasGeneration: true,
  fieldLabels: ['status.successful'],
  selectableFields: ({ status }) => ({ 'status.successful': String(status?.succeeded ?? 0) }),
  setDefaults: setJobDefaults,
  prepareForCreate(job) {
    if (job.spec.manualSelector !== true) generateSelector(job);
  },
  validate: validateJob,
  validateUpdate: validateJobUpdate,
  validateStatusUpdate: ({ status }) =>
    checkedCounts('status', status, ['active', 'succeeded', 'failed', 'ready', 'terminating']),
};
