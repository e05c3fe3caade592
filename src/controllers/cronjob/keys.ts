/** Which cron jobs a change concerns: itself, and the owner of a job. */
import { nothing } from '../../api/label-selector.ts';
import { byControllerUid, byNamespace } from '../../api/object-index.ts';
import { objectKey, uidOf } from '../../api/object-meta.ts';
import type { CronJob } from '../../kinds/cronjob/types.ts';
import type { Job } from '../../kinds/job/types.ts';
import { type Controller, sidesOf } from '../controller.ts';
import { namespaceIndex, ownerKeys } from '../owner-keys.ts';
import { controllerIndex } from '../ownership.ts';
import { cronJobResource, jobResource } from '../resources.ts';
import { type CronJobObserved, reconcileCronJob } from './reconcile.ts';

export interface CronJobKinds {
  readonly cronJobs: CronJob;
  readonly jobs: Job;
}

export const cronJobController: Controller<CronJobKinds, CronJobObserved> = {
  name: 'cronjob-controller',
  watches: {
    cronJobs: { resource: cronJobResource, output: 'object', indexes: { [namespaceIndex]: byNamespace } },
    jobs: { resource: jobResource, output: 'object', indexes: { [controllerIndex]: byControllerUid } },
  },
  remember: () => null,
  keys(change, { cronJobs }) {
    if (change.cache === 'cronJobs') return sidesOf(change).slice(0, 1).map(objectKey);
    // Jobs that nobody owns are not adopted.
    return ownerKeys(change, 'CronJob', cronJobs, () => nothing);
  },
  observe(key, { cronJobs, jobs }) {
    const cronJob = cronJobs.get(key);
    return cronJob === undefined ? null : { cronJob, jobs: jobs.by(controllerIndex, uidOf(cronJob)) };
  },
  reconcile: reconcileCronJob,
};
