/** Deletes finished jobs when their time is up. Models kubernetes pkg/controller/ttlafterfinished/ttlafterfinished_controller.go. */
import { isBeingDeleted, objectKey } from '../../api/object-meta.ts';
import { parseTimestamp } from '../../base/time.ts';
import { findCondition } from '../../kinds/condition.ts';
import type { Job } from '../../kinds/job/types.ts';
import type { Controller, ReconcileContext } from '../controller.ts';
import { nothingToDo, type Plan, plan, remove } from '../plan.ts';
import { jobResource } from '../resources.ts';

export interface TtlKinds {
  readonly jobs: Job;
}

export const ttlAfterFinishedController: Controller<TtlKinds, Job> = {
  name: 'ttl-after-finished-controller',
  watches: { jobs: { resource: jobResource, output: 'object', indexes: {} } },
  remember: () => null,
  keys: ({ object }) => (object !== null && isLimited(object as Job) ? [objectKey(object)] : []),
  observe: (key, { jobs }) => {
    const job = jobs.get(key);
    return job !== undefined && isLimited(job) ? job : null;
  },
  reconcile: expire,
};

function isLimited(job: Job): boolean {
  return job.spec.ttlSecondsAfterFinished !== undefined && !isBeingDeleted(job);
}

/** The deletion holds for the very version that was seen: its time may have been made longer meanwhile. */
function expire(job: Job, { wallMs }: ReconcileContext): Plan {
  const { conditions } = job.status ?? {};
  const end = ['Complete', 'Failed']
    .map((type) => findCondition(conditions, type))
    .find((each) => each?.status === 'True');
  const endedMs = parseTimestamp(end?.lastTransitionTime ?? '');
  if (endedMs === undefined) return nothingToDo;
  const leftMs = endedMs + (job.spec.ttlSecondsAfterFinished ?? 0) * 1000 - wallMs;
  if (leftMs > 0) return plan([], { requeueAfterMs: leftMs });
  const { resourceVersion } = job.metadata;
  const version = resourceVersion === undefined ? {} : { resourceVersion };
  return plan([[remove(jobResource, job, { propagationPolicy: 'Foreground', ...version })]]);
}
