/**
 * Which jobs a change concerns: itself, and the owner of a pod or those that could adopt it.
 *
 * Keys: `namespace/name` of a job, and `pod namespace/name` of a pod that a job which is gone still holds by its finalizer.
 */
import { compileLabelSelector, type LabelSelector } from '../../api/label-selector.ts';
import { byControllerUid, byNamespace, orphansByNamespace } from '../../api/object-index.ts';
import { controllerOf, namespaceOf, objectKey, uidOf } from '../../api/object-meta.ts';
import type { Job } from '../../kinds/job/types.ts';
import type { Pod } from '../../kinds/pod/types.ts';
import { type CacheChange, type Caches, type Controller, sidesOf } from '../controller.ts';
import { namespaceIndex, ownerKeys } from '../owner-keys.ts';
import { claim, controllerIndex, orphanIndex } from '../ownership.ts';
import { jobResource, podResource } from '../resources.ts';
import { isTracked } from './pods.ts';
import { type JobObserved, type JobTiming, reconcileJobKey } from './reconcile.ts';

export interface JobKinds {
  readonly jobs: Job;
  readonly pods: Pod;
}

const podPrefix = 'pod ';

export function jobController(timing: JobTiming): Controller<JobKinds, JobObserved> {
  return {
    name: 'job-controller',
    watches: {
      jobs: { resource: jobResource, output: 'object', indexes: { [namespaceIndex]: byNamespace } },
      pods: {
        resource: podResource,
        output: 'object',
        indexes: { [controllerIndex]: byControllerUid, [orphanIndex]: orphansByNamespace },
      },
    },
    remember: () => null,
    keys: jobKeys,
    observe: observeJobKey,
    reconcile: (observed, context) => reconcileJobKey(observed, context, timing),
  };
}

function jobKeys(change: CacheChange<JobKinds>, caches: Caches<JobKinds>): readonly string[] {
  if (change.cache === 'jobs') {
    const [job] = sidesOf<Job>(change);
    if (job === undefined) return [];
    if (change.object !== null) return [objectKey(job)];
    const left = caches.pods.by(controllerIndex, uidOf(job)).filter(isTracked);
    return left.map((pod) => `${podPrefix}${objectKey(pod)}`);
  }
  const owners = ownerKeys(change, 'Job', caches.jobs, selectorOf);
  const [pod] = sidesOf<Pod>(change);
  const isLeftOver =
    change.object !== null && pod !== undefined && isTracked(pod) && ownerOf(pod, caches) === undefined;
  return isLeftOver ? [...owners, `${podPrefix}${objectKey(pod)}`] : owners;
}

function observeJobKey(key: string, caches: Caches<JobKinds>): JobObserved | null {
  if (key.startsWith(podPrefix)) {
    const pod = caches.pods.get(key.slice(podPrefix.length));
    if (pod === undefined || !isTracked(pod) || ownerOf(pod, caches) !== undefined) return null;
    return { type: 'leftOver', pod };
  }
  const job = caches.jobs.get(key);
  return job === undefined ? null : { type: 'job', job, claim: claim(job, selectorOf(job), caches.pods) };
}

function ownerOf(pod: Pod, caches: Caches<JobKinds>): Job | undefined {
  const reference = controllerOf(pod);
  if (reference?.kind !== 'Job') return undefined;
  const job = caches.jobs.get(`${namespaceOf(pod)}/${reference.name}`);
  return job !== undefined && uidOf(job) === reference.uid ? job : undefined;
}

function selectorOf({ spec }: Job): LabelSelector {
  return compileLabelSelector(spec.selector);
}
